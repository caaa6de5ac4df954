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
	inner := x.boundTo()
	switch {
	case inner == nil:
		return false, fmt.Errorf("the function returned a %w", ErrZeroData)
	case inner.isDonated():
		return false, inner.donatedError()
	case inner == n:
		return false, &CycleError{Calls: []string{n.label()}}
	}
	here := &callContext{Context: x.c, run: r, node: n, private: x.private}
	if x.c == nil {
		here.Context = r.base
	}
	child := newRun(r.base, r.op, []*node{inner}, r.options, here, r)
	here.foundAll(inner)
	if here.tainted.Load() {
		x.taint()
	}
	if child.n == 0 { // it has its value
		x.wentOnTo(child)
		return false, nil
	}
	if x.c != nil && x.c.takeBack() {
		x.limits = nil
	}
	x.releaseLimits() // its function has returned
	if !x.async {
		x.async = true
		r.host.Later()
	}
	r.startPart(child, func() { r.wentOn(x, child) })
	return true, nil
}

// boundTo returns what the function of a Bind has returned, now or, if it is not to be called again, the last time.
func (x *execution) boundTo() *node {
	e := x.node.extra()
	switch {
	case !x.framed || x.again:
	case x.private:
		return x.frame.inner
	default:
		e.inner = x.frame.inner
	}
	return e.inner
}

// startPart starts a run that is part of r. over is called when it is over.
func (r *run) startPart(child *run, over func()) {
	child.then = func() {
		r.mu.Lock()
		delete(r.children, child)
		r.mu.Unlock()
		over()
	}
	r.mu.Lock()
	if r.children == nil {
		r.children = make(map[*run]struct{})
	}
	r.children[child] = struct{}{}
	ended := r.ended.Load()
	r.mu.Unlock()
	child.start()
	if ended {
		child.halt(ErrNoWaiters)
	}
}

// wentOnTo takes the value of a Bind from what it went on to.
func (x *execution) wentOnTo(child *run) {
	v := child.valueOf(0)
	if child.isOutdated(0) {
		x.taint()
	}
	if x.framed {
		x.frame.out = x.node.fn.typ.box(v.p)
	} else {
		x.node.fn.typ.copy(x.node, v.p)
	}
	child.plan.free()
}

// adopt makes r part of parent: in the eyes of observers, and in its bounds.
func (r *run) adopt(parent *run) {
	r.root, r.id, r.hooks, r.ex, r.crew = parent.root, parent.id, parent.hooks, parent.ex, parent.crew
	r.hooks.grew(r.n + len(r.fetched))
	r.hooks.callsFetched(r.fetched)
}

// wentOn ends a Bind whose rest is over.
func (r *run) wentOn(x *execution, child *run) {
	if child.valueOf(0).p != nil {
		x.wentOnTo(child)
		var err error
		if x.framed {
			err = r.valued(x)
		}
		r.finish(x, r.failureOf(x, err))
		return
	}
	g := child.failureAt(int32(child.n - 1)) // the target is planned last
	if g.at >= 0 && x.mayStandIn(g.err) {
		r.wentOnOrElse(x, child)
		return
	}
	f := r.failureOf(x, g.err)
	if f.at >= 0 {
		f.call, f.where, f.way = g.call, g.where, &way{before: g.way, label: x.node.label()}
	}
	r.finish(x, f)
}

// wentOnOrElse ends a Bind whose rest has failed, where a value may stand in for it.
func (r *run) wentOnOrElse(x *execution, child *run) {
	e := child.errorOf(int32(child.n - 1))
	e.Path = append(e.Path, x.node.label())
	err := x.standIn(e)
	if err == nil && x.framed {
		err = r.valuedOrGone(x)
	}
	r.finish(x, r.failureOf(x, err))
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
	t.todo = append(t.todo, f)
	busy := t.busy
	t.busy = true
	t.mu.Unlock()
	if !busy {
		t.work()
	}
}

func (t *inTurn) work() {
	done := false
	defer func() {
		if !done { // an observer has ended the goroutine
			go t.work()
		}
	}()
	for f := t.next(); f != nil; f = t.next() {
		f()
	}
	done = true
}

func (t *inTurn) next() func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.todo) == 0 {
		t.busy = false
		return nil
	}
	f := t.todo[0]
	t.todo[0] = nil
	t.todo = t.todo[1:]
	return f
}
