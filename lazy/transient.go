package lazy

import "sync/atomic"

// # Letting go of values
//
// A value stays while a handle reaches its call – but for the functions that are Transient. Their calls are tracked, and
// their values lie in cells, whatever else changes or not: so to let go of one is to forget a pointer. A run counts, per
// transient call, the users that it has planned; when the last has ended, the call is pending again. Whoever has planned
// with the value keeps its cell; who wants it later has it computed again. With no input changed that is the version that
// was let go of once more (released), and no change to the users; else it is one, for there is nothing to compare it with.

// uses counts, by place, the users that are yet to end, and notes which calls have ended.
type uses struct {
	left  []atomic.Int32
	ended []atomic.Bool
	gone  []atomic.Bool // their values
	kept  []bool        // targets: their values are handed out when the run is over
}

// countUses is called with the plan of a run in which some call is transient.
func (r *run) countUses() {
	u := &uses{left: make([]atomic.Int32, r.n), ended: make([]atomic.Bool, r.n), gone: make([]atomic.Bool, r.n), kept: make([]bool, r.n)}
	for i := range r.n {
		for _, in := range r.Inputs(i) {
			u.left[in].Add(1)
		}
	}
	for _, t := range r.plan.targets {
		if t.pos >= 0 {
			u.kept[t.pos] = true
		}
	}
	r.uses = u
}

// used is told that call i has ended, however: it takes its inputs no more.
func (r *run) used(i int32) {
	u := r.uses
	if u == nil || u.ended[i].Swap(true) {
		return
	}
	if r.planTracked(i) {
		clear(r.plan.argsOf(i))
	}
	for _, in := range r.Inputs(int(i)) {
		if u.left[in].Add(-1) == 0 {
			r.letGo(in)
		}
	}
	if u.left[i].Load() == 0 { // its users were skipped before it ended
		r.letGo(i)
	}
}

// letGo forgets the value of call i, of which all users have ended.
func (r *run) letGo(i int32) {
	u := r.uses
	if !r.plan.order[i].fn.opts.transient || u.kept[i] || !u.ended[i].Load() || u.gone[i].Swap(true) {
		return
	}
	if s := &r.resultsNow()[i]; s.there() {
		s.version.p = nil
	}
	r.plan.order[i].release()
}

// letGoOfRest forgets the transient values that are left when the run is over: those of targets, and those whose users
// have not run.
func (r *run) letGoOfRest() {
	if r.uses == nil {
		return
	}
	for i, n := range r.plan.order {
		if n.fn.opts.transient && (r.uses.kept[i] || r.uses.left[i].Load() > 0) {
			n.release()
		}
	}
}

// letsGo reports whether the value of n may have been let go of, or given away, though nothing has changed.
func (n *node) letsGo() bool { return n.fn.opts.transient || n.isDonated() }

// release makes a call that has a value pending.
func (n *node) release() {
	planMu.Lock()
	defer planMu.Unlock()
	for {
		w := n.word.Load()
		x := n.more.Load()
		if isBusy(w) || w&flagCell == 0 || x.held != nil && x.held == x.cell.Load() {
			return
		}
		if n.word.CompareAndSwap(w, w&^(stateMask|flagCell)|statePending) {
			if c := x.cell.Swap(nil); c != nil {
				x.released = c.changed + 1
			}
			return
		}
	}
}
