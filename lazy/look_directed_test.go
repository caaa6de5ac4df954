package lazy_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/graph/path"
	"gonum.org/v1/gonum/graph/topo"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// What a Bind went on to, a nested Get and an If's choice are in the picture once they are known.
func TestSnapshotShowsWhatWasFound(t *testing.T) {
	leak.Check(t)
	rest := named("rest").Of(1, 2)
	bind := lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return rest, nil }, lazy.Name("bind"))()
	nested := lazy.Wrap0(func(ctx context.Context) (int, error) { return named("inside").Of(1, 2).Get(ctx) }, lazy.Name("nested"))()
	choice := lazy.If(lazy.Source("cond", false), named("then").Of(1, 2), named("otherwise").Of(1, 2))
	after := lazy.After(named("after").Of(1, 2), named("before").Of(1, 2))
	ts := []lazy.Target{bind, nested, choice, after}
	before := namesOf(lazy.Snapshot(ts...))
	for _, name := range []string{"then", "otherwise", "cond", "before"} {
		require.Contains(t, before, name)
	}
	require.NotContains(t, before, "rest")
	require.NoError(t, lazy.Run(t.Context(), ts))
	s := lazy.Snapshot(ts...)
	require.NoError(t, s.Check())
	names := namesOf(s)
	for _, name := range []string{"rest", "inside", "otherwise", "cond", "before"} {
		require.Contains(t, names, name)
	}
	require.NotContains(t, names, "then")
}

// Dump has what is alive, with what it depends on.
func TestDump(t *testing.T) {
	leak.Check(t)
	a := named("dumped-a").Of(1, 1)
	b := named("dumped-b")(a, a)
	s := lazy.Dump()
	require.NoError(t, s.Check())
	names := strings.Join(namesOf(s), " ")
	require.Contains(t, names, "dumped-a")
	require.Contains(t, names, "dumped-b")
	got(t, b)
	runtime.KeepAlive(b)
}

// gonum's algorithms work on a snapshot.
func TestSnapshotDirected(t *testing.T) {
	leak.Check(t)
	a := named("a").Of(1, 1)
	b, c := named("b")(a, a), named("c")(a, a)
	d := named("d")(b, c)
	s := lazy.Snapshot(inc(d))
	g := s.Directed()
	order, err := topo.Sort(g)
	require.NoError(t, err)
	require.Len(t, order, len(s.Nodes))
	place := map[graph.ID]int{}
	for i, n := range order {
		place[graph.ID(n.ID())] = i
	}
	id := map[string]graph.ID{}
	for _, n := range s.Nodes {
		id[n.Name] = n.ID
		for _, in := range n.Inputs {
			require.Less(t, place[in], place[n.ID])
			require.True(t, g.HasEdgeFromTo(int64(in), int64(n.ID)))
		}
	}
	shortest := path.DijkstraFrom(g.Node(int64(id["a"])), g)
	way, weight := shortest.To(int64(id["Inc"]))
	require.Equal(t, 3.0, weight)
	require.Len(t, way, 4)
	_, weight = path.DijkstraFrom(g.Node(int64(id["d"])), g).To(int64(id["a"]))
	require.True(t, weight > 1e300, "no way back")
}
