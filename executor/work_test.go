package executor_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dally-go/dally/executor"
)

// This file is what the tests of the executors share.

var errBoom = errors.New("boom")

// work is a Work that watches whether it is run as it should be.
type work struct {
	inputs [][]int32
	body   func(ctx context.Context, i int) error // nil: nothing
	meter  *meter

	runs  []atomic.Int32
	ended []atomic.Bool
	early atomic.Int32 // calls started before an input had ended
}

func newWork(inputs [][]int32, body func(context.Context, int) error) *work {
	return &work{
		inputs: inputs, body: body, meter: &meter{},
		runs: make([]atomic.Int32, len(inputs)), ended: make([]atomic.Bool, len(inputs)),
	}
}

func (w *work) Len() int             { return len(w.inputs) }
func (w *work) Inputs(i int) []int32 { return w.inputs[i] }

func (w *work) Run(ctx context.Context, i int) (err error) {
	defer w.meter.enter()()
	w.runs[i].Add(1)
	for _, in := range w.inputs[i] {
		if !w.ended[in].Load() {
			w.early.Add(1)
		}
	}
	if w.body != nil {
		err = w.body(ctx, i)
	}
	w.ended[i].Store(true)
	return err
}

// ran counts the calls that were run, and those that were run more than once.
func (w *work) ran() (calls, twice int) {
	for i := range w.runs {
		if n := w.runs[i].Load(); n > 0 {
			calls++
			if n > 1 {
				twice++
			}
		}
	}
	return calls, twice
}

// meter knows how many are inside, and how many were at most.
type meter struct{ now, most atomic.Int32 }

func (m *meter) enter() func() {
	now := m.now.Add(1)
	for {
		most := m.most.Load()
		if now <= most || m.most.CompareAndSwap(most, now) {
			return func() { m.now.Add(-1) }
		}
	}
}

// The shapes of works.

func chain(n int) [][]int32 {
	in := make([][]int32, n)
	for i := 1; i < n; i++ {
		in[i] = []int32{int32(i - 1)}
	}
	return in
}

func independent(n int) [][]int32 { return make([][]int32, n) }

func fanIn(n int) [][]int32 {
	in := make([][]int32, n)
	for i := range n - 1 {
		in[n-1] = append(in[n-1], int32(i), int32(i)) // each twice
	}
	return in
}

func random(n int, seed uint64) [][]int32 {
	rng := rand.New(rand.NewPCG(seed, 7))
	in := make([][]int32, n)
	for i := 1; i < n; i++ {
		for range rng.IntN(4) {
			in[i] = append(in[i], int32(rng.IntN(i)))
		}
	}
	return in
}

func shapes() map[string][][]int32 {
	return map[string][][]int32{
		"nothing": nil, "one": independent(1), "chain": chain(300), "independent": independent(300), "fan-in": fanIn(300),
		"random 1": random(300, 1), "random 2": random(300, 2), "random 3": random(1000, 3),
	}
}

// executors are all kinds, with the number of calls that may run at once.
func executors() map[string]struct {
	ex executor.Executor
	n  int
} {
	type kind = struct {
		ex executor.Executor
		n  int
	}
	pool := executor.NewPool(2)
	return map[string]kind{
		"serial": {executor.Serial(), 1}, "pool of 1": {executor.NewPool(1), 1}, "pool of 2": {executor.NewPool(2), 2},
		"pool of 7":         {executor.NewPool(7), 7},
		"func round a pool": {executor.Func(func(ctx context.Context, w executor.Work) error { return pool.Execute(ctx, w) }), 2},
		"func in order": {executor.Func(func(ctx context.Context, w executor.Work) error {
			for i := range w.Len() {
				if err := w.Run(ctx, i); err != nil {
					return err
				}
			}
			return nil
		}), 1},
	}
}

// stuckAfter is how long a test may hang before it is given up: a guard, not a measurement.
const stuckAfter = 30 * time.Second

// execute runs w and fails the test, with all stacks, if that hangs.
func execute(t *testing.T, ctx context.Context, ex executor.Executor, w executor.Work) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- ex.Execute(ctx, w) }()
	return wait(t, done)
}

func wait[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(stuckAfter):
		buf := make([]byte, 1<<16)
		t.Fatalf("stuck:\n%s", buf[:runtime.Stack(buf, true)])
	}
	return v
}

// gather waits for all of a number of goroutines.
func gather(t *testing.T, n int, f func(k int)) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		for k := range n {
			wg.Go(func() { f(k) })
		}
		wg.Wait()
	}()
	wait(t, done)
}
