package record

import (
	"slices"
	"sync"

	"github.com/dally-go/dally/graph"
)

// graphMax is how many nodes are kept. A variable for tests.
var graphMax = 1 << 18

// album puts pictures together by ID: of each node it has the latest. The pictures are whole, each with all inputs of
// its nodes, so the album is, too.
type album struct {
	mu      sync.Mutex
	begun   uint64              // Guarded by mu. Pictures that were begun.
	nodes   []graph.Node        // Guarded by mu.
	taken   []uint64            // Guarded by mu. By node: the number of the picture that it is from.
	at      map[graph.ID]int    // Guarded by mu. Places in nodes.
	reasons map[graph.ID]string // Guarded by mu.
	inputs  []graph.ID          // Guarded by mu. Room for the inputs of nodes to come.
	cut     int                 // Guarded by mu. Nodes that the last picture would have, if it was too large.
}

// explain notes why the calls of a plan run.
func (a *album) explain(plan graph.Snapshot) {
	if len(plan.Nodes) == 0 {
		return
	}
	nodes := plan.Nodes[:min(len(plan.Nodes), graphMax)]
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reasons == nil || len(a.reasons)+len(nodes) > graphMax {
		a.reasons = make(map[graph.ID]string, len(nodes))
	}
	for i := range nodes {
		a.reasons[nodes[i].ID] = nodes[i].Reason
	}
}

// begin returns the number of a picture that is about to be taken. Pictures are taken by several at once: what shows a
// node as it was when a run had ended must not give way to a picture that was begun before that and took longer.
func (a *album) begin() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun++
	return a.begun
}

// merge adds a picture to what there is: what was begun later holds. If that is too much, all older ones go.
func (a *album) merge(number uint64, s graph.Snapshot) {
	nodes := s.Nodes[:min(len(s.Nodes), graphMax)] // inputs come first, so none is missing
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == nil || len(a.nodes)+len(nodes) > graphMax && len(a.nodes)+a.newLocked(nodes) > graphMax {
		a.nodes, a.taken, a.inputs, a.cut = nil, nil, nil, 0
		a.at = make(map[graph.ID]int, len(nodes))
	}
	if len(nodes) < len(s.Nodes) {
		a.cut = len(s.Nodes)
	}
	if len(a.nodes) == 0 {
		a.nodes, a.taken = make([]graph.Node, 0, len(nodes)), make([]uint64, 0, len(nodes))
	}
	for i := range nodes {
		a.addLocked(number, &nodes[i])
	}
}

// addLocked adds a node of a picture. It needs mu.
func (a *album) addLocked(number uint64, n *graph.Node) {
	at, ok := a.at[n.ID]
	if !ok {
		a.at[n.ID] = len(a.nodes)
		a.nodes, a.taken = append(a.nodes, *n), append(a.taken, number)
		a.nodes[len(a.nodes)-1].Inputs = a.keepLocked(n.Inputs)
		return
	}
	if a.taken[at] > number {
		return
	}
	inputs := a.nodes[at].Inputs
	if !slices.Equal(inputs, n.Inputs) {
		inputs = a.keepLocked(n.Inputs)
	}
	a.nodes[at], a.taken[at] = *n, number
	a.nodes[at].Inputs = inputs
}

// keepLocked copies inputs. Those of a picture lie in one array, which one node of it that no later picture has would
// keep in memory as a whole. It needs mu.
func (a *album) keepLocked(inputs []graph.ID) []graph.ID {
	if len(inputs) == 0 {
		return nil
	}
	const room = 1 << 10
	if len(a.inputs)+len(inputs) > cap(a.inputs) {
		a.inputs = make([]graph.ID, 0, max(room, len(inputs)))
	}
	from := len(a.inputs)
	a.inputs = append(a.inputs, inputs...)
	return a.inputs[from:len(a.inputs):len(a.inputs)]
}

// newLocked is how many of nodes are not there yet. It needs mu.
func (a *album) newLocked(nodes []graph.Node) (more int) {
	for i := range nodes {
		if _, ok := a.at[nodes[i].ID]; !ok {
			more++
		}
	}
	return more
}

func (a *album) snapshot() graph.Snapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	order := a.orderLocked()
	s := graph.Snapshot{Nodes: make([]graph.Node, len(order))}
	if a.cut > 0 {
		s.Title = titleCut(a.cut)
	}
	edges := 0
	for i := range a.nodes {
		edges += len(a.nodes[i].Inputs)
	}
	ids := make([]graph.ID, 0, edges)
	for i, at := range order {
		n := a.nodes[at]
		if from := len(ids); len(n.Inputs) > 0 {
			ids = append(ids, n.Inputs...)
			n.Inputs = ids[from:len(ids):len(ids)]
		}
		if why, ok := a.reasons[n.ID]; ok {
			n.Reason = why
		}
		s.Nodes[i] = n
	}
	return s
}

// orderLocked returns the places of all nodes, inputs before users. They stand so, but for what a Bind came to later.
// It needs mu.
func (a *album) orderLocked() []int {
	order := make([]int, 0, len(a.nodes))
	const entered, left = 1, 2
	marks := make([]uint8, len(a.nodes))
	next := make([]int, len(a.nodes)) // input to look at
	var stack []int
	for at := range a.nodes {
		if marks[at] == 0 {
			marks[at], stack = entered, append(stack, at)
		}
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			if ins := a.nodes[top].Inputs; next[top] < len(ins) {
				next[top]++
				if in, ok := a.at[ins[next[top]-1]]; ok && marks[in] == 0 {
					marks[in], stack = entered, append(stack, in)
				}
				continue
			}
			marks[top], stack = left, stack[:len(stack)-1]
			order = append(order, top)
		}
	}
	return order
}
