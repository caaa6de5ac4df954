package lazy_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// standIn is OrElse with -1, and how often it was asked, and with what.
func standIn(asked *[]error) lazy.Option {
	return lazy.OrElse(func(err error) int {
		*asked = append(*asked, err)
		return -1
	})
}

// failingWays are the ways in which a function can fail.
var failingWays = map[string]struct {
	fail func() error
	is   error
}{
	"error":     {func() error { return fmt.Errorf("no: %w", errBoom) }, errBoom},
	"panic":     {func() error { panic(errBoom) }, errBoom},
	"Goexit":    {func() error { runtime.Goexit(); return nil }, lazy.ErrGoexit},
	"permanent": {func() error { return lazy.Permanent(errBoom) }, errBoom},
}

func TestOrElseStandsInWhereverACallRuns(t *testing.T) {
	for way, w := range failingWays {
		for name, opts := range map[string][]lazy.Option{
			"plain": nil, "blocking": {lazy.Blocking(1)}, "limit": {lazy.Limit(executor.NewLimit(1))}, "timeout": {lazy.Timeout(time.Hour)},
			"elsewhere": {lazy.RunsOn(executor.Serial())}, "retry": {lazy.Retry(2)}, "transient": {lazy.Transient()},
		} {
			for _, workers := range []int{1, 2} {
				t.Run(fmt.Sprint(way, "/", name, "/workers=", workers), func(t *testing.T) {
					leak.Check(t)
					var asked []error
					f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
						if x%2 == 1 {
							return 0, w.fail()
						}
						return x, nil
					}, append(opts, lazy.Name("Half"), standIn(&asked))...)
					ds := f.Each([]int{0, 1, 2})
					sum := sumAll(lazy.Gather(ds...))
					v, err := sum.Get(t.Context(), lazy.In(quiet(workers)))
					require.NoError(t, err)
					require.Equal(t, 1, v)
					require.Len(t, asked, 1)
					require.ErrorIs(t, asked[0], w.is)
					var e *lazy.Error
					require.ErrorAs(t, asked[0], &e)
					require.Contains(t, e.Call, "Half#")
					require.NotEqual(t, graph.Failed, ds[1].State())
				})
			}
		}
	}
}

var sumAll = lazy.Pure1(func(xs []int) (sum int) {
	for _, x := range xs {
		sum += x
	}
	return sum
})

func TestOrElseOfCheapFunctions(t *testing.T) {
	leak.Check(t)
	fails := false
	f := lazy.Pure1(func(x int) int {
		if fails && x%100 == 7 {
			panic(errBoom)
		}
		return x
	}, lazy.OrElse(func(error) int { return 1_000_000 }))
	for range 3 { // the first to learn that it is cheap
		values, err := lazy.GetAll(t.Context(), f.Each(numbersTo(5000)))
		require.NoError(t, err)
		want := numbersTo(5000)
		for i := range want {
			if fails && i%100 == 7 {
				want[i] = 1_000_000
			}
		}
		require.Equal(t, want, values)
		fails = true
	}
}

func TestOrElseIsAValueLikeAnyOther(t *testing.T) {
	leak.Check(t)
	var asked []error
	runs := 0
	source := lazy.Source("x", 1)
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if runs++; x < 3 {
			return 0, errBoom
		}
		return x, nil
	}, standIn(&asked))
	users := 0
	d := f(source)
	user := lazy.Pure1(func(x int) int { users++; return 10 * x })(d)
	get := func(want, wantRuns, wantUsers int) {
		t.Helper()
		v, err := user.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{want, wantRuns, wantUsers}, []int{v, runs, users})
	}
	get(-10, 1, 1)
	get(-10, 1, 1)
	source.Set(2)
	get(-10, 2, 1) // the same value stands in again
	source.Set(3)
	get(30, 3, 2)
	source.Set(1)
	get(-10, 4, 3)
	d.Invalidate()
	get(-10, 5, 3)
	d.Set(7)
	get(70, 5, 4)
	require.Len(t, asked, 4)
}

func TestOrElseIsNotAskedForTheFailuresOfOthers(t *testing.T) {
	leak.Check(t)
	var asked []error
	failing := lazy.Wrap0(func(context.Context) (int, error) { return 0, errBoom }, lazy.Name("Failing"))()
	f := lazy.Pure1(func(x int) int { return x }, standIn(&asked))
	_, err := f(failing).Get(t.Context())
	require.ErrorIs(t, err, errBoom)
	_, err = f(lazy.Data[int]{}).Get(t.Context())
	require.ErrorIs(t, err, lazy.ErrZeroData)
	ctx, cancel := context.WithCancel(t.Context())
	waits := lazy.Wrap0(func(inside context.Context) (int, error) {
		cancel()
		<-inside.Done()
		return 0, inside.Err()
	}, standIn(&asked))()
	_, err = waits.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, asked)
	writes := lazy.Pure1(func(xs []int) int { xs[0]++; return xs[0] }, standIn(&asked))
	_, err = writes.Of([]int{1}).Get(t.Context(), lazy.In(&lazy.Session{CheckInputs: true}))
	var mistake *lazy.InputError
	require.ErrorAs(t, err, &mistake)
	require.Empty(t, asked)
}

func TestOrElseIsAskedAfterTheLastTry(t *testing.T) {
	var asked []error
	tries := 0
	f := lazy.Wrap0(func(context.Context) (int, error) { tries++; return 0, errBoom }, lazy.Retry(3), standIn(&asked))
	v, err := f().Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{-1, 4, 1}, []int{v, tries, len(asked)})
}

func TestOrElseThatFailsItself(t *testing.T) {
	for name, or := range map[string]func(error) int{
		"panic":  func(error) int { panic("not that") },
		"Goexit": func(error) int { runtime.Goexit(); return 0 },
	} {
		for _, opt := range []lazy.Option{lazy.Retry(1), lazy.Blocking(1), lazy.Timeout(time.Hour)} {
			t.Run(name, func(t *testing.T) {
				leak.Check(t)
				f := lazy.Wrap0(func(context.Context) (int, error) { return 0, errBoom }, lazy.OrElse(or), opt, lazy.Name("F"))
				d := f()
				for range 2 {
					_, err := soon(t, func() (int, error) { return d.Get(context.Background(), lazy.In(quiet(1))) })
					var p *lazy.PanicError
					require.ErrorAs(t, err, &p)
					require.Equal(t, "OrElse of F", p.Op)
				}
			})
		}
	}
}

func TestOrElseOfABind(t *testing.T) {
	for _, where := range []string{"the function", "what it went on to"} {
		t.Run(where, func(t *testing.T) {
			leak.Check(t)
			var asked []error
			inner := lazy.Wrap1(func(_ context.Context, x int) (int, error) { return x, errBoom }, lazy.Name("Inner"))
			f := lazy.Bind1(func(_ context.Context, x int) (lazy.Data[int], error) {
				if where == "the function" {
					return lazy.Data[int]{}, errBoom
				}
				return inner.Of(x), nil
			}, standIn(&asked), lazy.Name("Outer"))
			source := lazy.Source("x", 1)
			d := f(source)
			for range 2 { // the second time tracked
				v, err := d.Get(t.Context(), lazy.In(quiet(2)))
				require.NoError(t, err)
				require.Equal(t, -1, v)
				require.ErrorIs(t, asked[len(asked)-1], errBoom)
				require.ErrorContains(t, asked[len(asked)-1], "Outer#")
				source.Set(2)
			}
			require.Len(t, asked, 2)
		})
	}
}

func TestOrElseForAFunctionThatIsLeftBehind(t *testing.T) {
	for name, opts := range map[string][]lazy.Option{"worker": nil, "blocking": {lazy.Blocking(2)}, "retry": {lazy.Retry(1)}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				var asked []error
				f := lazy.Wrap1(func(ctx context.Context, d time.Duration) (int, error) {
					return int(d), sleep(ctx, d, false)
				}, append(opts, lazy.Timeout(time.Second), standIn(&asked))...)
				slow, fast := f.Of(time.Hour), f.Of(time.Millisecond)
				values, err := lazy.GetAll(t.Context(), []lazy.Data[int]{inc(slow), fast}, lazy.In(quiet(3)))
				require.NoError(t, err)
				require.Equal(t, []int{0, int(time.Millisecond)}, values)
				require.ErrorIs(t, asked[0], context.DeadlineExceeded)
				require.Equal(t, graph.Done, slow.State())
				time.Sleep(2 * time.Hour) // what comes late is dropped
				v, err := slow.Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, -1, v)
			})
		})
	}
}

func TestOrElseIsNeverKeptInACache(t *testing.T) {
	runs := 0
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if runs++; runs == 1 {
			return 0, errBoom
		}
		return x, nil
	}, lazy.Memo(), lazy.Name("orElseMemo"), lazy.OrElse(func(error) int { return -1 }))
	in := lazy.In(&lazy.Session{Cache: cache.NewMemory(1 << 20)})
	for k, want := range []int{-1, 5, 5} {
		v, err := f.Of(5).Get(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, want, v)
		require.Equal(t, min(k+1, 2), runs)
	}
}

func TestOrElseRefusesWhatCannotBe(t *testing.T) {
	require.PanicsWithValue(t, "lazy: OrElse(nil): want a function", func() { lazy.OrElse[int](nil) })
	defer func() {
		require.Contains(t, recover(), "OrElse stands in with string, but the function returns int")
	}()
	lazy.Pure1(func(x int) int { return x }, lazy.OrElse(func(error) string { return "" }))
}

func TestOrElseMayBeNil(t *testing.T) {
	f := lazy.Wrap0(func(context.Context) (any, error) { return 1, errBoom }, lazy.OrElse(func(error) any { return nil }))
	v, err := f().Get(t.Context())
	require.NoError(t, err)
	require.Nil(t, v)
}

// A Bind that has failed for good stays failed, whatever becomes of what it went on to before.
func TestBindThatFailsForGoodHasGoneOnToNothing(t *testing.T) {
	leak.Check(t)
	fails, inner := lazy.Source("fails", false), lazy.Source("inner", 1)
	d := lazy.Bind0(func(ctx context.Context) (lazy.Data[int], error) {
		if lazy.Must(fails.Get(ctx)) {
			return lazy.Data[int]{}, lazy.Permanent(errBoom)
		}
		return inc(inner), nil
	})()
	v, err := d.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, v)
	fails.Set(true)
	for k := range 3 {
		_, err = d.Get(t.Context())
		require.ErrorIs(t, err, errBoom)
		inner.Set(10 + k)
	}
	fails.Set(false)
	v, err = d.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, 13, v)
}
