package executor

import (
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
// (shareMin), or when a helper that was called because the cost was unknown finds the owner still at the same piece.
// The helper does the turning without the owner's help: it takes the claim word away, counts the inputs of all
// calls behind the owner's piece, and begins on them. The owner notices at the end of its piece. A call that cannot be
// run in order (blocking, limited, on another executor) turns the job, too.
//
//	 in order ──(helper or owner: claim ← counted)──► counted ──► over
//	     └───────────────────────(owner reached the end)────────────┘
//
// live counts the workers attached or on their way and the calls going on elsewhere; at 0 the job is over.

// shareMin is the cost of a call from which on it is worth handing to another worker: a hand-off between cores takes
// about 300 ns, and a counted call some tens of ns more than one in order.
const shareMin = 300 * time.Nanosecond

// slice is how long a worker stays with a job while others wait for its slot.
const slice = time.Millisecond

// counted in claim says that the job is no longer run in order.
const counted = math.MaxUint64

// job is one Steps on one pool.
type job struct {
	pool *pool
	w    Steps
	n    int32
	max  int           // most workers attached. Written before the job is shared
	done chan struct{} // closed when the job is over, if Execute waits for it. Written before the job is shared

	queued   bool // in pool.queue. Guarded by pool.mu
	wanted   bool // a worker more was wanted when max were attached. Guarded by pool.mu
	attached int  // workers serving the job. Guarded by pool.mu

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

	mu     sync.Mutex
	owner  int // 1 + the number of the worker that runs the job in order; 0: none. Guarded by mu
	counts counts
	ready  readySet
}

func newJob(p *pool, w Steps) *job {
	j := &job{pool: p, w: w, n: int32(w.Len()), max: math.MaxInt}
	if m := w.Workers(); m > 0 {
		j.max = m
	}
	return j
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
	case j.owner == id+1: // a function ended the goroutine that was the owner
	case j.claim.Load() == counted:
		j.mu.Unlock()
		return j.serveCounted(id)
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
	j.w.Over()
	if j.done != nil {
		close(j.done)
	}
}

// inOrder is the owner's loop. It reports whether the worker is to leave the job; if not, the job has become counted.
func (j *job) inOrder(id int) (left leaving, leave bool) {
	var since time.Time
	for {
		if j.next >= j.hi && !j.nextPiece() {
			return leftDry, j.disown()
		}
		switch j.w.Range(id, &j.next, j.hi) {
		case Stopped:
			j.stopped.Store(true)
			return leftDry, true
		case Wait:
			j.await()
		default: // Ended at hi, or Again
		}
		if j.next < j.hi { // make room between pieces only: claim then tells what has ended
			continue
		}
		if j.makeRoom(&since) {
			return leftYield, j.disown()
		}
	}
}

// nextPiece claims the next piece. It reports false when the owner has to stop: at the end, at a call that cannot be
// run in order, or because the job has become counted.
func (j *job) nextPiece() bool {
	if j.next == j.n {
		return false
	}
	end, cost := j.next, time.Duration(0)
	if j.w.Ranks() == nil {
		end, cost = j.w.Piece(j.next)
	}
	if end == j.next {
		j.turn()
		return false
	}
	if !j.claim.CompareAndSwap(pack(j.lo, j.hi), pack(j.next, end)) {
		return false
	}
	j.lo, j.hi = j.next, end
	if end < j.n && j.pool.size > 1 && (cost == 0 || cost >= shareMin) {
		j.callHelp(cost > 0)
	}
	return true
}

// disown ends a turn as the owner. If a helper has turned the job meanwhile, the users of the owner's last piece are
// told, and the worker stays: it reports false.
func (j *job) disown() (leave bool) {
	j.mu.Lock()
	j.owner = 0
	turned := j.claim.Load() == counted
	j.mu.Unlock()
	if turned {
		j.releaseRange(j.lo, j.hi)
	}
	return !turned
}

// turn makes the job counted for its owner, at a call that cannot be run in order. A helper may be faster.
func (j *job) turn() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.claim.CompareAndSwap(pack(j.lo, j.hi), counted) {
		j.lo, j.hi = j.next, j.next
		j.countLocked(j.lo, j.hi)
	}
}

// makeRoom reports whether the worker should leave its slot to others, who have waited for a slice of time.
func (j *job) makeRoom(since *time.Time) bool {
	if j.pool.waiting.Load() == 0 {
		return false
	}
	if since.IsZero() {
		*since = time.Now()
	}
	return time.Since(*since) > slice
}

// await waits for call next, which another run is running, without the slot. Meanwhile a helper may begin on the rest.
func (j *job) await() {
	i := j.next
	j.pool.Lend()
	j.callHelp(true)
	j.w.Await(i)
	j.pool.Reclaim()
}

// callHelp asks for a worker that turns the job to counted. known says that the cost of the owner's piece is known, and
// worth it; otherwise the helper looks whether the owner is still there.
func (j *job) callHelp(known bool) {
	if j.max == 1 || j.pool.full.Load() || !j.helping.CompareAndSwap(false, true) {
		return
	}
	j.dear.Store(known)
	j.asked.Store(j.claim.Load())
	j.pool.want(j)
}

// helpLocked decides whether the job is to be shared, and if so counts it. Needs j.mu.
func (j *job) helpLocked() bool {
	c := j.claim.Load()
	worth := j.helping.Load() && (j.dear.Load() || c == j.asked.Load())
	if !worth || !j.claim.CompareAndSwap(c, counted) {
		j.helping.Store(false)
		return j.claim.Load() == counted
	}
	lo, hi := piece(c)
	j.countLocked(lo, hi)
	return true
}

func pack(lo, hi int32) uint64 { return uint64(uint32(lo))<<32 | uint64(uint32(hi)) }

func piece(c uint64) (lo, hi int32) { return int32(c >> 32), int32(uint32(c)) }

// Later implements Host.
func (j *job) Later() { j.live.Add(1) }

// Wake implements Host.
func (j *job) Wake(i int32, ended bool) {
	if ended {
		j.releaseOutside(i)
	} else {
		j.ready.inject(i)
		j.pool.want(j)
	}
	j.settle()
}

// Abandon implements Host. The stuck worker is counted out here; its deque is left to the others.
func (j *job) Abandon(i int32) {
	j.pool.mu.Lock()
	j.attached--
	j.pool.mu.Unlock()
	j.releaseOutside(i)
	j.pool.want(j)
	j.settle()
}

// Lend implements Slot for the workers of the job.
func (j *job) Lend() { j.pool.Lend() }

// Reclaim implements Slot for the workers of the job.
func (j *job) Reclaim() { j.pool.Reclaim() }

// settle takes one from live.
func (j *job) settle() {
	if invariant.Enabled {
		invariant.Check(j.live.Load() > 0, "executor: job settled below zero")
	}
	if j.live.Add(-1) == 0 {
		j.over()
	}
}
