package lazy

import (
	"cmp"
	"fmt"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
)

// This file says what becomes of a call that has ended, and of a run.

// timedMin is the least time of a call that is worth being remembered for pictures, in ns.
const timedMin = untimed

// conclude ends a call: its node gets its next state, the run its failure if there is one, the host is told.
func (r *run) conclude(x *execution, err error) executor.Status {
	n := x.node
	if x.c != nil && x.c.tainted.Load() {
		x.taint()
	}
	if err == nil && !x.again {
		err = x.changedOwn()
	}
	if x.mayStandIn(err) {
		err = x.standIn(x.errorHere(err))
	}
	if err == nil && n.fn.binds && !x.stoodIn {
		var later bool
		if later, err = r.goOn(x); later {
			return executor.Later
		}
	}
	if err == nil && x.framed {
		err = r.valuedOrGone(x)
	}
	return r.finish(x, r.failureOf(x, err))
}

// valuedOrGone is valued, and ends the call if an Equal ends the goroutine.
func (r *run) valuedOrGone(x *execution) error {
	returned := false
	defer func() {
		if !returned {
			r.finish(x, r.failureOf(x, newPanicError("Equal of "+x.node.fn.name, nil)))
		}
	}()
	err := r.valued(x)
	returned = true
	return err
}

// failureOf describes the failure that err is; nil for none. A call whose context was cancelled has not failed: whatever
// its function returned then – "signal: killed", "use of closed connection" – came of that.
func (r *run) failureOf(x *execution, err error) *failure {
	if err == nil {
		return nil
	}
	if r.ended.Load() {
		return &failure{at: -1, err: err}
	}
	label := x.node.label()
	return &failure{at: x.at, call: label, where: x.node.fn.where, way: &way{label: label}, err: err}
}

// finish is conclude when it is known how the call came out.
func (r *run) finish(x *execution, f *failure) (status executor.Status) {
	if x.memo == nil && !x.cached {
		return r.finishNow(x, f)
	}
	x.done = mono()
	returned := false
	defer func() {
		if !returned { // a store or a codec of the user's has ended the goroutine
			status = r.finishNow(x, f)
		}
	}()
	r.rememberSafely(x, f == nil && !x.stoodIn)
	returned = true
	return r.finishNow(x, f)
}

// finishNow is finish without keeping the result.
func (r *run) finishNow(x *execution, f *failure) executor.Status {
	state := stateDone
	switch {
	case f == nil:
	case f.at < 0:
		state = statePending
	default:
		state = stateFailed
	}
	r.keepTimes(x, state, f)
	if x.c != nil && r.leave(x.c) {
		x.limits = nil
	}
	if state == stateFailed {
		r.record(x.at, f)
	}
	if x.late != nil {
		r.hooks.callDone(x, state, f)
		return r.abandon(x, state, f)
	}
	if r.hooks == nil {
		return r.release(x, state, f)
	}
	told := false
	defer func() {
		if !told { // an observer has ended the goroutine
			r.release(x, state, f)
		}
	}()
	r.hooks.callDone(x, state, f)
	told = true
	return r.release(x, state, f)
}

// release lets others go on after a call.
func (r *run) release(x *execution, state uint32, f *failure) executor.Status {
	x.end(state, f)
	if state != statePending {
		r.used(x.at)
	}
	x.releaseLimits()
	if x.async {
		r.host.Wake(x.at, true)
		return executor.Later
	}
	return executor.Ended
}

// abandon lets the run go on without a function that has not returned. The node stays running until it has, so that
// nobody runs the call a second time meanwhile – unless a value stands in for what it returns.
func (r *run) abandon(x *execution, state uint32, f *failure) executor.Status {
	if x.c == nil || x.c.poll == nil || !x.c.poll.awaited() {
		r.options.session.logger().Warn("lazy: a function that does not heed its context was left behind",
			"call", x.node.label(), "wrapped", x.node.fn.where)
	}
	if f == nil {
		x.end(state, nil)
		r.used(x.at)
	} else {
		x.node.tell(f)
	}
	if x.async {
		r.host.Wake(x.at, true)
	} else {
		r.host.Abandon(x.at)
	}
	<-x.late
	if f != nil {
		x.end(state, &failure{at: -1, err: f.err}) // whoever waits since then runs it again
	}
	x.releaseLimits()
	return executor.Gone
}

// keepTimes notes what pictures show about the call, and what it cost.
func (r *run) keepTimes(x *execution, state uint32, f *failure) {
	if x.start == 0 {
		x.start = mono()
	}
	took := cmp.Or(x.done, mono()) - x.start
	if state == stateDone && x.node.fn.plain && !x.cached {
		x.node.fn.est.learn(took)
	}
	if took < timedMin && state == stateDone && x.node.more.Load() == nil {
		return
	}
	x.node.note(func(e *extra) {
		e.start, e.duration = x.start, took
		switch state {
		case stateFailed:
			e.err = f.err
		case stateDone: // not if it was cancelled: it may be failed for good, as before
			e.err = nil
		}
	})
}

// record keeps the failure of the call at pos and, unless the run keeps going, halts the run.
func (r *run) record(pos int32, f *failure) {
	r.mu.Lock()
	if r.over || f.at < 0 { // told too late: it was about a call that this run did not need any more; or no failure
		r.mu.Unlock()
		return
	}
	if r.failures == nil {
		r.failures = make(map[int32]*failure)
	}
	r.failures[pos] = f
	if r.first == nil || f.at < r.first.at {
		r.first = f
	}
	r.sick.Store(true)
	r.mu.Unlock()
	if !r.options.keepGoing {
		r.halt(fmt.Errorf("lazy: the run was stopped by %s: %w", f.call, f.err))
	}
}

// firstFailure is the one with the lowest place, or nil.
func (r *run) firstFailure() *failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first
}

// skip reports whether call i is not to be run: because it has failed elsewhere, or because an input has failed.
func (r *run) skip(i int32) bool {
	if !r.sick.Load() {
		return false
	}
	r.mu.Lock()
	f := r.failures[i]
	if f != nil {
		r.mu.Unlock()
		return true
	}
	via := int32(0)
	for _, in := range r.needs(i) {
		if g := r.failures[in]; g != nil && (f == nil || g.at < f.at) {
			f, via = g, in+1
		}
	}
	if f != nil {
		skipped := *f
		skipped.via = via
		r.failures[i] = &skipped
	}
	r.mu.Unlock()
	if f == nil {
		return false
	}
	n := r.plan.order[i]
	r.used(i)
	n.skipped()
	r.hooks.callSkipped(n, f)
	return true
}

// skipped marks a call that is not run because of a failure before it.
func (n *node) skipped() {
	w := n.word.Load()
	if isBusy(w) || w&(flagPermanent|flagStale) == flagPermanent {
		return
	}
	if s := w & stateMask; s == statePending || s == stateFailed || (s == stateDone || s == stateCached) && w&flagStale != 0 {
		n.word.CompareAndSwap(w, w&flagMask|stateSkipped)
	}
}

// markSkipped marks the calls behind failures that a halted run has not come to.
func (r *run) markSkipped() {
	bad := make([]bool, r.n)
	for i := range r.n {
		_, bad[i] = r.failures[int32(i)]
		for _, in := range r.needs(int32(i)) {
			if bad[in] && !bad[i] {
				bad[i] = true
				r.plan.order[i].skipped()
			}
		}
	}
}

// movedTo is the same failure, at another place of another run.
func (f *failure) movedTo(pos int32) *failure {
	g := *f
	g.at, g.via = pos, 0
	return &g
}

// haltCause is why the run was halted.
func (r *run) haltCause() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cause
}

// forgotten is the error of an executor that returned without running everything.
func (r *run) forgotten() error {
	left := 0
	for i := range r.n {
		if !r.has(int32(i)) && !r.failed(int32(i)) {
			left++
		}
	}
	if left == 0 {
		return nil
	}
	return fmt.Errorf("executor %T returned with %d of %d calls not run", r.ex, left, r.n)
}

func (r *run) failed(i int32) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures[i] != nil
}

// graphState is the node's state as others see it.
func (n *node) graphState() graph.State {
	w := n.word.Load()
	switch w & stateMask {
	case stateRunning:
		return graph.Running
	case stateDone, stateCached:
		switch {
		case w&flagStale != 0:
			return graph.Stale
		case w&stateMask == stateCached:
			return graph.Cached
		}
		return graph.Done
	case stateFailed:
		return graph.Failed
	case stateSkipped:
		return graph.Skipped
	case stateSource:
		return graph.Source
	default:
		return graph.Pending
	}
}
