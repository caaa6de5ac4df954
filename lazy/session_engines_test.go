package lazy_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/lazy"
)

// engine is a way of running calls.
type engine struct {
	name string
	make func() *lazy.Session
}

// engines are the ways in which the same program is to do the same.
func engines() []engine {
	on := func(ex executor.Executor) func() *lazy.Session {
		return func() *lazy.Session { return &lazy.Session{Executor: ex} }
	}
	sized := func(n int) func() *lazy.Session {
		return func() *lazy.Session { return &lazy.Session{Parallelism: n} }
	}
	return []engine{
		{"serial", sized(1)},
		{"two", sized(2)},
		{"eight", sized(8)},
		{"executor.Serial", on(executor.Serial())},
		{"executor.NewPool", on(executor.NewPool(3))},
		{"Func in order", on(executor.Func(inOrder))},
		{"Func, a goroutine per call", on(executor.Func(allAtOnce))},
		{"Func round a pool", on(roundPool(executor.NewPool(2)))},
	}
}

// everyEngine runs a test in each engine.
func everyEngine(t *testing.T, test func(t *testing.T, s *lazy.Session)) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			defer lazy.NeverChanged()()
			test(t, e.make())
		})
	}
}

// inOrder is the executor that the documentation of Work shows.
func inOrder(ctx context.Context, w executor.Work) error {
	for i := range w.Len() {
		if err := w.Run(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// allAtOnce is an executor with a goroutine per call, each waiting for its inputs.
func allAtOnce(ctx context.Context, w executor.Work) error {
	ended := make([]chan struct{}, w.Len())
	errs := make([]error, w.Len())
	for i := range ended {
		ended[i] = make(chan struct{})
	}
	var stop atomic.Bool
	for i := range ended {
		go func() {
			defer close(ended[i])
			for _, in := range w.Inputs(i) {
				<-ended[in]
			}
			if stop.Load() {
				return
			}
			if errs[i] = w.Run(ctx, i); errs[i] != nil {
				stop.Store(true)
			}
		}()
	}
	for i := range ended {
		<-ended[i]
	}
	return errors.Join(errs...)
}

// roundPool is an executor that only hands on.
func roundPool(ex executor.Executor) executor.Executor {
	return executor.Func(func(ctx context.Context, w executor.Work) error { return ex.Execute(ctx, w) })
}
