package executor_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
)

// Each call once, after its inputs, at most n at a time – in every executor and shape.
func TestExecuteRunsEachCallOnceAfterItsInputs(t *testing.T) {
	leak.Check(t)
	for name, e := range executors() {
		for shape, inputs := range shapes() {
			t.Run(name+", "+shape, func(t *testing.T) {
				w := newWork(inputs, func(_ context.Context, i int) error {
					if i%3 == 0 {
						runtime.Gosched()
					}
					return nil
				})
				require.NoError(t, execute(t, t.Context(), e.ex, w))
				calls, twice := w.ran()
				require.Equal(t, len(inputs), calls)
				require.Zero(t, twice)
				require.Zero(t, w.early.Load())
				require.LessOrEqual(t, int(w.meter.most.Load()), e.n)
			})
		}
	}
}

// n calls meet: a pool of n runs n at once.
func TestPoolRunsNAtOnce(t *testing.T) {
	leak.Check(t)
	for _, n := range []int{1, 2, 4, 9} {
		pool := executor.NewPool(n)
		var here atomic.Int32
		open := make(chan struct{})
		meet := newWork(independent(n), func(context.Context, int) error {
			if here.Add(1) == int32(n) {
				close(open)
			}
			<-open
			return nil
		})
		require.NoError(t, execute(t, t.Context(), pool, meet))
		require.EqualValues(t, n, meet.meter.most.Load())
	}
}

// Time tells exactly how many ran at once, over several works together.
func TestPoolBoundsAllWorksTogether(t *testing.T) {
	for _, n := range []int{1, 2, 3} {
		for _, works := range []int{1, 2, 6} {
			t.Run(fmt.Sprint(n, " for ", works), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					leak.Check(t)
					pool := executor.NewPool(n)
					all := &meter{}
					begin := time.Now()
					var wg sync.WaitGroup
					for range works {
						w := newWork(independent(12/works), func(context.Context, int) error { time.Sleep(time.Second); return nil })
						w.meter = all
						wg.Go(func() {
							if err := pool.Execute(t.Context(), w); err != nil {
								t.Error(err)
							}
						})
					}
					wg.Wait()
					require.EqualValues(t, n, all.most.Load())
					require.Equal(t, time.Duration(12/n)*time.Second, time.Since(begin))
				})
			})
		}
	}
}

// An error stops new starts, is returned, and Execute returns when nothing runs any more.
func TestExecuteStopsOnError(t *testing.T) {
	leak.Check(t)
	for name, e := range executors() {
		t.Run(name, func(t *testing.T) {
			w := newWork(chain(100), func(_ context.Context, i int) error {
				if i == 40 {
					return errBoom
				}
				return nil
			})
			require.ErrorIs(t, execute(t, t.Context(), e.ex, w), errBoom)
			calls, _ := w.ran()
			require.Equal(t, 41, calls)

			w = newWork(independent(10_000), func(context.Context, int) error { return errBoom })
			require.ErrorIs(t, execute(t, t.Context(), e.ex, w), errBoom)
			calls, _ = w.ran()
			require.LessOrEqual(t, calls, e.n)
			require.Zero(t, w.meter.now.Load())

			w = newWork(random(100, 1), nil)
			require.NoError(t, execute(t, t.Context(), e.ex, w), "the next work is as good as new")
		})
	}
}

// What runs when another call fails is waited for.
func TestExecuteWaitsForWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		w := newWork(independent(5), func(_ context.Context, i int) error {
			if i == 0 {
				time.Sleep(time.Second)
				return errBoom
			}
			time.Sleep(time.Hour)
			return nil
		})
		begin := time.Now()
		require.ErrorIs(t, executor.NewPool(3).Execute(t.Context(), w), errBoom)
		require.Equal(t, time.Hour, time.Since(begin))
		require.Zero(t, w.meter.now.Load())
		calls, _ := w.ran()
		require.Equal(t, 3, calls)
	})
}

// The end of the context stops new starts; its error is returned, and seen by the calls.
func TestExecuteCancelled(t *testing.T) {
	leak.Check(t)
	for _, name := range []string{"serial", "pool of 2", "pool of 7", "func round a pool"} {
		t.Run(name, func(t *testing.T) {
			e := executors()[name]
			ctx, cancel := context.WithCancel(t.Context())
			w := newWork(chain(50), func(ctx context.Context, i int) error {
				if i == 20 {
					cancel()
					<-ctx.Done()
				}
				return nil
			})
			require.ErrorIs(t, execute(t, ctx, e.ex, w), context.Canceled)
			calls, _ := w.ran()
			require.Equal(t, 21, calls)
			w = newWork(independent(10), nil)
			require.ErrorIs(t, execute(t, ctx, e.ex, w), context.Canceled)
			calls, _ = w.ran()
			require.Zero(t, calls)
		})
	}
}

// A work whose context ends while it waits for a busy pool does not wait for the pool.
func TestExecuteCancelledInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		pool := executor.NewPool(1)
		go func() {
			_ = pool.Execute(context.Background(), newWork(independent(1), func(context.Context, int) error { time.Sleep(time.Hour); return nil }))
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := newWork(independent(1), nil)
		require.ErrorIs(t, pool.Execute(ctx, w), context.DeadlineExceeded)
		calls, _ := w.ran()
		require.Zero(t, calls)
		time.Sleep(2 * time.Hour)
	})
}

// Goexit in a call ends neither the pool nor Execute: it is an error, users of the call do not run.
func TestExecuteGoexit(t *testing.T) {
	leak.Check(t)
	for _, n := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			pool := executor.NewPool(n)
			for range 20 {
				w := newWork(chain(10), func(_ context.Context, i int) error {
					if i == 4 {
						runtime.Goexit()
					}
					return nil
				})
				require.Error(t, execute(t, t.Context(), pool, w))
				calls, _ := w.ran()
				require.Equal(t, 5, calls)
				all := newWork(independent(3*n), func(context.Context, int) error { runtime.Goexit(); return nil })
				require.Error(t, execute(t, t.Context(), pool, all))
				require.NoError(t, execute(t, t.Context(), pool, newWork(random(50, 9), nil)))
			}
		})
	}
}
