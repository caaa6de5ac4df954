package lazy

// This file is how a tracked call ends, and what others learn of it. See view.go.

// valued takes in the value that the function of a tracked call has returned.
func (r *run) valued(x *execution) error {
	n, out := x.node, x.frame.out
	if !x.tracked {
		n.fn.typ.copy(n, out.value())
		return nil
	}
	if !r.planTracked(x.at) { // the run sees first values alone, and where they are is in the nodes
		n.fn.typ.copy(n, out.value())
		x.frame.out, x.first = nil, true
		r.resultsNow()[x.at].note(version{p: n.inline()}, r.view, 0, x.private || x.tainted)
		return nil
	}
	if !x.private && x.was&(flagCell|flagInline) != 0 {
		same, err := n.sameValue(out)
		if err != nil {
			return err
		}
		if same {
			x.frame.out = nil
			r.resultsNow()[x.at].note(n.version(), r.view, r.lastMark(x.at, false), x.tainted)
			return nil
		}
	}
	out.changed = r.view
	if x.same {
		planMu.Lock()
		if released := n.more.Load().released; released > 0 {
			out.changed = released - 1 // the value that was let go of, once more
		}
		planMu.Unlock()
	}
	r.resultsNow()[x.at].note(out.version(), r.view, r.lastMark(x.at, false), x.private || x.tainted)
	return nil
}

// taint notes that the call has used a value that is not the present one, without having been marked for it: what it comes
// to is not the present value either. It is to run again even if no input has changed since: what it has used may never
// have been the present value of anything.
func (x *execution) taint() {
	x.tainted = true
	if x.private { // it does not become the present value anyway
		return
	}
	planMu.Lock()
	defer planMu.Unlock()
	if x.node.word.Load()&flagTracked == 0 { // what it has used is tracked since it was found
		x.node.extra().verified = x.run.view
		track(x.node)
	}
	remark(x.node)
	x.node.word.Or(flagForced)
}

// sameValue reports whether a new value is equal to n's.
func (n *node) sameValue(out *cellHead) (same bool, err error) {
	equal := n.fn.equality()
	if equal == nil {
		return false, nil
	}
	returned := false
	defer func() {
		if !returned {
			err = newPanicError("Equal of "+n.fn.name, recover())
		}
	}()
	same = equal(n.version().p, out.value())
	returned = true
	return same, nil
}

// end ends a call, whether it is tracked or not.
func (x *execution) end(state uint32, f *failure) {
	if !x.tracked && f != nil && state == stateFailed && f.isPermanent() {
		x.trackFailure()
	}
	if x.tracked {
		x.publish(state, f)
		return
	}
	x.node.end(x.ended(state), f)
}

// ended is the state of a call that has ended: a result that was kept is told from one that was computed.
func (x *execution) ended(state uint32) uint32 {
	if x.cached && state == stateDone {
		return stateCached
	}
	return state
}

// trackFailure has a failure stand until an input changes: the call is to hear of that.
func (x *execution) trackFailure() {
	planMu.Lock()
	defer planMu.Unlock()
	changes.state.Or(everChanged)
	track(x.node)
	x.tracked, x.was = true, statePending
}

// publish ends a tracked call and tells those who watch it.
func (x *execution) publish(state uint32, f *failure) {
	n := x.node
	e := n.more.Load()
	if !x.private {
		x.keepOutcome(e, state, f)
		x.keepMarks()
	}
	next := func(w uint32) uint32 { return x.next(w, state, f) }
	if told, ok := n.change(false, next); ok {
		if x.private {
			f = &failure{at: -1}
		}
		tell(told, n, f)
		return
	}
	planMu.Lock()
	told, _ := n.change(true, func(w uint32) uint32 { return e.adopt(next(w)) })
	e.given = nil
	planMu.Unlock()
	tell(told, n, &failure{at: -1})
}

// keepMarks keeps runs with an older view from taking what the call has come to, if something that it depends on was
// changed after that view and the call was not marked for it: because it was marked already, or not known to depend on
// that yet.
func (x *execution) keepMarks() {
	last := x.run.lastMark(x.at, false)
	if last == 0 || x.run.planTracked(x.at) && last == x.run.plan.marked[x.at] {
		return
	}
	planMu.Lock()
	defer planMu.Unlock()
	e := x.node.more.Load()
	e.marked = max(e.marked, last)
}

// keepOutcome notes what the call has come to, before its state says so.
func (x *execution) keepOutcome(e *extra, state uint32, f *failure) {
	switch {
	case state == stateDone:
		if x.frame.out != nil {
			e.cell.Store(x.frame.out)
			e.held = nil
		}
		e.verified = x.run.view
		e.ran.Store(x.run.resultsNow()[x.at].ran)
	case state == stateFailed && f.isPermanent():
		e.failed = x.run.view
	}
}

// next is the word of a claimed call that has ended.
func (x *execution) next(w uint32, state uint32, f *failure) uint32 {
	marked := w&flagMarked != 0
	if x.first && state == stateDone {
		w |= flagInline
	}
	switch {
	case x.private && x.first && w&flagCell == 0:
		return w&^flagPrivate | flagForced // what it has found for its value is not noted
	case x.private:
		return w &^ flagPrivate
	case state == stateDone:
		if x.frame.out != nil {
			w |= flagCell
		}
		w &^= stateMask | flagPermanent
		if !marked {
			w &^= flagStale
		}
		return w | x.ended(stateDone)
	case state == stateFailed:
		w = w&^(stateMask|flagPermanent) | stateFailed
		if f.isPermanent() {
			w |= flagPermanent
			if !marked {
				w &^= flagStale
			}
			return w
		}
		return w | x.was&flagForced
	default:
		return w&flagMask | x.was&(stateMask|flagForced|flagPermanent)
	}
}

// adopt makes what was given while the call was running its value. Needs planMu.
func (e *extra) adopt(w uint32) uint32 {
	if e.given == nil {
		return w
	}
	e.cell.Store(e.given)
	e.held, e.verified = e.given, e.given.changed
	w = w&^(stateMask|flagStale|flagForced|flagPermanent) | stateDone | flagCell
	if e.marked > e.given.changed {
		return w | flagStale
	}
	return w &^ flagMarked
}

// change takes a claimed node to the word that next tells, and returns those who watch it. Unless it is to be changed
// anyhow, it stays as it is if it is marked.
func (n *node) change(anyhow bool, next func(uint32) uint32) (told []watcher, ok bool) {
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	for {
		w := n.word.Load()
		if w&flagMarked != 0 && !anyhow {
			return nil, false
		}
		if n.word.CompareAndSwap(w, next(w)&^flagWatched) {
			break
		}
	}
	x := n.more.Load()
	told, x.watchers = x.watchers, nil
	return told, true
}
