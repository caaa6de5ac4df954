package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

func TestMemoRunsOnceForEqualArguments(t *testing.T) {
	leak.Check(t)
	s, w := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure2(func(a int, b []string) string { runs.Add(1); return fmt.Sprint(a, b) }, kept(t, "f")...)
	first, second, other := f.Of(1, []string{"x"}), f.Of(1, []string{"x"}), f.Of(1, []string{"y"})
	require.Equal(t, "1 [x]", get(t, s, first))
	require.Equal(t, "1 [x]", get(t, s, second))
	require.Equal(t, "1 [y]", get(t, s, other))
	require.EqualValues(t, 2, runs.Load())
	require.Equal(t, []graph.State{graph.Done, graph.Cached, graph.Done}, []graph.State{first.State(), second.State(), other.State()})
	require.Empty(t, w.all())
}

func TestWithoutCacheEveryCallRuns(t *testing.T) {
	var runs atomic.Int32
	f := lazy.Pure1(func(a int) int { runs.Add(1); return a }, kept(t, "f")...)
	for range 3 {
		require.Equal(t, 1, get(t, &lazy.Session{}, f.Of(1)))
	}
	require.EqualValues(t, 3, runs.Load())
}

func TestNilZeroAndEmptyAreKept(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	zero := lazy.Pure1(func(int) int { runs.Add(1); return 0 }, kept(t, "zero")...)
	none := lazy.Pure1(func(int) []int { runs.Add(1); return nil }, kept(t, "none")...)
	empty := lazy.Pure1(func(int) []int { runs.Add(1); return []int{} }, kept(t, "empty")...)
	noError := lazy.Pure1(func(int) error { runs.Add(1); return nil }, kept(t, "error")...)
	for range 2 {
		require.Zero(t, get(t, s, zero.Of(1)))
		require.Nil(t, get(t, s, none.Of(1)))
		v := get(t, s, empty.Of(1))
		require.True(t, v != nil && len(v) == 0)
		require.NoError(t, get(t, s, noError.Of(1)))
	}
	require.EqualValues(t, 4, runs.Load())
}

func TestNaNIsOneArgument(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(float64) int { runs.Add(1); return 1 }, kept(t, "f")...)
	for range 1000 {
		get(t, s, f.Of(math.NaN()))
	}
	require.EqualValues(t, 1, runs.Load())
	get(t, s, f.Of(0.0))
	get(t, s, f.Of(math.Copysign(0, -1)))
	require.EqualValues(t, 3, runs.Load(), "zeros of different signs are different arguments")
}

// a result that is equal to an earlier one is found by those who take it: what counts is content, not history.
//
//	g <- f <- x!
func TestAChangedInputWithAnUnchangedResultStillHits(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var fs, gs atomic.Int32
	f := lazy.Pure1(func(x int) bool { fs.Add(1); return x > 10 }, kept(t, "f")...)
	g := lazy.Pure1(func(b bool) string { gs.Add(1); return fmt.Sprint(b) }, kept(t, "g")...)
	require.Equal(t, "true", get(t, s, g(f.Of(11))))
	require.Equal(t, "true", get(t, s, g(f.Of(12))))
	require.EqualValues(t, 2, fs.Load())
	require.EqualValues(t, 1, gs.Load())
}

func TestSetToAFormerValueFindsFormerResults(t *testing.T) {
	leak.Check(t)
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int { runs.Add(1); return x + 1 }, kept(t, "f")...)
	x := lazy.Source("x", 1)
	d := f(f(x))
	for i := range 10 {
		x.Set(10 * (i % 2))
		require.Equal(t, 10*(i%2)+2, get(t, s, d))
	}
	require.EqualValues(t, 4, runs.Load())
	require.Equal(t, graph.Cached, d.State())
}

func TestErrorsAreNotKept(t *testing.T) {
	leak.Check(t)
	store := cache.NewMemory(1 << 20)
	s, _ := remembering(store)
	puts := 0
	s.Cache = &spoiled{Store: store, put: func(ctx context.Context, e cache.Entry, c cache.Codec) error {
		puts++
		return store.Put(ctx, e, c)
	}}
	var runs atomic.Int32
	for name, fn := range map[string]func(context.Context, int) (int, error){
		"error":     func(context.Context, int) (int, error) { runs.Add(1); return 7, errBoom },
		"permanent": func(context.Context, int) (int, error) { runs.Add(1); return 7, lazy.Permanent(errBoom) },
		"panic":     func(context.Context, int) (int, error) { runs.Add(1); panic(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			runs.Store(0)
			f := lazy.Wrap1(fn, kept(t, "f")...)
			for range 2 {
				_, err := f.Of(1).Get(context.Background(), lazy.In(s))
				require.ErrorIs(t, err, errBoom)
			}
			require.EqualValues(t, 2, runs.Load())
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		runs.Store(0)
		ctx, cancel := context.WithCancel(context.Background())
		f := lazy.Wrap1(func(ctx context.Context, _ int) (int, error) {
			if runs.Add(1) == 1 {
				cancel()
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return 1, nil
		}, kept(t, "f")...)
		_, err := f.Of(1).Get(ctx, lazy.In(s))
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, puts)
		require.Equal(t, 1, get(t, s, f.Of(1)))
		require.EqualValues(t, 2, runs.Load())
	})
}

func TestConcurrentCallsWithOneKeyRunOnce(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 8} {
		s, _ := remembering(cache.NewMemory(1 << 20))
		s.Parallelism = workers
		var runs atomic.Int32
		f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
			runs.Add(1)
			time.Sleep(time.Millisecond) // let the others come to it
			return x, nil
		}, kept(t, "f")...)
		ds := make([]lazy.Data[int], 200)
		for i := range ds {
			ds[i] = f.Of(i % 3)
		}
		vs, err := lazy.GetAll(context.Background(), ds, lazy.In(s))
		require.NoError(t, err)
		for i, v := range vs {
			require.Equal(t, i%3, v)
		}
		require.EqualValues(t, 3, runs.Load())
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				v, err := f.Of(3+i%2).Get(context.Background(), lazy.In(s))
				if err != nil || v != 3+i%2 {
					t.Error(v, err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 5, runs.Load())
	}
}

// The store keeps nothing, so those who wait for a call with their key have its value from the call alone.
func TestThoseWhoWaitForACallWithTheirKeyHaveItsValue(t *testing.T) {
	leak.Check(t)
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(&spoiled{
			get: func(context.Context, cache.Key, cache.Codec) (cache.Entry, error) {
				return cache.Entry{}, cache.ErrMiss
			},
			put: func(context.Context, cache.Entry, cache.Codec) error { return nil },
		})
		var runs atomic.Int32
		f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
			runs.Add(1)
			time.Sleep(time.Second)
			return x, nil
		}, kept(t, "f", lazy.Blocking(0))...)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { require.Equal(t, 1, get(t, s, f.Of(1))) })
		}
		wg.Wait()
		require.EqualValues(t, 1, runs.Load())
	})
}

func TestWhoWaitsForACallWithItsKeySharesTheFailure(t *testing.T) {
	leak.Check(t)
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		var runs atomic.Int32
		f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
			runs.Add(1)
			time.Sleep(time.Second)
			return 0, errBoom
		}, kept(t, "f", lazy.Blocking(0))...)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				_, err := f.Of(1).Get(context.Background(), lazy.In(s))
				require.ErrorIs(t, err, errBoom)
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, runs.Load())
	})
}

// A leaves; B, which waits for another call with the same key, does not get A's cancellation, and neither is the function
// run twice: B's wait keeps A's call going.
func TestACallerThatLeavesDoesNotDisturbThoseWithItsKey(t *testing.T) {
	leak.Check(t)
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		var runs atomic.Int32
		f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			runs.Add(1)
			select {
			case <-time.After(time.Minute):
				return x, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}, kept(t, "f")...)
		s.Parallelism = 2
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := f.Of(1).Get(ctx, lazy.In(s))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		synctest.Wait()
		wg.Go(func() { require.Equal(t, 1, get(t, s, f.Of(1))) })
		wg.Wait()
		require.EqualValues(t, 1, runs.Load())
	})
}

func TestAMemoCallThatGetsItselfIsACycle(t *testing.T) {
	leak.Check(t)
	s, _ := remembering(cache.NewMemory(1 << 20))
	var f lazy.Func1[int, int]
	f = lazy.Wrap1(func(ctx context.Context, x int) (int, error) { return f.Of(x).Get(ctx) }, kept(t, "f")...)
	_, err := f.Of(1).Get(context.Background(), lazy.In(s))
	var cycle *lazy.CycleError
	require.ErrorAs(t, err, &cycle)
}

func TestALimitIsNotHeldByWhoWaitsForACallWithItsKey(t *testing.T) {
	leak.Check(t)
	s, _ := remembering(cache.NewMemory(1 << 20))
	s.Parallelism = 4
	inner := lazy.Pure1(func(x int) int { return x }, kept(t, "inner", lazy.Blocking(1))...)
	f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { return inner.Of(x).Get(ctx) },
		kept(t, "f", lazy.Blocking(1))...)
	ds := make([]lazy.Data[int], 50)
	for i := range ds {
		ds[i] = f.Of(i % 2)
	}
	_, err := lazy.GetAll(context.Background(), ds, lazy.In(s))
	require.NoError(t, err)
}

func TestRefreshReplacesWhatIsKept(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int32 { return runs.Add(1) }, kept(t, "f")...)
	require.EqualValues(t, 1, get(t, s, f.Of(1)))
	require.EqualValues(t, 2, get(t, s, f.Of(1), lazy.Refresh()))
	require.EqualValues(t, 2, get(t, s, f.Of(1)))
	require.EqualValues(t, 2, runs.Load())
}

func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := remembering(cache.NewMemory(1 << 20))
		var runs atomic.Int32
		f := lazy.Pure1(func(x int) int32 { return runs.Add(1) }, kept(t, "f", lazy.TTL(time.Minute))...)
		require.EqualValues(t, 1, get(t, s, f.Of(1)))
		time.Sleep(59 * time.Second)
		require.EqualValues(t, 1, get(t, s, f.Of(1)))
		time.Sleep(2 * time.Second)
		require.EqualValues(t, 2, get(t, s, f.Of(1)))
		require.EqualValues(t, 2, get(t, s, f.Of(1)), "the new result counts from now")
	})
}

func TestValid(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	var last cache.Meta
	valid := true
	f := lazy.Pure1(func(x int) int32 { return runs.Add(1) },
		kept(t, "f", lazy.Version("v7"), lazy.Valid(func(m cache.Meta) bool { last = m; return valid }))...)
	require.EqualValues(t, 1, get(t, s, f.Of(1)))
	require.EqualValues(t, 1, get(t, s, f.Of(1)))
	require.Equal(t, "v7", last.Version)
	require.Contains(t, last.Function, "TestValid/f/")
	require.Len(t, last.Inputs, 1)
	require.WithinDuration(t, time.Now(), last.Created, time.Minute)
	require.Positive(t, last.Size)
	valid = false
	require.EqualValues(t, 2, get(t, s, f.Of(1)))
	valid = true
	require.EqualValues(t, 2, get(t, s, f.Of(1)))
}

func TestIgnoreArg(t *testing.T) {
	s, w := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure3(func(a int, _ func(), b int) int { runs.Add(1); return a * b }, kept(t, "f", lazy.IgnoreArg(1))...)
	require.Equal(t, 6, get(t, s, f.Of(2, func() {}, 3)))
	require.Equal(t, 6, get(t, s, f.Of(2, nil, 3)))
	require.Equal(t, 8, get(t, s, f.Of(2, nil, 4)))
	require.EqualValues(t, 2, runs.Load())
	require.Empty(t, w.all(), "what is left out need not be keyed")
}

type connection struct {
	name string
	mu   sync.Mutex
	call func()
}

func TestKeyBy(t *testing.T) {
	s, w := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	byName := lazy.KeyBy(func(c *connection) ([]byte, error) {
		if c.name == "" {
			return nil, errors.New("no name")
		}
		return []byte(c.name), nil
	})
	f := lazy.Pure2(func(c *connection, n int) string { runs.Add(1); return fmt.Sprint(c.name, n) }, kept(t, "f", byName)...)
	require.Equal(t, "a1", get(t, s, f.Of(&connection{name: "a"}, 1)))
	require.Equal(t, "a1", get(t, s, f.Of(&connection{name: "a", call: func() {}}, 1)))
	require.Equal(t, "b1", get(t, s, f.Of(&connection{name: "b"}, 1)))
	require.EqualValues(t, 2, runs.Load())
	require.Empty(t, w.all())
	for range 2 {
		require.Equal(t, "1", get(t, s, f.Of(&connection{}, 1)))
	}
	require.EqualValues(t, 4, runs.Load())
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "no name")
}

func TestWhatCannotBeKeyedRunsWithOneWarning(t *testing.T) {
	type options struct{ Hook func() }
	type job struct {
		Name string
		Opts options
	}
	s, w := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure2(func(n int, j job) string { runs.Add(1); return j.Name }, kept(t, "f")...)
	d := f.Of(1, job{Name: "x"})
	for range 3 {
		require.Equal(t, "x", get(t, s, f.Of(1, job{Name: "x"})))
	}
	require.Equal(t, "x", get(t, s, d))
	require.EqualValues(t, 4, runs.Load())
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "unkeyable argument 2 at .Opts.Hook")
	require.Contains(t, lazy.Explain(d).String(), "unkeyable argument 2 at .Opts.Hook")
}

func TestAResultWhoseInputWasChangedMeanwhileIsNotKept(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	var runs atomic.Int32
	f := lazy.Pure1(func(v []int) int {
		if runs.Add(1) == 1 {
			v[0] = 9
		}
		return len(v)
	}, kept(t, "f")...)
	d := f.Of([]int{1, 2})
	get(t, s, d)
	get(t, s, f.Of([]int{1, 2}))
	require.EqualValues(t, 2, runs.Load())
	get(t, s, f.Of([]int{1, 2}))
	require.EqualValues(t, 2, runs.Load())
	require.Contains(t, lazy.Explain(d).String(), "an argument was changed while the function ran")
}

func TestAResultThatDependsOnAGetInsideIsNotKept(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	hidden := lazy.Source("hidden", 1)
	f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
		h, err := hidden.Get(ctx)
		return x + h, err
	}, kept(t, "f")...)
	d := f.Of(1)
	require.Equal(t, 2, get(t, s, d))
	hidden.Set(10)
	require.Equal(t, 11, get(t, s, f.Of(1)))
	require.Equal(t, 11, get(t, s, d))
	require.Contains(t, lazy.Explain(d).String(), "Get inside")
}

func TestVerifyHits(t *testing.T) {
	s, w := remembering(cache.NewMemory(1 << 20))
	s.VerifyHits = 0.5
	var runs atomic.Int32
	steady := lazy.Pure1(func(x int) int { runs.Add(1); return x }, kept(t, "steady")...)
	for range 21 {
		require.Equal(t, 3, get(t, s, steady.Of(3)))
	}
	require.EqualValues(t, 11, runs.Load(), "one run, then every second of twenty hits")
	require.Empty(t, w.all())
	moody := lazy.Pure1(func(x int) int32 { return runs.Add(1) }, kept(t, "moody")...)
	get(t, s, moody.Of(3))
	get(t, s, moody.Of(3))
	get(t, s, moody.Of(3))
	require.Len(t, w.all(), 1)
	require.Contains(t, w.all()[0], "another result")
	require.Contains(t, w.all()[0], "inputs=[3]")
	require.Regexp(t, `key=[0-9a-f]{64} kept=[0-9a-f]+ computed=[0-9a-f]+`, w.all()[0])
	for _, bad := range []float64{-0.1, 1.1, math.NaN()} {
		_, err := steady.Of(4).Get(context.Background(), lazy.In(&lazy.Session{VerifyHits: bad}))
		require.ErrorContains(t, err, "VerifyHits")
	}
}

func TestMisuseOfMemoPanics(t *testing.T) {
	id := func(x int) int { return x }
	for want, wrap := range map[string]func(){
		"TTL(-1ns): want a positive duration":   func() { lazy.TTL(-1) },
		"Valid(nil)":                            func() { lazy.Valid(nil) },
		"KeyBy(nil)":                            func() { lazy.KeyBy[int](nil) },
		"Codec: want two functions":             func() { lazy.Codec[int](nil, nil) },
		"IgnoreArg(1): the function has 1 arg":  func() { lazy.Pure1(id, kept(t, "f", lazy.IgnoreArg(1))...) },
		"IgnoreArg(-1): the function has 1 arg": func() { lazy.Pure1(id, kept(t, "f", lazy.IgnoreArg(-1))...) },
		"TTL without Memo":                      func() { lazy.Pure1(id, lazy.TTL(1)) },
		"Bind cannot be Memo": func() {
			lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return lazy.Const(1), nil }, kept(t, "f")...)
		},
		"Update cannot be Memo": func() {
			lazy.Update(lazy.Const(1), func(_ context.Context, x int) (int, error) { return x, nil }, kept(t, "f")...)
		},
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), want) }()
			wrap()
		}()
	}
}
