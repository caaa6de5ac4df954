package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// drained is what a stream yields: values and, by place, errors.
func drained[R any](s iter.Seq2[R, error]) (vs []R, errs map[int]error) {
	errs = map[int]error{}
	for v, err := range s {
		if err != nil {
			errs[len(vs)] = err
		}
		vs = append(vs, v)
	}
	return vs, errs
}

func TestStreamYieldsInOrder(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 3} {
		for _, n := range []int{0, 1, 2, 15, 16, 17, 1000, 20_000} {
			vs, errs := drained(lazy.Stream(t.Context(), upTo(n), inc, lazy.In(quiet(workers))))
			require.Empty(t, errs)
			require.Len(t, vs, n)
			for i, v := range vs {
				require.Equal(t, i+1, v)
			}
		}
	}
}

func TestStreamOfNothingRunsNothing(t *testing.T) {
	leak.Check(t)
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int { runs.Add(1); return x })
	empty := func(func(int) bool) {}
	for _, opt := range []lazy.StreamOption{lazy.LookAhead(3), lazy.Unordered()} {
		vs, _ := drained(lazy.Stream(t.Context(), empty, f, opt))
		require.Empty(t, vs)
	}
	_ = lazy.Stream(t.Context(), upTo(3), f) // not ranged over
	require.Zero(t, runs.Load())
}

func TestStreamIsAnewEachTime(t *testing.T) {
	var runs atomic.Int32
	s := lazy.Stream(t.Context(), upTo(5), lazy.Pure1(func(x int) int { runs.Add(1); return x }))
	for k := range 3 {
		vs, _ := drained(s)
		require.Equal(t, []int{0, 1, 2, 3, 4}, vs)
		require.EqualValues(t, 5*(k+1), runs.Load())
	}
}

func TestStreamFailingItems(t *testing.T) {
	leak.Check(t)
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		switch {
		case x%7 == 3:
			return x, fmt.Errorf("item: %w", errBoom)
		case x%7 == 5:
			panic(errBoom)
		case x%70 == 6:
			runtime.Goexit()
		}
		return x, nil
	}, lazy.Name("Odd"))
	i := 0
	for v, err := range lazy.Stream(t.Context(), upTo(500), f) {
		if i%7 != 3 && i%7 != 5 && i%70 != 6 {
			require.NoError(t, err)
			require.Equal(t, i, v)
			i++
			continue
		}
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Zero(t, v)
		require.Contains(t, err.Error(), fmt.Sprintf("lazy: stream item %d: Odd#", i))
		if i%70 != 6 {
			require.ErrorIs(t, err, errBoom)
		} else {
			require.ErrorIs(t, err, lazy.ErrGoexit)
		}
		i++
	}
	require.Equal(t, 500, i)
}

func TestStreamOfBadHandles(t *testing.T) {
	bad := func(x lazy.Data[int]) lazy.Data[int] {
		switch i := lazy.Must(x.Get(context.Background())); i {
		case 1:
			return lazy.Data[int]{}
		case 2:
			panic(errBoom)
		case 3:
			lazy.Donate(x)
			return x
		}
		return inc(x)
	}
	vs, errs := drained(lazy.Stream(t.Context(), upTo(5), bad))
	require.Equal(t, []int{1, 0, 0, 0, 5}, vs)
	require.Len(t, errs, 3)
	for i, want := range []error{1: lazy.ErrZeroData, 2: errBoom, 3: lazy.ErrDonated} {
		if want != nil {
			require.ErrorIs(t, errs[i], want)
			require.ErrorContains(t, errs[i], fmt.Sprintf("lazy: stream item %d: recording: ", i))
		}
	}
}

// An error, a panic or a Goexit of the source comes out in its place, and never is the stream silently short.
func TestStreamFailingSource(t *testing.T) {
	leak.Check(t)
	kinds := map[string]func(yield func(int, error) bool){
		"error":  func(yield func(int, error) bool) { yield(-1, errBoom); yield(-2, nil) },
		"panic":  func(func(int, error) bool) { panic(errBoom) },
		"goexit": func(func(int, error) bool) { runtime.Goexit() },
	}
	for kind, fail := range kinds {
		for _, at := range []int{0, 5, 19} {
			for _, opts := range [][]lazy.StreamOption{nil, {lazy.LookAhead(1)}, {lazy.Unordered()}} {
				source := func(yield func(int, error) bool) {
					for i := range at {
						if !yield(i, nil) {
							return
						}
					}
					fail(yield)
				}
				vs, errs := drained(lazy.TryStream(t.Context(), source, inc, opts...))
				require.Len(t, vs, at+1, kind)
				require.Len(t, errs, 1)
				require.Zero(t, vs[at])
				require.ErrorContains(t, errs[at], fmt.Sprintf("lazy: stream: source, item %d: ", at))
				var p *lazy.PanicError
				require.Equal(t, kind != "error", errors.As(errs[at], &p))
				if kind != "goexit" {
					require.ErrorIs(t, errs[at], errBoom)
				}
			}
		}
	}
}

// Never are more than n items pulled whose result the loop is not done with.
func TestStreamLookAheadIsExact(t *testing.T) {
	leak.Check(t)
	for _, n := range []int{1, 2, 3, 10, 100} {
		for _, opts := range [][]lazy.StreamOption{{lazy.LookAhead(n)}, {lazy.LookAhead(n), lazy.Unordered()}} {
			var pulled, done, most atomic.Int64
			source := func(yield func(int) bool) {
				for i := range 2000 {
					most.Store(max(most.Load(), pulled.Add(1)-done.Load()))
					if !yield(i) {
						return
					}
				}
			}
			for range lazy.Stream(t.Context(), source, inc, opts...) {
				done.Add(1)
			}
			require.LessOrEqual(t, most.Load(), int64(n))
			require.EqualValues(t, 2000, done.Load())
		}
	}
}

// LookAhead(n) of Blocking calls runs n at once, whatever the workers, whether or not calls were cheap before.
func TestStreamBlockingRunsAllAtOnce(t *testing.T) {
	leak.Check(t)
	const n = 100
	b := newBarrier(n)
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if x >= 300 {
			b.meet()
		}
		return x, nil
	}, lazy.Blocking(n))
	count, err := soon(t, func() (count int, err error) {
		for _, err := range lazy.Stream(context.Background(), upTo(300+n), f, lazy.LookAhead(n), lazy.In(quiet(1))) {
			if err != nil {
				return 0, err
			}
			count++
		}
		return count, nil
	})
	require.NoError(t, err)
	require.Equal(t, 300+n, count)
}

// With one worker and a look-ahead of b, source and calls take turns (b = 1), or are never more than b apart.
func TestStreamTakesTurns(t *testing.T) {
	var j journal
	source := func(yield func(int) bool) {
		for i := range 4 {
			j.add(fmt.Sprint("pull ", i))
			if !yield(i) {
				return
			}
		}
	}
	f := lazy.Pure1(func(x int) int { j.add(fmt.Sprint("call ", x)); return x })
	for v := range lazy.Stream(t.Context(), source, f, lazy.LookAhead(1), lazy.In(quiet(1))) {
		j.add(fmt.Sprint("take ", v))
	}
	var want []string
	for i := range 4 {
		want = append(want, fmt.Sprint("pull ", i), fmt.Sprint("call ", i), fmt.Sprint("take ", i))
	}
	require.Equal(t, want, j.all())
}

// Nine fast ones of ten come before the slow one, also when calls were known to be cheap and come in batches.
func TestStreamUnorderedSlowOneIsLast(t *testing.T) {
	leak.Check(t)
	for _, warm := range []int{0, 5000} {
		release := make(chan struct{})
		f := lazy.Pure1(func(x int) int {
			if x == warm {
				<-release
			}
			return x
		})
		var last []int
		_, err := soon(t, func() (int, error) {
			for v, err := range lazy.Stream(context.Background(), upTo(warm+10), f, lazy.Unordered(), lazy.LookAhead(1000), lazy.In(quiet(2))) {
				if err != nil {
					return 0, err
				}
				if last = append(last, v); len(last) == warm+9 {
					close(release)
				}
			}
			return 0, nil
		})
		require.NoError(t, err)
		require.Equal(t, warm, last[len(last)-1])
	}
}

func TestStreamResultsDoNotWaitForTheSource(t *testing.T) {
	leak.Check(t)
	ready := make(chan struct{})
	source := func(yield func(int) bool) {
		if yield(0) {
			<-ready
			yield(1)
		}
	}
	_, err := soon(t, func() (int, error) {
		for v := range lazy.Stream(context.Background(), source, inc) {
			if v == 1 {
				close(ready)
			}
		}
		return 0, nil
	})
	require.NoError(t, err)
}

func TestStreamContextEnds(t *testing.T) {
	leak.Check(t)
	cause := errors.New("enough")
	for _, at := range []int{0, 1, 10} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if at == 0 {
			cancel(cause)
		}
		k := 0
		for v, err := range lazy.Stream(ctx, upTo(1<<40), inc) {
			if k++; k <= at {
				require.NoError(t, err)
				if k == at {
					cancel(cause)
				}
				continue
			}
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, cause)
			require.ErrorContains(t, err, fmt.Sprintf("lazy: stream: after %d results: ", at))
			require.Zero(t, v)
		}
		require.Equal(t, at+1, k)
		cancel(nil)
	}
}

// A source that ends because the context has is no end of the stream; a context that ends after all results is.
func TestStreamContextAndSourceEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		source := func(yield func(int) bool) {
			yield(0)
			<-ctx.Done()
		}
		vs, errs := drained(lazy.Stream(ctx, source, inc))
		require.Equal(t, []int{1, 0}, vs)
		require.ErrorIs(t, errs[1], context.DeadlineExceeded)
	})
	ctx, cancel := context.WithCancel(t.Context())
	k := 0
	for _, err := range lazy.Stream(ctx, upTo(3), inc, lazy.LookAhead(1)) {
		require.NoError(t, err)
		if k++; k == 2 {
			break
		}
	}
	cancel()
}

func TestStreamLeftHalfway(t *testing.T) {
	leak.Check(t)
	ways := map[string]func(stop func()) (more bool){
		"break": func(func()) bool { return false },
		"panic": func(func()) bool { panic(errBoom) },
		"ctx":   func(stop func()) bool { stop(); return true },
	}
	for name, leave := range ways {
		for _, at := range []int{0, 1, 30} {
			ctx, cancel := context.WithCancel(t.Context())
			var running meter
			var over atomic.Bool
			f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
				defer running.enter()()
				if x > at {
					<-ctx.Done() // until it is cancelled
					return 0, context.Cause(ctx)
				}
				return x, nil
			}, lazy.Blocking(0)) // else those that wait might have all workers
			source := func(yield func(int) bool) {
				defer over.Store(true)
				for i := 0; yield(i); i++ {
				}
			}
			func() {
				defer func() { _ = recover() }()
				for v, err := range lazy.Stream(ctx, source, f, lazy.LookAhead(8)) {
					if err == nil && v == at && !leave(cancel) {
						break
					}
				}
			}()
			require.True(t, over.Load(), name) // when the loop is over, the source is
			until(t, "the calls have been cancelled", func() bool { return running.now.Load() == 0 })
			cancel()
		}
	}
}

func TestStreamPulledByHand(t *testing.T) {
	leak.Check(t)
	next, stop := iter.Pull2(lazy.Stream(t.Context(), upTo(100), inc))
	for i := range 10 {
		v, err, ok := next()
		require.True(t, ok)
		require.NoError(t, err)
		require.Equal(t, i+1, v)
	}
	stop()
}

func TestStreamMisuse(t *testing.T) {
	var none context.Context
	ctx, in := t.Context(), slices.Values([]int{1})
	mustPanic(t, func() { lazy.Stream(none, in, inc) }, "Stream", "context is nil")
	mustPanic(t, func() { lazy.Stream(ctx, nil, inc) }, "Stream", "source is nil", "slices.Values")
	mustPanic(t, func() { lazy.Stream[int, int](ctx, in, nil) }, "Stream", "function is nil", "Pure1")
	mustPanic(t, func() { lazy.TryStream(ctx, nil, inc) }, "TryStream", "source is nil")
	mustPanic(t, func() { lazy.LookAhead(0) }, "LookAhead(0)", "want 1 or more")
	mustPanic(t, func() { lazy.LookAhead(-3) }, "LookAhead(-3)")
	mustPanic(t, func() { lazy.Stream(ctx, in, inc, lazy.Unordered(), nil) }, "option 2 is nil")
	mustPanic(t, func() { lazy.Stream(ctx, in, inc, lazy.RunOption(nil)) }, "option 1 is nil")
	mustPanic(t, func() { lazy.Stream(ctx, in, inc, lazy.Workers(2)) }, "Workers", "Parallelism")
	mustPanic(t, func() { lazy.Stream(ctx, in, inc, lazy.Refresh()) }, "Refresh")
}
