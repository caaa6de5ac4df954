// Package ways holds the contestants: ways to run a graph of calls that take each other's values.
//
// All are used alike. Open is what a program does once, before the clock runs. Record says node by node what is to be
// computed, inputs before users. The first Run works out whatever the way has to know beforehand – counters, orders,
// plans – and computes; where a way can be told of other sources, Set and Run are what a change costs.
package ways

import (
	"context"
	"fmt"
	"slices"

	"github.com/dally-go/dally/internal/bench/shape"
)

// Way is a contestant.
type Way struct {
	Name string
	Kind Kind
	// DepthMax is the depth of the deepest graph that it can run; 0 is any.
	DepthMax int
	// CallsMax is how many calls it can run in bearable memory; 0 is any number.
	CallsMax int
	// Open gets ready for recordings of g. Calls of record are separate computations; done ends what Open has begun.
	Open func(g *shape.Graph, calc shape.Calc) (record func() Program, done func())
}

// Kind tells with what ways are compared.
type Kind int

// The kinds.
const (
	Other   Kind = iota // somebody else's way
	Loop                // the plain loop
	Limit               // what can be reached at all
	Handles             // what can be reached by who gives handles away
	Dally               // ours
)

// Program is a computation that has been recorded.
type Program interface {
	// Run computes and returns the values of the graph's targets.
	Run(ctx context.Context) ([]uint64, error)
}

// Changer is a Program that can run again with other sources.
type Changer interface {
	Program
	// Set gives all sources their values for the next Run. It does not keep the slice.
	Set(sources []uint64)
}

// All returns the contestants, each that can be bounded once for each number of workers. The plain loop comes first.
func All(workers ...int) []Way {
	all := []Way{plainLoop(), onceValue(), goroutines(), errGroup()}
	for _, kind := range []func(workers int) Way{pondPool, antsPool, concPool, workerPool, limit, handles, dally} {
		for _, n := range slices.Sorted(slices.Values(workers)) {
			all = append(all, kind(n))
		}
	}
	return all
}

// bounded is the name of a way with a bound.
func bounded(name string, workers int) string {
	if workers == 1 {
		return name + ", 1 worker"
	}
	return fmt.Sprintf("%s, %d workers", name, workers)
}

// recorder says how a way that has handles of type T records.
type recorder[T any] struct {
	source func(v uint64) T
	one    func(a T) T
	two    func(a, b T) T
	three  func(a, b, c T) T
}

// scratch holds the handles of all nodes while a graph is recorded. It is made once, before the clock runs: a program
// that is no benchmark keeps the handles it needs in variables.
type scratch[T any] struct {
	g     *shape.Graph
	nodes []T
}

func newScratch[T any](g *shape.Graph) *scratch[T] {
	return &scratch[T]{g, make([]T, len(g.Sources)+len(g.Calls))}
}

// record records the graph and returns what the way keeps of it.
func (s *scratch[T]) record(r recorder[T]) (sources, targets []T) {
	g, nodes, at := s.g, s.nodes, len(s.g.Sources)
	for i, v := range g.Sources {
		nodes[i] = r.source(v)
	}
	for i := range g.Calls {
		switch c := &g.Calls[i]; c.Arity {
		case 1:
			nodes[at] = r.one(nodes[c.In[0]])
		case 2:
			nodes[at] = r.two(nodes[c.In[0]], nodes[c.In[1]])
		case 3:
			nodes[at] = r.three(nodes[c.In[0]], nodes[c.In[1]], nodes[c.In[2]])
		}
		at++
	}
	targets = make([]T, len(g.Targets))
	for i, t := range g.Targets {
		targets[i] = nodes[t]
	}
	return slices.Clone(nodes[:len(g.Sources)]), targets
}
