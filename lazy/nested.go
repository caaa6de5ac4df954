package lazy

import (
	"sync"

	"github.com/dally-go/dally/executor"
)

// A Get inside a running call waits without a worker: the call lends its slot for so long. That is all there is to
// nesting: with one worker in all, the calls that the Get needs run while their user waits.

// slotHere returns the slot that the goroutine which is about to wait for r holds; nil if it holds none.
func (r *run) slotHere() executor.Slot {
	if r.outer != nil {
		return r.outer.heldSlot()
	}
	s, ok := r.ex.(interface {
		executor.Slot
		InUse() bool
	})
	if ok && s.InUse() && executor.OnWorker(onTimeName) {
		return s // of another session's pool, perhaps: that one then has a slot too many for a while
	}
	return nil
}

// heldSlot returns the slot that the call's function holds; nil if it holds none.
func (c *callContext) heldSlot() executor.Slot {
	var s executor.Slot
	if c.slot {
		s, _ = c.run.host.(executor.Slot)
	} else if c.foreign {
		s = executor.SlotOf(c.Context)
	}
	if s == nil {
		return nil
	}
	return &lending{Slot: s, gets: &c.gets}
}

// waiting counts the Gets that wait inside one call.
type waiting struct {
	mu sync.Mutex
	n  int // guarded by mu
}

// lending lends the slot of a call while any Get inside it waits, and takes it back when the last has what it wanted.
// Several can wait at once where a function has started goroutines.
type lending struct {
	executor.Slot
	gets *waiting
}

// Lend implements executor.Slot.
func (l *lending) Lend() {
	w := l.gets
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n++; w.n == 1 {
		l.Slot.Lend()
	}
}

// Reclaim implements executor.Slot.
func (l *lending) Reclaim() {
	w := l.gets
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n--; w.n == 0 {
		l.Slot.Reclaim()
	}
}
