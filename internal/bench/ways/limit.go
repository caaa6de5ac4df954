package ways

import (
	"context"

	"github.com/dally-go/dally/internal/bench/shape"
)

// limit is what can be reached: the graph is appended call by call to arrays, and run from there, in order by one worker,
// in blocks by several.
func limit(workers int) Way {
	return Way{
		Name: bounded("limit", workers), Kind: Limit,
		Open: func(g *shape.Graph, calc shape.Calc) (func() Program, func()) {
			return func() Program { return recordArrays(g, calc, workers) }, func() {}
		},
	}
}

// arrays is a graph of one's own, with one array per part of a call.
type arrays struct {
	calc    shape.Calc
	workers int
	first   int // the place of the first call in values
	arity   []uint8
	in      []int32 // the inputs of all calls, one after another
	inOff   []int32
	targets []int32
	values  []uint64
	blocks  *blocks // made by the first Run of several workers
}

func recordArrays(g *shape.Graph, calc shape.Calc, workers int) *arrays {
	n := len(g.Calls) // whoever builds arrays knows how long they will be
	a := &arrays{
		calc: calc, workers: workers, first: len(g.Sources), targets: g.Targets, arity: make([]uint8, 0, n),
		in: make([]int32, 0, 2*n), inOff: make([]int32, 0, n+1), values: make([]uint64, len(g.Sources)+n),
	}
	copy(a.values, g.Sources)
	for i := range g.Calls {
		c := &g.Calls[i]
		a.arity = append(a.arity, c.Arity)
		a.inOff = append(a.inOff, int32(len(a.in)))
		a.in = append(a.in, c.In[:c.Arity]...)
	}
	a.inOff = append(a.inOff, int32(len(a.in)))
	return a
}

func (a *arrays) Set(sources []uint64) { copy(a.values, sources) }

func (a *arrays) Run(context.Context) ([]uint64, error) {
	if a.workers == 1 {
		a.compute(0, len(a.arity))
	} else {
		if a.blocks == nil {
			a.blocks = newBlocks(len(a.arity), blockSize(a.calc.Work), a.inputs)
		}
		a.blocks.run(a.workers, a.compute)
	}
	picked := make([]uint64, len(a.targets))
	for i, t := range a.targets {
		picked[i] = a.values[t]
	}
	return picked, nil
}

func (a *arrays) inputs(i int, into []int32) []int32 {
	for _, in := range a.in[a.inOff[i]:a.inOff[i+1]] {
		if in >= int32(a.first) {
			into = append(into, in-int32(a.first))
		}
	}
	return into
}

func (a *arrays) compute(from, to int) {
	values, in := a.values, a.in[a.inOff[from]:]
	for i := from; i < to; i++ {
		at := a.first + i
		switch a.arity[i] {
		case 1:
			values[at] = a.calc.One(values[in[0]])
			in = in[1:]
		case 2:
			values[at] = a.calc.Two(values[in[0]], values[in[1]])
			in = in[2:]
		case 3:
			values[at] = a.calc.Three(values[in[0]], values[in[1]], values[in[2]])
			in = in[3:]
		}
	}
}
