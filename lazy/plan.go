package lazy

import (
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/graph"
)

// planner walks from targets to what must run, depth first and without recursion, and numbers the calls as it leaves
// them: inputs before users, and close to them, so that a run finishes what it has begun before it begins something
// else.
//
// Visited nodes are marked in the nodes themselves, which needs the one lock for planning, planMu; marks do not outlive
// the plan. Whoever finds the lock taken keeps marks in a map of its own instead of waiting, at ten times the cost per
// node: a small Get does not wait for the planning of a large one.
type planner struct {
	order []*node
	shape graph.Plan

	stack   []frame
	epoch   uint64
	private map[*node]int32 // nil: marks are in the nodes

	running  []int32 // calls that were running when they were planned
	detached bool    // some call needs no worker
	ranked   bool
	ranks    []int32 // made when first asked for
}

// frame is a node on the way from a target: its first next inputs have been looked at.
type frame struct {
	n    *node
	next int
}

var (
	planMu    sync.Mutex
	lastEpoch uint64 // guarded by planMu
	planners  = sync.Pool{New: func() any { return new(planner) }}
)

// planKept is the largest plan whose arrays are kept for the next one.
const planKept = 1 << 22

// plansPrivate makes all plans use private marks. For tests.
var plansPrivate atomic.Bool

// newPlan plans what must run for the targets.
func newPlan(targets []*node) *planner {
	p := planners.Get().(*planner)
	if !plansPrivate.Load() && planMu.TryLock() {
		defer planMu.Unlock()
		lastEpoch++
		p.epoch = lastEpoch
	} else {
		p.private = make(map[*node]int32)
	}
	for _, t := range targets {
		p.visit(t)
	}
	return p
}

// free gives the planner back. Nothing of it may be used afterwards.
func (p *planner) free() {
	if cap(p.order) > planKept {
		return
	}
	clear(p.order) // the rest of the arrays is clear already
	*p = planner{order: p.order[:0], shape: p.shape.Reset(), stack: p.stack[:0]}
	planners.Put(p)
}

// visit adds t and what it needs.
func (p *planner) visit(t *node) {
	if t.ready() || p.visited(t) {
		return
	}
	p.stack = append(p.stack, frame{n: t})
	for len(p.stack) > 0 {
		top := &p.stack[len(p.stack)-1]
		in := top.n.inputs()
		if top.next < len(in) {
			i := in[top.next]
			top.next++
			if !i.ready() && !p.visited(i) {
				p.stack = append(p.stack, frame{n: i})
			}
			continue
		}
		if next := p.nextOrder(top, len(in)); next != nil {
			p.stack = append(p.stack, frame{n: next})
			continue
		}
		n := top.n
		p.stack[len(p.stack)-1] = frame{}
		p.stack = p.stack[:len(p.stack)-1]
		p.leave(n, in)
	}
}

// nextOrder returns the next node that must only have ended before top's, and has to be visited.
func (p *planner) nextOrder(top *frame, inputs int) *node {
	if top.n.word.Load()&flagOwn == 0 {
		return nil
	}
	order := top.n.more.Load().order
	for top.next-inputs < len(order) {
		i := order[top.next-inputs]
		top.next++
		if !i.ready() && !p.visited(i) {
			return i
		}
	}
	return nil
}

// leave numbers n, whose inputs all have numbers.
func (p *planner) leave(n *node, inputs []*node) {
	pos := int32(len(p.order))
	p.order = append(p.order, n)
	for _, i := range inputs {
		if at, planned := p.place(i); planned {
			p.shape.In = append(p.shape.In, at)
		}
	}
	if n.word.Load()&flagOwn != 0 {
		for _, i := range n.more.Load().order {
			if at, planned := p.place(i); planned {
				p.shape.In = append(p.shape.In, at)
			}
		}
	}
	p.shape.Off = append(p.shape.Off, int32(len(p.shape.In)))
	if p.private != nil {
		p.private[n] = pos
	} else {
		n.mark, n.pos = p.epoch, pos
	}
	p.ranked = p.ranked || n.fn.opts.priority != 0
	p.detached = p.detached || n.detached()
	if n.state() == stateRunning {
		p.running = append(p.running, pos)
	}
}

func (p *planner) visited(n *node) bool {
	_, ok := p.place(n)
	return ok
}

// place returns n's number, if it has one.
func (p *planner) place(n *node) (int32, bool) {
	if p.private == nil {
		return n.pos, n.mark == p.epoch
	}
	pos, ok := p.private[n]
	return pos, ok
}
