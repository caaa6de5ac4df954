package viz

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/dally-go/dally/graph"
)

// foldMin is the number of merged nodes of one function that a picture may show; above it they are merged further.
const foldMin = 8

// Collapse merges the calls that do the same: same function (Name and Where) and same merged inputs, sources aside. A
// thousand Parse calls of a thousand files become one node with Count 1,000, Merged by state, and the mean Duration of
// those that were timed. The rules, in order:
//
//  1. Calls of one function whose inputs, after merging, are the same set of calls become one node.
//  2. Where a function still has more than 8 nodes, a node joins an input of the same function if its other inputs
//     are inputs of that one too: loops and folds, f(f(f(x))), become one node.
//  3. Where a function still has more than 8 nodes, all its nodes become one. If that would close a cycle, as with f
//     and g in turns, the calls on the cycle become one node together, named "f + g".
//  4. Named sources of the same name become one node; so do sources that the same merged nodes take, if there are more
//     than 4 of them. Unnamed constants, and sources that nobody takes, are dropped.
//
// The result is acyclic, each node stands after its inputs, and inputs are distinct. A node that stands for one call
// keeps its fields; others have the ID of the first of their calls. The state of a merged node is the one that most
// wants attention: failed, running, stale, pending, skipped, done, cached.
//
// It takes time n log n, 10 ms for 68,000 nodes of a map-reduce, and shares the Inputs slices of s with nobody. A
// snapshot that [graph.Snapshot.Check] refuses comes back as it is.
func Collapse(s graph.Snapshot) graph.Snapshot {
	m, err := newModel(s)
	if err != nil {
		return s
	}
	return graph.Snapshot{Title: s.Title, Nodes: collapse(m)}
}

// groups is a partition of nodes with edges between the groups. Every group stands after its inputs.
type groups struct {
	of     []int32   // group of each node; -1: none
	inputs [][]int32 // of each group, sorted, distinct
	fn     []int32   // function of each group
}

func collapse(m *model) []graph.Node {
	g, src := partition(m)
	return assemble(m, g, src)
}

// partition applies the rules of [Collapse].
func partition(m *model) (*groups, *sources) {
	fns := newFunctions(m)
	g := fns.mergeEqual(m)
	if big := g.big(fns.count); big != nil {
		g.refine(g.merge(g.fn, g.inputs, big))
	}
	if big := g.big(fns.count); big != nil {
		g.refine(g.unify(big, fns.count))
	}
	return g, groupSources(m, g)
}

// isSource reports whether a node is data, not a call.
func isSource(n *graph.Node) bool { return n.State == graph.Source && len(n.Inputs) == 0 }

// functions numbers the functions of a model by Name and Where.
type functions struct {
	of    []int32 // of each node; -1 for sources
	count int
}

func newFunctions(m *model) *functions {
	f := &functions{of: make([]int32, len(m.nodes))}
	type key struct{ name, where string }
	number := make(map[key]int32)
	for i := range m.nodes {
		n := &m.nodes[i]
		if isSource(n) {
			f.of[i] = -1
			continue
		}
		k := key{n.Name, n.Where}
		id, ok := number[k]
		if !ok {
			id = int32(len(number))
			number[k] = id
		}
		f.of[i] = id
	}
	f.count = len(number)
	return f
}

// mergeEqual is rule 1 over the nodes of the model.
func (f *functions) mergeEqual(m *model) *groups {
	inputs := make([][]int32, len(m.nodes))
	for i := range inputs {
		inputs[i] = m.inputs(int32(i))
	}
	return new(groups).merge(f.of, inputs, nil)
}

// merge is rule 1, and for the functions in fold rule 2, over things with a function and inputs that come before them.
//
// Why no cycle can come of it: a thing joins a group that has the same inputs, so whatever leads from the group to the
// thing would have to pass one of those inputs and thus lead from the group to its own input. The same holds for a
// thing that joins an input u while its other inputs are inputs of u.
func (*groups) merge(fn []int32, inputs [][]int32, fold []bool) *groups {
	g := &groups{of: make([]int32, len(fn))}
	seen := make(map[string]int32)
	last := make([]int32, len(fn)) // the latest thing that has this group among its inputs, from 1
	var ins []int32
	var key []byte
	for i := range fn {
		g.of[i] = -1
		if fn[i] < 0 {
			continue
		}
		ins = ins[:0]
		for _, in := range inputs[i] {
			if at := g.of[in]; at >= 0 && last[at] != int32(i)+1 {
				last[at] = int32(i) + 1
				ins = append(ins, at)
			}
		}
		slices.Sort(ins)
		if fold != nil && fold[fn[i]] {
			if at := g.continues(fn[i], ins); at >= 0 {
				g.of[i] = at
				continue
			}
		}
		key = binary.AppendUvarint(key[:0], uint64(fn[i]))
		for _, in := range ins {
			key = binary.AppendUvarint(key, uint64(in))
		}
		at, ok := seen[string(key)]
		if !ok {
			at = g.add(fn[i], ins)
			seen[string(key)] = at
		}
		g.of[i] = at
	}
	return g
}

func (g *groups) add(fn int32, ins []int32) int32 {
	g.inputs = append(g.inputs, slices.Clone(ins))
	g.fn = append(g.fn, fn)
	return int32(len(g.fn) - 1)
}

// continues returns the input of the same function whose inputs include all other inputs, or -1. Only the last of
// that function can be it: an input of one that comes before it does not include it.
func (g *groups) continues(fn int32, ins []int32) int32 {
	for i := len(ins) - 1; i >= 0; i-- {
		u := ins[i]
		if g.fn[u] != fn {
			continue
		}
		for _, in := range ins {
			if _, ok := slices.BinarySearch(g.inputs[u], in); in != u && !ok {
				return -1
			}
		}
		return u
	}
	return -1
}

// big returns the functions with more nodes than a picture may show; nil if there are none.
func (g *groups) big(fns int) []bool {
	count := make([]int, fns)
	var big []bool
	for _, fn := range g.fn {
		if count[fn]++; count[fn] > foldMin {
			if big == nil {
				big = make([]bool, fns)
			}
			big[fn] = true
		}
	}
	return big
}

// refine replaces the groups by groups of groups.
func (g *groups) refine(by *groups) {
	for i, at := range g.of {
		if at >= 0 {
			g.of[i] = by.of[at]
		}
	}
	g.inputs, g.fn = by.inputs, by.fn
}

// joined names a node after its functions, in order of first call, three at most.
func joined(names []string) string {
	if len(names) > 3 {
		names = append(slices.Clone(names[:3]), "…")
	}
	return strings.Join(names, " + ")
}
