package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

func TestCount(t *testing.T) {
	require.Zero(t, graph.Snapshot{}.Count())
	merged := graph.Node{ID: 3, State: graph.Failed, Count: 5}
	merged.Merged[graph.Done], merged.Merged[graph.Failed] = 4, 1
	s := snapshot(
		graph.Node{ID: 1, State: graph.Source},
		graph.Node{ID: 2, State: graph.Done, Count: 1},
		merged,
		graph.Node{ID: 4, State: graph.Stale},
	)
	var want [graph.NumStates]int
	want[graph.Source], want[graph.Done], want[graph.Failed], want[graph.Stale] = 1, 5, 1, 1
	require.Equal(t, want, s.Count())
}

func TestCountOfUnknownState(t *testing.T) {
	counts := snapshot(graph.Node{ID: 1, State: 200}).Count()
	sum := 0
	for _, c := range counts {
		sum += c
	}
	require.Equal(t, 1, sum, "a node counts once, whatever it says")
}

func TestStateNames(t *testing.T) {
	names := make(map[string]bool)
	for s := range graph.State(graph.NumStates) {
		require.Regexp(t, "^[a-z]+$", s.String())
		names[s.String()] = true
	}
	require.Len(t, names, graph.NumStates)
	require.Equal(t, "pending", graph.Pending.String())
	require.Equal(t, "stale", graph.Stale.String())
	require.Equal(t, "State(8)", graph.State(graph.NumStates).String())
}

func TestStateHasValue(t *testing.T) {
	for s := range graph.State(graph.NumStates + 1) {
		want := s == graph.Source || s == graph.Cached || s == graph.Done
		require.Equal(t, want, s.HasValue(), s.String())
	}
}
