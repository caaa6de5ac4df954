package lazy_test

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// recorder is an observer that keeps everything.
type recorder struct {
	mu            sync.Mutex
	runs          []lazy.RunInfo // started
	over          []lazy.RunInfo
	started, done []lazy.CallInfo
	order         []string
}

func (r *recorder) RunStarted(i lazy.RunInfo) { r.note("run", func() { r.runs = append(r.runs, i) }) }

func (r *recorder) RunDone(i lazy.RunInfo) { r.note("over", func() { r.over = append(r.over, i) }) }

func (r *recorder) CallStarted(i lazy.CallInfo) {
	r.note("start "+i.Name, func() { r.started = append(r.started, i) })
}

func (r *recorder) CallDone(i lazy.CallInfo) {
	r.note("done "+i.Name, func() { r.done = append(r.done, i) })
}

func (r *recorder) note(what string, f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.order = append(r.order, what)
	f()
}

func (r *recorder) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.over) == len(r.runs) && len(r.runs) > 0
}

// byName are the ends of calls by name; no name may stand twice.
func (r *recorder) byName(t *testing.T) map[string]lazy.CallInfo {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	m := map[string]lazy.CallInfo{}
	for _, c := range r.done {
		require.NotContains(t, m, c.Name)
		m[c.Name] = c
	}
	return m
}

// check is what holds of every record: a run frames its calls, a start has its end.
func (r *recorder) check(t *testing.T) {
	t.Helper()
	until(t, "the runs are over", r.ended)
	r.mu.Lock()
	defer r.mu.Unlock()
	open := map[graph.ID]lazy.CallInfo{}
	for _, c := range r.started {
		require.Equal(t, graph.Running, c.State)
		require.Zero(t, c.End)
		require.NotContains(t, open, c.ID)
		open[c.ID] = c
	}
	for _, c := range r.done {
		if c.State == graph.Skipped {
			require.NotContains(t, open, c.ID)
			continue
		}
		s, ok := open[c.ID]
		require.True(t, ok, "%s ended without a start", c.Name)
		require.Equal(t, s.Name, c.Name)
		require.Equal(t, s.Run, c.Run)
		require.Equal(t, s.Worker, c.Worker)
		require.False(t, c.End.Before(c.Start))
		delete(open, c.ID)
	}
	require.Empty(t, open)
	if len(r.runs) == 1 {
		require.Equal(t, "run", r.order[0])
		require.Equal(t, "over", r.order[len(r.order)-1])
	}
}

// c <- {a, b <- src}: one record per call, none for what has its value
func TestObserverOfASuccess(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var r recorder
		s.Observer = &r
		src := lazy.Source("src", 1)
		a, b := named("a")(src, src), named("b")(src, src)
		c := named("c")(a, b)
		got(t, a, lazy.In(s))
		got(t, c, lazy.In(s))
		got(t, c, lazy.In(s))
		r.check(t)
		require.Len(t, r.runs, 2, "a clean Get is no run")
		require.Len(t, r.done, 3)
		require.Equal(t, []int{1, 2}, []int{r.over[0].Calls, r.over[1].Calls})
		require.NotEqual(t, r.runs[0].ID, r.runs[1].ID)
		for _, run := range r.over {
			require.NoError(t, run.Err)
			require.False(t, run.End.Before(run.Start))
		}
		for name, c := range r.byName(t) {
			require.Equal(t, graph.Done, c.State, name)
			require.NoError(t, c.Err)
		}
		require.Equal(t, lazy.Snapshot(a).Nodes[1].ID, r.byName(t)["a"].ID)
	})
}

// c <- b! <- a: two complete records, one skipped
func TestObserverOfAFailure(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for name, b := range map[string]func(int) int{
			"panic": func(int) int { panic(errBoom) }, "Goexit": func(int) int { runtime.Goexit(); return 0 },
		} {
			for _, opts := range [][]lazy.RunOption{nil, {lazy.KeepGoing()}} {
				var r recorder
				c := named("c")(lazy.Pure1(b, lazy.Name("b"))(named("a").Of(1, 1)), lazy.Const(1))
				err := failure(t, c, append(opts, lazy.In(s), lazy.Observe(&r))...)
				r.check(t)
				m := r.byName(t)
				require.Equal(t, graph.Done, m["a"].State, name)
				require.Equal(t, graph.Failed, m["b"].State, name)
				var p *lazy.PanicError
				require.ErrorAs(t, m["b"].Err, &p)
				require.ErrorAs(t, r.over[0].Err, &p)
				require.ErrorIs(t, err, p)
				if c, told := m["c"]; told {
					require.Equal(t, graph.Skipped, c.State)
				}
				require.Equal(t, 3, r.over[0].Calls)
			}
		}
	})
}

func TestObserverOfACancel(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var r recorder
		ctx, cancel := context.WithCancel(t.Context())
		d := inc(lazy.Wrap0(func(ctx context.Context) (int, error) {
			cancel()
			<-ctx.Done()
			return 0, ctx.Err()
		}, lazy.Name("busy"))())
		_, err := soon(t, func() (int, error) { return d.Get(ctx, lazy.In(s), lazy.Observe(&r)) })
		require.ErrorIs(t, err, context.Canceled)
		r.check(t)
		m := r.byName(t)
		require.Len(t, m, 1)
		require.Equal(t, graph.Pending, m["busy"].State)
		require.Error(t, r.over[0].Err)
	})
}

// A retried call is one call; one that times out is Failed.
func TestObserverOfRetryAndTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		var r recorder
		tries := 0
		d := lazy.Wrap0(func(ctx context.Context) (int, error) {
			if tries++; tries < 3 {
				<-ctx.Done()
			}
			return 1, ctx.Err()
		}, lazy.Retry(2), lazy.Timeout(time.Minute), lazy.Name("d"))()
		_, err := d.Get(t.Context(), lazy.Observe(&r))
		require.NoError(t, err)
		require.Len(t, r.done, 1)
		require.Equal(t, 2*time.Minute, r.done[0].End.Sub(r.done[0].Start))
	})
}

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
