package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	gonum "gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/testgraph"
	"gonum.org/v1/gonum/graph/topo"

	"github.com/dally-go/dally/graph"
)

// idsOf lists what an iterator gives, sorted.
func idsOf(it gonum.Nodes) []int64 {
	ids := []int64{}
	for it.Next() {
		ids = append(ids, it.Node().ID())
	}
	slices.Sort(ids)
	return ids
}

// The view agrees with a matrix of edges, whatever is asked.
func TestDirectedAgreesWithMatrix(t *testing.T) {
	for seed := range uint64(200) {
		s := randomSnapshot(rand.New(rand.NewPCG(seed, 1)), seed%4 == 0)
		edges := make(map[[2]int64]bool)
		var ids []int64
		for _, n := range s.Nodes {
			ids = append(ids, int64(n.ID))
			for _, in := range n.Inputs {
				edges[[2]int64{int64(in), int64(n.ID)}] = true
			}
		}
		slices.Sort(ids)
		v := s.Directed()
		require.Equal(t, ids, append([]int64(nil), idsOf(v.Nodes())...))
		for _, a := range append(ids, -1, 2, math.MaxInt64) { // the last three are nobody's
			requireRow(t, v, a, ids, edges)
		}
	}
}

// requireRow compares all that can be asked about one ID.
func requireRow(t *testing.T, v gonum.Directed, a int64, ids []int64, edges map[[2]int64]bool) {
	from, to := []int64{}, []int64{}
	for _, b := range append(ids, -1, 2) {
		forth, back := edges[[2]int64{a, b}], edges[[2]int64{b, a}]
		if forth {
			from = append(from, b)
		}
		if back {
			to = append(to, b)
		}
		require.Equal(t, forth, v.HasEdgeFromTo(a, b))
		require.Equal(t, back, v.HasEdgeFromTo(b, a))
		require.Equal(t, forth || back, v.HasEdgeBetween(a, b))
		if e := v.Edge(a, b); forth {
			require.Equal(t, []int64{a, b}, []int64{e.From().ID(), e.To().ID()})
			require.Equal(t, []int64{b, a}, []int64{e.ReversedEdge().From().ID(), e.ReversedEdge().To().ID()})
		} else {
			require.True(t, e == nil, "an edge that is not there must be the nil interface")
		}
	}
	require.Equal(t, from, idsOf(v.From(a)))
	require.Equal(t, to, idsOf(v.To(a)))
	if slices.Contains(ids, a) {
		require.Equal(t, a, v.Node(a).ID())
	} else {
		require.True(t, v.Node(a) == nil, "an unknown node must be the nil interface")
		require.True(t, v.From(a) == gonum.Empty && v.To(a) == gonum.Empty)
	}
}

// gonum's own tests of a graph.Directed.
func TestDirectedByGonum(t *testing.T) {
	build := testgraph.Builder(func(nodes []gonum.Node, edges []testgraph.WeightedLine, _, _ float64) (
		gonum.Graph, []gonum.Node, []testgraph.Edge, float64, float64, bool,
	) {
		var s graph.Snapshot
		at := make(map[int64]int)
		add := func(id int64) int {
			if _, ok := at[id]; !ok {
				at[id] = len(s.Nodes)
				s.Nodes = append(s.Nodes, graph.Node{ID: graph.ID(id)})
			}
			return at[id]
		}
		for _, n := range nodes {
			add(n.ID())
		}
		var want []testgraph.Edge
		for _, e := range edges {
			add(e.From().ID())
			u := add(e.To().ID())
			in := graph.ID(e.From().ID())
			if !slices.Contains(s.Nodes[u].Inputs, in) {
				want = append(want, simple.Edge{F: simple.Node(in), T: simple.Node(e.To().ID())})
			}
			s.Nodes[u].Inputs = append(s.Nodes[u].Inputs, in)
		}
		var all []gonum.Node
		for _, n := range s.Nodes {
			all = append(all, simple.Node(n.ID))
		}
		return s.Directed(), all, want, math.NaN(), math.NaN(), true
	})
	t.Run("NodeExistence", func(t *testing.T) { testgraph.NodeExistence(t, build) })
	t.Run("EdgeExistence", func(t *testing.T) { testgraph.EdgeExistence(t, build, true) })
	t.Run("ReturnAllNodes", func(t *testing.T) { testgraph.ReturnAllNodes(t, build, true) })
	t.Run("ReturnNodeSlice", func(t *testing.T) { testgraph.ReturnNodeSlice(t, build, true) })
	t.Run("ReturnAdjacentNodes", func(t *testing.T) { testgraph.ReturnAdjacentNodes(t, build, true, true) })
}

func TestTopologicalSortOfView(t *testing.T) {
	for seed := range uint64(100) {
		s := randomSnapshot(rand.New(rand.NewPCG(seed, 2)), false)
		order, err := topo.Sort(s.Directed())
		require.NoError(t, err)
		place := make(map[graph.ID]int)
		for i, n := range order {
			place[graph.ID(n.ID())] = i
		}
		require.Len(t, place, len(s.Nodes))
		for _, n := range s.Nodes {
			for _, in := range n.Inputs {
				require.Less(t, place[in], place[n.ID], "seed %d: an input stands after its user", seed)
			}
		}
	}
}

func TestShortestPathOverView(t *testing.T) { // 5 <- 4 <- 3 <- 2 <- 1, 5 <- 2
	v := snapshot(node(1), node(2, 1), node(3, 2), node(4, 3), node(5, 4, 2), node(9)).Directed()
	shortest := path.DijkstraFrom(v.Node(1), v)
	way, cost := shortest.To(5)
	require.Equal(t, 3, len(way))
	require.InDelta(t, 2, cost, 0)
	_, cost = shortest.To(9)
	require.True(t, math.IsInf(cost, 1))
	_, cost = path.DijkstraFrom(v.Node(5), v).To(1)
	require.True(t, math.IsInf(cost, 1), "edges go from input to user only")
}

func TestDirectedLeavesOutWhatIsMissing(t *testing.T) {
	v := snapshot(node(2, 1, 3, 3), node(3)).Directed()
	require.Equal(t, []int64{2, 3}, idsOf(v.Nodes()))
	require.Equal(t, []int64{3}, idsOf(v.To(2)))
	require.False(t, v.HasEdgeFromTo(1, 2))
	require.Equal(t, 0, snapshot().Directed().Nodes().Len())
}
