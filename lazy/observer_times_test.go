package lazy_test

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// RunInfo.Workers is what bounds the run: the session, or Workers.
func TestRunInfoTellsItsWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	f := lazy.Pure1(func(x int) int { return x })
	for name, c := range map[string]struct {
		session *lazy.Session
		opts    []lazy.RunOption
		want    int
	}{
		"nothing":                {session: &lazy.Session{}, want: 4},
		"fewer":                  {session: &lazy.Session{}, opts: []lazy.RunOption{lazy.Workers(2)}, want: 2},
		"more":                   {session: &lazy.Session{}, opts: []lazy.RunOption{lazy.Workers(7)}, want: 7},
		"fewer than Parallelism": {session: &lazy.Session{Parallelism: 3}, opts: []lazy.RunOption{lazy.Workers(1)}, want: 1},
		"more than Parallelism":  {session: &lazy.Session{Parallelism: 3}, opts: []lazy.RunOption{lazy.Workers(7)}, want: 3},
		"an Executor":            {session: &lazy.Session{Executor: executor.NewPool(3)}, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			obs := &recorder{}
			c.session.Observer = obs
			_, err := lazy.GetAll(t.Context(), f.Each([]int{1, 2, 3}), append(c.opts, lazy.In(c.session))...)
			require.NoError(t, err)
			require.Len(t, obs.runs, 1)
			require.Equal(t, c.want, obs.runs[0].Workers)
		})
	}
}

// turner changes how many workers later runs have, while a run is on its way.
type turner struct{ told []int }

func (w *turner) RunStarted(i lazy.RunInfo) {
	w.told = append(w.told, i.Workers)
	runtime.GOMAXPROCS(3)
}
func (w *turner) CallStarted(lazy.CallInfo) {}
func (w *turner) CallDone(lazy.CallInfo)    {}
func (w *turner) RunDone(i lazy.RunInfo)    { w.told = append(w.told, i.Workers) }

// A run keeps what it began with.
func TestRunInfoWorkersStayTheSame(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	w := &turner{}
	_, err := lazy.Pure1(func(x int) int { return x }).Of(1).Get(t.Context(), lazy.In(&lazy.Session{Observer: w}))
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, w.told)
}

// timed notes the calls' starts and ends as they are told.
type timed struct {
	mu      sync.Mutex
	started map[graph.ID]lazy.CallInfo // guarded by mu
	done    []lazy.CallInfo            // guarded by mu
}

func (o *timed) RunStarted(lazy.RunInfo) {}
func (o *timed) RunDone(lazy.RunInfo)    {}

func (o *timed) CallStarted(i lazy.CallInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.started[i.ID] = i
}

func (o *timed) CallDone(i lazy.CallInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done = append(o.done, i)
}

// Of one worker no two calls overlap, but those that one waits for in a Get of its own; and no call is told to have begun
// before it was told of, or ended before it began. Goroutines that are busy take the processors away at any point.
func TestTimesOfCallsUnderPreemption(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	var stop atomic.Bool
	var busy sync.WaitGroup
	for range 4 {
		busy.Go(func() {
			for !stop.Load() {
				burnt(100)
			}
		})
	}
	defer busy.Wait()
	defer stop.Store(true)
	sum := lazy.Pure2(func(a, b int) int { return burnt(20) + a + b })
	inner := lazy.Pure1(func(x int) int { return burnt(200) + x }, lazy.Name("inner"))
	outer := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { return inner.Of(burnt(50) + x).Get(ctx) })
	const calls = 600
	ds := []lazy.Data[int]{lazy.Const(1)}
	for i := range calls {
		switch {
		case i%10 == 9:
			ds = append(ds, outer(ds[i/2]))
		default:
			ds = append(ds, sum(ds[i], ds[i*2/3]))
		}
	}
	obs := &timed{started: map[graph.ID]lazy.CallInfo{}}
	_, err := lazy.GetAll(t.Context(), ds, lazy.In(&lazy.Session{Parallelism: 3, Observer: obs}))
	require.NoError(t, err)
	require.Len(t, obs.done, calls+calls/10)
	workers := map[int][]lazy.CallInfo{}
	for _, i := range obs.done {
		began := obs.started[i.ID]
		require.Equal(t, began.Worker, i.Worker)
		require.False(t, i.Start.Before(began.Start), "CallStarted tells a later start than CallDone")
		require.False(t, i.End.Before(i.Start))
		workers[i.Worker] = append(workers[i.Worker], i)
	}
	for w, calls := range workers {
		requireNoOverlap(t, fmt.Sprint("worker ", w), calls)
	}
}

// burnt takes some time, and returns 0.
func burnt(n int) (zero int) {
	for range n {
		zero ^= n
	}
	return min(zero, 0)
}

// requireNoOverlap requires that each two calls are one after the other, or one inside the other.
func requireNoOverlap(t *testing.T, what string, calls []lazy.CallInfo) {
	t.Helper()
	slices.SortFunc(calls, func(a, b lazy.CallInfo) int { return cmp.Or(a.Start.Compare(b.Start), -a.End.Compare(b.End)) })
	var open []lazy.CallInfo
	for _, c := range calls {
		for len(open) > 0 && !open[len(open)-1].End.After(c.Start) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			in := open[len(open)-1]
			require.False(t, c.End.After(in.End), "%s: %s#%d of run %d, %v to %v, overlaps %s#%d of run %d, %v to %v",
				what, c.Name, c.ID, c.Run, c.Start, c.End, in.Name, in.ID, in.Run, in.Start, in.End)
			require.NotEqual(t, in.Run, c.Run, "%s: in one run", what)
		}
		open = append(open, c)
	}
}
