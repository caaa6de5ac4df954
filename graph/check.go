package graph

import (
	"fmt"
	"strings"
)

// CycleError is what [Snapshot.Check] returns when nodes lead back into themselves.
type CycleError struct {
	// Nodes are the nodes of one cycle, in the direction of the edges; the first stands only once.
	Nodes []Node
}

// Error names the nodes of the cycle.
func (e *CycleError) Error() string {
	var b strings.Builder
	b.WriteString("graph: cycle: ")
	for _, n := range e.Nodes {
		b.WriteString(label(n) + " → ")
	}
	return b.String() + label(e.Nodes[0])
}

// Check reports what is wrong with a snapshot that was built by hand: two nodes with one ID, an input that is not in
// the snapshot, a [*CycleError]. Snapshots taken by package lazy are always right. It takes time linear in nodes and
// edges and recurses nowhere.
func (s Snapshot) Check() error {
	index := make(map[ID]int32, len(s.Nodes))
	for i, n := range s.Nodes {
		if first, twice := index[n.ID]; twice {
			return fmt.Errorf("graph: %s and %s have the same ID", label(s.Nodes[first]), label(n))
		}
		index[n.ID] = int32(i)
	}
	for _, n := range s.Nodes {
		for _, in := range n.Inputs {
			if _, ok := index[in]; !ok {
				return fmt.Errorf("graph: %s has input #%d, which is not in the snapshot", label(n), in)
			}
		}
	}
	return s.checkCycles(index)
}

// checkCycles removes nodes whose inputs are all removed (Kahn 1962); whatever stays lies on a cycle or behind one.
func (s Snapshot) checkCycles(index map[ID]int32) error {
	left := make([]int32, len(s.Nodes))
	users := make([][]int32, len(s.Nodes))
	ready := make([]int32, 0, len(s.Nodes))
	for i, n := range s.Nodes {
		left[i] = int32(len(n.Inputs))
		for _, in := range n.Inputs {
			users[index[in]] = append(users[index[in]], int32(i))
		}
		if left[i] == 0 {
			ready = append(ready, int32(i))
		}
	}
	for done := 0; done < len(ready); done++ {
		for _, u := range users[ready[done]] {
			if left[u]--; left[u] == 0 {
				ready = append(ready, u)
			}
		}
	}
	if len(ready) == len(s.Nodes) {
		return nil
	}
	return s.findCycle(index, left)
}

// findCycle walks from any node that is left to an input that is left, until it meets its own way.
func (s Snapshot) findCycle(index map[ID]int32, left []int32) error {
	at := int32(0)
	for left[at] == 0 {
		at++
	}
	seen := make(map[int32]int)
	var way []int32
	for {
		if start, again := seen[at]; again {
			way = way[start:]
			break
		}
		seen[at] = len(way)
		way = append(way, at)
		for _, in := range s.Nodes[at].Inputs {
			if left[index[in]] > 0 {
				at = index[in]
				break
			}
		}
	}
	e := &CycleError{}
	for i := len(way) - 1; i >= 0; i-- { // the walk went against the edges
		e.Nodes = append(e.Nodes, s.Nodes[way[i]])
	}
	return e
}

// label is a node's name and ID, as handles print them.
func label(n Node) string { return fmt.Sprintf("%s#%d", n.Name, n.ID) }
