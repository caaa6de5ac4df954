package lazy

import (
	"context"
	"slices"
	"sync"

	"github.com/dally-go/dally/executor"
)

// A Get inside a running call waits without a worker: the call lends its slot for so long, and its places in limits.
// That is all there is to nesting: with one worker in all, the calls that the Get needs run while their user waits.

// slotHere returns the slot that the goroutine which is about to wait for r holds; nil if it holds none.
func (r *run) slotHere() executor.Slot {
	if r.outer != nil {
		return r.outer.heldSlot()
	}
	return executor.SlotHere()
}

// heldSlot returns the slot that the call's function holds, to be lent while Gets inside it wait; nil if it holds none.
func (c *callContext) heldSlot() executor.Slot {
	if c.of != nil {
		return c.heldByRank()
	}
	s := c.slotHeld()
	if c.poll != nil {
		s = c.poll
	}
	if s != nil || len(c.limits) > 0 {
		return &lending{slot: s, limits: c.limits, gets: &c.gets}
	}
	return nil
}

// slotHeld returns the slot that the call's function holds; nil if it holds none.
func (c *callContext) slotHeld() executor.Slot {
	switch {
	case c.own != nil:
		return c.own
	case c.slot:
		s, _ := c.run.host.(executor.Slot)
		return s
	case c.foreign:
		return executor.SlotOf(c.Context)
	}
	return nil
}

// waiting counts the Gets that wait inside one call.
type waiting struct {
	mu   sync.Mutex
	n    int  // guarded by mu
	over bool // the function has returned: nothing is lent any more. Guarded by mu
}

// close ends the lending. It reports whether the slot and the places are lent at this moment, to Gets that the function
// has started and left behind.
func (w *waiting) close() (lent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lent = w.n > 0 && !w.over
	w.over = true
	return lent
}

// lending lends the slot of a call, and its places in limits, while any Get inside it waits, and takes them back when
// the last has what it wanted. Several can wait at once where a function has started goroutines.
type lending struct {
	slot   executor.Slot // nil: none
	limits []*executor.Limit
	gets   *waiting
	lent   bool // by this one. Used by the goroutine that waits alone
}

// Lend implements executor.Slot.
func (l *lending) Lend() {
	w := l.gets
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	l.lent = true
	if w.n++; w.n > 1 {
		return
	}
	for _, limit := range l.limits {
		limit.Release()
	}
	if l.slot != nil {
		l.slot.Lend()
	}
}

// Reclaim implements executor.Slot. The slot comes last: nobody waits for a limit with a slot in hand.
func (l *lending) Reclaim() {
	w := l.gets
	w.mu.Lock()
	defer w.mu.Unlock()
	if !l.lent {
		return
	}
	if w.n--; w.n > 0 || w.over {
		return
	}
	for _, limit := range l.limits {
		_ = limit.Acquire(context.Background()) // its holders do not wait for us: it comes
	}
	if l.slot != nil {
		l.slot.Reclaim()
	}
}

// apart runs f on a goroutine of its own, which holds the slot that ctx carries, and waits for its end: what it runs may
// end its goroutine.
func apart(ctx context.Context, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if s := executor.SlotOf(ctx); s != nil {
			executor.Holding(s, f)
			return
		}
		f()
	}()
	<-done
}

// foundBy notes that the call whose function was given ctx has got n: n is an input of it. It reports false if n's value
// may not be the one that the call's run sees.
func foundBy(ctx context.Context, n *node) bool {
	if ctx == nil {
		return true
	}
	c := callOf(ctx)
	if c == nil {
		return true
	}
	if changes.state.Load() != 0 {
		return false // the long way, which settles that
	}
	c.foundAll(n)
	return true
}

// knownFrom is the number of found inputs from which on a map says which are there.
const knownFrom = 16

// find adds to the inputs found while running. The node's stripe is held.
func (x *extra) find(n *node) {
	switch {
	case x.known != nil:
		if x.known[n] {
			return
		}
	case slices.Contains(x.found, n):
		return
	case len(x.found) >= knownFrom:
		x.known = make(map[*node]bool)
		for _, f := range x.found {
			x.known[f] = true
		}
	}
	if x.known != nil {
		x.known[n] = true
	}
	x.found = append(x.found, n)
}
