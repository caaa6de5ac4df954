package lazy

import (
	"runtime"
	"sync/atomic"
)

// # What a run sees
//
// A run sees the world as it was when it was planned: its view. The inputs of its calls that were known then are in its
// plan, as versions; those that it computes itself are in its results. So it does not matter to a run what is Set while
// it is on its way. What it computes is the present value of the call, for everybody, unless a change has come by since:
//
//	claim    the call has not been marked since the run was planned, and no input is outdated: flagMarked is cleared,
//	         the call runs, or is found to need no run
//	publish  flagMarked is still clear: the node is done, and not stale. Else it keeps the value as the last one that
//	         was verified, and stays stale.
//	private  the call was marked after the run was planned: the run computes the value of its view for itself and those
//	         who wait for it. The node is claimed all the same, for a call never runs twice at the same time, but keeps
//	         its value and its state.
//
// That claim and mark may cross is settled like this: catchUp announces the new revision before it marks. Who claims
// clears flagMarked first and looks at the revision afterwards; if it is a new one, planMu tells.

// result is what came of a tracked call in a run.
//
// An executor may start a call twice, by two workers at once; what the first has noted stands. state tells who that is.
type result struct {
	version
	ran      uint64
	marked   uint64 // as in argument
	outdated bool   // it is not the present value
	state    atomic.Uint32
}

const (
	resultNone = iota
	resultWriting
	resultThere
)

// note notes the result, if there is none yet. It is there when note returns.
func (s *result) note(v version, ran, marked uint64, outdated bool) {
	if s.state.CompareAndSwap(resultNone, resultWriting) {
		s.version, s.ran, s.marked, s.outdated = v, ran, marked, outdated
		s.state.Store(resultThere)
	}
	for s.state.Load() == resultWriting {
		runtime.Gosched()
	}
}

func (s *result) there() bool { return s.state.Load() == resultThere }

// resultsNow returns the run's results, made if need be.
func (r *run) resultsNow() []result {
	if p := r.results.Load(); p != nil {
		return *p
	}
	all := make([]result, r.n)
	r.results.CompareAndSwap(nil, &all)
	return *r.results.Load()
}

// has reports whether call i has a value in the run's view.
func (r *run) has(i int32) bool {
	if p := r.results.Load(); p != nil && (*p)[i].there() {
		return true
	}
	w := r.plan.order[i].word.Load()
	if w&flagTracked == 0 {
		return isReady(w)
	}
	return w&(flagInline|flagTaken) != 0 && !r.planTracked(i)
}

// planTracked reports whether call i was tracked when it was planned: then its value is in the results.
func (r *run) planTracked(i int32) bool { return len(r.plan.argsOff) > 0 && r.plan.argsOff[i] >= 0 }

// valueOf is the version of the k-th target; nil if there is none.
func (r *run) valueOf(k int) version {
	t := r.plan.targets[k]
	if t.pos < 0 {
		return t.version
	}
	if !r.has(t.pos) {
		return version{}
	}
	return r.versionOf(t.pos)
}

// isOutdated reports whether the k-th target's value in the run's view is not the present one.
func (r *run) isOutdated(k int) bool {
	t, p := r.plan.targets[k], r.results.Load()
	return t.pos >= 0 && p != nil && (*p)[t.pos].there() && (*p)[t.pos].outdated
}

// versionOf is the version of a planned call that has ended with a value.
func (r *run) versionOf(i int32) version {
	if p := r.results.Load(); p != nil && (*p)[i].there() {
		return (*p)[i].version
	}
	return version{p: r.plan.order[i].inline()}
}

// argsOf returns the arguments of call i.
func (p *planner) argsOf(i int32) []argument {
	lo, hi := p.argsOff[i], int32(len(p.args))
	if int(i)+1 < len(p.argsOff) {
		hi = p.argsOff[i+1]
		hi = max(hi, ^hi)
	}
	return p.args[lo:hi:hi]
}

// outdated reports whether one of the inputs of call i is not the present value.
func (r *run) outdated(i int32) bool {
	results := r.resultsNow()
	for _, in := range r.needs(i) {
		if s := &results[in]; s.there() && s.outdated {
			return true
		}
	}
	return false
}

// arguments returns the inputs of call i, which is claimed, in the run's view. What must only have ended before the call
// stands behind the inputs: as its changed, it has the revision for which it ran.
func (r *run) arguments(i int32, n *node) (args []argument) {
	if r.planTracked(i) {
		args = r.plan.argsOf(i)
	} else {
		args = r.lateArguments(n) // it is tracked since it was planned: all that the run knows is in the nodes themselves
	}
	results := r.resultsNow()
	inputs := len(n.inputs())
	for k := range args {
		a := &args[k]
		if a.pos < 0 {
			continue
		}
		switch s := &results[a.pos]; {
		case !s.there(): // not tracked when it ended
			a.version = version{p: r.plan.order[a.pos].inline()}
		case k >= inputs:
			a.version = version{changed: s.ran}
		default:
			a.version = s.version
		}
	}
	return args
}

// lastMark is the last revision that may have changed the value of call i, as far as the run sees. The node may know less:
// a call that is marked is not marked again, nor is what is behind it, until it has been claimed.
func (r *run) lastMark(i int32) uint64 {
	if !r.planTracked(i) {
		return 0
	}
	m := r.plan.marked[i]
	results := r.resultsNow()
	for _, a := range r.plan.argsOf(i) {
		if a.pos < 0 {
			m = max(m, a.marked)
		} else if s := &results[a.pos]; s.there() {
			m = max(m, s.marked)
		}
	}
	return m
}

func (r *run) lateArguments(n *node) []argument {
	r.mu.Lock()
	if r.placesKnown == nil {
		r.placesKnown = r.places()
	}
	r.mu.Unlock()
	var args []argument
	for _, i := range n.inputs() {
		a := argument{pos: -1, version: version{p: i.inline()}}
		if pos, planned := r.placesKnown[i]; planned {
			a = argument{pos: pos}
		}
		args = append(args, a)
	}
	return args
}

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
	if !r.planTracked(x.at) && x.node.word.Load()&flagInline != 0 { // tracked since: the first value is what the run sees
		s.note(version{p: x.node.inline()}, 0, 0, false)
	}
	return s.there()
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
			r.keep(x)
		}
		return s
	}
	s := r.claimPresent(x)
	if s != stateDone && s != statePending {
		return s
	}
	if changes.now.Load() != r.view {
		planMu.Lock()
		defer planMu.Unlock()
		if n.more.Load().marked > r.view { // it was marked at this moment
			return x.turnPrivate(s)
		}
	}
	if s == stateDone {
		r.keep(x)
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

// keep notes what the call has come to without being run: its value, or that it has failed for good.
func (r *run) keep(x *execution) {
	if x.seen.p == nil {
		r.record(x.at, r.failureOf(x, x.node.noted().err))
		return
	}
	if !r.planTracked(x.at) && x.seen.p != x.node.inline() {
		r.late.Store(true)
	}
	r.resultsNow()[x.at].note(x.seen, x.node.more.Load().ran.Load(), r.lastMark(x.at), x.tainted)
}

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
	if !n.letsGo() || n.word.Load()&(flagTracked|flagStale) != flagTracked {
		return false
	}
	planMu.Lock()
	defer planMu.Unlock()
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
		r.keep(x)
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
			r.resultsNow()[x.at].note(n.version(), r.view, r.lastMark(x.at), x.tainted)
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
	r.resultsNow()[x.at].note(out.version(), r.view, r.lastMark(x.at), x.private || x.tainted)
	return nil
}

// taint notes that the call has used a value that is not the present one, without having been marked for it: what it comes
// to is not the present value either.
func (x *execution) taint() {
	x.tainted = true
	planMu.Lock()
	defer planMu.Unlock()
	e := x.node.extra()
	e.marked = changes.now.Load()
	x.node.word.Or(flagMarked | flagStale)
	mark(x.node, e.marked)
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
	x.node.end(state, f)
	if x.node.word.Load()&(flagTracked|flagMarked) == flagTracked|flagMarked { // it was Set while it ran, perhaps
		x.node.takeGiven()
	}
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
	n, last := x.node, x.run.lastMark(x.at)
	var found []*node
	if n.word.Load()&flagFound != 0 {
		found = n.noted().found
	}
	if found == nil && (!x.run.planTracked(x.at) || last == x.run.plan.marked[x.at]) {
		return
	}
	planMu.Lock()
	defer planMu.Unlock()
	e := n.more.Load()
	e.marked = max(e.marked, last)
	for _, f := range found {
		if m := f.more.Load(); m != nil {
			e.marked = max(e.marked, m.marked)
		}
	}
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
		return w | stateDone
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

// unclaim gives a claim back.
func (x *execution) unclaim() {
	x.publish(statePending, nil)
	x.tracked, x.framed, x.private, x.first = false, false, false, false
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

// foundAll notes that the call has got the targets: they are inputs of it.
func (c *callContext) foundAll(targets ...*node) {
	for _, t := range targets {
		t.word.Or(flagShared)
	}
	n := c.node
	if c.private { // the inputs of the present value stay what they are
		return
	}
	n.note(func(x *extra) {
		for _, t := range targets {
			x.find(t)
		}
	})
	n.word.Or(flagFound)
	if changes.state.Load() == 0 {
		return
	}
	planMu.Lock()
	defer planMu.Unlock()
	for _, t := range targets {
		c.register(t)
	}
}

// got is told that a Get inside the call has got what it wanted, from r.
func (c *callContext) got(r *run) {
	for k := range r.targets {
		if r.isOutdated(k) {
			c.tainted.Store(true)
		}
	}
}

// register has marks of t reach the call, if they might have to. Needs planMu.
func (c *callContext) register(t *node) {
	n := c.node
	if t.word.Load()&flagTracked == 0 && n.word.Load()&flagTracked == 0 {
		return
	}
	if n.word.Load()&flagTracked == 0 {
		n.extra().verified = c.run.view // what it has got
		track(n)                        // and t
		return
	}
	track(t)
	t.addUser(n)
	x, m := n.more.Load(), t.extra().marked
	x.marked = max(x.marked, m) // a run in a view before that is not to take the value
	if m > c.run.view {
		c.tainted.Store(true)
		n.word.Or(flagMarked | flagStale)
		mark(n, m)
	}
}
