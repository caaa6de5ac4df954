package executor_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
)

func TestLimitTryAcquire(t *testing.T) {
	l := executor.NewLimit(2)
	require.Equal(t, 2, l.N())
	require.True(t, l.TryAcquire())
	require.True(t, l.TryAcquire())
	require.False(t, l.TryAcquire())
	l.Release()
	require.True(t, l.TryAcquire())
	l.Release()
	l.Release()
	require.PanicsWithValue(t, "executor: Limit.Release: no place is held", l.Release)
	require.Panics(t, func() { executor.NewLimit(0) })
}

func TestLimitBounds(t *testing.T) {
	leak.Check(t)
	l := executor.NewLimit(3)
	var m meter
	gather(t, 50, func(int) {
		for range 20 {
			if err := l.Acquire(context.Background()); err != nil {
				t.Error(err)
			}
			leave := m.enter()
			leave()
			l.Release()
		}
	})
	require.LessOrEqual(t, m.most.Load(), int32(3))
	for range 3 {
		require.True(t, l.TryAcquire())
	}
	require.False(t, l.TryAcquire())
}

// Waiters come in order of arrival; one that leaves gives its turn to the next.
func TestLimitIsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		l := executor.NewLimit(1)
		require.True(t, l.TryAcquire())
		order := make(chan int, 10)
		var cancels []context.CancelFunc
		for k := range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cancels = append(cancels, cancel)
			go func() {
				if l.Acquire(ctx) == nil {
					order <- k
					time.Sleep(time.Second)
					l.Release()
				}
			}()
			synctest.Wait()
		}
		cancels[1]()
		cancels[4]()
		synctest.Wait()
		require.False(t, l.TryAcquire())
		l.Release()
		time.Sleep(time.Minute)
		synctest.Wait()
		close(order)
		var got []int
		for k := range order {
			got = append(got, k)
		}
		require.Equal(t, []int{0, 2, 3}, got)
		require.True(t, l.TryAcquire(), "all places were given back")
	})
}

func TestLimitAcquireCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		l := executor.NewLimit(1)
		require.NoError(t, l.Acquire(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.Acquire(ctx), context.DeadlineExceeded)
		l.Release()
		require.True(t, l.TryAcquire())
	})
}

// A place that comes at the moment of leaving is not lost.
func TestLimitLosesNoPlace(t *testing.T) {
	leak.Check(t)
	for range 200 {
		l := executor.NewLimit(1)
		require.True(t, l.TryAcquire())
		ctx, cancel := context.WithCancel(t.Context())
		gather(t, 4, func(k int) {
			switch k {
			case 0:
				cancel()
			case 1:
				l.Release()
			default:
				if l.Acquire(ctx) == nil {
					l.Release()
				}
			}
		})
		require.True(t, l.TryAcquire())
		require.False(t, l.TryAcquire())
	}
}

func TestLimitQueue(t *testing.T) {
	l := executor.NewLimit(1)
	var called atomic.Int32
	then := func() bool { called.Add(1); return true }
	require.False(t, l.Queue(then)(), "a free place is taken at once")
	require.EqualValues(t, 1, called.Load())
	leave := l.Queue(then)
	stay := l.Queue(then)
	require.True(t, leave())
	require.False(t, leave(), "once")
	require.EqualValues(t, 1, called.Load())
	l.Release()
	require.EqualValues(t, 2, called.Load())
	require.False(t, stay())
	l.Release()
	require.True(t, l.TryAcquire())
}

// A waiter that does not want its place any more when it comes passes it on.
func TestLimitQueuePassesOn(t *testing.T) {
	l := executor.NewLimit(1)
	var order []int
	queue := func(k int) { l.Queue(func() bool { order = append(order, k); return k == 3 }) }
	queue(0)
	require.Equal(t, []int{0}, order)
	require.True(t, l.TryAcquire(), "it came at once, and was given back at once")
	for k := range 4 {
		queue(1 + k)
	}
	l.Release()
	require.Equal(t, []int{0, 1, 2, 3}, order)
	require.False(t, l.TryAcquire())
	l.Release()
	require.Equal(t, []int{0, 1, 2, 3, 4}, order)
	require.True(t, l.TryAcquire())
}
