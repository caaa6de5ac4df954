package executor

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/internal/invariant"
)

// # How a job is run
//
// A job is one Steps on one pool. It has two ways of running:
//
//	in order   One worker, the owner, runs the calls in the order of their numbers, a piece at a time. No counters, no
//	           user lists, nothing shared but one word, claim, which says where the current piece begins and ends.
//	counted    Every call has a count of the inputs that have not ended; whoever brings it to 0 may run the call.
//	           Workers keep ready calls in deques of their own and steal from each other when they run dry.
//
// A job begins in order and turns to counted, once, when sharing pays: when a piece is known to be worth a hand-off
// (shareMin); when a helper that was called because the cost was unknown finds the owner still at the same piece; or
// when a piece that was thought cheap has not ended after a tick. The helper turns the job without the owner's help:
// it takes the claim away and counts all calls from the owner's piece on, the piece included. Calls of the piece that
// have ended are passed over when their turn comes, and two workers that come to the same call are kept apart by
// the work itself; so nothing needs to be known about how far the owner is.
//
//	 in order ──(helper or owner: claim ← counted)──► counted ──► over
//	     └───────────────────────(owner reached the end)────────────┘
//
// A call that cannot be run in order (limited, timed, a Bind) turns the job, too; and a job that has calls which need no
// worker is counted from the start, so that these begin at once even if all slots are taken.
//
// live counts shares in the job: of workers attached or on their way, of calls going on elsewhere, and of whoever is
// submitting it. At 0 the job is over.

// shareMin is the cost of a call from which on it is worth handing to another worker: a hand-off between cores takes
// about 300 ns, and a counted call some tens of ns more than one in order.
const shareMin = 300 * time.Nanosecond

// slice is how long a worker stays with a job while others wait for its slot.
const slice = time.Millisecond

// tick is how long a piece of calls that are thought cheap may take before a helper is called.
const tick = time.Millisecond

// counted in claim says that the job is no longer run in order.
const counted = math.MaxUint64

// job is one Steps on one pool.
type job struct {
	pool *pool
	w    Steps
	n    int32
	crew *Crew         // nil: no bound
	done chan struct{} // closed when the job is over, if Execute waits for it. Written before the job is shared

	queued  atomic.Bool // in pool.queue. Written under pool.mu
	waiting bool        // in crew.waiting. Guarded by pool.mu

	live    atomic.Int32
	stopped atomic.Bool
	helping atomic.Bool // a helper has been called that has not decided yet

	// claim is the owner's current piece, first<<32 | end, or counted. A worker that sees counted and then holds mu
	// once finds the counts ready.
	claim atomic.Uint64
	// dear says that what comes after the piece in claim is known to be worth sharing.
	dear atomic.Bool
	// asked is the value of claim when the helper was called.
	asked atomic.Uint64
	// next is the first call not begun, lo … hi-1 the piece it lies in or behind. Used by the owner alone.
	next, lo, hi int32
	timerSet     bool // used by the owner alone

	mu     sync.Mutex
	owner  int         // 1 + the number of the worker that runs the job in order; 0: none. Guarded by mu
	timer  *time.Timer // of tick. Guarded by mu
	seen   uint64      // claim at the last tick. Guarded by mu
	counts counts
	ready  readySet
}

// leaving says why a worker leaves a job.
type leaving uint8

const (
	leftDry   leaving = iota // nothing to do
	leftYield                // others wait for the slot
	leftGone                 // Abandon has counted the worker out
)

// run serves the job until there is nothing to do for this worker.
func (j *job) run(id int) leaving {
	if j.stopped.Load() {
		return leftDry
	}
	j.mu.Lock()
	switch {
	case j.claim.Load() == counted:
		j.mu.Unlock()
		return j.serveCounted(id)
	case j.owner == id+1: // a function ended the goroutine that was the owner
	case j.owner == 0:
		j.owner = id + 1
		j.helping.Store(false)
	default:
		counting := j.helpLocked()
		j.mu.Unlock()
		if !counting {
			return leftDry
		}
		return j.serveCounted(id)
	}
	j.mu.Unlock()
	left, leave := j.inOrder(id)
	if leave {
		return left
	}
	return j.serveCounted(id)
}

// over tells the end of the job. Called once, by whoever brings live to 0.
func (j *job) over() {
	j.mu.Lock()
	if j.timer != nil {
		j.timer.Stop()
	}
	j.mu.Unlock()
	j.w.Over()
	if j.done != nil {
		close(j.done)
	}
}

// wait waits for the end of the job. A Work that knows nothing of Steps is stopped when ctx ends.
func (j *job) wait(ctx context.Context) {
	s, ok := j.w.(*plain)
	if !ok {
		<-j.done
		return
	}
	select {
	case <-j.done:
		return
	case <-ctx.Done():
	}
	if j.hold() {
		s.fail(ctx.Err())
		j.Stop()
		j.settle()
	}
	<-j.done
}

// begin counts the job before it has a worker, and starts the calls that need none.
func (j *job) begin() {
	j.mu.Lock()
	j.claim.Store(counted)
	j.countLocked(0)
	j.mu.Unlock()
	for _, i := range j.ready.takeDetached(j.w) {
		j.startDetached(nil, i)
	}
}

// makeRoom reports whether the worker should leave its slot, or its place in the crew, to others, who have waited for a
// slice of time; at once if they are a gang.
func (j *job) makeRoom(since *time.Time) bool {
	others := j.pool.waiting.Load()
	if others > 0 && j.queued.Load() { // one of them is the job itself
		others--
	}
	switch {
	case others <= 0 && !j.crew.wanted():
		return false
	case j.pool.resume.gathers.Load() || j.crew.gathers():
		return true
	}
	if since.IsZero() {
		*since = time.Now()
	}
	return time.Since(*since) > slice
}

// Later implements Host.
func (j *job) Later() { j.live.Add(1) }

// Wake implements Host.
func (j *job) Wake(i int32, ended bool) {
	switch {
	case ended:
		j.release(nil, i)
	case j.w.Detached(i):
		j.startDetached(nil, i)
	default:
		j.ready.inject(i)
		j.pool.want(j)
	}
	j.settle()
}

// Stop implements Host.
func (j *job) Stop() {
	j.stopped.Store(true)
	j.pool.mu.Lock()
	shares := j.pool.recallLocked(j)
	j.pool.dispatchLocked()
	j.pool.mu.Unlock()
	for range shares {
		j.settle()
	}
}

// Abandon implements Host. The stuck worker is counted out here; its deque is left to the others.
func (j *job) Abandon(i int32) {
	j.pool.mu.Lock()
	j.crew.giveLocked(j.pool)
	j.pool.dispatchLocked()
	j.pool.mu.Unlock()
	j.release(nil, i)
	if j.ready.any() {
		j.pool.want(j)
	}
	j.settle()
}

// Lend implements Slot for the workers of the job: while one waits for other calls, another may go on with the job.
func (j *job) Lend() {
	j.crew.lend(j.pool)
	j.pool.Lend()
	if j.claim.Load() != counted {
		j.callHelp(true)
		return
	}
	j.mu.Lock() // the counts may just be being made
	some := j.ready.any()
	j.mu.Unlock()
	if some {
		j.pool.want(j)
	}
}

// Reclaim implements Slot for the workers of the job.
func (j *job) Reclaim() {
	j.crew.reclaim(j.pool)
	j.pool.Reclaim()
}

// settle gives up one share in live.
func (j *job) settle() {
	if invariant.Enabled {
		invariant.Check(j.live.Load() > 0, "executor: job settled below zero")
	}
	if j.live.Add(-1) == 0 {
		j.over()
	}
}

// hold takes a share in live for one who has none; it reports false if the job is over.
func (j *job) hold() bool {
	for {
		n := j.live.Load()
		if n == 0 {
			return false
		}
		if j.live.CompareAndSwap(n, n+1) {
			return true
		}
	}
}
