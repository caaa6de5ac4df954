package ways

import (
	"context"
	"time"

	"github.com/dally-go/dally/internal/bench/shape"
)

// handles is the limit for a library that gives handles away and learns from a Get what is wanted: nodes are pointers into
// slabs, each knows its function as one function value that all calls of it share, and the first Run finds the order,
// depth first from the targets. It has no states, errors, cancelling, sharing between Gets, or change that is narrower
// than everything.
func handles(workers int) Way {
	return Way{
		Name: bounded("limit behind handles", workers), Kind: Handles,
		Open: func(g *shape.Graph, calc shape.Calc) (func() Program, func()) {
			s, r := newScratch[*node](g), wrapped(calc)
			return func() Program {
				sources, targets := s.record(r)
				return &planned{workers: workers, work: calc.Work, sources: sources, targets: targets}
			}, func() {}
		},
	}
}

// node is a call; without a function, a source.
type node struct {
	fn    *function
	in    [3]*node
	value uint64
	place int32 // 1 + the place in the order; 0: not planned
}

type function struct {
	call  func(*node)
	arity int
	slab  []node // what is left of the slab that is being filled
}

const slabLen = 32

func (f *function) node(in [3]*node) *node {
	if len(f.slab) == 0 {
		f.slab = make([]node, slabLen)
	}
	n := &f.slab[0]
	f.slab = f.slab[1:]
	n.fn, n.in = f, in
	return n
}

// wrapped makes the functions, once for all recordings: neighbours in a slab may belong to different ones.
func wrapped(calc shape.Calc) recorder[*node] {
	one := &function{arity: 1, call: func(n *node) { n.value = calc.One(n.in[0].value) }}
	two := &function{arity: 2, call: func(n *node) { n.value = calc.Two(n.in[0].value, n.in[1].value) }}
	three := &function{arity: 3, call: func(n *node) { n.value = calc.Three(n.in[0].value, n.in[1].value, n.in[2].value) }}
	return recorder[*node]{
		source: func(v uint64) *node { return &node{value: v} },
		one:    func(a *node) *node { return one.node([3]*node{a}) },
		two:    func(a, b *node) *node { return two.node([3]*node{a, b}) },
		three:  func(a, b, c *node) *node { return three.node([3]*node{a, b, c}) },
	}
}

// planned is a recording, with what its first Run finds out.
type planned struct {
	workers          int
	work             time.Duration // of a call
	sources, targets []*node
	order            []*node // nil until the first Run
	blocks           *blocks // nil until the first Run of several workers
}

func (p *planned) Set(sources []uint64) {
	for i, s := range p.sources {
		s.value = sources[i]
	}
}

func (p *planned) Run(context.Context) ([]uint64, error) {
	if p.order == nil {
		p.plan()
	}
	if p.workers == 1 {
		p.compute(0, len(p.order))
	} else {
		if p.blocks == nil {
			p.blocks = newBlocks(len(p.order), blockSize(p.work), p.inputs)
		}
		p.blocks.run(p.workers, p.compute)
	}
	values := make([]uint64, len(p.targets))
	for i, t := range p.targets {
		values[i] = t.value
	}
	return values, nil
}

// plan goes depth first, with a stack of its own, and leaves inputs before users.
func (p *planned) plan() {
	type visit struct {
		n    *node
		next int
	}
	var stack []visit
	for _, t := range p.targets {
		for stack = append(stack[:0], visit{t, 0}); len(stack) > 0; {
			top := &stack[len(stack)-1]
			n := top.n
			if top.next == n.fn.arity {
				p.order = append(p.order, n)
				n.place = int32(len(p.order))
				stack = stack[:len(stack)-1]
				continue
			}
			in := n.in[top.next]
			top.next++
			if in.fn != nil && in.place == 0 {
				stack = append(stack, visit{in, 0})
			}
		}
	}
}

func (p *planned) inputs(i int, into []int32) []int32 {
	n := p.order[i]
	for _, in := range n.in[:n.fn.arity] {
		if in.fn != nil {
			into = append(into, in.place-1)
		}
	}
	return into
}

func (p *planned) compute(from, to int) {
	for _, n := range p.order[from:to] {
		n.fn.call(n)
	}
}
