package lazy

// This file is how a run claims a tracked call, and whether the call then has to run. See view.go.

// take claims a call. pending means that the claim succeeded and the function is to be run, running that another run is
// at it, done that there is nothing to do (any more); none, that inputs that the call has found have to be looked at
// first: the call is woken afterwards. mayWait says whether it can be.
func (r *run) take(x *execution, mayWait bool) uint32 {
	s := r.begin(x.node, x.at)
	if s == statePending && r.late.Load() {
		x.framed = true
		x.frame.in = r.arguments(x.at, x.node)
	}
	if s != stateNone {
		return s
	}
	if r.noted(x) {
		return stateDone
	}
	for outdated := r.outdated(x.at); s == stateNone; {
		s = r.claim(x, outdated)
	}
	if x.stands != nil { // not under planMu: it may be the end of the run, which needs that
		r.record(x.at, x.stands)
	}
	if s == stateDone {
		r.used(x.at)
	}
	if s != statePending {
		return s
	}
	if r.noted(x) || r.sick.Load() && r.failed(x.at) { // just now, by a worker of this run
		x.unclaim()
		return stateDone
	}
	x.frame.in = r.arguments(x.at, x.node)
	if x.private || !x.unchanged() {
		x.same = x.node.letsGo() && !x.private && r.sameAsReleased(x)
		return statePending
	}
	return r.settleFound(x, mayWait)
}

// noted reports whether the call's result is there already.
func (r *run) noted(x *execution) bool {
	s := &r.resultsNow()[x.at]
	if s.there() {
		return true
	}
	w := x.node.word.Load()
	if w&flagInline == 0 || r.planTracked(x.at) && !(isRightAtFirst(w) && r.seesFirst(x.node)) {
		return false
	}
	planMu.Lock() // tracked since: the first value is what the run sees
	marked := x.node.more.Load().marked
	planMu.Unlock()
	s.note(version{p: x.node.inline()}, 0, marked, marked > r.view)
	return true
}

// seesFirst reports whether the first value of n, which has one, is what the run sees though n has been changed since:
// nothing had been then.
func (r *run) seesFirst(n *node) bool {
	if r.view > 0 || !r.plan.outdated || r.options.refresh {
		return false
	}
	planMu.Lock()
	defer planMu.Unlock()
	return n.more.Load().marked > 0
}

// claim tries to claim a tracked call. It returns none if it is to be tried again.
func (r *run) claim(x *execution, outdated bool) uint32 {
	n := x.node
	if outdated || changes.now.Load() != r.view {
		planMu.Lock()
		defer planMu.Unlock()
		if outdated || n.more.Load().marked > r.view {
			return x.claimPrivately()
		}
		s := r.claimPresent(x)
		if s == stateDone {
			r.keep(x, true)
		}
		return s
	}
	s := r.claimPresent(x)
	if s != stateDone && s != statePending {
		return s
	}
	locked := changes.now.Load() != r.view
	if locked {
		planMu.Lock()
		defer planMu.Unlock()
		if n.more.Load().marked > r.view { // it was marked at this moment
			return x.turnPrivate(s)
		}
	}
	if s == stateDone {
		r.keep(x, locked)
	}
	return s
}

// turnPrivate makes a claim of the present value a private one. Needs planMu.
func (x *execution) turnPrivate(s uint32) uint32 {
	if s == stateDone {
		return stateNone // what was seen may be the value of another view
	}
	x.private = true
	x.node.word.Or(flagMarked | flagStale | flagPrivate | x.was&flagForced)
	x.node.changeState(x.was & stateMask)
	return s
}

// claimPresent claims a call whose present value is the one of the run's view.
func (r *run) claimPresent(x *execution) uint32 {
	n := x.node
	w := n.word.Load()
	switch {
	case isBusy(w):
		return stateRunning
	case isReady(w):
		x.seen = n.version()
		if w&flagCell != 0 && x.seen.p == n.inline() { // it was let go of at this moment
			return stateNone
		}
		return stateDone
	case w&(flagPermanent|flagStale) == flagPermanent:
		x.seen = version{}
		return stateDone
	case !n.word.CompareAndSwap(w, w&^(stateMask|flagMarked|flagForced)|stateRunning):
		return stateNone
	}
	x.was, x.tracked, x.framed = w, true, true
	return statePending
}

// claimPrivately claims a call whose present value is not to change.
func (x *execution) claimPrivately() uint32 {
	w := x.node.word.Load()
	switch {
	case isBusy(w):
		return stateRunning
	case !x.node.word.CompareAndSwap(w, w|flagPrivate):
		return stateNone
	}
	x.was, x.tracked, x.framed, x.private = w, true, true, true
	return statePending
}

// changeState takes a node that is claimed to another state.
func (n *node) changeState(state uint32) {
	for {
		w := n.word.Load()
		if n.word.CompareAndSwap(w, w&flagMask|state) {
			return
		}
	}
}

// keep notes what the call has come to without being run: its value, or that it has failed for good. locked says that planMu
// is held.
func (r *run) keep(x *execution, locked bool) {
	if x.seen.p == nil {
		x.stands = r.failureOf(x, x.node.noted().err)
		return
	}
	if !r.planTracked(x.at) && x.seen.p != x.node.inline() {
		r.late.Store(true)
	}
	r.resultsNow()[x.at].note(x.seen, x.node.more.Load().ran.Load(), r.lastMark(x.at, locked), x.tainted)
}

// unclaim gives a claim back.
func (x *execution) unclaim() {
	x.publish(statePending, nil)
	x.tracked, x.framed, x.private, x.first = false, false, false, false
}
