package lazy_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

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
