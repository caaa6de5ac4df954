package lazy_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// maxTrace bounds traces until the test is over.
func maxTrace(t *testing.T, n int) {
	old := lazy.SetMaxTrace(n)
	t.Cleanup(func() { lazy.SetMaxTrace(old) })
}

// counting wraps x+1 and counts.
func counting(opts ...lazy.Option) (lazy.Func1[int, int], *atomic.Int32) {
	var runs atomic.Int32
	return lazy.Pure1(func(x int) int { runs.Add(1); return x + 1 }, append(opts, lazy.Name("Step"))...), &runs
}

func TestSetMaxTraceReturnsTheFormer(t *testing.T) {
	require.Equal(t, 0, lazy.SetMaxTrace(7))
	require.Equal(t, 7, lazy.SetMaxTrace(1<<30))
	require.Equal(t, 4094, lazy.SetMaxTrace(0))
	mustPanic(t, func() { lazy.SetMaxTrace(-1) }, "SetMaxTrace(-1)", "want 0 (no bound) or more")
	require.Equal(t, 0, lazy.SetMaxTrace(0))
}

// x <- x <- … : the first call that would be deeper than the limit forces those before it.
func TestMaxTraceForcesWhatIsDeeper(t *testing.T) {
	leak.Check(t)
	for _, limit := range []int{1, 2, 3, 10, 4094} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			maxTrace(t, limit)
			step, runs := counting()
			x := lazy.Source("zero", 0)
			for range limit {
				x = step(x)
			}
			require.Zero(t, runs.Load())
			before := x
			x = step(x)
			require.EqualValues(t, limit, runs.Load())
			require.Equal(t, graph.Done, before.State())
			require.Equal(t, graph.Pending, x.State())
			nodes := lazy.Snapshot(x).Nodes
			require.Len(t, nodes, 2, "the new trace does not lead to the old one")
			require.Equal(t, graph.Source, nodes[0].State)
			require.Equal(t, "Step", nodes[0].Name)
			require.Equal(t, fmt.Sprint(limit), nodes[0].Value)
			for range limit - 1 {
				x = step(x)
			}
			require.EqualValues(t, limit, runs.Load())
			require.Equal(t, 2*limit, got(t, x))
			require.EqualValues(t, 2*limit, runs.Load())
		})
	}
}

// Off means off, also for what was recorded while it was on.
func TestMaxTraceOff(t *testing.T) {
	leak.Check(t)
	step, runs := counting()
	maxTrace(t, 2)
	x := step(step(lazy.Const(0)))
	lazy.SetMaxTrace(0)
	for range 100 {
		x = step(x)
	}
	require.Zero(t, runs.Load())
	lazy.SetMaxTrace(2)
	x = step(x) // what was recorded without a limit counts as one
	require.Zero(t, runs.Load())
	x = step(x)
	require.EqualValues(t, 103, runs.Load())
	require.Equal(t, 104, got(t, x))
}

// The depth is that of the longest way, not the number of calls or of ways.
func TestMaxTraceCountsTheLongestWay(t *testing.T) {
	leak.Check(t)
	maxTrace(t, 10)
	var runs atomic.Int32
	add := lazy.Pure2(func(a, b int) int { runs.Add(1); return a + b })
	x := lazy.Const(1)
	for range 10 {
		x = add(x, x) // 1,024 ways
	}
	require.Zero(t, runs.Load())
	wide := lazy.Pure1(func(vs []int) int { return len(vs) })(lazy.Gather(add.Outer(make([]int, 10), make([]int, 10))...))
	require.Zero(t, runs.Load())
	y := add(x, lazy.Const(0))
	require.EqualValues(t, 10, runs.Load())
	require.Equal(t, 1024, got(t, y))
	require.Equal(t, 100, got(t, wide))
}

// What is not deep is not forced, and stays in reach.
func TestMaxTraceLeavesShallowInputs(t *testing.T) {
	leak.Check(t)
	maxTrace(t, 6)
	deepStep, deepRuns := counting()
	step, runs := counting()
	s := lazy.Source("s", 10)
	shallow := step(s)
	x := lazy.Const(0)
	for range 6 {
		x = deepStep(x)
	}
	y := sum(x, shallow)
	require.EqualValues(t, 6, deepRuns.Load())
	require.Zero(t, runs.Load())
	require.Equal(t, 17, got(t, y))
	s.Set(20)
	require.Equal(t, 27, got(t, y))
}

func TestMaxTraceOfAllKindsOfCalls(t *testing.T) {
	leak.Check(t)
	spread := lazy.Pure1(func(vs []int) int { return vs[0] + vs[1] - vs[2] })
	kinds := map[string]func(x lazy.Data[int]) lazy.Data[int]{
		"one":   inc,
		"twice": lazy.Pure2(func(a, b int) int { return (a+b)/2 + 1 }).Fix(lazy.Const(0)),
		"same":  func(x lazy.Data[int]) lazy.Data[int] { return sum(x, x) },
		"three": func(x lazy.Data[int]) lazy.Data[int] {
			return lazy.Pure3(func(a, b, c int) int { return a + b + c })(x, x, x)
		},
		"four":   lazy.Pure4(func(a, b, c, d int) int { return a - b + c - d }).Fix(lazy.Const(1)).Fix(lazy.Const(2)).Fix(lazy.Const(3)),
		"gather": func(x lazy.Data[int]) lazy.Data[int] { return spread(lazy.Gather(x, inc(x), x)) },
		"zip": func(x lazy.Data[int]) lazy.Data[int] {
			a, b := lazy.Split(lazy.Zip(x, inc(x)))
			return sum(a, b)
		},
		"bind":    lazy.Bind1(func(_ context.Context, x int) (lazy.Data[int], error) { return inc(inc.Of(x)), nil }),
		"if":      func(x lazy.Data[int]) lazy.Data[int] { return lazy.If(lazy.Const(true), inc(x), x) },
		"if kept": func(x lazy.Data[int]) lazy.Data[int] { return lazy.If(lazy.Const(false), inc(x), x) },
		"after": func(x lazy.Data[int]) lazy.Data[int] {
			return lazy.After(inc(x), x)
		},
		"after alone": func(x lazy.Data[int]) lazy.Data[int] { return sum(lazy.After(inc.Of(1), x), x) },
		"reduce":      func(x lazy.Data[int]) lazy.Data[int] { return lazy.Reduce(sum, x, inc(x), x, inc(x)) },
		"transient":   lazy.Pure1(func(x int) int { return x + 1 }, lazy.Transient()),
		"nested": func(x lazy.Data[int]) lazy.Data[int] {
			return lazy.Wrap0(func(ctx context.Context) (int, error) { return inc(x).Get(ctx) })()
		},
	}
	const steps = 60
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			trace := func(limit int) (v, nodes int) {
				defer lazy.SetMaxTrace(lazy.SetMaxTrace(limit))
				x := lazy.Source("start", 1)
				for range steps {
					x = kind(x)
				}
				return got(t, x), len(lazy.Snapshot(x).Nodes)
			}
			want, all := trace(0)
			for _, limit := range []int{1, 2, 5, 7} {
				v, nodes := trace(limit)
				require.Equal(t, want, v, limit)
				if name != "nested" { // where the function closes over the handle
					require.Less(t, nodes, 12*limit+12, "of %d", all)
				}
			}
		})
	}
}

// A failure does not come out where the call is recorded, but where it is got.
func TestMaxTraceErrorsStayWithTheirHandles(t *testing.T) {
	leak.Check(t)
	maxTrace(t, 4)
	var fails atomic.Bool
	var runs atomic.Int32
	fails.Store(true)
	load := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		runs.Add(1)
		if fails.Load() {
			return 0, errBoom
		}
		return x, nil
	}, lazy.Name("Load"))
	other, others := counting()
	a, b := load(lazy.Const(1)), lazy.Const(0)
	for range 3 {
		a, b = inc(a), other(b)
	}
	x := sum(a, b)
	x = inc(x)
	require.EqualValues(t, 1, runs.Load())
	require.EqualValues(t, 3, others.Load(), "what does not depend on the failure is forced all the same")
	for range 2 {
		x = inc(x)
	}
	require.EqualValues(t, 1, runs.Load(), "not tried again by each call")
	x = inc(x)
	require.EqualValues(t, 2, runs.Load())
	err := failure(t, x)
	require.ErrorIs(t, err, errBoom)
	require.Contains(t, err.Error(), "Load")
	fails.Store(false)
	require.Equal(t, 11, got(t, x))
	for range 20 {
		x = inc(x)
	}
	require.Equal(t, 31, got(t, x))
}

func TestMaxTraceAndPanics(t *testing.T) {
	leak.Check(t)
	maxTrace(t, 2)
	x := inc(lazy.Pure0(func() int { panic("no") })())
	x = inc(x)
	var p *lazy.PanicError
	require.ErrorAs(t, failure(t, x), &p)
	require.ErrorIs(t, failure(t, inc(inc(inc(lazy.Data[int]{})))), lazy.ErrZeroData)
}

// Handles that were forced stay what they are; what was recorded on their values is cut off from them.
func TestMaxTraceAndSet(t *testing.T) {
	leak.Check(t)
	maxTrace(t, 3)
	s := lazy.Source("s", 0)
	a := inc(inc(inc(s)))
	b := inc(a)
	require.Equal(t, 4, got(t, b))
	s.Set(10)
	require.Equal(t, 13, got(t, a))
	require.Equal(t, 4, got(t, b))
	require.Equal(t, 4, got(t, b, lazy.Refresh()))
	require.Equal(t, 14, got(t, inc(a)), "the value that is there now")
	b.Set(100)
	require.Equal(t, 101, got(t, inc(b)))
	b.Invalidate()
	require.Equal(t, 4, got(t, b))
}

// Handles go their way through goroutines; every loop comes to its end.
func TestMaxTraceFromManyGoroutines(t *testing.T) {
	leak.Check(t)
	maxTrace(t, 5)
	shared := lazy.Source("shared", 0)
	for range 5 {
		shared = inc(shared)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			x := shared
			for range 200 {
				x = inc(x)
				if g%2 == 0 {
					x = lazy.After(x, shared)
				}
			}
			if v, err := x.Get(context.Background()); v != 205 || err != nil {
				t.Error(v, err)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			_ = lazy.Snapshot(shared)
		}
	})
	wg.Wait()
}

// A function may record, too: it lends its worker.
func TestMaxTraceInsideACall(t *testing.T) {
	leak.Check(t)
	maxTrace(t, 3)
	defer lazy.SetParallelism(lazy.SetParallelism(1))
	outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
		x := lazy.Const(0)
		for range 50 {
			x = inc(x)
		}
		return x.Get(ctx)
	})()
	require.Equal(t, 50, got(t, outer))
}

// Two traces that take turns do not keep each other's past, whatever they share; nor does a Get now and then.
func TestMaxTraceBoundsMemory(t *testing.T) {
	leak.Check(t)
	type big struct{ _ [1 << 10]byte }
	const limit, steps = 50, 3000
	var alive atomic.Int64
	made := func(*big) *big {
		v := new(big)
		alive.Add(1)
		runtime.AddCleanup(v, func(struct{}) { alive.Add(-1) }, struct{}{})
		return v
	}
	for _, every := range []int{0, 1, 7, limit - 1} { // how often there is a Get
		t.Run(fmt.Sprint(every), func(t *testing.T) {
			maxTrace(t, limit)
			f, g := lazy.Pure1(made, lazy.Name("F")), lazy.Pure1(made, lazy.Name("G"))
			x, y := lazy.Const[*big](nil), f(lazy.Const[*big](nil))
			most := int64(0)
			for i := range steps {
				x, y = g(f(x)), f(y)
				if every > 0 && i%every == 0 {
					got(t, x)
				}
				if i%500 == 499 {
					until(t, "what is forgotten is collected", func() bool {
						runtime.GC()
						return alive.Load() <= 8*limit
					})
					most = max(most, alive.Load())
				}
			}
			got(t, x)
			require.Positive(t, most)
			runtime.KeepAlive(y)
		})
	}
}

// x = step(x), ten million times.
func TestMaxTraceLongLoop(t *testing.T) {
	leak.Check(t)
	steps := 10_000_000
	if testing.Short() {
		steps = 200_000
	}
	maxTrace(t, 1000)
	x := lazy.Const(0)
	for i := range steps {
		x = inc(x)
		if i%(steps/4) == 0 {
			require.Less(t, len(lazy.Snapshot(x).Nodes), 1100)
		}
	}
	require.Equal(t, steps, got(t, x))
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	require.Less(t, m.HeapAlloc, uint64(200<<20), "10,000,000 calls would take 700 MB")
}
