// Package shape holds the computations that are compared: graphs as plain numbers, and what their calls compute. Nobody's
// way of running a graph is built in; each contestant reads the same description and makes of it what it likes.
package shape

import (
	"fmt"
	"strings"
)

// Graph is a computation. Nodes are numbers: first the sources, then the calls, inputs before users.
type Graph struct {
	Name    string
	Sources []uint64 // the values that the sources begin with
	Calls   []Call   // call i is node len(Sources)+i
	Targets []int32  // the calls that nobody takes, so that wanting them is wanting everything
	Depth   int      // calls on the longest way
}

// Call is a use of one of the three functions of a Calc: the one with as many parameters as the call has inputs.
type Call struct {
	In    [3]int32
	Arity uint8
}

// Pick returns the values of the targets, given those of all nodes.
func (g *Graph) Pick(values []uint64) []uint64 {
	picked := make([]uint64, len(g.Targets))
	for i, t := range g.Targets {
		picked[i] = values[t]
	}
	return picked
}

// New makes the graph of a shape in Names with about n calls, and at least one.
func New(name string, n int) (*Graph, error) {
	for _, s := range shapes {
		if s.name == name {
			b := builder{g: Graph{Name: name, Calls: make([]Call, 0, n)}}
			s.build(&b, n)
			return b.done(), nil
		}
	}
	return nil, fmt.Errorf("unknown shape %q; known are %s", name, strings.Join(Names(), ", "))
}

// builder makes a graph: sources first.
type builder struct{ g Graph }

func (b *builder) sources(n int) []int32 {
	nodes := make([]int32, n)
	b.g.Sources = make([]uint64, n)
	for i := range nodes {
		nodes[i], b.g.Sources[i] = int32(i), uint64(i+1)
	}
	return nodes
}

func (b *builder) call(in ...int32) int32 {
	c := Call{Arity: uint8(len(in))}
	copy(c.In[:], in)
	b.g.Calls = append(b.g.Calls, c)
	return b.nodes() - 1
}

func (b *builder) nodes() int32 { return int32(len(b.g.Sources) + len(b.g.Calls)) }

// done finds the targets and the depth.
func (b *builder) done() *Graph {
	g, first := b.g, len(b.g.Sources)
	taken, depth := make([]bool, b.nodes()), make([]int32, b.nodes())
	for i, c := range g.Calls {
		d := int32(0)
		for _, in := range c.In[:c.Arity] {
			taken[in], d = true, max(d, depth[in])
		}
		depth[first+i] = d + 1
		g.Depth = max(g.Depth, int(d)+1)
	}
	for i := range g.Calls {
		if !taken[first+i] {
			g.Targets = append(g.Targets, int32(first+i))
		}
	}
	return &g
}
