package lazy

import (
	"fmt"
	"slices"
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
		p.Start, p.Duration = timeOf(x.start), time.Duration(x.duration)
	}
	if state == graph.Failed && x.err != nil {
		p.Err = oneLine(textOf(x.err), 4*previewMax)
	}
	return p
}

// outline is picture without what takes time to find out.
func (n *node) outline() graph.Node {
	return graph.Node{ID: n.id(), Name: n.name(), State: n.graphState(), Where: n.fn.where}
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
// may be called while calls are running; each node is then seen at some moment during the call. It panics if a handle is
// zero.
func Snapshot(targets ...Target) graph.Snapshot {
	return snapshotOf(nodesOf("Snapshot", targets))
}

// Dump returns every recorded call that is still in memory, with what it depends on. A call whose handles were dropped
// is in it until the garbage collector has been round, and as long as a neighbour that it was allocated with is alive.
// Calls recorded under [SetMaxTrace] are in it only if others depend on them.
func Dump() graph.Snapshot {
	var nodes []*node
	recorded(func(n *node) { nodes = append(nodes, n) })
	slices.SortFunc(nodes, func(a, b *node) int { return int(int64(a.id()) - int64(b.id())) })
	return snapshotOf(nodes)
}

func snapshotOf(targets []*node) graph.Snapshot {
	_, s := walkBack(targets, (*node).picture)
	return s
}

// walkBack walks from the targets, depth first, and pictures nodes in the order in which it leaves them. It returns
// those, too.
func walkBack(targets []*node, picture func(*node) graph.Node) (nodes []*node, s graph.Snapshot) {
	const pictured = 3
	settleAll(targets...)
	var seen idMarks
	nodes, edges := ancestors(targets, &seen)
	s.Nodes = make([]graph.Node, len(nodes))
	ids := make([]graph.ID, 0, edges)
	for k, n := range nodes {
		from := len(ids)
		for _, i := range n.all() { // more than before, perhaps, if n is running
			if *seen.of(i) == pictured { // else it leads back here: a Bind that failed with a cycle
				ids = append(ids, i.id())
			}
		}
		s.Nodes[k] = picture(n)
		if len(ids) > from {
			s.Nodes[k].Inputs = ids[from:len(ids):len(ids)]
		}
		*seen.of(n) = pictured
	}
	return nodes, s
}

// ancestors returns the targets and all they depend on, inputs before users, and how many inputs they have together.
func ancestors(targets []*node, seen *idMarks) (nodes []*node, edges int) {
	const entered = 1
	type frame struct {
		n    *node
		all  []*node
		next int
	}
	var stack []frame
	enter := func(n *node) {
		if mark := seen.of(n); *mark == 0 {
			*mark = entered
			stack = append(stack, frame{n: n, all: n.all()})
		}
	}
	for _, t := range targets {
		enter(t)
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next < len(top.all) {
				top.next++
				enter(top.all[top.next-1])
				continue
			}
			edges += len(top.all)
			nodes = append(nodes, top.n)
			stack = stack[:len(stack)-1]
		}
	}
	return nodes, edges
}
