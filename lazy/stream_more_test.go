package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// Calls that wait run all at once also when the ones before them were cheap and came one by one.
func TestStreamBlockingRunsAllAtOnceAfterCheapOnes(t *testing.T) {
	leak.Check(t)
	const n, warm = 20, 300
	b := newBarrier(n)
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if x >= warm {
			b.meet()
		}
		return x, nil
	}, lazy.Blocking(n))
	taken := make(chan struct{}, warm)
	source := func(yield func(int) bool) {
		for i := range warm + n {
			if !yield(i) {
				return
			}
			if i < warm {
				<-taken
			}
		}
	}
	_, err := soon(t, func() (int, error) {
		for v, err := range lazy.Stream(context.Background(), source, f, lazy.LookAhead(n), lazy.In(quiet(1))) {
			if err != nil {
				return 0, err
			}
			if v < warm {
				taken <- struct{}{}
			}
		}
		return 0, nil
	})
	require.NoError(t, err)
}

// It is asked of every item whether it waits: a function of handles may give each another call before its last one.
func TestStreamLooksAtEveryItem(t *testing.T) {
	leak.Check(t)
	const n = 8
	b := newBarrier(n)
	meet := lazy.Wrap1(func(_ context.Context, x int) (int, error) { b.meet(); return x, nil }, lazy.Blocking(0))
	var k atomic.Int32
	f := func(x lazy.Data[int]) lazy.Data[int] {
		if k.Add(1) <= 3 {
			return inc(x)
		}
		return inc(meet(x))
	}
	_, err := soon(t, func() (int, error) {
		for _, err := range lazy.Stream(context.Background(), upTo(3+n), f, lazy.LookAhead(n), lazy.In(quiet(1))) {
			if err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	require.NoError(t, err)
}

// Large results, and large elements, are there only as far as the stream looks ahead.
func TestStreamLargeValuesGo(t *testing.T) {
	leak.Check(t)
	const size, ahead, n = 1 << 20, 4, 300
	newBig := func(int) []byte { return make([]byte, size) }
	sum := func(b []byte) int { return len(b) }
	ways := map[string]iter.Seq2[int, error]{
		"plain":   lengths(lazy.Stream(t.Context(), upTo(n), lazy.Pure1(newBig), lazy.LookAhead(ahead))),
		"options": lengths(lazy.Stream(t.Context(), upTo(n), lazy.Pure1(newBig, lazy.Retry(1)), lazy.LookAhead(ahead))),
		"elements": lazy.Stream(t.Context(), func(yield func([]byte) bool) {
			for i := range n {
				if !yield(newBig(i)) {
					return
				}
			}
		}, lazy.Pure1(sum, lazy.Retry(1)), lazy.LookAhead(ahead)),
	}
	for name, way := range ways {
		before, k := heapNow(), 0
		for v, err := range way {
			require.NoError(t, err)
			require.Equal(t, size, v)
			if k++; k%50 == 0 {
				require.Less(t, heapNow()-before, int64((ahead+4)*size), "%s, after %d", name, k)
			}
		}
		require.Equal(t, n, k)
	}
}

func lengths(s iter.Seq2[[]byte, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for b, err := range s {
			if !yield(len(b), err) {
				return
			}
		}
	}
}

// heapNow is the size of all that is reachable.
func heapNow() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Elements without calls of their own come to what those with one come to: results, errors and number of calls.
func TestStreamPlainAgreesWithCalls(t *testing.T) {
	leak.Check(t)
	const n = 3000
	runs := make([]atomic.Int32, n)
	f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		runs[x].Add(1)
		switch {
		case x%97 == 3:
			return x, errBoom
		case x%101 == 5:
			panic(errBoom)
		case x%103 == 6:
			runtime.Goexit()
		}
		return 2 * x, nil
	}, lazy.Name("Odd"))
	ids := regexp.MustCompile(`#\d+`)
	ways := map[string]lazy.Func1[int, int]{"plain": f, "calls": func(x lazy.Data[int]) lazy.Data[int] { return f(x) }}
	for _, opts := range [][]lazy.StreamOption{nil, {lazy.LookAhead(3)}, {lazy.In(quiet(1))}, {lazy.In(quiet(3)), lazy.LookAhead(500)}} {
		got := map[string][]string{}
		for name, way := range ways {
			for v, err := range lazy.Stream(t.Context(), upTo(n), way, opts...) {
				text := fmt.Sprint(v)
				if err != nil {
					text = ids.ReplaceAllString(err.Error(), "")
				}
				got[name] = append(got[name], text)
			}
			for i := range runs {
				require.EqualValues(t, 1, runs[i].Swap(0), "%s: item %d", name, i)
			}
		}
		require.Equal(t, got["calls"], got["plain"])
	}
}

// Who is behind a slow element is not held up by it, also where elements have no calls of their own.
func TestStreamSlowElementHoldsUpNobody(t *testing.T) {
	leak.Check(t)
	const warm, n = 5000, 100
	for _, opt := range []lazy.StreamOption{lazy.In(quiet(2)), lazy.Unordered()} {
		var behind atomic.Int32
		all := make(chan struct{})
		f := lazy.Pure1(func(x int) int {
			switch {
			case x == warm:
				<-all
			case x > warm && behind.Add(1) == n:
				close(all)
			}
			return x
		})
		count, err := soon(t, func() (count int, err error) {
			for range lazy.Stream(context.Background(), upTo(warm+n+1), f, lazy.LookAhead(1000), lazy.In(quiet(2)), opt) {
				count++
			}
			return count, nil
		})
		require.NoError(t, err)
		require.Equal(t, warm+n+1, count)
	}
}

func TestStreamLateInABubble(t *testing.T) {
	for slow := range 12 {
		for _, workers := range []int{1, 2} {
			synctest.Test(t, func(t *testing.T) {
				f := lazy.Pure1(func(x int) int {
					if x == 200+slow {
						time.Sleep(time.Hour)
					}
					return x
				})
				var at time.Duration
				began, k := time.Now(), 0
				for v := range lazy.Stream(t.Context(), upTo(400), f, lazy.In(quiet(workers))) {
					require.Equal(t, k, v)
					if k++; v == 199+slow {
						at = time.Since(began) // done is handed out before the slow one is
					}
				}
				require.Less(t, at, time.Minute)
				require.Less(t, time.Since(began), time.Hour+time.Minute)
				require.Equal(t, 400, k)
			})
		}
	}
}

// No element is run twice, however the loop is left; and a function that is left behind harms nobody.
func TestStreamRunsAtMostOnce(t *testing.T) {
	leak.Check(t)
	for _, at := range []int{1, 2, 17, 300, 1999} {
		for _, opts := range [][]lazy.StreamOption{nil, {lazy.Unordered()}, {lazy.LookAhead(2)}} {
			runs := make([]atomic.Int32, 4000)
			release := make(chan struct{})
			f := lazy.Pure1(func(x int) int {
				runs[x].Add(1)
				if x == at+1 {
					<-release
				}
				return x
			})
			k := 0
			for range lazy.Stream(t.Context(), upTo(len(runs)), f, append(opts, lazy.In(quiet(2)))...) {
				if k++; k == at {
					break
				}
			}
			close(release)
			for i := range runs {
				require.LessOrEqual(t, runs[i].Load(), int32(1))
			}
		}
	}
}

func TestStreamRangedOverByTwo(t *testing.T) {
	leak.Check(t)
	s := lazy.Stream(t.Context(), upTo(3000), inc)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			vs, errs := drained(s)
			if len(vs) != 3000 || len(errs) > 0 || vs[2999] != 3000 {
				t.Error(len(vs), errs)
			}
		})
	}
	both.Wait()
}

// A stream inside a call that is pulled by hand, or zipped with another one, lends the call's worker all the same.
func TestStreamPulledByHandInsideACall(t *testing.T) {
	leak.Check(t)
	outer := lazy.Wrap1(func(ctx context.Context, n int) (sum int, err error) {
		next, stop := iter.Pull2(lazy.Stream(ctx, upTo(n), inc))
		defer stop()
		for v, err := range lazy.Stream(ctx, upTo(n), inc) {
			w, other, ok := next()
			if err = errors.Join(err, other); err != nil || !ok {
				return 0, fmt.Errorf("%v, %w", ok, err)
			}
			sum += v * w
		}
		return sum, nil
	})
	require.Equal(t, 338350, got(t, outer.Of(100), lazy.In(quiet(1))))
}

// An element that leads back to the call which ranges over it is a cycle, and no hang.
func TestStreamCycle(t *testing.T) {
	leak.Check(t)
	var outer lazy.Data[int]
	add := lazy.Pure2(func(a, b int) int { return a + b })
	outer = lazy.Wrap1(total(func(x lazy.Data[int]) lazy.Data[int] { return add(x, outer) }))(lazy.Const(3))
	_, err := soon(t, func() (int, error) { return outer.Get(context.Background(), lazy.In(quiet(1))) })
	var c *lazy.CycleError
	require.ErrorAs(t, err, &c)
}

// What a plain element has got by a Get inside it is found by the call that ranges over the stream.
func TestStreamPlainFindsWhatItGets(t *testing.T) {
	leak.Check(t)
	offset := lazy.Source("offset", 1)
	plus := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
		o, err := offset.Get(ctx)
		return x + o, err
	})
	outer := lazy.Wrap1(total(plus))(lazy.Const(100))
	require.Equal(t, 4950+100, got(t, outer))
	offset.Set(2)
	require.Equal(t, 4950+200, got(t, outer))
}
