package lazy_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// asker asks each run's info whatever it can be asked.
type asker struct {
	recorder
	plans, shapes, snapshots, after []graph.Snapshot
	planned                         []int
}

func (a *asker) RunStarted(i lazy.RunInfo) {
	a.recorder.RunStarted(i)
	a.plans = append(a.plans, i.Plan())
	a.shapes = append(a.shapes, i.Shape())
	a.snapshots = append(a.snapshots, i.Snapshot())
}

func (a *asker) RunDone(i lazy.RunInfo) {
	a.recorder.RunDone(i)
	a.after = append(a.after, i.Snapshot())
	a.planned = append(a.planned, i.Planned())
}

func told(s graph.Snapshot) (names []string) {
	for _, n := range s.Nodes {
		names = append(names, fmt.Sprintf("%s %v %s", n.Name, n.State, n.Reason))
	}
	return names
}

// c <- {a, b!}; d <- c
func TestRunInfoTellsOfItsRun(t *testing.T) {
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	add := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Add"))
	a, b := square.Of(2), square.Of(3)
	require.Equal(t, 9, lazy.Must(b.Get(t.Context())))
	c := add(a, b)
	obs := &asker{}
	s := &lazy.Session{Observer: obs, Parallelism: 3}
	require.Equal(t, 13, lazy.Must(c.Get(t.Context(), lazy.In(s))))
	b.Set(1)
	require.Equal(t, 5, lazy.Must(c.Get(t.Context(), lazy.In(s))))
	require.Len(t, obs.runs, 2)
	first := obs.runs[0]
	require.Equal(t, []any{"get", fmt.Sprintf("Add#%d", obs.after[0].Nodes[len(obs.after[0].Nodes)-1].ID), 3},
		[]any{first.Op, first.Target, first.Workers})
	require.Equal(t, []string{"Square pending has no value yet", "Add pending has no value yet"}, told(obs.plans[0]))
	require.Len(t, obs.plans[1].Nodes, 1)
	require.Contains(t, obs.plans[1].Nodes[0].Reason, "has changed")
	require.Equal(t, []string{" source ", "Square pending ", " source ", "Square done ", "Add pending "}, told(obs.shapes[0]))
	require.Equal(t, []string{" source ", "Square done ", " source ", "Square done ", "Add done "}, told(obs.after[0]))
	require.Equal(t, "13", obs.after[0].Nodes[4].Value)
	require.Equal(t, []int{2, 1}, obs.planned)
}

// What a shape tells is what a snapshot tells.
func TestShapeAgreesWithSnapshot(t *testing.T) {
	obs := &asker{}
	leaf := lazy.Pure1(func(x int) int { return x }, lazy.Name("leaf"))
	chosen := lazy.Bind1(func(_ context.Context, x int) (lazy.Data[int], error) { return leaf.Of(x + 1), nil }, lazy.Name("chosen"))
	sum := lazy.Pure1(func(xs []int) int { return len(xs) }, lazy.Name("sum"))
	var parts []lazy.Data[int]
	for i := range 3000 {
		d := leaf.Of(i)
		parts = append(parts, d, d, chosen(d))
	}
	total := sum(lazy.Gather(parts...))
	_, err := total.Get(t.Context(), lazy.Observe(obs))
	require.NoError(t, err)
	require.Equal(t, len(obs.runs), 1)
	shape, whole := obs.runs[0].Shape(), lazy.Snapshot(total)
	require.NoError(t, whole.Check())
	require.Equal(t, len(whole.Nodes), len(shape.Nodes))
	for i, n := range whole.Nodes {
		require.Equal(t, graph.Node{ID: n.ID, Name: n.Name, State: n.State, Inputs: n.Inputs, Where: n.Where}, shape.Nodes[i])
	}
	require.Equal(t, 2*3000+3000+2, obs.planned[0], "what Binds go on to counts")
}

func TestRunInfoOfNobody(t *testing.T) {
	i := lazy.RunInfo{Calls: 4}
	require.Equal(t, 4, i.Planned())
	require.Empty(t, i.Snapshot().Nodes)
	require.Empty(t, i.Shape().Nodes)
	require.Empty(t, i.Plan().Nodes)
}

func BenchmarkSnapshot(b *testing.B) {
	leaf := lazy.Pure1(func(x int) int { return x }, lazy.Name("leaf"))
	sum := lazy.Pure1(func(xs []int) int { return len(xs) }, lazy.Name("sum"))
	total := sum(lazy.Gather(leaf.Each(make([]int, 50_000))...))
	obs := &asker{}
	lazy.Must(total.Get(b.Context(), lazy.Observe(obs)))
	for name, take := range map[string]func() graph.Snapshot{"shape": obs.runs[0].Shape, "whole": obs.runs[0].Snapshot} {
		b.Run(name, func(b *testing.B) {
			n := 1
			for b.Loop() {
				n = len(take().Nodes)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/node")
		})
	}
}
