package lazy

import (
	"fmt"
	"sync"
)

// goOn continues a Bind whose function has returned a handle. It reports whether the call ends later: when a run of its
// own has computed what the handle stands for.
//
// The rest is a run of its own rather than a Get inside the function, so that no worker and no stack waits: a Bind that
// ends in a Bind that ends in a Bind may go on a million times.
func (r *run) goOn(x *execution) (later bool, err error) {
	n := x.node
	inner := n.more.Load().inner
	switch {
	case inner == nil:
		return false, fmt.Errorf("the function returned a %w", ErrZeroData)
	case inner == n:
		return false, &CycleError{Calls: []string{n.label()}}
	}
	n.note(func(e *extra) { e.find(inner) })
	if inner.ready() {
		n.fn.typ.copy(n, inner)
		return false, nil
	}
	o := r.options
	child := newRun(r.base, r.op, []*node{inner}, o, &callContext{Context: x.c, run: r, node: n})
	if child.n == 0 { // another run was faster
		n.fn.typ.copy(n, inner)
		return false, nil
	}
	x.releaseLimits() // its function has returned
	child.adopt(r)
	child.then = func() { r.wentOn(x, child, inner) }
	r.mu.Lock()
	if r.children == nil {
		r.children = make(map[*run]struct{})
	}
	r.children[child] = struct{}{}
	ended := r.ended.Load()
	r.mu.Unlock()
	if !x.async {
		x.async = true
		r.host.Later()
	}
	child.start()
	if ended {
		child.halt(ErrNoWaiters)
	}
	return true, nil
}

// adopt makes r part of parent in the eyes of observers.
func (r *run) adopt(parent *run) {
	r.root, r.id, r.hooks, r.ex, r.crew = parent.root, parent.id, parent.hooks, parent.ex, parent.crew
	r.hooks.grew(r.n)
}

// wentOn ends a Bind whose rest is over.
func (r *run) wentOn(x *execution, child *run, inner *node) {
	r.mu.Lock()
	delete(r.children, child)
	r.mu.Unlock()
	if inner.ready() {
		x.node.fn.typ.copy(x.node, inner)
		child.plan.free()
		r.finish(x, nil)
		return
	}
	g := child.failureAt(int32(child.n - 1)) // the target is planned last
	f := r.failureOf(x, g.err)
	if f.at >= 0 {
		f.call, f.where, f.way = g.call, g.where, &way{before: g.way, label: x.node.label()}
	}
	r.finish(x, f)
}

// inTurn calls functions one after another, on whichever goroutine is at it, so that a function that leads to the next
// does not call it: the end of a Bind is the end of the Bind that went on to it, and so on, perhaps a million times.
type inTurn struct {
	mu   sync.Mutex
	todo []func() // guarded by mu
	busy bool     // guarded by mu
}

func (t *inTurn) do(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.todo = append(t.todo, f)
	if t.busy {
		return
	}
	t.busy = true
	for len(t.todo) > 0 {
		next := t.todo[0]
		t.todo = t.todo[1:]
		t.mu.Unlock()
		next()
		t.mu.Lock()
	}
	t.busy = false
}
