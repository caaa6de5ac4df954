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
	if r.plan == nil { // all was made in a fresh run
		return version{p: r.targets[k].inline()}
	}
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
	if !r.planTracked(i) {
		return false
	}
	args := r.plan.argsOf(i)
	for k := range args { // those that were known
		if a := &args[k]; a.pos < 0 && a.marked > r.view {
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
// a call that is marked is not marked again, nor is what is behind it, until it has been claimed. locked says that planMu is
// held.
func (r *run) lastMark(i int32, locked bool) (m uint64) {
	if n := r.plan.order[i]; n.word.Load()&flagFound != 0 {
		m = n.lastMarkFound(locked)
	}
	if !r.planTracked(i) {
		return m
	}
	m = max(m, r.plan.marked[i])
	results := r.resultsNow()
	args := r.plan.argsOf(i)
	for k := range args { // not by value: who has claimed the call may be writing the versions
		a := &args[k]
		if a.pos < 0 {
			m = max(m, a.marked)
		} else if s := &results[a.pos]; s.there() {
			m = max(m, s.marked)
		}
	}
	return m
}

// lastMarkFound is the last revision that may have changed an input that n has found.
func (n *node) lastMarkFound(locked bool) (m uint64) {
	found := n.noted().found
	if !locked {
		planMu.Lock()
		defer planMu.Unlock()
	}
	for _, f := range found {
		if x := f.more.Load(); x != nil {
			m = max(m, x.marked)
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
