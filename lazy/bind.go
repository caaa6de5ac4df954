package lazy

import "fmt"

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
	n.note(func(e *extra) { e.found = appendNew(e.found, inner) })
	if inner.ready() {
		n.fn.typ.copy(n, inner)
		return false, nil
	}
	o := r.options
	child := newRun(x.c, r.op, []*node{inner}, o, &callContext{Context: x.c, run: r, node: n})
	if child.n == 0 { // another run was faster
		n.fn.typ.copy(n, inner)
		return false, nil
	}
	child.adopt(r)
	child.then = func() { r.wentOn(x, child, inner) }
	r.mu.Lock()
	r.children = append(r.children, child)
	halted := r.halted.Load()
	r.mu.Unlock()
	if !x.async {
		x.async = true
		r.host.Later()
	}
	child.start()
	if halted {
		child.halt(ErrNoWaiters)
	}
	return true, nil
}

// adopt makes r part of parent in the eyes of observers.
func (r *run) adopt(parent *run) {
	r.id, r.hooks, r.ex = parent.id, parent.hooks, parent.ex
	r.hooks.grew(r.n)
}

// wentOn ends a Bind whose rest is over.
func (r *run) wentOn(x *execution, child *run, inner *node) {
	r.mu.Lock()
	for k, c := range r.children {
		if c == child {
			r.children = append(r.children[:k], r.children[k+1:]...)
			break
		}
	}
	r.mu.Unlock()
	if inner.ready() {
		x.node.fn.typ.copy(x.node, inner)
		child.plan.free()
		r.finish(x, nil)
		return
	}
	pos := int32(child.n - 1) // the target is planned last
	e := child.errorOf(pos)
	f := r.failureOf(x, e.Err)
	if f.at >= 0 {
		f.call, f.where, f.path = e.Call, e.Where, append(e.Path, x.node.label())
	}
	r.finish(x, f)
}

// watchOther has the run told about the end of n, which another run is running. It reports false if there is nothing
// to wait for: n has ended, or waiting would be for ever.
func (r *run) watchOther(pos int32, n *node) bool {
	r.mu.Lock()
	if r.watching == nil {
		r.watching = make(map[int32]*node)
	}
	r.watching[pos] = n
	r.mu.Unlock()
	if r.outer == nil { // no call waits for this run: it cannot be part of a cycle
		return r.watchNow(pos, n)
	}
	waits.Lock()
	defer waits.Unlock()
	if cycle := r.cycleThrough(n); cycle != nil {
		r.unawait(pos)
		r.record(pos, &failure{at: pos, call: n.label(), where: n.fn.where, path: []string{n.label()}, err: cycle})
		return false
	}
	return r.watchNow(pos, n)
}

func (r *run) watchNow(pos int32, n *node) bool {
	if !n.watch(r, pos) {
		r.unawait(pos)
		return false
	}
	if r.halted.Load() && n.unwatch(r, pos) {
		r.unawait(pos)
		return false
	}
	return true
}

// unawait forgets that call pos was to be waited for.
func (r *run) unawait(pos int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.watching, pos)
	delete(r.awaited, pos)
}
