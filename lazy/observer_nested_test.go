package lazy_test

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// Workers are numbered from 0 below Parallelism; -1 is none.
func TestObserverWorkers(t *testing.T) {
	leak.Check(t)
	var r recorder
	s := &lazy.Session{Parallelism: 3, Observer: &r}
	block := lazy.Pure1(func(x int) int { runtime.Gosched(); return x }, lazy.Blocking(2), lazy.Name("block"))
	on := lazy.Pure1(func(x int) int { return x }, lazy.RunsOn(executor.NewPool(2)), lazy.Name("on"))
	yield := lazy.Pure1(func(x int) int { yieldABit(); return x }, lazy.Name("yield"))
	ds := append(append(block.Each(make([]int, 20)), on.Each(make([]int, 20))...), yield.Each(make([]int, 200))...)
	_, err := soon(t, func() ([]int, error) { return lazy.GetAll(context.Background(), ds, lazy.In(s)) })
	require.NoError(t, err)
	r.check(t)
	require.Len(t, r.done, len(ds))
	for _, c := range r.done {
		if c.Name == "yield" {
			require.GreaterOrEqual(t, c.Worker, 0)
			require.Less(t, c.Worker, 3)
		} else {
			require.Equal(t, -1, c.Worker)
		}
	}
}

// Nested Gets with observers of their own: each sees its own run's calls, the session's sees all.
func TestObserverOfNestedGets(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var all, outside, inside recorder
		s.Observer = &all
		outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
			return named("inner").Of(1, 1).Get(ctx, lazy.In(s), lazy.Observe(&inside))
		}, lazy.Name("outer"))()
		got(t, outer, lazy.In(s), lazy.Observe(&outside))
		all.check(t)
		require.Len(t, all.byName(t), 2)
		require.Equal(t, []string{"run", "start inner", "done inner", "over"}, inside.order)
		require.Equal(t, []string{"run", "start outer", "done outer", "over"}, outside.order)
	})
}

// A Bind's rest belongs to the run: its calls are told, and counted.
func TestObserverOfABind(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var r recorder
		s.Observer = &r
		bind := lazy.Bind0(func(context.Context) (lazy.Data[int], error) {
			return named("top")(named("a").Of(1, 1), named("b").Of(1, 1)), nil
		}, lazy.Name("bind"))
		got(t, inc(bind()), lazy.In(s))
		r.check(t)
		require.Len(t, r.runs, 1)
		require.Equal(t, 5, r.over[0].Calls)
		m := r.byName(t)
		require.Len(t, m, 5)
		for _, c := range m {
			require.Equal(t, r.runs[0].ID, c.Run)
			require.Equal(t, graph.Done, c.State)
		}
	})
}

// Labels and traces cost nothing when off, and when on change nothing but the profile.
func TestObserverLabelsAndTrace(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		s.Labels = true
		label := func(ctx context.Context) (string, error) { v, _ := pprof.Label(ctx, "dally"); return v, nil }
		d := lazy.Wrap0(label, lazy.Name("F"))()
		require.Equal(t, "F", got(t, d, lazy.In(s)))
		inside := lazy.Wrap0(func(ctx context.Context) (int, error) { return inc.Of(1).Get(ctx, lazy.In(s)) })()
		require.Equal(t, 2, got(t, inside, lazy.In(s)))
	})
	if trace.IsEnabled() {
		t.Skip("somebody else is tracing")
	}
	var buf bytes.Buffer
	require.NoError(t, trace.Start(&buf))
	require.Equal(t, 3, got(t, inc(inc.Of(1))))
	failure(t, inc(fail[int](errBoom)))
	trace.Stop()
	require.Contains(t, buf.String(), "dally get Inc#")
}
