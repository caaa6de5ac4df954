package lazy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
)

// label names a node: "Square#12".
func (n *node) label() string { return fmt.Sprintf("%s#%d", n.displayName(), n.id()) }

// displayName is the function's name, or the source's.
func (n *node) displayName() string {
	if name := n.name(); name != "" {
		return oneLine(name, previewMax)
	}
	return "const"
}

// name is displayName, and "" for an unnamed constant.
func (n *node) name() string {
	if n.fn == sourceFunction {
		return n.source().name
	}
	return n.fn.name
}

// preview describes n's value; "" if it has none.
func (n *node) preview() string {
	lookers.Add(1)
	defer lookers.Add(-1)
	if !isOpen(n.word.Load()) {
		return ""
	}
	return preview(n.valueType().any(n.version().p))
}

// valueType is the type of n's value.
func (n *node) valueType() valueType {
	if n.fn == sourceFunction {
		return n.source().typ
	}
	return n.fn.typ
}

// describe is what handles print.
func (n *node) describe() string {
	if n.isDonated() {
		return n.label() + " " + n.wasDonated()
	}
	if n.ready() {
		return n.label() + " = " + n.preview()
	}
	switch n.state() {
	case stateFailed:
		if err := n.noted().err; err != nil {
			return n.label() + " failed: " + oneLine(textOf(err), 4*previewMax)
		}
	}
	return n.label() + " " + n.graphState().String()
}

// picture is n as a node of a snapshot, but for its inputs.
func (n *node) picture() graph.Node {
	state := n.graphState()
	p := graph.Node{ID: n.id(), Name: n.name(), State: state, Where: n.fn.where, Value: n.preview()}
	if n.more.Load() == nil {
		return p
	}
	x := n.noted()
	if x.start != 0 {
		p.Start, p.Duration = epoch.Add(time.Duration(x.start)), time.Duration(x.duration)
	}
	if state == graph.Failed && x.err != nil {
		p.Err = oneLine(textOf(x.err), 4*previewMax)
	}
	return p
}

// all are the nodes that n may depend on: inputs, what must end before, what was found while it ran, and what it may
// yet choose.
func (n *node) all() []*node {
	if n.more.Load() == nil {
		return n.inputs()
	}
	x := n.noted()
	all := slices.Concat(n.inputs(), x.order)
	all = appendNew(all, x.found...)
	for _, m := range x.maybe {
		if m != nil && len(x.found) == 0 {
			all = appendNew(all, m)
		}
	}
	return all
}

// Snapshot returns all that the targets depend on, as it is now: states, times, previews of values. It runs nothing and
// may be called while calls are running; each node is then seen at some moment during the call.
func Snapshot(targets ...Target) graph.Snapshot {
	return snapshotOf(nodesOf("Snapshot", targets))
}

// Dump returns every recorded call that is still in memory, with what it depends on. A call whose handles were dropped
// is in it until the garbage collector has been round, and as long as a neighbour that it was allocated with is alive.
func Dump() graph.Snapshot {
	var nodes []*node
	recorded(func(n *node) { nodes = append(nodes, n) })
	slices.SortFunc(nodes, func(a, b *node) int { return int(int64(a.id()) - int64(b.id())) })
	return snapshotOf(nodes)
}

// snapshotOf walks from the targets, depth first, and pictures nodes as it leaves them.
func snapshotOf(targets []*node) graph.Snapshot {
	const onTheWay, left = 1, 2
	type frame struct {
		n    *node
		all  []*node
		next int
	}
	var s graph.Snapshot
	settleAll(targets...)
	seen := make(map[*node]uint8)
	for _, t := range targets {
		if seen[t] != 0 {
			continue
		}
		seen[t] = onTheWay
		stack := []frame{{n: t, all: t.all()}}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next < len(top.all) {
				i := top.all[top.next]
				top.next++
				if seen[i] == 0 {
					seen[i] = onTheWay
					stack = append(stack, frame{n: i, all: i.all()})
				}
				continue
			}
			p := top.n.picture()
			for _, i := range top.all {
				if seen[i] == left { // else it leads back here: a Bind that failed with a cycle
					p.Inputs = append(p.Inputs, i.id())
				}
			}
			s.Nodes = append(s.Nodes, p)
			seen[top.n] = left
			stack = stack[:len(stack)-1]
		}
	}
	return s
}

// Plan returns exactly the calls that a Get of the targets would run now, in an order in which one worker would run
// them, each with the reason. Nothing runs. What a Bind will go on to is not known before it has run.
func Plan(targets ...Target) graph.Snapshot {
	p := newPlan(nodesOf("Plan", targets), false, nil, nil)
	defer p.free()
	var s graph.Snapshot
	for i, n := range p.order {
		node := n.picture()
		node.Reason = n.reason()
		for _, in := range p.shape.Inputs(i) {
			node.Inputs = append(node.Inputs, p.order[in].id())
		}
		s.Nodes = append(s.Nodes, node)
	}
	return s
}

// reason says why a Get would run the call, or would not.
func (n *node) reason() string {
	w := n.word.Load()
	if w&flagDonated != 0 && n.fn != sourceFunction {
		return n.donatedReason(w)
	}
	if w&flagStale != 0 {
		switch s := w & stateMask; {
		case w&flagForced != 0:
			return "was invalidated"
		case s == stateDone || s == stateCached:
			return "something before it has changed: it runs if an input comes out different"
		}
	}
	switch n.state() {
	case stateSource:
		return "is a given value"
	case stateDone:
		return "has its value"
	case stateCached:
		return "has its value, from the cache"
	case stateRunning:
		return "is running: its end is waited for"
	case stateFailed:
		if err := n.noted().err; err != nil {
			return "failed last time, and is tried again: " + oneLine(textOf(err), 2*previewMax)
		}
		return "failed last time, and is tried again"
	case stateSkipped:
		return "was skipped last time, for a failure before it"
	default:
		return "has no value yet"
	}
}

// Explanation says of a target, and of everything it may depend on, whether a Get would run it.
type Explanation struct {
	Target string // "Report#7"
	Calls  []CallExplanation
}

// CallExplanation says whether a Get would run one call, and why or why not.
type CallExplanation struct {
	Node graph.Node // Node.Reason is Reason
	Runs bool
	// Reason continues the sentence that the call's name begins: "has no value yet".
	Reason string
}

// Explain says what a Get of t would run and why. Inputs stand before their users. It runs nothing.
func Explain(t Target) Explanation {
	n := nodesOf("Explain", []Target{t})[0]
	e := Explanation{Target: n.label()}
	runs := make(map[graph.ID]bool)
	for _, p := range Plan(t).Nodes {
		runs[p.ID] = true
	}
	reasons := make(map[graph.ID]string)
	for _, m := range reachable(n) {
		why := m.reason()
		if !runs[m.id()] && !m.ready() && !m.isDonated() {
			why = "is not needed, or not yet known to be"
		}
		reasons[m.id()] = why
	}
	for _, p := range snapshotOf([]*node{n}).Nodes {
		p.Reason = reasons[p.ID]
		e.Calls = append(e.Calls, CallExplanation{Node: p, Runs: runs[p.ID], Reason: p.Reason})
	}
	return e
}

// reachable lists n and all that it may depend on.
func reachable(n *node) []*node {
	all := []*node{n}
	seen := map[*node]bool{n: true}
	for k := 0; k < len(all); k++ {
		for _, m := range all[k].all() {
			if !seen[m] {
				seen[m] = true
				all = append(all, m)
			}
		}
	}
	return all
}

// String is a line per call, those that would run marked with an arrow.
func (e Explanation) String() string {
	var b strings.Builder
	runs := 0
	for _, c := range e.Calls {
		if c.Runs {
			runs++
		}
	}
	fmt.Fprintf(&b, "%s: Get would run %d of %d\n", e.Target, runs, len(e.Calls))
	for _, c := range e.Calls {
		mark, name := "  ", oneLine(c.Node.Name, previewMax)
		if c.Runs {
			mark = "→ "
		}
		if name == "" {
			name = "const"
		}
		fmt.Fprintf(&b, "%s%s#%d %s\n", mark, name, c.Node.ID, c.Reason)
	}
	return b.String()
}
