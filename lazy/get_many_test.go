package lazy_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// Many goroutines get overlapping graphs: all agree, each call runs once, and never two at a time.
func TestGetByManyGoroutines(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		const width, callers = 40, 20
		var runs [3 * width]atomic.Int32
		f := lazy.Wrap3(func(_ context.Context, k, a, b int) (int, error) {
			runs[k].Add(1)
			runtime.Gosched()
			return a + b, nil
		})
		row := make([]lazy.Data[int], width)
		for i := range row {
			row[i] = lazy.Const(i)
		}
		var all []lazy.Data[int]
		for level := range 3 {
			next := make([]lazy.Data[int], width)
			for i := range next {
				next[i] = f(lazy.Const(level*width+i), row[i], row[(i*7+level)%width])
			}
			row = next
			all = append(all, next...)
		}
		results := make([][]int, callers)
		_, err := soon(t, func() (int, error) {
			var wg sync.WaitGroup
			errs := make([]error, callers)
			for c := range callers {
				wg.Go(func() {
					ds := all
					if c%2 == 1 {
						ds = row
					}
					results[c], errs[c] = lazy.GetAll(context.Background(), ds, lazy.In(s))
				})
			}
			wg.Wait()
			return 0, errors.Join(errs...)
		})
		require.NoError(t, err)
		for c := range results {
			require.Equal(t, results[0][len(results[0])-len(results[c]):], results[c])
		}
		for k := range runs {
			require.EqualValues(t, 1, runs[k].Load())
		}
	})
}

// 1,000 goroutines get one cold handle.
func TestGetOneByAThousandGoroutines(t *testing.T) {
	leak.Check(t)
	var runs atomic.Int32
	d := lazy.Pure0(func() int { runs.Add(1); return 7 })()
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			<-start
			if v, err := d.Get(context.Background()); v != 7 || err != nil {
				t.Error(v, err)
			}
		})
	}
	close(start)
	wg.Wait()
	require.EqualValues(t, 1, runs.Load())
}

// After 20 Gets one after another there are as many goroutines as before, and between them none that waits for work.
func TestGetLeavesNoGoroutines(t *testing.T) {
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for range 20 {
			leak.Check(t)
			_, err := lazy.GetAll(t.Context(), inc.Each(make([]int, 100)), lazy.In(s))
			require.NoError(t, err)
		}
		before := runtime.NumGoroutine()
		for range 20 {
			_, err := lazy.GetAll(t.Context(), inc.Each(make([]int, 100)), lazy.In(s))
			require.NoError(t, err)
		}
		until(t, "as many as before", func() bool { return runtime.NumGoroutine() <= before })
	})
}
