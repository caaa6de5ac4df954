package lazy

import (
	"sync"
	"unsafe"
)

// A run that comes to a call which another run is running watches it: it is told when the call has ended, and then uses
// the value, shares the failure, or – when the other run was cancelled – runs the call itself.

// watcher is one run waiting for a call.
type watcher struct {
	run *run
	pos int32 // of the call in that run
}

// stripes guard what is Guarded by a node's stripe in extra. A lock per node would cost every node eight bytes for what
// few need.
var stripes [64]sync.Mutex

func (n *node) stripe() *sync.Mutex {
	return &stripes[uintptr(unsafe.Pointer(n))/64%uintptr(len(stripes))]
}

// watch has r told about the end of n. It reports false if n is not running (any more).
func (n *node) watch(r *run, pos int32) bool {
	x := n.extra()
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	for {
		w := n.word.Load()
		if w&stateMask != stateRunning {
			return false
		}
		if n.word.CompareAndSwap(w, w|flagWatched) {
			x.watchers = append(x.watchers, watcher{run: r, pos: pos})
			return true
		}
	}
}

// unwatch takes r from n's watchers. It reports false if r has been told, or will be.
func (n *node) unwatch(r *run, pos int32) bool {
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	x := n.more.Load()
	for k, w := range x.watchers {
		if w.run == r && w.pos == pos {
			x.watchers = append(x.watchers[:k], x.watchers[k+1:]...)
			return true
		}
	}
	return false
}

// watched reports whether any run waits for n.
func (n *node) watched() bool {
	if n.word.Load()&flagWatched == 0 {
		return false
	}
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	return len(n.more.Load().watchers) > 0
}

// endWatched is end for a call that may be watched.
func (n *node) endWatched(state uint32, f *failure) {
	mu := n.stripe()
	mu.Lock()
	var told []watcher
	if x := n.more.Load(); x != nil {
		told, x.watchers = x.watchers, nil
	}
	for {
		w := n.word.Load()
		if n.word.CompareAndSwap(w, w&flagMask&^flagWatched|state) {
			break
		}
	}
	mu.Unlock()
	for _, w := range told {
		w.run.otherEnded(w.pos, n, f)
	}
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
func (n *node) noted() (x extra) {
	p := n.more.Load()
	if p == nil {
		return extra{}
	}
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	return *p
}
