package executor

import (
	"context"
	"fmt"
	"sync"
)

// Limit bounds how many calls may hold something scarce at once: connections, licences, a GPU. Functions share a limit
// by being wrapped with the same one (lazy.Limit). A call that waits for a limit holds no worker. Waiters are served in
// order of arrival. Make one with [NewLimit].
type Limit struct {
	n int

	mu      sync.Mutex
	held    int            // guarded by mu
	waiters []*limitWaiter // guarded by mu
}

// limitWaiter waits for a place; then is called with it, and tells whether it keeps it.
type limitWaiter struct {
	then func() (keeps bool)
	gone bool // has left, or has a place. Guarded by the limit's mu
}

// NewLimit returns a limit of n places. It panics if n < 1.
func NewLimit(n int) *Limit {
	if n < 1 {
		panic(fmt.Sprintf("executor: NewLimit(%d): want at least 1", n))
	}
	return &Limit{n: n}
}

// N is the number of places.
func (l *Limit) N() int { return l.n }

// TryAcquire takes a place if one is free, and reports whether it did.
func (l *Limit) TryAcquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held < l.n {
		l.held++
		return true
	}
	return false
}

// Acquire takes a place, waiting for one if need be. It returns the context's error when that ends first; then no place
// is held.
func (l *Limit) Acquire(ctx context.Context) error {
	got := make(chan struct{})
	leave := l.Queue(func() bool { close(got); return true })
	select {
	case <-got:
		return nil
	case <-ctx.Done():
	}
	if !leave() { // it came at the same moment
		l.Release()
	}
	return ctx.Err()
}

// Queue has then called once, holding a place: at once by the calling goroutine if a place is free, else by the one
// that gives it back. then tells whether it keeps the place; if not, the next waiter has it. It must not block, nor give
// the place back itself. The function that Queue returns leaves the queue; it reports false if
// then has been called, or is about to be.
func (l *Limit) Queue(then func() (keeps bool)) (leave func() bool) {
	w := &limitWaiter{then: then}
	l.mu.Lock()
	if l.held < l.n {
		l.held++
		l.mu.Unlock()
		if !then() {
			l.Release()
		}
		return func() bool { return false }
	}
	l.waiters = append(l.waiters, w)
	l.mu.Unlock()
	return func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if w.gone {
			return false
		}
		w.gone = true // Release passes over it
		return true
	}
}

// Release gives a place back, to the first waiter if there is one. It panics if no place is held.
func (l *Limit) Release() {
	for {
		w := l.handOn()
		if w == nil || w.then() {
			return
		}
	}
}

// handOn gives the place to the first waiter, which it returns, or back; then it returns nil.
func (l *Limit) handOn() *limitWaiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == 0 {
		panic("executor: Limit.Release: no place is held")
	}
	w := l.firstLocked()
	if w == nil {
		l.held--
		return nil
	}
	w.gone = true
	return w
}

// firstLocked takes the first waiter that is still there. Needs l.mu.
func (l *Limit) firstLocked() *limitWaiter {
	for len(l.waiters) > 0 {
		w := l.waiters[0]
		l.waiters[0] = nil
		l.waiters = l.waiters[1:]
		if !w.gone {
			return w
		}
	}
	return nil
}
