package viz_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// What is not to be seen is not to be seen in any format.
func TestValuesAreHidden(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, State: graph.Source, Value: "secret1"},
		{ID: 2, Name: "key", State: graph.Source, Value: "secret2"},
		{ID: 3, Name: "Open", State: graph.Done, Inputs: []graph.ID{1, 2}, Value: "secret3"},
	}}
	for name, write := range map[string]func(io.Writer, graph.Snapshot, ...viz.Option) error{
		"svg": viz.WriteSVG, "dot": viz.WriteDOT, "mmd": viz.WriteMermaid, "html": viz.WriteHTML, "json": viz.WriteJSON,
	} {
		for _, opts := range [][]viz.Option{{}, {viz.Constants()}} {
			var with, without strings.Builder
			require.NoError(t, write(&with, s, opts...))
			require.NoError(t, write(&without, s, append(opts, viz.Values(false))...))
			require.True(t, strings.Contains(with.String(), "secret"), name)
			require.False(t, strings.Contains(without.String(), "secret"), name)
			require.True(t, strings.Contains(without.String(), "Open"), name)
		}
	}
	require.Equal(t, "secret1", s.Nodes[0].Value, "the snapshot is the caller's")
}

func TestNilOption(t *testing.T) {
	require.PanicsWithValue(t, "viz: option 2 is nil: want one of this package's", func() {
		_ = viz.WriteSVG(io.Discard, graph.Snapshot{}, viz.Constants(), nil)
	})
}

// A page tells where it cannot show all that was recorded.
func TestCallsOutsideTheGraph(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{{ID: 3, Name: "Open", State: graph.Done}}}
	ran := graph.Record{Spans: []graph.Span{{Call: 3, Name: "Open", State: graph.Done, End: 5}, {Call: 9, Name: "Read", State: graph.Done, End: 8}}}
	for want, s := range map[string]graph.Snapshot{
		"1 of 2 spans are of calls whose graphs were not kept": s,
		`"note":""`: {}, // a record alone says so by itself
	} {
		var b strings.Builder
		require.NoError(t, viz.WriteJSON(&b, s, viz.Ran(ran)))
		require.True(t, strings.Contains(b.String(), want), b.String())
	}
}
