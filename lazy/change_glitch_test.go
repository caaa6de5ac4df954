package lazy_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// A diamond shows one version of its source, however many Sets and Gets there are at once, and never one that was over
// when the Get began.
//
//	j <- {l, r} <- s!
func TestDiamondHasNoGlitch(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			leak.Check(t)
			s := lazy.Source("s", 0)
			l := lazy.Pure1(func(x int) int { return x }, lazy.Name("l"))(s)
			r := lazy.Pure1(func(x int) int { return -x }, lazy.Name("r"))(s)
			var glitches atomic.Int64
			j := lazy.Pure2(func(l, r int) int {
				if l+r != 0 {
					glitches.Add(1)
				}
				return l
			}, lazy.Name("j"))(l, r)
			n := rounds(20_000)
			setAndGet(t, quiet(workers), n, s, j)
			require.Zero(t, glitches.Load())
			require.Equal(t, n, got(t, j))
		})
	}
}

// setAndGet Sets s to 1, 2, … n and Gets j, which is to have its value, as often from each of two goroutines.
func setAndGet(t *testing.T, session *lazy.Session, n int, s, j lazy.Data[int]) {
	var wg sync.WaitGroup
	var begun, ended atomic.Int64
	var wrong problemsOf
	wg.Go(func() {
		for k := 1; k <= n; k++ {
			begun.Store(int64(k))
			s.Set(k)
			ended.Store(int64(k))
		}
	})
	for range 2 {
		wg.Go(func() {
			for range n {
				low := int(ended.Load())
				v, err := j.Get(t.Context(), lazy.In(session))
				if high := int(begun.Load()); err != nil || v < low || v > high {
					wrong.add(fmt.Sprintf("got %d, %v, want %d to %d", v, err, low, high))
				}
			}
		})
	}
	wg.Wait()
	require.Empty(t, wrong.list)
}

// problemsOf keeps the first few problems.
type problemsOf struct {
	mu   sync.Mutex
	list []string // guarded by mu
}

func (p *problemsOf) add(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) < 5 {
		p.list = append(p.list, s)
	}
}

// Two sources with a goroutine each. Two ways from both to one call agree on both.
//
//	j <- {l <- {s!, t!}, r <- {s!, t!}}
func TestTwoSourcesHaveNoGlitch(t *testing.T) {
	leak.Check(t)
	type both = lazy.Pair[int, int]
	s1, s2 := lazy.Source("s", 0), lazy.Source("t", 0)
	l, r := lazy.Zip(s1, s2), lazy.Pure2(lazy.MakePair[int, int])(s1, s2)
	type result struct {
		both
		same bool
	}
	j := lazy.Pure2(func(l, r both) result { return result{l, l == r} }, lazy.Name("j"))(l, r)
	var wg sync.WaitGroup
	n := rounds(10_000)
	for _, s := range []lazy.Data[int]{s1, s2} {
		wg.Go(func() {
			for k := range n {
				s.Set(k + 1)
			}
		})
	}
	var wrong problemsOf
	for range 2 {
		wg.Go(func() {
			var last result
			for range n {
				v, err := j.Get(t.Context())
				if err != nil || !v.same || v.First < last.First || v.Second < last.Second {
					wrong.add(fmt.Sprint(v, " after ", last, err))
				}
				last = v
			}
		})
	}
	wg.Wait()
	require.Empty(t, wrong.list)
	require.Equal(t, result{lazy.MakePair(n, n), true}, got(t, j))
}

// Calls that are recorded while their source is Set are as new as the Get.
func TestRecordedWhileSet(t *testing.T) {
	leak.Check(t)
	s := lazy.Source("s", 0)
	shared := inc(s)
	var wg sync.WaitGroup
	var ended atomic.Int64
	var wrong problemsOf
	n := rounds(10_000)
	wg.Go(func() {
		for k := range n {
			s.Set(k + 1)
			ended.Store(int64(k + 1))
		}
	})
	for range 2 {
		wg.Go(func() {
			for range n {
				low := int(ended.Load())
				d := sum(inc(s), shared)
				if v, err := d.Get(t.Context()); err != nil || v%2 != 0 || v/2 < low+1 {
					wrong.add(fmt.Sprintf("got %d, %v after Set(%d)", v, err, low))
				}
			}
		})
	}
	wg.Wait()
	require.Empty(t, wrong.list)
}

// held is a call of s that says when it runs and waits until it may go on.
type held struct {
	began, goOn chan struct{}
	runs        atomic.Int32
	now         atomic.Int32
	d           lazy.Data[int]
}

func holdOn(t *testing.T, s lazy.Data[int]) *held {
	h := &held{began: make(chan struct{}, 10), goOn: make(chan struct{}, 10)}
	h.d = lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if h.now.Add(1) != 1 {
			t.Error("two runs at once")
		}
		defer h.now.Add(-1)
		h.runs.Add(1)
		h.began <- struct{}{}
		<-h.goOn
		return 10 * x, nil
	}, lazy.Name("held"))(s)
	return h
}

// get begins a Get and returns what waits for it.
func (h *held) get(t *testing.T) (wait func() int) {
	type result struct {
		v   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := h.d.Get(t.Context())
		done <- result{v, err}
	}()
	return func() int {
		t.Helper()
		r := <-done
		require.NoError(t, r.err)
		return r.v
	}
}

// What is done to a graph while a call of it runs reaches the next Get, and not the one that waits.
//
//	held <- s!
func TestChangedWhileRunning(t *testing.T) {
	tests := []struct {
		name     string
		change   func(s, d lazy.Data[int])
		want     int
		runsMost int32
		runs     int32 // at least
	}{
		{"Set", func(s, _ lazy.Data[int]) { s.Set(2) }, 20, 2, 2},
		{"Set twice", func(s, _ lazy.Data[int]) { s.Set(2); s.Set(3) }, 30, 2, 2},
		{"Set the same", func(s, _ lazy.Data[int]) { s.Set(1) }, 10, 1, 1},
		{"Set and back", func(s, _ lazy.Data[int]) { s.Set(2); s.Set(1) }, 10, 2, 1},
		{"Invalidate", func(_, d lazy.Data[int]) { d.Invalidate() }, 10, 2, 2},
		{"Invalidate the source", func(s, _ lazy.Data[int]) { s.Invalidate() }, 10, 1, 1},
		{"Set the call", func(_, d lazy.Data[int]) { d.Set(7) }, 7, 1, 1},
		{"Set the source, then the call", func(s, d lazy.Data[int]) { s.Set(2); d.Set(7) }, 7, 1, 1},
		{"Set the call, then the source", func(s, d lazy.Data[int]) { d.Set(7); s.Set(2) }, 20, 2, 2},
		{"Set the call, then Invalidate", func(_, d lazy.Data[int]) { d.Set(7); d.Invalidate() }, 10, 2, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leak.Check(t)
			s := lazy.Source("s", 1)
			h := holdOn(t, s)
			wait := h.get(t)
			<-h.began
			tt.change(s, h.d)
			h.goOn <- struct{}{}
			require.Equal(t, 10, wait())
			h.goOn <- struct{}{}
			require.Equal(t, tt.want, got(t, h.d))
			require.Equal(t, tt.want, got(t, h.d))
			require.LessOrEqual(t, h.runs.Load(), tt.runsMost)
			require.GreaterOrEqual(t, h.runs.Load(), tt.runs)
		})
	}
}

// A Get that begins after a Set does not take the result of a run on what was before, and does not run beside it.
//
//	held <- s!
func TestGetWhileOlderRuns(t *testing.T) {
	leak.Check(t)
	s := lazy.Source("s", 1)
	h := holdOn(t, s)
	older := h.get(t)
	<-h.began
	s.Set(2)
	newer := h.get(t)
	yieldABit()
	h.goOn <- struct{}{}
	require.Equal(t, 10, older())
	<-h.began
	h.goOn <- struct{}{}
	require.Equal(t, 20, newer())
	require.EqualValues(t, 2, h.runs.Load())
	require.Equal(t, 20, got(t, h.d))
	require.EqualValues(t, 2, h.runs.Load())
}

// A call that has got a handle while it runs is reached by a Set that comes before it ends.
//
//	outer <- a, and gets s! while it runs
func TestSetWhileNestedRuns(t *testing.T) {
	leak.Check(t)
	s := lazy.Source("s", 1)
	inside, goOn := make(chan struct{}), make(chan struct{})
	outer := lazy.Wrap1(func(ctx context.Context, a int) (int, error) {
		v, err := inc(s).Get(ctx)
		inside <- struct{}{}
		<-goOn
		return a + v, err
	}, lazy.Name("outer")).Of(100)
	first := make(chan int, 1)
	go func() { first <- lazy.Must(outer.Get(context.Background())) }()
	<-inside
	s.Set(5)
	goOn <- struct{}{}
	require.Equal(t, 102, <-first)
	go func() { first <- lazy.Must(outer.Get(context.Background())) }()
	<-inside
	goOn <- struct{}{}
	require.Equal(t, 106, <-first)
	require.Equal(t, 106, got(t, outer))
}
