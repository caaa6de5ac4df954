package lazy_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// countingObserver counts calls that are done, and ends where it is told to.
type countingObserver struct {
	onlooker
	calls atomic.Int32
	end   func(call int32)
}

func (o *countingObserver) CallDone(lazy.CallInfo) {
	if n := o.calls.Add(1); o.end != nil {
		o.end(n)
	}
}

func TestStreamObserved(t *testing.T) {
	leak.Check(t)
	all := &countingObserver{}
	vs, errs := drained(lazy.Stream(t.Context(), upTo(500), inc, lazy.Observe(all)))
	require.Len(t, vs, 500)
	require.Empty(t, errs)
	require.EqualValues(t, 500, all.calls.Load())
	for name, end := range map[string]func(int32){
		"panic":  func(n int32) { panicAt(n, 20) },
		"goexit": func(n int32) { goexitAt(n, 20) },
	} {
		vs, err := soon(t, func() ([]int, error) {
			vs, errs := drained(lazy.Stream(context.Background(), upTo(500), inc, lazy.Observe(&countingObserver{end: end})))
			return vs, errors.Join(errs[0], nil)
		})
		require.NoError(t, err, name)
		require.Len(t, vs, 500, name) // each a result or an error
	}
}

func panicAt(n, at int32) {
	if n == at {
		panic(errBoom)
	}
}

func goexitAt(n, at int32) {
	if n == at {
		runtime.Goexit()
	}
}

// What was said where the function was wrapped holds in a stream.
func TestStreamHoldsOptions(t *testing.T) {
	leak.Check(t)
	var runs atomic.Int32
	memo := lazy.Pure1(func(x int) int { runs.Add(1); return x }, lazy.Memo(), lazy.Name("streamed"))
	tens := func(yield func(int) bool) {
		for i := range 500 {
			if !yield(i % 10) {
				return
			}
		}
	}
	s := &lazy.Session{Parallelism: 2, Cache: cache.NewMemory(1 << 20)}
	vs, errs := drained(lazy.Stream(t.Context(), tens, memo, lazy.In(s)))
	require.Len(t, vs, 500)
	require.Empty(t, errs)
	require.EqualValues(t, 10, runs.Load())

	for name, opts := range map[string][]lazy.Option{
		"or else":   {lazy.OrElse(func(error) int { return -1 })},
		"transient": {lazy.Transient(), lazy.OrElse(func(error) int { return -1 })},
		"timeout":   {lazy.Timeout(time.Hour), lazy.OrElse(func(error) int { return -1 })},
	} {
		f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
			if x%3 == 0 {
				return 0, errBoom
			}
			return x, nil
		}, opts...)
		vs, errs := drained(lazy.Stream(t.Context(), upTo(100), f))
		require.Empty(t, errs, name)
		for i, v := range vs {
			require.Equal(t, map[bool]int{true: -1, false: i}[i%3 == 0], v, name)
		}
	}
}

func TestStreamTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			if x%5 == 2 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return x, nil
		}, lazy.Timeout(time.Second))
		vs, errs := drained(lazy.Stream(t.Context(), upTo(20), f, lazy.In(quiet(2))))
		require.Len(t, vs, 20)
		require.Len(t, errs, 4)
		for i, err := range errs {
			require.Equal(t, 2, i%5)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	})
}
