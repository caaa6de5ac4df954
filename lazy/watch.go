package lazy

import (
	"slices"
	"sync"
	"unsafe"
)

// A run that comes to a call which another run is running watches it: it is told when the call has ended, and then uses
// the value, shares the failure, or – when the other run was cancelled – runs the call itself.
//
// A run joins the calls that are running when it is planned, which is to say that it watches them passively, until it
// comes to them: it wants them to go on, and shares their failure.

// watcher is one run waiting for a call.
type watcher struct {
	run     *run
	pos     int32 // of the call in that run
	passive bool  // the run has not come to the call yet
}

// stripes guard what is Guarded by a node's stripe in extra. A lock per node would cost every node eight bytes for what
// few need.
var stripes [64]sync.Mutex

func (n *node) stripe() *sync.Mutex {
	return &stripes[uintptr(unsafe.Pointer(n))/64%uintptr(len(stripes))]
}

// watch has r told about the end of n. It reports false if n is not running (any more).
func (n *node) watch(r *run, pos int32, passive bool) bool {
	x := n.extra()
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	if w := x.watcher(r, pos); w != nil {
		w.passive = w.passive && passive
		return true
	}
	for {
		w := n.word.Load()
		if !isBusy(w) {
			return false
		}
		if n.word.CompareAndSwap(w, w|flagWatched) {
			x.watchers = append(x.watchers, watcher{run: r, pos: pos, passive: passive})
			return true
		}
	}
}

// watcher finds the entry of r for the call at pos. The node's stripe is held.
func (x *extra) watcher(r *run, pos int32) *watcher {
	for k := range x.watchers {
		if w := &x.watchers[k]; w.run == r && w.pos == pos {
			return w
		}
	}
	return nil
}

// join watches, passively, the calls that were running when the run was planned.
func (r *run) join() {
	for _, pos := range r.plan.running {
		n := r.plan.order[pos]
		if n.watch(r, pos, true) {
			r.mu.Lock()
			if r.joined == nil {
				r.joined = make(map[int32]*node)
			}
			r.joined[pos] = n
			r.mu.Unlock()
		}
	}
}

// unwatch takes r from n's watchers. It reports false if r has been told, or will be.
func (n *node) unwatch(r *run, pos int32) bool {
	return n.dropWatcher(func(w watcher) bool { return w.run == r && w.pos == pos })
}

// leave takes r from n's watchers if it is there passively.
func (n *node) leave(r *run, pos int32) {
	n.dropWatcher(func(w watcher) bool { return w.run == r && w.pos == pos && w.passive })
}

func (n *node) dropWatcher(which func(watcher) bool) bool {
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	x := n.more.Load()
	if x == nil { // nobody has watched n yet
		return false
	}
	k := slices.IndexFunc(x.watchers, which)
	if k < 0 {
		return false
	}
	x.watchers = slices.Delete(x.watchers, k, k+1)
	return true
}

// watchedByOthers reports whether any run waits for n that is not r or part of one of r's calls.
func (n *node) watchedByOthers(r *run) bool {
	if n.word.Load()&flagWatched == 0 {
		return false
	}
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	return slices.ContainsFunc(n.more.Load().watchers, func(w watcher) bool { return !w.run.within(r) })
}

// within reports whether r is outer, or part of one of its calls.
func (r *run) within(outer *run) bool {
	for r != outer {
		if r.outer == nil {
			return false
		}
		r = r.outer.run
	}
	return true
}

// watchersNow returns a copy of n's watchers.
func (n *node) watchersNow() []watcher {
	x := n.more.Load()
	if x == nil {
		return nil
	}
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(x.watchers)
}

// tell tells those who watch n now that it has ended, though it has not: its function was abandoned.
func (n *node) tell(f *failure) {
	mu := n.stripe()
	mu.Lock()
	var told []watcher
	if x := n.more.Load(); x != nil {
		told, x.watchers = x.watchers, nil
	}
	mu.Unlock()
	tell(told, n, f)
}

func tell(told []watcher, n *node, f *failure) {
	for _, w := range told {
		switch {
		case !w.passive:
			w.run.otherEnded(w.pos, n, f)
		case f != nil && f.at >= 0 && w.run.shares(n):
			w.run.record(w.pos, f.movedTo(w.pos))
		}
	}
}

// endWatched is end for a call that may be watched.
func (n *node) endWatched(state uint32, f *failure) {
	mu := n.stripe()
	mu.Lock()
	var told []watcher
	if x := n.more.Load(); x != nil {
		told, x.watchers = x.watchers, nil
	}
	given := false
	for {
		w := n.word.Load()
		next := w&flagMask&^flagWatched | state
		if w&flagTracked != 0 && hasValue(state) { // it has become so while it ran
			next |= flagInline
		}
		if n.word.CompareAndSwap(w, next) {
			if w&flagMarked != 0 {
				f = &failure{at: -1}
			}
			given = w&(flagTracked|flagMarked) == flagTracked|flagMarked // perhaps: it was Set while it ran
			break
		}
	}
	mu.Unlock()
	if given {
		n.takeGiven()
	}
	tell(told, n, f)
}

// note changes what is known about n besides its value.
func (n *node) note(change func(*extra)) {
	x := n.extra()
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	change(x)
}

// noted returns a copy of what is known about n besides its value.
func (n *node) noted() (x notes) {
	p := n.more.Load()
	if p == nil {
		return notes{}
	}
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	x = p.notes
	x.watchers, x.known = nil, nil // change in place
	return x
}
