package executor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// # How a pool works
//
//	Submit ──► want(job) ──► a free slot? ──yes──► go serve(job) ─► job.run ─► next(): another job, or give the slot back
//	                              │no                    ▲
//	                              └──► queue ────────────┘
//
// A pool is a number of slots and the queue of those who want one; it has no goroutine of its own. A worker is a
// goroutine that holds a slot. It is started when there is work and a free slot, serves one job after another, and ends
// when there is none: an idle pool costs nothing and needs no Close. (Parked workers were not worth it: handing a
// call to one costs as much as a go statement, and they would outlive the last Get.)
//
// A function that waits for other calls lends its slot (Lend) and wants it back afterwards (Reclaim); those who want a
// slot back come before jobs, because what was begun is to be finished first.
//
// Lock order: job.mu, then pool.mu.

// pool implements Executor for NewPool and Serial.
type pool struct {
	size int
	// waiting is len(resume)+len(queue), readable without the lock: workers ask after every call whether to make room.
	waiting atomic.Int32
	// full is whether all slots are taken, readable without the lock.
	full atomic.Bool

	mu     sync.Mutex
	busy   int             // slots taken. Guarded by mu
	resume []chan struct{} // lent slots wanted back, in order. Guarded by mu
	queue  []*job          // jobs that want a worker, in order. Guarded by mu
	ids    []int           // numbers of workers that have ended. Guarded by mu
	lastID int             // numbers given out so far. Guarded by mu
}

// NewPool returns an executor that runs at most n calls at once, over all works together. It starts goroutines when
// there is work and ends them when there is none: there is nothing to close. Calls that wait for something outside
// (lazy.Blocking), or for other calls, do not count. It panics if n < 1.
func NewPool(n int) Executor {
	if n < 1 {
		panic(fmt.Sprintf("executor: NewPool(%d): want at least 1", n))
	}
	return &pool{size: n}
}

// Serial returns an executor that runs one call at a time, in an order in which a plain program could have made the
// calls: what was begun is finished before something new is begun.
func Serial() Executor { return NewPool(1) }

// Execute runs w and waits for its end. See [Executor].
func (p *pool) Execute(ctx context.Context, w Work) error {
	if s, ok := w.(Steps); ok {
		j := newJob(p, s)
		j.done = make(chan struct{})
		s.Attach(ctx, j)
		p.want(j)
		<-j.done
		return nil // a Steps keeps its errors to itself
	}
	s := &plain{Work: w, ctx: withSlot(ctx, p)}
	j := newJob(p, s)
	j.done = make(chan struct{})
	p.want(j)
	<-j.done
	if s.err == nil && s.ended.Load() < int64(w.Len()) {
		return ctx.Err()
	}
	return s.err
}

// Submit runs w without waiting: [Steps.Over] tells the end.
func (p *pool) Submit(w Steps) {
	j := newJob(p, w)
	w.Attach(nil, j) //nolint:staticcheck // nil is documented: the work's own context
	p.want(j)
}

// Lend gives the calling worker's slot to whoever wants one, while the worker waits for other calls.
func (p *pool) Lend() { p.freeSlot() }

// Reclaim takes a slot again after [pool.Lend]. It blocks until one is free.
func (p *pool) Reclaim() {
	p.mu.Lock()
	if p.busy < p.size {
		p.busy++
		p.noteLocked()
		p.mu.Unlock()
		return
	}
	back := make(chan struct{})
	p.resume = append(p.resume, back)
	p.noteLocked()
	p.mu.Unlock()
	<-back
}

// InUse reports whether any slot is taken.
func (p *pool) InUse() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.busy > 0
}

// want asks for one more worker for j, unless one is on its way. The worker counts as live from now on.
func (p *pool) want(j *job) {
	p.mu.Lock()
	switch {
	case j.queued:
	case j.attached >= j.max:
		j.wanted = true // whoever leaves next looks once more instead
	case p.busy < p.size:
		p.busy++
		j.live.Add(1)
		j.attached++
		id := p.takeIDLocked()
		p.noteLocked()
		p.mu.Unlock()
		go p.serve(j, id)
		return
	default:
		j.live.Add(1)
		j.queued = true
		p.queue = append(p.queue, j)
		p.noteLocked()
	}
	p.mu.Unlock()
}

// serve is a worker's life. A function that ends its goroutine (runtime.Goexit) ends the worker's: another is started
// in its place, with its slot and number.
func (p *pool) serve(j *job, id int) {
	alive := false
	defer func() {
		if !alive {
			go p.serve(j, id)
		}
	}()
	for j != nil {
		left := j.run(id)
		j = p.next(j, id, left)
	}
	alive = true
}

// next takes a worker from j to whatever is to be done now; nil ends the worker.
func (p *pool) next(j *job, id int, left leaving) *job {
	p.mu.Lock()
	over := false
	if left != leftGone { // Abandon has counted the worker out already
		if j.wanted && left != leftYield {
			j.wanted = false
			p.mu.Unlock()
			return j
		}
		j.attached--
		switch {
		case left == leftYield && !j.queued: // its count goes with the place in the queue
			j.queued, j.wanted = true, false
			p.queue = append(p.queue, j)
		default:
			over = j.live.Add(-1) == 0
		}
	}
	n := p.handOnLocked()
	if n == nil {
		p.ids = append(p.ids, id)
	}
	p.noteLocked()
	p.mu.Unlock()
	if over {
		j.over()
	}
	return n
}

// freeSlot gives a slot back that no worker goes on using.
func (p *pool) freeSlot() {
	p.mu.Lock()
	j := p.handOnLocked()
	id := 0
	if j != nil {
		id = p.takeIDLocked()
	}
	p.noteLocked()
	p.mu.Unlock()
	if j != nil {
		go p.serve(j, id)
	}
}

// handOnLocked finds the next use of a taken slot: a lent one that is wanted back, else a job, which it returns, else
// none. Needs p.mu.
func (p *pool) handOnLocked() *job {
	if len(p.resume) > 0 {
		back := p.resume[0]
		p.resume = p.resume[1:]
		close(back)
		return nil
	}
	if len(p.queue) == 0 {
		p.busy--
		return nil
	}
	j := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	j.queued = false
	j.attached++
	return j
}

func (p *pool) takeIDLocked() int {
	if last := len(p.ids) - 1; last >= 0 {
		id := p.ids[last]
		p.ids = p.ids[:last]
		return id
	}
	p.lastID++
	return p.lastID - 1
}

// noteLocked brings the fields that are read without the lock up to date. Needs p.mu.
func (p *pool) noteLocked() {
	if w := int32(len(p.resume) + len(p.queue)); w != p.waiting.Load() {
		p.waiting.Store(w)
	}
	if full := p.busy >= p.size; full != p.full.Load() {
		p.full.Store(full)
	}
}
