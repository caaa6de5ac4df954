package lazy_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// Calls that hold a limit get, inside, calls that need the other's: nobody waits for ever.
func TestLimitsTakenCrosswiseByNestedGets(t *testing.T) {
	leak.Check(t)
	one, two := lazy.Limit(executor.NewLimit(1)), lazy.Limit(executor.NewLimit(1))
	for range 20 {
		b := newBarrier(2)
		cross := func(mine, other lazy.Option) lazy.Data[int] {
			inner := lazy.Pure0(func() int { return 1 }, other)()
			return lazy.Wrap0(func(ctx context.Context) (int, error) {
				b.meet()
				return inner.Get(ctx)
			}, mine)()
		}
		require.Equal(t, 2, got(t, sum(cross(one, two), cross(two, one)), lazy.In(&lazy.Session{Parallelism: 2})))
	}
}

// A call that waits in a Get gives its place in a limit away, and has one again before it goes on.
func TestLimitIsTakenAgainAfterANestedGet(t *testing.T) {
	for name, limited := range map[string]func() lazy.Option{
		"limit":    func() lazy.Option { return lazy.Limit(executor.NewLimit(2)) },
		"blocking": func() lazy.Option { return lazy.Blocking(2) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				opt := limited()
				var m meter
				var outer lazy.Func1[int, int]
				outer = lazy.Wrap1(func(ctx context.Context, depth int) (int, error) {
					leave := m.enter()
					time.Sleep(time.Second)
					leave()
					n := 0
					if depth > 0 {
						vs, err := lazy.GetAll(ctx, outer.Each([]int{depth - 1, depth - 1}))
						if err != nil {
							return 0, err
						}
						n = vs[0] + vs[1]
					}
					defer m.enter()()
					time.Sleep(time.Second)
					return n + 1, nil
				}, opt)
				v, err := outer.Of(4).Get(t.Context(), lazy.In(&lazy.Session{Parallelism: 4}))
				require.NoError(t, err)
				require.Equal(t, 31, v)
				require.EqualValues(t, 2, m.most.Load())
			})
		})
	}
}

// Two Gets share what a Bind goes on to: one leaves, the other is not disturbed.
func TestCancelOfOneInsideABind(t *testing.T) {
	for k := range 4 {
		leaver, workers := k%2, 1+k/2
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			s := &lazy.Session{Parallelism: workers}
			runs := 0
			slow := lazy.Wrap0(func(ctx context.Context) (int, error) {
				runs++
				return 1, sleep(ctx, time.Hour, true)
			})()
			bind := lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return inc(slow), nil })()
			var wg sync.WaitGroup
			var errs [2]error
			var cancels [2]context.CancelFunc
			for i := range 2 {
				var ctx context.Context
				ctx, cancels[i] = context.WithCancel(t.Context())
				wg.Go(func() { _, errs[i] = inc(bind).Get(ctx, lazy.In(s)) })
				synctest.Wait()
			}
			cancels[leaver]()
			wg.Wait()
			cancels[1-leaver]()
			require.ErrorIs(t, errs[leaver], context.Canceled)
			require.NoError(t, errs[1-leaver])
			require.Equal(t, 1, runs, "%d workers, %d leaves", workers, leaver)
		})
	}
}

// The same where the shared call is reached by a nested Get.
func TestCancelOfOneInsideANestedGet(t *testing.T) {
	for k := range 4 {
		leaver, workers := k%2, 2+k/2 // with one, the second Get would have to wait for a worker to ask
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			s := &lazy.Session{Parallelism: workers}
			runs := 0
			slow := lazy.Wrap0(func(ctx context.Context) (int, error) {
				runs++
				return 1, sleep(ctx, time.Hour, true)
			})()
			through := func() lazy.Data[int] {
				return lazy.Wrap0(func(ctx context.Context) (int, error) { return inc(slow).Get(ctx) })()
			}
			var wg sync.WaitGroup
			var errs [2]error
			var cancels [2]context.CancelFunc
			for i := range 2 {
				var ctx context.Context
				ctx, cancels[i] = context.WithCancel(t.Context())
				d := through()
				wg.Go(func() { _, errs[i] = d.Get(ctx, lazy.In(s)) })
				synctest.Wait()
			}
			cancels[leaver]()
			wg.Wait()
			cancels[1-leaver]()
			require.ErrorIs(t, errs[leaver], context.Canceled)
			require.NoError(t, errs[1-leaver])
			require.Equal(t, 1, runs, "%d workers, %d leaves", workers, leaver)
		})
	}
}

// A call's time includes its nested Gets: they end with it, and the failure names the call.
func TestTimeoutEndsNestedGets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		ended := false
		inner := lazy.Wrap0(func(ctx context.Context) (int, error) {
			err := sleep(ctx, time.Hour, true)
			ended = err != nil
			return 1, err
		}, lazy.Name("Inner"))()
		outer := lazy.Wrap0(func(ctx context.Context) (int, error) { return inner.Get(ctx) }, lazy.Timeout(time.Minute), lazy.Name("Outer"))()
		begin := time.Now()
		_, err := outer.Get(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "timed out after 1m0s")
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "Outer", nameOnly(e.Call))
		require.Equal(t, time.Minute, time.Since(begin))
		synctest.Wait()
		require.True(t, ended)
	})
}

// A Bind's function is tried again and timed; what it goes on to is not.
func TestRetryAndTimeoutOfABind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		tries, rest := 0, 0
		slow := lazy.Wrap0(func(context.Context) (int, error) { rest++; time.Sleep(time.Hour); return 7, nil })()
		bind := lazy.Bind0(func(context.Context) (lazy.Data[int], error) {
			if tries++; tries < 3 {
				return lazy.Data[int]{}, errBoom
			}
			return slow, nil
		}, lazy.Retry(2), lazy.Timeout(time.Minute))()
		v, err := bind.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int{7, 3, 1}, []int{v, tries, rest})
	})
}
