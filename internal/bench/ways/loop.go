package ways

import (
	"context"
	"sync"

	"github.com/dally-go/dally/internal/bench/shape"
)

// plainLoop computes the calls in the order in which they are written down.
func plainLoop() Way {
	return Way{Name: "plain loop", Kind: Loop, Open: func(g *shape.Graph, calc shape.Calc) (func() Program, func()) {
		return func() Program {
			l := &loop{g: g, calc: calc, values: make([]uint64, len(g.Sources)+len(g.Calls))}
			copy(l.values, g.Sources)
			return l
		}, func() {}
	}}
}

type loop struct {
	g      *shape.Graph
	calc   shape.Calc
	values []uint64
}

func (l *loop) Set(sources []uint64) { copy(l.values, sources) }

func (l *loop) Run(context.Context) ([]uint64, error) {
	l.calc.Values(l.g, l.values)
	return l.g.Pick(l.values), nil
}

// onceValue is the standard library's lazy value: a call is a function that calls those it takes its values from. They
// call each other as deep as the graph is, on one stack, which may not be longer than a gigabyte. What was computed
// stays, so a change means to record everything anew.
func onceValue() Way {
	return Way{Name: "sync.OnceValue", DepthMax: 1_000_000, Open: func(g *shape.Graph, calc shape.Calc) (func() Program, func()) {
		s := newScratch[func() uint64](g)
		r := recorder[func() uint64]{
			source: func(v uint64) func() uint64 { return func() uint64 { return v } },
			one:    func(a func() uint64) func() uint64 { return sync.OnceValue(func() uint64 { return calc.One(a()) }) },
			two: func(a, b func() uint64) func() uint64 {
				return sync.OnceValue(func() uint64 { return calc.Two(a(), b()) })
			},
			three: func(a, b, c func() uint64) func() uint64 {
				return sync.OnceValue(func() uint64 { return calc.Three(a(), b(), c()) })
			},
		}
		return func() Program {
			_, targets := s.record(r)
			return onces(targets)
		}, func() {}
	}}
}

type onces []func() uint64

func (o onces) Run(context.Context) ([]uint64, error) {
	values := make([]uint64, len(o))
	for i, get := range o {
		values[i] = get()
	}
	return values, nil
}
