package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

//go:noinline
func panicWith(v any) int { panic(v) }

func TestPanicBecomesAnError(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		d := lazy.Pure1(func(int) int { return panicWith("oh no") }, lazy.Name("Bad")).Of(1)
		err := failure(t, inc(d), lazy.In(s))
		var p *lazy.PanicError
		require.ErrorAs(t, err, &p)
		require.Equal(t, "Bad", p.Op)
		require.Equal(t, "oh no", p.Value)
		require.Contains(t, string(p.Stack), "panicWith")
		require.ErrorContains(t, err, "Bad panicked: oh no")
		require.NotContains(t, err.Error(), "goroutine")
		require.Contains(t, fmt.Sprintf("%+v", p), "panicWith")
		require.NoError(t, errors.Unwrap(p))
		require.Equal(t, graph.Failed, d.State())
		require.Equal(t, 2, got(t, inc.Of(1), lazy.In(s)), "the session goes on")
	})
}

func TestPanicWithAnErrorUnwrapsToIt(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		d := lazy.Pure0(func() int { return panicWith(fmt.Errorf("reading: %w", io.ErrUnexpectedEOF)) })()
		require.ErrorIs(t, failure(t, d, lazy.In(s)), io.ErrUnexpectedEOF)
		r := lazy.Pure1(func(xs []int) int { return xs[5] }).Of(nil)
		var re runtime.Error
		require.ErrorAs(t, failure(t, r, lazy.In(s)), &re)
		n := lazy.Pure0(func() int { return panicWith(nil) })()
		var pn *runtime.PanicNilError
		require.ErrorAs(t, failure(t, n, lazy.In(s)), &pn)
	})
}

// ways are all the ways in which a function of the user's can be run.
func ways(body func()) map[string]lazy.Data[int] {
	pure := func(opts ...lazy.Option) lazy.Data[int] {
		return lazy.Pure0(func() int { body(); return 1 }, append(opts, lazy.Name("F"))...)()
	}
	wrap := func(opts ...lazy.Option) lazy.Data[int] {
		return lazy.Wrap0(func(context.Context) (int, error) { body(); return 1, nil }, append(opts, lazy.Name("F"))...)()
	}
	bind := func(opts ...lazy.Option) lazy.Data[int] {
		return lazy.Bind0(func(context.Context) (lazy.Data[int], error) { body(); return lazy.Const(1), nil }, append(opts, lazy.Name("F"))...)()
	}
	hour, limit := lazy.Timeout(time.Hour), lazy.Limit(executor.NewLimit(1))
	return map[string]lazy.Data[int]{
		"pure": pure(), "wrap": wrap(), "bind": bind(),
		"blocking": wrap(lazy.Blocking(0)), "blocking 1": wrap(lazy.Blocking(1)), "pure blocking": pure(lazy.Blocking(2)),
		"timeout": wrap(hour), "pure timeout": pure(hour), "bind timeout": bind(hour),
		"blocking timeout": wrap(hour, lazy.Blocking(1)), "retry": wrap(lazy.Retry(2)), "retry timeout": wrap(lazy.Retry(2), hour),
		"limit": wrap(limit), "limit timeout": wrap(limit, hour), "priority": wrap(lazy.Priority(1)),
		"on a pool": wrap(lazy.RunsOn(executor.NewPool(1))), "on a func": wrap(lazy.RunsOn(executor.Func(inOrder))),
		"on": pure().On(executor.Func(allAtOnce)), "bind on": bind(lazy.RunsOn(executor.Serial())),
		"bind blocking": bind(lazy.Blocking(1)),
		"after":         lazy.After(pure(), inc.Of(1)),
		"map":           first(lazy.Map(lazy.Pure1(func(int) int { body(); return 1 }, lazy.Name("F")), lazy.Const([]int{1}))),
	}
}

func TestPanicAndGoexitInEveryWay(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, c := range []struct {
			name string
			end  func()
			want any
		}{
			{"panic", func() { panic(errBoom) }, errBoom},
			{"Goexit", runtime.Goexit, lazy.ErrGoexit},
		} {
			var runs atomic.Int32
			for name, d := range ways(func() { runs.Add(1); c.end() }) {
				t.Run(c.name+" "+name, func(t *testing.T) {
					runs.Store(0)
					for _, target := range []lazy.Data[int]{inc(d), d} {
						err := failure(t, target, lazy.In(s))
						var p *lazy.PanicError
						require.ErrorAs(t, err, &p)
						require.Equal(t, "F", p.Op)
						require.Equal(t, c.want, p.Value)
						require.NotEmpty(t, p.Stack)
						require.ErrorIs(t, err, c.want.(error))
						if name != "map" { // there, d is behind the call that fails
							require.Equal(t, graph.Failed, d.State())
						}
					}
					require.EqualValues(t, 2, runs.Load(), "once per Get: panics are not retried")
					require.Equal(t, 2, got(t, inc.Of(1), lazy.In(s)))
				})
			}
		}
	})
}

// Goexits in many calls at once leave every worker usable.
func TestGoexitInManyCalls(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		const n = 100
		bad := lazy.Pure1(func(x int) int {
			if x%2 == 0 {
				runtime.Goexit()
			}
			return x
		}, lazy.Name("Bad"))
		for range 3 {
			_, err := soon(t, func() ([]int, error) {
				xs := make([]int, n)
				for i := range xs {
					xs[i] = i
				}
				return lazy.GetAll(context.Background(), bad.Each(xs), lazy.In(s), lazy.KeepGoing())
			})
			var partial *lazy.PartialError
			require.ErrorAs(t, err, &partial)
			require.Len(t, partial.Unwrap(), n/2)
			for i, err := range partial.Errs {
				require.Equal(t, i%2 == 0, errors.Is(err, lazy.ErrGoexit), i)
			}
		}
	})
}

// Cheap functions, whose cost is known, run many to a piece: the end of one must not be taken for another's.
func TestPanicInTheMiddleOfCheapCalls(t *testing.T) {
	leak.Check(t)
	for name, end := range map[string]func(){"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit} {
		for _, workers := range []int{1, 2} {
			t.Run(fmt.Sprint(name, workers), func(t *testing.T) {
				s := &lazy.Session{Parallelism: workers}
				wrapped := lazy.Wrap1(func(_ context.Context, x int) (int, error) { return x + 1, nil }, lazy.Name("Wrapped"))
				pure := lazy.Pure1(func(x int) int {
					if x < 0 {
						end()
					}
					return x + 1
				}, lazy.Name("Pure"))
				d := lazy.Const(0)
				for range 2000 { // learn what they cost
					d = pure(wrapped(d))
				}
				require.Equal(t, 4000, got(t, d, lazy.In(s)))
				for range 20 {
					bad := pure(wrapped(lazy.Const(-2)))
					d := bad
					for range 100 {
						d = wrapped(pure(d))
					}
					var e *lazy.Error
					var p *lazy.PanicError
					err := failure(t, d, lazy.In(s))
					require.ErrorAs(t, err, &e)
					require.ErrorAs(t, err, &p)
					require.Contains(t, bad.String(), e.Call)
					require.Len(t, e.Path, 201)
				}
				require.Equal(t, 102, got(t, pure(wrapped(lazy.Const(100))), lazy.In(s)))
			})
		}
	}
}

// Every waiter gets the panic: a waiter that came too late for it runs the call again, and gets its own.
func TestPanicReachesEveryWaiter(t *testing.T) {
	leak.Check(t)
	const waiters = 20
	var at, runs atomic.Int32
	release := make(chan struct{})
	bad := lazy.Wrap0(func(context.Context) (int, error) {
		defer at.Add(-1)
		if at.Add(1) > 1 {
			t.Error("twice at the same time")
		}
		runs.Add(1)
		<-release
		panic(errBoom)
	}, lazy.Name("Bad"))()
	errs := make(chan error, waiters)
	for range waiters {
		go func() {
			_, err := inc(bad).Get(context.Background(), lazy.In(&lazy.Session{Parallelism: 2}))
			errs <- err
		}()
	}
	until(t, "it runs", func() bool { return runs.Load() > 0 })
	close(release)
	for range waiters {
		_, err := soon(t, func() (int, error) { return 0, <-errs })
		var p *lazy.PanicError
		require.ErrorAs(t, err, &p)
		require.ErrorIs(t, err, errBoom)
	}
}

// first is the first element of a slice.
func first(d lazy.Data[[]int]) lazy.Data[int] {
	return lazy.Pure1(func(xs []int) int { return xs[0] }, lazy.Name("Head"))(d)
}
