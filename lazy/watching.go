package lazy

// This file is the other side of watch.go: what a run keeps about the calls it watches.

// watch is a call of the plan that another run, or another worker of this one, is running.
type watch struct {
	node *node
	// At most one worker blocks until the call has ended, on ch, and at most one has left the call to be woken by the
	// host. Each is told once, by whoever takes it from here. Guarded by run.mu.
	ch    chan struct{}
	later bool
}

// watchOther has the run told about the end of n: by closing ch or, if that is nil, by waking the call. It reports false
// if there is nothing to wait for and nobody will be told: n has ended, or waiting would be for ever.
func (r *run) watchOther(pos int32, n *node, ch chan struct{}) bool {
	r.mu.Lock()
	w := r.watching[pos]
	if w == nil {
		if r.watching == nil {
			r.watching = make(map[int32]*watch)
		}
		w = &watch{node: n}
		r.watching[pos] = w
	}
	if ch != nil {
		w.ch = ch
	} else {
		w.later = true
	}
	r.mu.Unlock()
	if r.outer == nil { // no call waits for this run: it cannot be part of a cycle
		return r.watchNow(pos, n, ch)
	}
	waits.Lock()
	cycle, told := r.cycleThrough(n), false
	if cycle == nil {
		told = r.watchNow(pos, n, ch)
	}
	waits.Unlock()
	if cycle != nil {
		r.record(pos, &failure{at: pos, call: n.label(), where: n.fn.where, way: &way{label: n.label()}, err: cycle})
		return r.tooLate(pos, ch)
	}
	return told
}

func (r *run) watchNow(pos int32, n *node, ch chan struct{}) bool {
	if !n.watch(r, pos, false) {
		return r.tooLate(pos, ch)
	}
	if r.halted.Load() && n.unwatch(r, pos) {
		r.told(pos, true)
	}
	return true
}

// tooLate takes back what watchOther has noted for its caller. It reports true if the caller has been told meanwhile.
func (r *run) tooLate(pos int32, ch chan struct{}) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.watching[pos]
	switch {
	case w == nil:
		return true
	case ch != nil && w.ch == ch:
		w.ch = nil
	case ch == nil && w.later:
		w.later = false
	default:
		return true
	}
	if w.ch == nil && !w.later {
		delete(r.watching, pos)
	}
	return false
}

// otherEnded is told that a call that another run was running has ended: with a value, with failure f, or, f being no
// failure of its own, without having come to an end.
func (r *run) otherEnded(pos int32, n *node, f *failure) {
	own := r.plan.order[pos] == n // else it is one with the same key: see recall.go
	failed := f != nil && f.at >= 0 && r.shares(n) && (own || r.sharesFlight(pos, n))
	if failed {
		r.record(pos, f.movedTo(pos))
	}
	// The value of a tracked call is for the run to fetch: it may not be the one of its view.
	w := n.word.Load()
	r.told(pos, failed || own && w&flagTracked == 0 && isReady(w))
}

// shares reports whether what has come of n in another run holds for this one.
func (r *run) shares(n *node) bool {
	if n.word.Load()&flagTracked == 0 || changes.now.Load() == r.view {
		return true
	}
	planMu.Lock()
	defer planMu.Unlock()
	return n.more.Load().marked <= r.view
}

// told tells those who wait for call pos.
func (r *run) told(pos int32, ended bool) {
	r.mu.Lock()
	w := r.watching[pos]
	delete(r.watching, pos)
	r.mu.Unlock()
	if w == nil {
		return
	}
	if w.ch != nil {
		close(w.ch)
	}
	if w.later {
		r.host.Wake(pos, ended)
	}
}
