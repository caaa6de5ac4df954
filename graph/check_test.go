package graph_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph/topo"

	"github.com/dally-go/dally/graph"
)

// node makes a node that is named after its ID.
func node(id graph.ID, inputs ...graph.ID) graph.Node {
	return graph.Node{ID: id, Name: fmt.Sprint("n", id), Inputs: inputs}
}

func snapshot(nodes ...graph.Node) graph.Snapshot { return graph.Snapshot{Nodes: nodes} }

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name string
		s    graph.Snapshot
		want string // "": nothing is wrong
	}{
		{"nothing", snapshot(), ""},
		{"one", snapshot(node(1)), ""},
		{"diamond", snapshot(node(1), node(2, 1), node(3, 1), node(4, 2, 3)), ""}, // d <- {b, c} <- a
		{"an input twice", snapshot(node(1), node(2, 1, 1)), ""},
		{"inputs behind users", snapshot(node(2, 1), node(1)), ""},
		{"two parts", snapshot(node(1), node(2)), ""},
		{"the same ID", snapshot(node(1), graph.Node{ID: 1, Name: "other"}), "graph: n1#1 and other#1 have the same ID"},
		{"a missing input", snapshot(node(1), node(2, 1, 7)), "graph: n2#2 has input #7, which is not in the snapshot"},
		{"itself", snapshot(node(1, 1)), "graph: cycle: n1#1 → n1#1"},
		{"itself and another", snapshot(node(1), node(2, 1, 2)), "graph: cycle: n2#2 → n2#2"},
		{"behind a cycle", snapshot(node(1, 1), node(2, 1), node(3, 2)), "graph: cycle: n1#1 → n1#1"},
		{"before a cycle", snapshot(node(1), node(2, 1, 3), node(3, 2)), "graph: cycle: n3#3 → n2#2 → n3#3"},
		{"ID 0", snapshot(node(0), node(1, 0)), ""},
		{"the largest ID", snapshot(node(1<<64-1), node(1, 1<<64-1)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.s.Check()
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.want)
		})
	}
}

func TestCheckNamesCycleInDirectionOfEdges(t *testing.T) {
	const n = 1000
	var s graph.Snapshot
	for i := range graph.ID(n) { // i <- i-1, and 0 <- n-1
		s.Nodes = append(s.Nodes, node(i+1, (i+n-1)%n+1))
	}
	var cycle *graph.CycleError
	require.ErrorAs(t, s.Check(), &cycle)
	require.Len(t, cycle.Nodes, n)
	for i, u := range cycle.Nodes {
		in := cycle.Nodes[(i+n-1)%n]
		require.Equal(t, []graph.ID{in.ID}, u.Inputs, "the node before it is its input")
	}
}

func TestCheckOfLongChainNeedsNoStack(t *testing.T) {
	n := graph.ID(300_000)
	if testing.Short() {
		n /= 100
	}
	s := graph.Snapshot{Nodes: []graph.Node{{ID: 1}}}
	for i := graph.ID(2); i <= n; i++ {
		s.Nodes = append(s.Nodes, graph.Node{ID: i, Inputs: []graph.ID{i - 1}})
	}
	require.NoError(t, s.Check())
	s.Nodes[0].Inputs = []graph.ID{n}
	var cycle *graph.CycleError
	require.ErrorAs(t, s.Check(), &cycle)
	require.Len(t, cycle.Nodes, int(n))
}

// A snapshot has a cycle if gonum cannot sort it; and what Check names is one.
func TestCheckAgreesWithTopologicalSort(t *testing.T) {
	for seed := range uint64(300) {
		s := randomSnapshot(rand.New(rand.NewPCG(seed, 0)), true)
		err := s.Check()
		_, sortErr := topo.Sort(s.Directed())
		selfLoop := false
		for _, n := range s.Nodes { // topo.Sort does not see loops of one node
			for _, in := range n.Inputs {
				selfLoop = selfLoop || in == n.ID
			}
		}
		require.Equal(t, sortErr != nil || selfLoop, err != nil, "seed %d: %v, gonum: %v", seed, err, sortErr)
		var cycle *graph.CycleError
		if !errors.As(err, &cycle) {
			continue
		}
		seen := make(map[graph.ID]bool)
		for i, n := range cycle.Nodes {
			user := cycle.Nodes[(i+1)%len(cycle.Nodes)]
			require.Contains(t, user.Inputs, n.ID, "seed %d: %v", seed, err)
			require.False(t, seen[n.ID], "seed %d: a node stands twice in %v", seed, err)
			seen[n.ID] = true
		}
	}
}

// randomSnapshot makes up to 40 nodes with scattered IDs; inputs come earlier unless cyclic is set.
func randomSnapshot(r *rand.Rand, cyclic bool) graph.Snapshot {
	n := r.IntN(40)
	ids := make([]graph.ID, n)
	for i, p := range r.Perm(n) {
		ids[i] = graph.ID(3*p + 1)
	}
	var s graph.Snapshot
	for i, id := range ids {
		reach := i
		if cyclic && r.IntN(8) == 0 {
			reach = n
		}
		var in []graph.ID
		for range r.IntN(4) {
			if reach > 0 {
				in = append(in, ids[r.IntN(reach)])
			}
		}
		s.Nodes = append(s.Nodes, node(id, in...))
	}
	return s
}
