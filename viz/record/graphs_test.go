package record_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

var (
	square = lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	sum2   = lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Sum"))
)

func byID(s graph.Snapshot) map[graph.ID]graph.Node {
	nodes := map[graph.ID]graph.Node{}
	for _, n := range s.Nodes {
		nodes[n.ID] = n
	}
	return nodes
}

// idOf is the ID of a handle's node.
func idOf(d lazy.Target) graph.ID {
	nodes := lazy.Snapshot(d).Nodes
	return nodes[len(nodes)-1].ID
}

// requireOrdered requires that every node stands after its inputs, and that none of those is missing.
func requireOrdered(t *testing.T, s graph.Snapshot) {
	t.Helper()
	require.NoError(t, s.Check())
	seen := map[graph.ID]bool{}
	for _, n := range s.Nodes {
		for _, in := range n.Inputs {
			require.True(t, seen[in], "%s#%d stands before its input #%d", n.Name, n.ID, in)
		}
		seen[n.ID] = true
	}
}

// a <- 2; b <- 3; c <- {a, b}; d <- {c, b}
func TestGraphIsTheUnionOfRuns(t *testing.T) {
	a, b := square.Of(2), square.Of(3)
	c := sum2(a, b)
	d := sum2(c, b)
	rec := record.New(record.Values())
	s := &lazy.Session{Observer: rec}
	require.Equal(t, 4, lazy.Must(a.Get(t.Context(), lazy.In(s))))
	require.Len(t, rec.Graph().Nodes, 2)
	require.Equal(t, 13, lazy.Must(c.Get(t.Context(), lazy.In(s))))
	require.Len(t, rec.Graph().Nodes, 5)
	require.Equal(t, 22, lazy.Must(d.Get(t.Context(), lazy.In(s))))
	got := rec.Graph()
	requireOrdered(t, got)
	require.Equal(t, byID(lazy.Snapshot(d)), byID(got), "of all runs, each node as it is")
	other := square.Of(7)
	require.Equal(t, 49, lazy.Must(other.Get(t.Context(), lazy.In(s))))
	require.Equal(t, byID(lazy.Snapshot(d, other)), byID(rec.Graph()))
	require.Empty(t, record.New().Graph().Nodes)
}

// What Graph returns is the caller's.
func TestGraphIsACopy(t *testing.T) {
	rec := record.New(record.Graphs())
	d := sum2(square.Of(1), square.Of(2))
	lazy.Must(d.Get(t.Context(), lazy.Observe(rec)))
	first := rec.Graph()
	for i := range first.Nodes {
		clear(first.Nodes[i].Inputs)
		first.Nodes[i].Name = "mine"
	}
	requireOrdered(t, rec.Graph())
	shape := byID(rec.Graph())
	for id, n := range byID(lazy.Snapshot(d)) {
		require.Equal(t, n.Name, shape[id].Name)
		require.Empty(t, shape[id].Value, "shapes have no values")
	}
}

// A Bind goes on to what was recorded after it: in the order of pictures its inputs come later, in that of Graph
// before.
func TestGraphOfBinds(t *testing.T) {
	rec := record.New(record.Graphs())
	s := &lazy.Session{Observer: rec}
	which := lazy.Source("which", 0)
	choose := lazy.Bind1(func(_ context.Context, k int) (lazy.Data[int], error) {
		return sum2(square.Of(k), square.Of(k+1)), nil
	}, lazy.Name("Choose"))
	chosen := choose(which)
	end := sum2(chosen, square.Of(5))
	for k := range 4 {
		which.Set(k)
		require.Equal(t, k*k+(k+1)*(k+1)+25, lazy.Must(end.Get(t.Context(), lazy.In(s))))
		got := rec.Graph()
		requireOrdered(t, got)
		nodes := byID(got)
		for id, n := range byID(lazy.Snapshot(end)) {
			require.Equal(t, n.Inputs, nodes[id].Inputs)
		}
		require.Len(t, got.Nodes, 5+5*(k+1), "what it chose before stays")
	}
}

func TestReasonsAreThoseOfThePlan(t *testing.T) {
	rec := record.New(record.Reasons())
	s := &lazy.Session{Observer: rec}
	x, y := lazy.Source("x", 2), lazy.Source("y", 3)
	a, b := square(x), square(y)
	c := sum2(a, b)
	for range 2 {
		plan := s.Plan(c)
		lazy.Must(c.Get(t.Context(), lazy.In(s)))
		nodes := byID(rec.Graph())
		for _, n := range plan.Nodes {
			require.NotEmpty(t, n.Reason)
			require.Equal(t, n.Reason, nodes[n.ID].Reason)
		}
		x.Set(9)
	}
	for _, n := range rec.Graph().Nodes {
		if n.Name == "Square" && n.Inputs[0] == idOf(y) {
			require.Contains(t, n.Reason, "no value yet", "it has not run since")
		}
	}
}

// asking is a value that has calls run when it is asked what it is.
type asking struct{ n int }

func (a asking) String() string {
	return fmt.Sprint("twice: ", lazy.Must(sum2.Of(a.n, a.n).Get(context.Background(), lazy.In(askingIn))))
}

var askingIn *lazy.Session

func TestStringMayGet(t *testing.T) {
	leak.Check(t)
	rec := record.New(record.Values())
	askingIn = &lazy.Session{Observer: rec}
	defer func() { askingIn = nil }()
	asker := lazy.Pure1(func(n int) asking { return asking{n} }, lazy.Name("asker"))
	d := asker.Of(4)
	id := idOf(d)
	require.Equal(t, asking{4}, lazy.Must(d.Get(t.Context(), lazy.In(askingIn))))
	require.Equal(t, "twice: 8", byID(rec.Graph())[id].Value)
	require.Equal(t, "twice: 8", byID(rec.Graph())[id].Value)
	requireOrdered(t, rec.Graph())
	require.Zero(t, rec.Now().Active)
}

// Two runs at once, asked for the graph while they go on and when they are over.
func TestGraphOfOverlappingRuns(t *testing.T) {
	leak.Check(t)
	rec := record.New(record.Graphs())
	inside, release := make(chan bool), make(chan bool)
	wait := lazy.Pure1(func(x int) int {
		inside <- true
		<-release
		return x
	}, lazy.Name("wait"))
	var group sync.WaitGroup
	handles := []lazy.Data[int]{sum2(wait.Of(1), square.Of(2)), sum2(wait.Of(3), square.Of(4))}
	for _, d := range handles {
		group.Go(func() { _, _ = d.Get(context.Background(), lazy.Observe(rec)) })
	}
	<-inside
	<-inside
	going := rec.Graph()
	requireOrdered(t, going)
	require.Len(t, going.Nodes, 10)
	require.Equal(t, 2, going.Count()[graph.Running])
	close(release)
	group.Wait()
	require.Equal(t, [graph.NumStates]int{graph.Source: 4, graph.Done: 6}, rec.Graph().Count())
}

// big is a value that can be seen to go.
type big struct{ room [1 << 10]byte }

// runBig computes a value and lets go of it.
//
//go:noinline
func runBig(t *testing.T, rec *record.Recorder) weak.Pointer[big] {
	made := lazy.Pure1(func(n int) *big { return &big{room: [1 << 10]byte{byte(n)}} }, lazy.Name("made"))
	d := made.Of(3)
	v := lazy.Must(d.Get(t.Context(), lazy.Observe(rec)))
	return weak.Make(v)
}

func gone(p weak.Pointer[big]) bool {
	for range 100 {
		runtime.Gosched() // a worker may still have it on its stack
		runtime.GC()
		if p.Value() == nil {
			return true
		}
	}
	return false
}

// A Recorder keeps no values: never without graphs, and with them no longer than until the run has been pictured.
func TestValuesAreNotKept(t *testing.T) {
	rec := record.New()
	require.True(t, gone(runBig(t, rec)), "without graphs")
	require.NotEmpty(t, rec.Record().Spans)
	for name, opt := range map[string]record.Option{"graphs": record.Graphs(), "values": record.Values(), "reasons": record.Reasons()} {
		rec := record.New(opt)
		p := runBig(t, rec)
		require.Len(t, rec.Graph().Nodes, 2)
		require.True(t, gone(p), name)
		require.Len(t, rec.Graph().Nodes, 2)
	}
}
