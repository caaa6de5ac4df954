package lazy

import "sync"

// waiting counts the Gets that wait inside one call.
type waiting struct {
	mu sync.Mutex
	n  int // guarded by mu
}

// lending lends the slot of a call while any Get inside it waits, and takes it back when the last has what it wanted.
// Several can wait at once where a function has started goroutines.
type lending struct {
	lender
	c *callContext
}

// Lend implements lender.
func (l *lending) Lend() {
	w := &l.c.gets
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n++; w.n == 1 {
		l.lender.Lend()
	}
}

// Reclaim implements lender. It blocks until the call has a slot again, or another Get inside the call waits.
func (l *lending) Reclaim() {
	w := &l.c.gets
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n--; w.n == 0 {
		l.lender.Reclaim()
	}
}
