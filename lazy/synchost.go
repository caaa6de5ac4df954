package lazy

import (
	"context"
	"sync"
)

// syncHost is the host of a run whose executor knows nothing of executor.Steps: there, Work.Run blocks until the call
// has ended, wherever that happens.
type syncHost struct {
	mu    sync.Mutex
	woken map[int32]chan bool // guarded by mu; what is sent is ended, as in Wake
}

// syncHost returns the run's host for such an executor.
func (r *run) syncHost(ctx context.Context) *syncHost {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sync == nil {
		r.sync = &syncHost{woken: make(map[int32]chan bool)}
		r.host = r.sync
		if r.ctx == nil {
			r.base = ctx
		}
	}
	return r.sync
}

// expect returns where call i will be woken.
func (h *syncHost) expect(i int32) <-chan bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch := h.woken[i]
	if ch == nil {
		ch = make(chan bool, 2) // a wake that ended the waiting, and one that crossed it
		h.woken[i] = ch
	}
	return ch
}

func (h *syncHost) forget(i int32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.woken, i)
}

// Later implements executor.Host.
func (h *syncHost) Later() {}

// Wake implements executor.Host.
func (h *syncHost) Wake(i int32, ended bool) {
	h.mu.Lock()
	ch := h.woken[i]
	h.mu.Unlock()
	if ch != nil {
		ch <- ended
	}
}

// Stop implements executor.Host.
func (h *syncHost) Stop() {}

// Abandon implements executor.Host.
func (h *syncHost) Abandon(i int32) { h.Wake(i, true) }

// missing returns an input of call i that has not ended, or -1.
func (r *run) missing(i int) int {
	for _, in := range r.Inputs(i) {
		if !r.plan.order[in].ready() && !r.failed(in) && !r.halted.Load() {
			return int(in)
		}
	}
	return -1
}
