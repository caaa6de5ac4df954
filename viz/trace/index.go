package trace

import "github.com/dally-go/dally/graph"

// index finds nodes by their IDs. IDs are given in order, so that most snapshots need a slice only, and no map.
type index struct {
	first  graph.ID
	dense  []int32 // place + 1 of first, first + 1, …; 0 is none. Nil if the IDs are too far apart.
	sparse map[graph.ID]int32
}

func indexOf(nodes []graph.Node) index {
	if len(nodes) == 0 {
		return index{}
	}
	first, last := nodes[0].ID, nodes[0].ID
	for i := range nodes {
		first, last = min(first, nodes[i].ID), max(last, nodes[i].ID)
	}
	x := index{first: first}
	if uint64(last-first) < 8*uint64(len(nodes))+1024 {
		x.dense = make([]int32, last-first+1)
		for i := range nodes {
			x.dense[nodes[i].ID-first] = int32(i) + 1
		}
		return x
	}
	x.sparse = make(map[graph.ID]int32, len(nodes))
	for i := range nodes {
		x.sparse[nodes[i].ID] = int32(i) + 1
	}
	return x
}

// at returns the place of the node; -1 if there is none.
func (x *index) at(id graph.ID) int32 {
	if x.dense == nil {
		return x.sparse[id] - 1
	}
	if id < x.first || uint64(id-x.first) >= uint64(len(x.dense)) {
		return -1
	}
	return x.dense[id-x.first] - 1
}
