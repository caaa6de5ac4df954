package lazy

import (
	"context"
	"sync"
)

// syncHost is the host of a run whose executor knows nothing of executor.Steps: there, Work.Run blocks until the call
// has ended, wherever that happens.
type syncHost struct {
	mu    sync.Mutex
	calls map[int32]*syncCall // being run. Guarded by mu
}

// syncCall is a call that a Work.Run is running.
type syncCall struct {
	woken chan bool     // what Wake was told
	over  chan struct{} // closed when the Run returns
}

// syncHost returns the run's host for such an executor.
func (r *run) syncHost(ctx context.Context) *syncHost {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sync == nil {
		r.sync = &syncHost{calls: make(map[int32]*syncCall)}
		r.host = r.sync
		if r.ctx == nil {
			r.base = ctx
		}
	}
	return r.sync
}

// enter begins the running of call i, unless it is being run; then it reports false.
func (h *syncHost) enter(i int32) (c *syncCall, mine bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.calls[i]; c != nil {
		return c, false
	}
	c = &syncCall{
		woken: make(chan bool, 2), // a wake that ends the waiting, and one that crosses it
		over:  make(chan struct{}),
	}
	h.calls[i] = c
	return c, true
}

// leave ends what enter has begun.
func (h *syncHost) leave(i int32, c *syncCall) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.calls, i)
	close(c.over)
}

// Later implements executor.Host.
func (h *syncHost) Later() {}

// Wake implements executor.Host.
func (h *syncHost) Wake(i int32, ended bool) {
	h.mu.Lock()
	c := h.calls[i]
	h.mu.Unlock()
	if c != nil {
		c.woken <- ended
	}
}

// Stop implements executor.Host.
func (h *syncHost) Stop() {}

// Abandon implements executor.Host.
func (h *syncHost) Abandon(i int32) { h.Wake(i, true) }

// missing returns an input of call i that has not ended, or -1.
func (r *run) missing(i int) int {
	for _, in := range r.Inputs(i) {
		if !r.has(in) && !r.failed(in) && !r.halted.Load() {
			return int(in)
		}
	}
	return -1
}
