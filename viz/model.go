package viz

import (
	"github.com/dally-go/dally/graph"
)

// model is a snapshot in flat arrays: positions instead of IDs, every node after its inputs.
type model struct {
	nodes []graph.Node
	first []int32 // the inputs of node i are input[first[i]:first[i+1]]
	input []int32 // in order of arguments
	used  []bool  // by any node
}

// newModel refuses what [graph.Snapshot.Check] refuses, with its error. A snapshot taken by package lazy is in order
// and is not checked a second time: Check alone would take longer than collapsing.
func newModel(s graph.Snapshot) (*model, error) {
	m := &model{nodes: s.Nodes}
	if m.link() {
		return m, nil
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	m.nodes = inOrder(s.Nodes)
	m.link()
	return m, nil
}

func (m *model) inputs(i int32) []int32 { return m.input[m.first[i]:m.first[i+1]] }

// hidden reports whether node i is shown only in the arguments of its users.
func (m *model) hidden(i int32) bool {
	n := &m.nodes[i]
	return m.used[i] && n.State == graph.Source && n.Name == "" && len(n.Inputs) == 0
}

// link fills the arrays, or reports that a node does not stand after its inputs or that two have the same ID.
func (m *model) link() bool {
	at, ok := newIndex(m.nodes)
	if !ok {
		return false
	}
	edges := 0
	for i := range m.nodes {
		edges += len(m.nodes[i].Inputs)
	}
	m.first = make([]int32, len(m.nodes)+1)
	m.input = make([]int32, 0, edges)
	m.used = make([]bool, len(m.nodes))
	for i := range m.nodes {
		for _, id := range m.nodes[i].Inputs {
			in := at.find(id)
			if in < 0 || int(in) >= i {
				return false
			}
			m.used[in] = true
			m.input = append(m.input, in)
		}
		m.first[i+1] = int32(len(m.input))
	}
	return true
}

// index finds positions by ID: in a table where IDs lie close together, as those of one program do, else in a map.
type index struct {
	base  graph.ID
	table []int32 // position + 1
	far   map[graph.ID]int32
}

// newIndex reports false if two nodes have the same ID.
func newIndex(nodes []graph.Node) (*index, bool) {
	x := &index{}
	if len(nodes) == 0 {
		return x, true
	}
	low, high := nodes[0].ID, nodes[0].ID
	for i := range nodes {
		low, high = min(low, nodes[i].ID), max(high, nodes[i].ID)
	}
	if high-low < graph.ID(4*len(nodes)+1024) {
		x.base, x.table = low, make([]int32, high-low+1)
	} else {
		x.far = make(map[graph.ID]int32, len(nodes))
	}
	for i := range nodes {
		id := nodes[i].ID
		if x.find(id) >= 0 {
			return nil, false
		}
		if x.far != nil {
			x.far[id] = int32(i)
		} else {
			x.table[id-low] = int32(i) + 1
		}
	}
	return x, true
}

// find returns -1 for an ID that is not there.
func (x *index) find(id graph.ID) int32 {
	if x.far != nil {
		if i, ok := x.far[id]; ok {
			return i
		}
		return -1
	}
	if id < x.base || id-x.base >= graph.ID(len(x.table)) {
		return -1
	}
	return x.table[id-x.base] - 1
}

// inOrder returns the nodes of a checked snapshot with every node after its inputs (Kahn 1962).
func inOrder(nodes []graph.Node) []graph.Node {
	at, _ := newIndex(nodes)
	left := make([]int32, len(nodes))
	users := make([][]int32, len(nodes))
	var ready []int32
	for i := range nodes {
		left[i] = int32(len(nodes[i].Inputs))
		for _, id := range nodes[i].Inputs {
			in := at.find(id)
			users[in] = append(users[in], int32(i))
		}
		if left[i] == 0 {
			ready = append(ready, int32(i))
		}
	}
	sorted := make([]graph.Node, 0, len(nodes))
	for done := 0; done < len(ready); done++ {
		sorted = append(sorted, nodes[ready[done]])
		for _, u := range users[ready[done]] {
			if left[u]--; left[u] == 0 {
				ready = append(ready, u)
			}
		}
	}
	return sorted
}
