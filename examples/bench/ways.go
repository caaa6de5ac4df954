package main

import (
	"context"
	"sync"
	"time"

	"github.com/dally-go/dally/lazy"
)

// computing are the functions as any program would write them.
func computing(spin func(uint64) uint64) ops[uint64] {
	return ops[uint64]{
		given: func(v uint64) uint64 { return v },
		one:   func(a uint64) uint64 { return spin(a) },
		two:   func(a, b uint64) uint64 { return spin(a + 3*b) },
		three: func(a, b, c uint64) uint64 { return spin(a + 3*b + 5*c) },
	}
}

// countCalls builds the shape of nothing and counts.
func countCalls(o options) (calls int) {
	type none = struct{}
	shapeOf[none](o.shape).build(o.n, ops[none]{
		given: func(uint64) (v none) { return v },
		one:   func(none) (v none) { calls++; return v },
		two:   func(_, _ none) (v none) { calls++; return v },
		three: func(_, _, _ none) (v none) { calls++; return v },
	})
	return calls
}

// plainLoop computes at once: there is nothing to record.
func plainLoop(o options, f ops[uint64]) func(context.Context) (lap, error) {
	build := shapeOf[uint64](o.shape).build
	return func(context.Context) (lap, error) {
		start := time.Now()
		values := build(o.n, f)
		return lap{run: time.Since(start), values: values}, nil
	}
}

// onceValues are the standard library's lazy values.
func onceValues(o options, f ops[uint64]) func(context.Context) (lap, error) {
	type value = func() uint64
	build := shapeOf[value](o.shape).build
	return func(context.Context) (lap, error) {
		start := time.Now()
		targets := build(o.n, ops[value]{
			given: func(v uint64) value { return func() uint64 { return v } },
			one:   func(a value) value { return sync.OnceValue(func() uint64 { return f.one(a()) }) },
			two:   func(a, b value) value { return sync.OnceValue(func() uint64 { return f.two(a(), b()) }) },
			three: func(a, b, c value) value { return sync.OnceValue(func() uint64 { return f.three(a(), b(), c()) }) },
		})
		recorded := time.Now()
		values := make([]uint64, len(targets))
		for i, t := range targets {
			values[i] = t()
		}
		return lap{record: recorded.Sub(start), run: time.Since(recorded), values: values}, nil
	}
}

// promise is a value that a goroutine is computing.
type promise struct {
	done  chan struct{}
	value uint64
}

func (p *promise) get() uint64 {
	<-p.done
	return p.value
}

func promised(f func() uint64) *promise {
	p := &promise{done: make(chan struct{})}
	go func() {
		p.value = f()
		close(p.done)
	}()
	return p
}

// goroutines starts one a call, which waits for those it takes its values from.
func goroutines(o options, f ops[uint64]) func(context.Context) (lap, error) {
	build := shapeOf[*promise](o.shape).build
	given := make(chan struct{})
	close(given)
	return func(context.Context) (lap, error) {
		start := time.Now()
		targets := build(o.n, ops[*promise]{
			given: func(v uint64) *promise { return &promise{given, v} },
			one:   func(a *promise) *promise { return promised(func() uint64 { return f.one(a.get()) }) },
			two:   func(a, b *promise) *promise { return promised(func() uint64 { return f.two(a.get(), b.get()) }) },
			three: func(a, b, c *promise) *promise {
				return promised(func() uint64 { return f.three(a.get(), b.get(), c.get()) })
			},
		})
		started := time.Now()
		values := make([]uint64, len(targets))
		for i, t := range targets {
			values[i] = t.get()
		}
		return lap{record: started.Sub(start), run: time.Since(started), values: values}, nil
	}
}

// lazyCalls records, then gets.
func lazyCalls(o options, f ops[uint64], workers int) func(context.Context) (lap, error) {
	build := shapeOf[lazy.Data[uint64]](o.shape).build
	session := &lazy.Session{Parallelism: workers}
	return func(ctx context.Context) (lap, error) {
		start := time.Now()
		targets := build(o.n, ops[lazy.Data[uint64]]{
			given: lazy.Const[uint64],
			one:   lazy.Pure1(f.one),
			two:   lazy.Pure2(f.two),
			three: lazy.Pure3(f.three),
		})
		recorded := time.Now()
		values, err := lazy.GetAll(ctx, targets, lazy.In(session))
		return lap{record: recorded.Sub(start), run: time.Since(recorded), values: values}, err
	}
}
