package executor_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
)

// Many works at once on one pool, some of which fail, are cancelled or exit.
func TestPoolOfManyWorks(t *testing.T) {
	leak.Check(t)
	for _, n := range []int{1, 2, 4} {
		pool := executor.NewPool(n)
		all := &meter{}
		gather(t, 40, func(k int) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			w := newWork(random(200, uint64(k)), func(_ context.Context, i int) error {
				switch {
				case i != 100 || k%4 == 0:
				case k%4 == 1:
					return errBoom
				case k%4 == 2:
					cancel()
				case k%4 == 3:
					runtime.Goexit()
				}
				return nil
			})
			w.meter = all
			err := pool.Execute(ctx, w)
			calls, twice := w.ran()
			if (err == nil) != (k%4 == 0) || twice > 0 || w.early.Load() > 0 || k%4 == 0 && calls != 200 {
				t.Errorf("work %d: %v, %d calls, %d twice, %d early", k, err, calls, twice, w.early.Load())
			}
		})
		require.LessOrEqual(t, int(all.most.Load()), n)
	}
}

// A short work is not starved behind a long one, even on one worker.
func TestPoolIsFair(t *testing.T) {
	for _, shape := range []string{"independent", "chain"} {
		t.Run(shape, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				const n = 10_000
				pool := executor.NewPool(1)
				inputs := map[string][][]int32{"independent": independent(n), "chain": chain(n)}[shape]
				nap := func(context.Context, int) error { time.Sleep(100 * time.Microsecond); return nil }
				long := newWork(inputs, nap)
				done := make(chan error)
				go func() { done <- pool.Execute(context.Background(), long) }()
				time.Sleep(10 * time.Millisecond)
				for range 10 {
					begin := time.Now()
					require.NoError(t, pool.Execute(t.Context(), newWork(chain(3), nap)))
					require.Less(t, time.Since(begin), 20*time.Millisecond)
				}
				calls, _ := long.ran()
				require.Less(t, calls, n)
				require.NoError(t, <-done)
			})
		})
	}
}

// An idle pool has no goroutine.
func TestPoolLeavesNoGoroutines(t *testing.T) {
	pool := executor.NewPool(8)
	for range 20 {
		leak.Check(t)
		require.NoError(t, pool.Execute(t.Context(), newWork(random(500, 3), nil)))
	}
	require.Panics(t, func() { executor.NewPool(0) })
	require.Panics(t, func() { executor.NewPool(-1) })
	require.Panics(t, func() { executor.Func(nil) })
}

// Serial runs what was begun to its end: in an order in which a plain program could have made the calls.
func TestSerialOrder(t *testing.T) {
	leak.Check(t)
	var order []int
	w := newWork(random(200, 5), func(_ context.Context, i int) error { order = append(order, i); return nil })
	require.NoError(t, executor.Serial().Execute(t.Context(), w))
	require.Len(t, order, 200)
	require.Zero(t, w.early.Load())
	require.EqualValues(t, 1, w.meter.most.Load())
}
