package lazy

import (
	"context"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
)

// A handle that has its value answers without a plan: nothing is allocated, whatever is behind it.
func TestCleanGetMakesNoPlan(t *testing.T) {
	ctx := context.Background()
	inc := Pure1(func(x int) int { return x + 1 })
	d := Const(0)
	for range 10_000 {
		d = inc(d)
	}
	_, err := d.Get(ctx)
	require.NoError(t, err)
	_, err = d.Get(ctx) // if other tests have changed something, d is looked at once
	require.NoError(t, err)
	runs := lastRun.Load()
	planMu.Lock() // no plan is made that would use marks
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = d.Get(ctx) }))
	planMu.Unlock()
	ds := []Data[int]{d, d, d}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = GetAll(ctx, ds) }), 12.0)
	require.Equal(t, runs, lastRun.Load(), "a run was made for values that were there")
}

// What one step more costs does not depend on what is behind it: only the new call is planned.
func TestNextStepPlansOneCall(t *testing.T) {
	var w lenOf
	s := &Session{Executor: &w}
	inc := Pure1(func(x int) int { return x + 1 })
	d := Const(0)
	for range 1000 {
		d = inc(d)
		_, err := d.Get(context.Background(), In(s))
		require.NoError(t, err)
	}
	require.EqualValues(t, 1000, w.calls.Load())
	require.EqualValues(t, 1000, w.works.Load())
}

// The plan of a graph grows with its edges: ten times the size, ten times the plan.
func TestPlansAreLinear(t *testing.T) {
	add := Pure3(func(a, b, c int) int { return a + b + c })
	for _, n := range []int{100, 1000, 10_000} {
		ds := []Data[int]{Pure0(func() int { return 1 })()}
		for i := range n {
			ds = append(ds, add(ds[i], ds[i/2], ds[0])) // ladder: 2^n ways to the first
		}
		p := newPlan([]*node{ds[n].n}, false, math.MaxUint64, nil, nil)
		require.Equal(t, n+1, len(p.order))
		require.Equal(t, 3*n, len(p.shape.In))
		require.Equal(t, n+1, len(p.shape.Off))
		p.free()
	}
}

// lenOf is a serial executor that counts works and calls.
type lenOf struct{ works, calls atomic.Int64 }

func (e *lenOf) Execute(ctx context.Context, w executor.Work) error {
	e.works.Add(1)
	e.calls.Add(int64(w.Len()))
	return loop(ctx, w)
}

// Handles that were dropped give their values back, but for what shares a slab with one that was not.
func TestDroppedHandlesAreCollected(t *testing.T) {
	leak.Check(t)
	const n = 1000
	type value struct{ _ [1024]byte }
	for _, test := range []struct {
		name string
		keep int // every keep-th handle is kept
		live int // at most so many values
	}{
		{"all dropped", 0, n / 8},
		{"one kept", n, n / 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			var live atomic.Int64
			made := Pure1(func(int) *value {
				v := new(value)
				live.Add(1)
				runtime.AddCleanup(v, func(struct{}) { live.Add(-1) }, struct{}{})
				return v
			})
			ds := made.Each(make([]int, n))
			_, err := GetAll(context.Background(), ds)
			require.NoError(t, err)
			require.EqualValues(t, n, live.Load())
			var kept []Data[*value]
			for i := range ds {
				if test.keep > 0 && i%test.keep == 0 {
					kept = append(kept, ds[i])
				}
			}
			ds = nil
			collect(&live, int64(test.live))
			require.LessOrEqual(t, live.Load(), int64(test.live))
			runtime.KeepAlive(kept)
			runtime.KeepAlive(made)
		})
	}
}

// The calls behind a dropped chain go, and those behind one that is kept stay.
func TestDroppedChainIsCollected(t *testing.T) {
	leak.Check(t)
	const n = 1000
	var live atomic.Int64
	next := Pure1(func(*[64]int) *[64]int {
		v := new([64]int)
		live.Add(1)
		runtime.AddCleanup(v, func(struct{}) { live.Add(-1) }, struct{}{})
		return v
	})
	d := Const(new([64]int))
	for range n {
		d = next(d)
	}
	_, err := d.Get(context.Background())
	require.NoError(t, err)
	runtime.GC()
	require.EqualValues(t, n, live.Load(), "a handle keeps what it depends on")
	runtime.KeepAlive(d)
	d = Data[*[64]int]{}
	collect(&live, n/8)
	require.LessOrEqual(t, live.Load(), int64(n/8))
	runtime.KeepAlive(next) // functions live long, and must not keep their last call
}

// A run that has failed or was cancelled keeps nothing either.
func TestFailedRunsAreCollected(t *testing.T) {
	leak.Check(t)
	const n = 200
	var live atomic.Int64
	value := Wrap1(func(_ context.Context, i int) (*[64]int, error) {
		v := new([64]int)
		live.Add(1)
		runtime.AddCleanup(v, func(struct{}) { live.Add(-1) }, struct{}{})
		return v, nil
	})
	fail := Wrap1(func(context.Context, *[64]int) (int, error) { return 0, context.Canceled })
	for i := range n {
		_, err := fail(value.Of(i)).Get(context.Background(), KeepGoing())
		require.ErrorIs(t, err, context.Canceled)
	}
	collect(&live, n/8)
	require.LessOrEqual(t, live.Load(), int64(n/8))
}

// Where some handle is always alive, as in a server, the slabs that graphs share must not tie each to the one before.
func TestGraphsThatOverlapAreCollected(t *testing.T) { // …, g[k], g[k+1], …   with g <- … <- f <- f <- f
	leak.Check(t)
	const graphs, depth, between = 600, 40, 20
	type value struct{ _ [1024]byte }
	var live atomic.Int64
	f := Pure1(func(*value) *value {
		v := new(value)
		live.Add(1)
		runtime.AddCleanup(v, func(struct{}) { live.Add(-1) }, struct{}{})
		return v
	})
	var last Data[*value]
	for k := range graphs {
		d := Const[*value](nil)
		for range depth {
			d = f(d)
		}
		_, err := d.Get(context.Background())
		require.NoError(t, err)
		last = d
		if k%between == between-1 {
			runtime.GC()
		}
	}
	const want = 3 * between * depth
	collect(&live, want)
	require.LessOrEqual(t, live.Load(), int64(want))
	runtime.KeepAlive(last)
}

// Slabs are dropped also where GOMAXPROCS is lowered while garbage is collected.
func TestSlabsAreDroppedWhenProcessorsGo(t *testing.T) {
	leak.Check(t)
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	var s slabs[form0[int]]
	s.made.Store(slabMax * slabShare)
	for round := range 40 {
		runtime.GOMAXPROCS(4)
		var garbage, collection sync.WaitGroup
		collection.Go(runtime.GC)
		for range 4 {
			garbage.Go(func() {
				for i := range 200 {
					_ = make([]*int, 100+i)
				}
			})
		}
		garbage.Wait()
		runtime.GOMAXPROCS(2) // while it may still be on its way
		collection.Wait()
		s.take()
		for k := 0; s.current.Load() != nil; k++ {
			require.Less(t, k, 200, "round %d: the slab is still there", round)
			runtime.GC()
			runtime.Gosched()
		}
	}
}

// collect collects garbage until at most want are left, or that does not help any more.
func collect(live *atomic.Int64, want int64) {
	for range 300 { // on a busy machine the cleanups may not get to run for a while
		if runtime.GC(); live.Load() <= want {
			return
		}
		for range 1000 { // the cleanups have a goroutine of their own
			runtime.Gosched()
		}
	}
}
