package lazy_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// nodesByName of a snapshot in which no name stands twice.
func nodesByName(t *testing.T, s graph.Snapshot) map[string]graph.Node {
	t.Helper()
	require.NoError(t, s.Check())
	m := map[string]graph.Node{}
	for _, n := range s.Nodes {
		require.NotContains(t, m, n.Name)
		m[n.Name] = n
	}
	return m
}

func namesOf(s graph.Snapshot) []string {
	var names []string
	for _, n := range s.Nodes {
		names = append(names, n.Name)
	}
	return names
}

func named(name string) lazy.Func2[int, int, int] {
	return lazy.Pure2(func(a, b int) int { return a + b }, lazy.Name(name))
}

// top <- {left <- src, bad! <- src}
func TestSnapshot(t *testing.T) {
	leak.Check(t)
	src := lazy.Source("src", 20)
	left := named("left")(src, src)
	bad := lazy.Wrap1(func(_ context.Context, x int) (int, error) { return 0, fmt.Errorf("no\nway: %w", errBoom) }, lazy.Name("bad"))(src)
	top := named("top")(left, bad)

	before := nodesByName(t, lazy.Snapshot(top))
	require.Len(t, before, 4)
	require.Equal(t, graph.Source, before["src"].State)
	require.Equal(t, "20", before["src"].Value)
	require.Equal(t, []graph.ID{before["src"].ID, before["src"].ID}, before["left"].Inputs)
	require.Equal(t, []graph.ID{before["left"].ID, before["bad"].ID}, before["top"].Inputs)
	for _, name := range []string{"left", "bad", "top"} {
		n := before[name]
		require.Equal(t, graph.Pending, n.State)
		require.Empty(t, n.Value)
		require.Zero(t, n.Duration)
		require.Contains(t, n.Where, "look_test.go:")
	}

	require.ErrorIs(t, failure(t, top, lazy.KeepGoing()), errBoom)
	after := nodesByName(t, lazy.Snapshot(top))
	require.Equal(t, graph.Done, after["left"].State)
	require.Equal(t, "40", after["left"].Value)
	require.Equal(t, graph.Failed, after["bad"].State)
	require.Contains(t, after["bad"].Err, "boom")
	require.NotContains(t, after["bad"].Err, "\n")
	require.Equal(t, graph.Skipped, after["top"].State)
	require.Empty(t, after["top"].Err)
	require.Equal(t, graph.Pending, before["left"].State, "a snapshot stays as it was")

	require.Len(t, lazy.Snapshot(left, bad, left).Nodes, 3, "each node once")
	require.Empty(t, lazy.Snapshot().Nodes)
}

func TestSnapshotTimesACall(t *testing.T) {
	leak.Check(t)
	d := lazy.Pure0(func() int { // long enough to be worth remembering
		for begin := time.Now(); time.Since(begin) < 2*time.Millisecond; {
			runtime.Gosched()
		}
		return 1
	}, lazy.Name("slow"))()
	begin := time.Now()
	got(t, d)
	n := lazy.Snapshot(d).Nodes[0]
	require.GreaterOrEqual(t, n.Duration, 2*time.Millisecond)
	require.False(t, n.Start.Before(begin.Add(-time.Millisecond)))
}

// A picture taken while calls run shows them running; taking it disturbs nobody.
func TestSnapshotWhileRunning(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		started, release := make(chan struct{}), make(chan struct{})
		busy := lazy.Pure0(func() int { close(started); <-release; return 1 }, lazy.Name("busy"))()
		top := inc(busy)
		done := make(chan int)
		go func() { v, _ := top.Get(context.Background(), lazy.In(s)); done <- v }()
		<-started
		m := nodesByName(t, lazy.Snapshot(top))
		require.Equal(t, graph.Running, m["busy"].State)
		require.Equal(t, graph.Pending, m["Inc"].State)
		require.Regexp(t, `^busy#\d+ running$`, busy.String())
		require.Contains(t, lazy.Explain(top).String(), "is running")
		require.Contains(t, namesOf(lazy.Plan(top)), "busy")
		close(release)
		v, _ := soon(t, func() (int, error) { return <-done, nil })
		require.Equal(t, 2, v)
	})
}

// d <- {b <- a, c}: exactly what Get would run, inputs first
func TestPlan(t *testing.T) {
	leak.Check(t)
	runs := 0
	count := lazy.Pure1(func(x int) int { runs++; return x }, lazy.Name("count"))
	a := named("a").Of(1, 1)
	b, c := named("b")(a, a), named("c").Of(1, 2)
	d := named("d")(b, c)
	require.Equal(t, []string{"a", "b", "c", "d"}, namesOf(lazy.Plan(d)))
	require.Equal(t, []string{"a", "b", "c", "d", "count"}, namesOf(lazy.Plan(d, count(a))))
	got(t, b)
	plan := lazy.Plan(d)
	require.Equal(t, []string{"c", "d"}, namesOf(plan))
	require.NoError(t, plan.Check())
	for _, n := range plan.Nodes {
		require.Equal(t, "has no value yet", n.Reason)
	}
	require.Equal(t, []graph.ID{plan.Nodes[0].ID}, plan.Nodes[1].Inputs)
	got(t, d)
	require.Empty(t, lazy.Plan(d, lazy.Const(1)).Nodes)
	require.Zero(t, runs)
	bad := fail[int](errBoom)
	failure(t, inc(bad))
	require.Contains(t, lazy.Plan(bad).Nodes[0].Reason, "boom")
}

// What is planned is what runs.
func TestPlanIsWhatRuns(t *testing.T) {
	leak.Check(t)
	var runs journal
	ds := []lazy.Data[int]{lazy.Const(0), lazy.Const(1)}
	for i := range 60 {
		name := fmt.Sprint("n", i)
		ds = append(ds, counted(name, &runs)(ds[(i*7)%len(ds)], ds[(i*11+3)%len(ds)]))
	}
	s := &lazy.Session{Parallelism: 1}
	for _, k := range []int{20, 50, 33, 61, 61} {
		already := len(runs.all())
		want := namesOf(lazy.Plan(ds[k]))
		got(t, ds[k], lazy.In(s))
		require.Equal(t, len(want), len(runs.all())-already)
		require.ElementsMatch(t, want, runs.all()[already:])
	}
}

func TestExplain(t *testing.T) {
	leak.Check(t)
	a, unneeded := named("a").Of(1, 1), named("unneeded").Of(1, 1)
	got(t, a)
	cond := lazy.Source("cond", true)
	d := named("d")(lazy.If(cond, named("then")(a, a), unneeded), fail[int](errBoom, lazy.Name("bad")))
	failure(t, d, lazy.KeepGoing())
	e := lazy.Explain(d)
	require.Equal(t, d.String()[:len(e.Target)], e.Target)
	runs, reasons := map[string]bool{}, map[string]string{}
	for _, c := range e.Calls {
		runs[c.Node.Name], reasons[c.Node.Name] = c.Runs, c.Reason
		require.Equal(t, c.Reason, c.Node.Reason)
	}
	require.False(t, runs["a"])
	require.Contains(t, reasons["a"], "has its value")
	require.True(t, runs["d"])
	require.Contains(t, reasons["d"], "skipped")
	require.True(t, runs["bad"])
	require.Contains(t, reasons["bad"], "boom")
	text := e.String()
	require.Contains(t, text, e.Target+": Get would run 2 of ")
	require.Len(t, strings.Split(strings.TrimSpace(text), "\n"), len(e.Calls)+1)
	for _, c := range e.Calls {
		require.Equal(t, c.Runs, strings.Contains(text, fmt.Sprintf("→ %s#%d ", c.Node.Name, c.Node.ID)), c.Node.Name)
	}
}
