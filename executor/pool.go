package executor

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/internal/invariant"
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
// slot back come before jobs, because what was begun is to be finished first; so do gangs, see gang.go.
//
// Lock order: job.mu, then pool.mu.

// pool implements Executor for NewPool and Serial.
type pool struct {
	size int
	// waiting is len(resume)+len(queue), readable without the lock: workers ask after every call whether to make room.
	waiting atomic.Int32

	mu     sync.Mutex
	busy   int    // slots taken. Guarded by mu
	resume line   // lent slots wanted back, and gangs, in order; empty while slots are free. Guarded by mu
	queue  []*job // jobs that want a worker, in order. Guarded by mu
	// callers is how many slots callers hold, see TryTake, and relieved how many of those were given away. Guarded by mu
	callers, relieved int

	ids    []int // numbers of workers that have ended. Guarded by mu
	lastID int   // numbers given out so far. Guarded by mu
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
		p.submit(ctx, s, true)
		return nil // a Steps keeps its errors to itself
	}
	s := &plain{Work: w, ctx: withSlot(ctx, p)}
	p.submit(ctx, s, true)
	s.fail(nil) // err is not written any more
	if s.err == nil && s.ended.Load() < int64(w.Len()) {
		return ctx.Err()
	}
	return s.err
}

// Submit runs w without waiting: [Steps.Over] tells the end.
func (p *pool) Submit(w Steps) {
	var own context.Context // nil: the work's
	p.submit(own, w, false)
}

// submit gives the pool a job and, if asked to, waits for its end.
func (p *pool) submit(ctx context.Context, w Steps, wait bool) {
	j := &job{pool: p, w: w, n: int32(w.Len()), crew: w.Crew()}
	if wait {
		j.done = make(chan struct{})
	}
	j.live.Store(1) // ours, until the job has what it needs to go on
	w.Attach(ctx, j)
	if w.AnyDetached() {
		j.begin()
	}
	p.want(j)
	j.settle()
	if wait {
		j.wait(ctx)
	}
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
	back := p.resume.join(1, 0)
	p.relieveLocked()
	p.noteLocked()
	p.mu.Unlock()
	<-back
}

// want asks for one more worker for j, unless one is on its way. The worker counts as live from now on. The caller has
// a share in live itself.
func (p *pool) want(j *job) {
	p.mu.Lock()
	if j.queued.Load() || j.waiting || j.stopped.Load() {
		p.mu.Unlock()
		return
	}
	j.live.Add(1)
	if !j.crew.takeLocked(j) {
		p.mu.Unlock()
		return
	}
	if p.busy == p.size {
		p.enqueueLocked(j)
		p.noteLocked()
		p.mu.Unlock()
		return
	}
	p.busy++
	id := p.takeIDLocked()
	p.mu.Unlock()
	go p.serve(j, id)
}

// enqueueLocked has j wait for a slot. Needs p.mu.
func (p *pool) enqueueLocked(j *job) {
	j.queued.Store(true)
	p.queue = append(p.queue, j)
	p.relieveLocked()
}

// recallLocked takes back what want has asked for and nobody has answered. It returns how many shares in live that
// frees. Needs p.mu.
func (p *pool) recallLocked(j *job) (shares int32) {
	if j.queued.Load() {
		j.queued.Store(false)
		p.queue = slices.DeleteFunc(p.queue, func(q *job) bool { return q == j })
		j.crew.giveLocked(p)
		shares++
	}
	if j.waiting {
		j.waiting = false
		j.crew.waiting = slices.DeleteFunc(j.crew.waiting, func(q *job) bool { return q == j })
		shares++
	}
	return shares
}

// serve is a worker's life. A function that ends its goroutine (runtime.Goexit) ends the worker's: another is started
// in its place, with its slot and number.
func (p *pool) serve(j *job, id int) {
	alive := false
	defer func() {
		if !alive && j != nil {
			go p.serve(j, id)
		}
	}()
	p.used()
	slot := &workerSlot{}
	Holding(slot, func() {
		for j != nil {
			slot.Slot = j
			left := j.run(id)
			done := j
			next, over := p.next(j, id, left)
			j = next
			if over {
				done.over()
			}
		}
	})
	alive = true
}

// workerSlot is the slot of a worker, as part of the job it serves.
type workerSlot struct{ Slot }

// next takes a worker from j to whatever is to be done now; nil ends the worker. It also reports whether j is over,
// which the caller has to tell.
func (p *pool) next(j *job, id int, left leaving) (n *job, over bool) {
	p.mu.Lock()
	switch {
	case left == leftGone: // Abandon has counted the worker out
	case left == leftDry && (j.queued.Load() || j.waiting): // somebody has asked meanwhile: here we are
		j.live.Add(-p.recallLocked(j))
		p.noteLocked()
		p.mu.Unlock()
		return j, false
	case left == leftYield && !j.queued.Load() && !j.waiting: // share and place go with the place in the queue
		if j.crew.makeWayLocked(j) {
			p.enqueueLocked(j)
		}
	default:
		j.crew.giveLocked(p)
		over = j.live.Add(-1) == 0
	}
	if n = p.handOnLocked(); n == nil {
		p.ids = append(p.ids, id)
	}
	p.noteLocked()
	p.mu.Unlock()
	return n, over
}

// dispatchLocked starts workers for jobs that were queued while there were free slots. Needs p.mu.
func (p *pool) dispatchLocked() {
	for p.busy < p.size && len(p.queue) > 0 {
		p.busy++
		if j := p.handOnLocked(); j != nil {
			go p.serve(j, p.takeIDLocked())
		}
	}
	p.noteLocked()
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

// handOnLocked finds the next use of a taken slot: a lent one that is wanted back or a gang, in order, else a job, which it returns, else
// none. Needs p.mu.
func (p *pool) handOnLocked() *job {
	if p.resume.give() {
		return nil
	}
	if len(p.queue) == 0 {
		p.busy--
		return nil
	}
	j := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	j.queued.Store(false)
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

// noteLocked brings waiting up to date. Needs p.mu.
func (p *pool) noteLocked() {
	if invariant.Enabled {
		invariant.Check(len(p.resume.claims) == 0 || p.busy == p.size, "executor: somebody is in line while slots are free")
	}
	if w := int32(len(p.resume.claims) + len(p.queue)); w != p.waiting.Load() {
		p.waiting.Store(w)
	}
}
