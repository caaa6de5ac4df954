package graph

import (
	gonum "gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
	"gonum.org/v1/gonum/graph/simple"
)

// This file alone knows gonum.

// Directed returns a read-only view of the snapshot for gonum's algorithms: topo, path, network, community and the
// like. A gonum node's ID is the [ID] of the node here; an edge goes from input to user and stands once, however often
// the user takes the input. Inputs that are not in the snapshot have no edge. Building the view is linear; the view
// may be read from any goroutine.
func (s Snapshot) Directed() gonum.Directed {
	v := &directed{
		nodes: make([]gonum.Node, len(s.Nodes)),
		index: make(map[int64]int, len(s.Nodes)),
		from:  make([][]gonum.Node, len(s.Nodes)),
		to:    make([][]gonum.Node, len(s.Nodes)),
	}
	for i, n := range s.Nodes {
		v.nodes[i] = simple.Node(n.ID)
		v.index[int64(n.ID)] = i
	}
	last := make([]int, len(s.Nodes)) // last[in]-1 is the latest user that was given an edge from in
	for u, n := range s.Nodes {
		for _, id := range n.Inputs {
			in, ok := v.index[int64(id)]
			if !ok || last[in] == u+1 {
				continue
			}
			last[in] = u + 1
			v.from[in] = append(v.from[in], v.nodes[u])
			v.to[u] = append(v.to[u], v.nodes[in])
		}
	}
	return v
}

// directed implements gonum's graph.Directed over a snapshot. Written once, then only read.
type directed struct {
	nodes    []gonum.Node
	index    map[int64]int
	from, to [][]gonum.Node
}

func (v *directed) Node(id int64) gonum.Node {
	if i, ok := v.index[id]; ok {
		return v.nodes[i]
	}
	return nil
}

func (v *directed) Nodes() gonum.Nodes { return ordered(v.nodes) }

func (v *directed) From(id int64) gonum.Nodes { return v.row(v.from, id) }

func (v *directed) To(id int64) gonum.Nodes { return v.row(v.to, id) }

func (v *directed) row(rows [][]gonum.Node, id int64) gonum.Nodes {
	if i, ok := v.index[id]; ok {
		return ordered(rows[i])
	}
	return gonum.Empty
}

func (v *directed) HasEdgeFromTo(from, to int64) bool {
	f, ok := v.index[from]
	if !ok {
		return false
	}
	t, ok := v.index[to]
	if !ok {
		return false
	}
	row, want := v.from[f], to
	if len(v.to[t]) < len(row) { // search the shorter of the two rows
		row, want = v.to[t], from
	}
	for _, n := range row {
		if n.ID() == want {
			return true
		}
	}
	return false
}

func (v *directed) HasEdgeBetween(x, y int64) bool {
	return v.HasEdgeFromTo(x, y) || v.HasEdgeFromTo(y, x)
}

func (v *directed) Edge(from, to int64) gonum.Edge {
	if !v.HasEdgeFromTo(from, to) {
		return nil
	}
	return simple.Edge{F: v.Node(from), T: v.Node(to)}
}

func ordered(nodes []gonum.Node) gonum.Nodes {
	if len(nodes) == 0 {
		return gonum.Empty
	}
	return iterator.NewOrderedNodes(nodes)
}
