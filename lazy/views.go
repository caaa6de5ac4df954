package lazy

import (
	"slices"
)

// This file keeps former values for the runs that may need them. See change.go.

// olderValue is a value that a node had from a revision on. No cell: it had none that was known.
type olderValue struct {
	c     *cellHead
	since uint64
}

// keepOlder keeps a value that n has had until now for the runs that have begun.
func (n *node) keepOlder(x *extra, c *cellHead) {
	if len(x.older) == 0 {
		changes.history = append(changes.history, n)
	}
	x.older = append(x.older, olderValue{c, c.changed})
	if len(x.older)&(len(x.older)-1) == 0 { // when it has doubled
		x.prune()
	}
}

// keepHeld is keepOlder for a call that was given its value: to run its function would not bring that back.
func (n *node) keepHeld(x *extra, w uint32) {
	switch {
	case changes.first == nil:
	case x.given != nil:
		n.keepOlder(x, x.given)
	case isReady(w) && x.held != nil && x.held == x.cell.Load():
		n.keepOlder(x, x.held)
	}
}

// olderAt is a former value of n that was the present one in the given view; nil if none was kept. Needs planMu.
func (x *extra) olderAt(view uint64) *cellHead {
	for _, o := range slices.Backward(x.older) {
		if o.since <= view {
			return o.c
		}
	}
	return nil
}

// prune drops the older values that no run needs. Needs planMu.
func (x *extra) prune() {
	var kept []olderValue
	r := changes.first
	for k, o := range x.older {
		for r != nil && r.view < o.since {
			r = r.nextView
		}
		if r == nil {
			break
		}
		if k+1 == len(x.older) || r.view < x.older[k+1].since {
			kept = append(kept, o)
		}
	}
	x.older = kept
}

// versionAt is the value that a source had in the given view. Needs planMu.
func (n *node) versionAt(view uint64) version {
	v := n.version()
	if v.changed <= view {
		return v
	}
	if c := n.more.Load().olderAt(view); c != nil {
		return c.version()
	}
	return version{p: n.inline()}
}

// enterView notes that r is on its way. Needs planMu.
func (r *run) enterView() {
	r.viewed = true
	if r.prevView = changes.last; r.prevView == nil {
		changes.first = r
	} else {
		for r.prevView != nil && r.prevView.view > r.view { // part of a run that is older
			r.nextView, r.prevView = r.prevView, r.prevView.prevView
		}
		if r.prevView == nil {
			changes.first = r
		} else {
			r.prevView.nextView = r
		}
	}
	if r.nextView == nil {
		changes.last = r
	} else {
		r.nextView.prevView = r
	}
}

// leaveView is told that r is over. What was kept for runs goes with the last of them.
func (r *run) leaveView() {
	if r.unaware {
		r.unaware = false
		unaware.Add(-1)
	}
	if !r.viewed {
		return
	}
	planMu.Lock()
	defer planMu.Unlock()
	if !r.viewed {
		return
	}
	r.viewed = false
	r.stopReading()
	if r.prevView == nil {
		changes.first = r.nextView
	} else {
		r.prevView.nextView = r.nextView
	}
	if r.nextView == nil {
		changes.last = r.prevView
	} else {
		r.nextView.prevView = r.prevView
	}
	r.prevView, r.nextView = nil, nil
	if changes.first == nil && len(changes.history) > 0 {
		for _, n := range changes.history {
			n.more.Load().older = nil
		}
		clear(changes.history)
		changes.history = changes.history[:0]
	}
}
