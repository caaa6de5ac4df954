package record

import (
	"sync"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

const (
	graphMax   = 1 << 18 // nodes
	waitingMax = 256
	// gapMin is how many times longer than it takes to picture what has run must pass until that is done again unasked.
	gapMin = 20
)

// graphs are pictures of what has run, put together by ID.
type graphs struct {
	values bool

	mu      sync.Mutex
	nodes   []graph.Node        // Guarded by mu.
	at      map[graph.ID]int    // Guarded by mu. Places in nodes.
	reasons map[graph.ID]string // Guarded by mu.
	waiting []lazy.RunInfo      // Guarded by mu. Runs that are over and not in the picture yet.
	ready   time.Time           // Guarded by mu. When runs may be pictured again.
}

// explain notes why the calls of a plan run.
func (k *graphs) explain(plan graph.Snapshot) {
	if len(plan.Nodes) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reasons == nil || len(k.reasons)+len(plan.Nodes) > graphMax {
		k.reasons = make(map[graph.ID]string, len(plan.Nodes))
	}
	for i := range plan.Nodes {
		k.reasons[plan.Nodes[i].ID] = plan.Nodes[i].Reason
	}
}

// over is told of a run's end, and whether no other run goes on. It reports whether to picture what waits.
func (k *graphs) over(i lazy.RunInfo, alone bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.waiting) == waitingMax {
		k.waiting = append(k.waiting[:0], k.waiting[1:]...)
	}
	k.waiting = append(k.waiting, i)
	return alone && !time.Now().Before(k.ready)
}

// take pictures the runs that wait for it, and those that go on. It holds no lock while values' String methods run.
func (k *graphs) take(going ...lazy.RunInfo) {
	k.mu.Lock()
	runs := append(k.waiting, going...)
	k.waiting = nil
	k.mu.Unlock()
	began := time.Now()
	for _, i := range runs {
		s := i.Shape
		if k.values {
			s = i.Snapshot
		}
		k.merge(s())
	}
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ready = now.Add(gapMin * now.Sub(began))
}

// merge adds a picture to what there is: what is known later holds. If that is too much, all older ones go.
func (k *graphs) merge(s graph.Snapshot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at == nil || len(k.nodes) > 0 && len(k.nodes)+len(s.Nodes) > graphMax && k.newLocked(s) > graphMax-len(k.nodes) {
		k.nodes, k.at = nil, make(map[graph.ID]int, len(s.Nodes))
	}
	for _, n := range s.Nodes {
		if at, ok := k.at[n.ID]; ok {
			k.nodes[at] = n
			continue
		}
		k.at[n.ID] = len(k.nodes)
		k.nodes = append(k.nodes, n)
	}
}

// newLocked is how many nodes of s are not there yet. It needs mu.
func (k *graphs) newLocked(s graph.Snapshot) (more int) {
	for i := range s.Nodes {
		if _, ok := k.at[s.Nodes[i].ID]; !ok {
			more++
		}
	}
	return more
}

// Graph returns what ran, and what it depends on, as pictures taken when runs ended, or are taken now of those that go
// on: each node as it was pictured the last time. Without [Graphs] it is what goes on alone. It takes some 300 ns per
// call that is pictured anew or copied.
//
// Runs that are over are kept in memory, with all their values, until they are pictured: 256 of them at most.
func (r *Recorder) Graph() graph.Snapshot {
	k := r.kept
	if k == nil {
		k = new(graphs)
	}
	r.mu.Lock()
	going := make([]lazy.RunInfo, 0, len(r.active))
	for _, i := range r.active {
		going = append(going, i)
	}
	r.mu.Unlock()
	k.take(going...)
	return k.snapshot()
}

func (k *graphs) snapshot() graph.Snapshot {
	k.mu.Lock()
	defer k.mu.Unlock()
	order := k.orderLocked()
	s := graph.Snapshot{Nodes: make([]graph.Node, len(order))}
	for i, at := range order {
		s.Nodes[i] = k.nodes[at]
		if why, ok := k.reasons[s.Nodes[i].ID]; ok {
			s.Nodes[i].Reason = why
		}
	}
	return s
}

// orderLocked returns the places of all nodes, inputs before users. They stand so, but for what a Bind came to later. It
// needs mu.
func (k *graphs) orderLocked() []int {
	order := make([]int, 0, len(k.nodes))
	const entered, left = 1, 2
	marks := make([]uint8, len(k.nodes))
	next := make([]int, len(k.nodes)) // input to look at
	var stack []int
	for at := range k.nodes {
		if marks[at] == 0 {
			marks[at], stack = entered, append(stack, at)
		}
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			if ins := k.nodes[top].Inputs; next[top] < len(ins) {
				next[top]++
				if in, ok := k.at[ins[next[top]-1]]; ok && marks[in] == 0 {
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
