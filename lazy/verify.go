package lazy

// This file is how a claimed call is found to need no run. See view.go.

// unchanged reports whether the call need not run as far as the inputs go that it was recorded with.
func (x *execution) unchanged() bool {
	if x.was&flagForced != 0 || x.was&(flagCell|flagInline|flagPermanent) == 0 {
		return false
	}
	return x.sameInputs()
}

// sameInputs reports whether no input that the call was recorded with has changed since the call was verified.
func (x *execution) sameInputs() bool {
	verified := x.verifiedAt()
	for k := range x.frame.in {
		if x.frame.in[k].changed > verified {
			return false
		}
	}
	return true
}

// verifiedAt is the revision in which what the call has come to, its value or a failure for good, was last known to be
// right.
func (x *execution) verifiedAt() uint64 {
	e := x.node.more.Load()
	if x.was&flagPermanent != 0 {
		return e.failed
	}
	return e.verified
}

// sameAsReleased reports whether a call that has no value any more depends on nothing that has changed since it had one.
func (r *run) sameAsReleased(x *execution) bool {
	if x.was&(flagForced|flagCell|flagPermanent) != 0 || !x.sameInputs() {
		return false
	}
	if x.was&flagFound == 0 {
		return true
	}
	verified := x.verifiedAt()
	for _, f := range x.node.noted().found {
		v, known := r.looksAt(x, f)
		if !f.isReleased(verified) && (!known || v.p == nil || v.changed > verified) {
			return false
		}
	}
	return true
}

// isReleased reports whether a call that has no value would come to the one again that it had in the given revision.
func (n *node) isReleased(verified uint64) bool {
	if !n.letsGo() {
		return false
	}
	planMu.Lock()
	defer planMu.Unlock()
	if w := n.word.Load(); w&(flagTracked|flagStale|flagCell) != flagTracked || isBusy(w) {
		return false
	}
	released := n.more.Load().released
	return released > 0 && released-1 <= verified
}

// settleFound looks at the inputs that an unchanged call has found while it ran last, one after another: one that was
// found because of what another one was is wanted only if that is still so.
func (r *run) settleFound(x *execution, mayWait bool) uint32 {
	n := x.node
	if x.was&flagFound == 0 {
		return r.verified(x)
	}
	e := n.more.Load()
	verified, inner := x.verifiedAt(), e.inner
	for _, f := range n.noted().found {
		if n.fn.binds && f == inner {
			continue
		}
		v, known := r.looksAt(x, f)
		switch {
		case known && v.p != nil && v.changed <= verified:
			continue
		case !known && f.isReleased(verified):
			continue
		case known || !mayWait || f.fn.opts.transient:
			return statePending
		}
		return r.verifyFound(x, f)
	}
	if n.fn.binds && inner != nil {
		v, known := r.looksAt(x, inner)
		if !known || v.changed > verified {
			x.again = true // not its function, but what that went on to
			return statePending
		}
	}
	return r.verified(x)
}

// verified ends a call that does not have to run.
func (r *run) verified(x *execution) uint32 {
	n := x.node
	if x.was&flagPermanent != 0 {
		f := r.failureOf(x, n.noted().err)
		r.record(x.at, f)
		x.publish(stateFailed, f)
	} else {
		x.seen = n.version()
		r.keep(x, false)
		x.publish(stateDone, nil)
	}
	r.used(x.at)
	return stateDone
}

// looksAt returns the version of f, which the call has found, in the run's view, if it is known: none if it has failed.
func (r *run) looksAt(x *execution, f *node) (version, bool) {
	r.mu.Lock()
	a, known := r.foundNow[foundInput{x.at, f}]
	r.mu.Unlock()
	if known {
		if a.marked > r.view {
			x.taint()
		}
		return a.version, true
	}
	planMu.Lock()
	defer planMu.Unlock()
	p := planner{view: r.view, outdated: changes.now.Load() > r.view}
	if !p.knows(f) {
		return version{}, false
	}
	return p.known(f), true
}

// verifyFound computes f, which x's call has found when it ran last, in a run of its own, and has the call tried again.
func (r *run) verifyFound(x *execution, f *node) uint32 {
	x.unclaim()
	r.host.Later()
	child := newRun(r.base, r.op, []*node{f}, r.options, &callContext{Context: r.base, run: r, node: x.node}, r)
	if child.n == 0 {
		r.noteFound(x.at, f, child)
		child.plan.free()
		r.host.Wake(x.at, false)
		return stateNone
	}
	r.startPart(child, func() {
		r.noteFound(x.at, f, child)
		r.host.Wake(x.at, r.halted.Load())
	})
	return stateNone
}

// foundInput is an input that a call has found when it ran last.
type foundInput struct {
	call  int32
	input *node
}

// noteFound notes what a found input has come to in this run; no version if it has failed: the call then is run to see
// whether it still wants it.
func (r *run) noteFound(i int32, f *node, child *run) {
	a := argument{version: child.valueOf(0)}
	if child.isOutdated(0) {
		a.marked = changes.now.Load()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.foundNow == nil {
		r.foundNow = make(map[foundInput]argument)
	}
	r.foundNow[foundInput{i, f}] = a
}
