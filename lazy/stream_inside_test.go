package lazy_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// total sums a stream inside a call.
func total(f lazy.Func1[int, int], opts ...lazy.StreamOption) func(context.Context, int) (int, error) {
	return func(ctx context.Context, n int) (sum int, err error) {
		for v, err := range lazy.Stream(ctx, upTo(n), f, opts...) {
			if err != nil {
				return 0, err
			}
			sum += v
		}
		return sum, nil
	}
}

// A stream inside a call needs no worker of its own, to any depth, and stays in the call's session.
func TestStreamInsideCalls(t *testing.T) {
	leak.Check(t)
	var m meter
	leaf := lazy.Pure1(func(x int) int {
		defer m.enter()()
		return x
	})
	for _, workers := range []int{1, 2} {
		for _, opts := range [][]lazy.StreamOption{nil, {lazy.LookAhead(1)}, {lazy.Unordered(), lazy.LookAhead(5)}} {
			inner := lazy.Wrap1(total(leaf, opts...))
			outer := lazy.Wrap1(total(inner, opts...))
			require.Equal(t, 1330, got(t, outer.Of(21), lazy.In(quiet(workers))))
			require.LessOrEqual(t, m.most.Load(), int32(workers))
		}
	}
}

// Without a context nothing but the goroutine tells in which call a stream is ranged over.
func TestStreamInsideCallWithoutContext(t *testing.T) {
	leak.Check(t)
	outer := lazy.Pure1(func(n int) int {
		return lazy.Must(total(inc)(context.Background(), n))
	})
	for _, workers := range []int{1, 2} {
		old := lazy.SetParallelism(workers)
		require.Equal(t, 5050, got(t, outer.Of(100)))
		lazy.SetParallelism(old)
	}
}

// While the loop's body is busy its call has its worker: there are never more functions running than workers.
func TestStreamBodyHoldsItsWorker(t *testing.T) {
	leak.Check(t)
	var m meter
	leaf := lazy.Pure1(func(x int) int {
		defer m.enter()()
		yieldABit()
		return x
	})
	outer := lazy.Wrap1(func(ctx context.Context, n int) (sum int, err error) {
		for v, err := range lazy.Stream(ctx, upTo(n), leaf) {
			if err != nil {
				return 0, err
			}
			leave := m.enter()
			yieldABit()
			leave()
			sum += v
		}
		return sum, nil
	})
	require.Equal(t, 4950, got(t, outer.Of(100), lazy.In(quiet(1))))
	require.EqualValues(t, 1, m.most.Load())
}

// What the calls of a stream depend on is found by the call that ranges over it; the calls themselves are not.
func TestStreamFindsWhatIsBehind(t *testing.T) {
	leak.Check(t)
	factor, offset := lazy.Source("factor", 2), lazy.Source("offset", 1)
	mul := lazy.Pure2(func(a, b int) int { return a * b })
	plus := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
		o, err := offset.Get(ctx)
		return x + o, err
	})
	f := func(x lazy.Data[int]) lazy.Data[int] { return plus(mul(x, factor)) }
	outer := lazy.Wrap1(total(f))(lazy.Const(100))
	require.Equal(t, 9900+100, got(t, outer))
	require.LessOrEqual(t, len(lazy.Snapshot(outer).Nodes), 4)
	factor.Set(3)
	require.Equal(t, 3*4950+100, got(t, outer))
	offset.Set(0)
	require.Equal(t, 3*4950, got(t, outer))
	factor.Set(3) // no change
	require.Equal(t, 3*4950, got(t, outer))
}

func TestStreamHoldsLimitsAndRetries(t *testing.T) {
	leak.Check(t)
	var m meter
	var tries atomic.Int32
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		defer m.enter()()
		yieldABit()
		if tries.Add(1)%3 == 0 {
			return 0, errBoom
		}
		return x, nil
	}, lazy.Limit(executor.NewLimit(2)), lazy.Retry(5))
	vs, errs := drained(lazy.Stream(t.Context(), upTo(200), f, lazy.LookAhead(50)))
	require.Empty(t, errs)
	require.Len(t, vs, 200)
	require.LessOrEqual(t, m.most.Load(), int32(2))
}
