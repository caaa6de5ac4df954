package lazy

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// bothWays runs a test with direct runs, and with ordinary ones, which observed ones are.
func bothWays(t *testing.T, test func(t *testing.T, opts ...RunOption)) {
	t.Run("direct", func(t *testing.T) { test(t) })
	t.Run("ordinary", func(t *testing.T) { test(t, Observe(nobody{})) })
}

// Where time stands while somebody waits for a lock, nothing can be taken over after a while.
func TestDirectRunInABubble(t *testing.T) {
	bothWays(t, func(t *testing.T, opts ...RunOption) {
		synctest.Test(t, func(t *testing.T) {
			g, other := newDirectGraph(t, 2), newDirectGraph(t, 1)
			g.does(func(x int) int {
				_ = other.target().State()
				return x
			})
			g.s.Set(-1)
			require.Equal(t, -1, Must(g.target().Get(context.Background(), append(opts, In(g.session))...)))
		})
	})
}

// A function that was left behind holds its slot.
func TestDirectRunKeepsToTheParallelism(t *testing.T) {
	bothWays(t, func(t *testing.T, opts ...RunOption) {
		leak.Check(t)
		g := newDirectGraph(t, 1)
		g.session.Parallelism = 1
		opts = append(opts, In(g.session))
		var running, most atomic.Int64
		run := func() (end func()) {
			most.Store(max(most.Load(), running.Add(1)))
			return func() { running.Add(-1) }
		}
		goOn := make(chan struct{})
		slow := Wrap0(func(context.Context) (int, error) {
			defer run()()
			<-goOn
			return 0, nil
		}, Timeout(time.Millisecond))
		_, err := slow().Get(context.Background(), opts...)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		g.does(func(x int) int {
			defer run()()
			return x
		})
		g.s.Set(-1)
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_, err = g.target().Get(ctx, opts...)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		close(goOn)
		g.requireGet(t, -1)
		require.EqualValues(t, 1, most.Load())
	})
}

func TestDirectRunKeepsToPriorities(t *testing.T) { // sum <- {lo, hi} <- s
	defer prioritized.Store(prioritized.Load())
	bothWays(t, func(t *testing.T, opts ...RunOption) {
		opts = append(opts, In(&Session{Parallelism: 1}))
		var order []string
		note := func(name string) func(int) int {
			return func(x int) int {
				order = append(order, name)
				return x
			}
		}
		s := Source("s", 0)
		lo, hi := Pure1(note("lo"))(s), Pure1(note("hi"), Priority(1))(s)
		sum := Pure2(func(a, b int) int { return a + b })(lo, hi)
		for i := range 20 * sampled {
			order = nil
			s.Set(i)
			require.Equal(t, 2*i, Must(sum.Get(context.Background(), opts...)))
			require.Equal(t, []string{"hi", "lo"}, order)
		}
	})
}

// What direct runs keep for the next one does not keep graphs.
func TestDirectRunsKeepNoNodes(t *testing.T) {
	shallow := newDirectGraph(t, 1)
	i := 0
	w := func() weak.Pointer[node] {
		return weak.Make(newDirectGraph(t, 60).calls[20].n)
	}()
	for range 20 {
		for range 5 {
			i--
			shallow.s.Set(i)
			shallow.requireGet(t, i)
		}
		if runtime.GC(); w.Value() == nil {
			return
		}
	}
	t.Fatal("a dropped graph is kept")
}

// A call that takes its time is not thought to be cheap any more.
func TestDirectRunLearnsWhatCallsCost(t *testing.T) {
	leak.Check(t)
	g := newDirectGraph(t, 1)
	g.does(func(x int) int {
		for began := mono(); mono()-began < 3*int64(directTimeMax); {
			runtime.Gosched()
		}
		return x
	})
	for i := range 30 {
		g.s.Set(-1 - i)
		_, err := g.target().Get(context.Background(), In(g.session))
		require.NoError(t, err)
	}
	require.Greater(t, g.target().n.fn.est.cost(), int64(cheap))
}

// The collector goes round between any two calls: slabs stay small.
func TestSlabsAreNotMadeForNothing(t *testing.T) {
	f := Pure1(func(int) (v [7]int64) { return v })
	s := Source("s", 0)
	var kept []Data[[7]int64]
	const n = 300
	for range n {
		kept = append(kept, f(s))
		runtime.GC()
	}
	places := 0
	for e := registry.head.Load(); e != nil; e = e.next {
		if first := e.first.Value(); first != nil && first.fn == kept[0].n.fn {
			places += e.n
		}
	}
	runtime.KeepAlive(kept)
	require.LessOrEqual(t, places, 3*n)
}

// An Equal that ends its goroutine ends its call.
func TestGoexitInEqual(t *testing.T) { // first <- f <- s
	bothWays(t, func(t *testing.T, opts ...RunOption) {
		leak.Check(t)
		s := Source("s", 1)
		f := Pure1(func(x int) []int { return []int{x} }, Equal(func(_, _ []int) bool {
			runtime.Goexit()
			return false
		}))(s)
		first := Pure1(func(x []int) int { return x[0] })(f)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.Equal(t, 1, Must(first.Get(ctx, opts...)))
		for i := range 3 {
			s.Set(2 + i)
			_, err := first.Get(ctx, opts...)
			require.ErrorIs(t, err, ErrGoexit)
			_, err = f.Get(ctx, opts...)
			require.ErrorIs(t, err, ErrGoexit)
		}
	})
}

// What is Set is compared with what the call has, whoever has got that.
func TestSetOfAnEqualValueOnACall(t *testing.T) { // g <- f
	for range 20 {
		s := Const(0)
		s.Set(1)
		_, err := Pure1(func(x int) int { return x })(s).Get(context.Background())
		require.NoError(t, err)
		f := Pure0(func() []int { return []int{1} }, Equal(slices.Equal[[]int]))()
		runs := 0
		g := Pure1(func(x []int) int {
			runs++
			return len(x)
		})(f)
		for _, v := range [][]int{nil, {1}, {1}, {2, 3}, {2, 3}} {
			if v != nil {
				f.Set(v)
			}
			require.Equal(t, max(1, len(v)), Must(g.Get(context.Background())))
		}
		require.Equal(t, 2, runs)
	}
}

// There and back is no change, of a call as of a source.
func TestSetOfACallThereAndBack(t *testing.T) { // g <- f
	f := Pure0(func() int { return 1 })()
	runs := 0
	g := Pure1(func(x int) int {
		runs++
		return x
	})(f)
	require.Equal(t, 1, Must(g.Get(context.Background())))
	f.Set(2)
	f.Set(1)
	require.Equal(t, 1, Must(g.Get(context.Background())))
	require.Equal(t, 1, runs)
}

func TestSetOfWhatDonateReturnedPanics(t *testing.T) {
	gift := Donate(Pure0(func() []int { return []int{1} })())
	for _, f := range []func(){func() { gift.Set(nil) }, gift.Invalidate} {
		require.Contains(t, fmt.Sprint(panicOf(f)), "for one Update, and nothing else")
	}
}

func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}
