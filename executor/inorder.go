package executor

import "time"

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
			if j.claim.Load() == counted { // a worker of this job runs it
				return leftDry, j.disown()
			}
			j.await()
		default: // Ended at hi, or Again
		}
		if j.next >= j.hi && j.makeRoom(&since) {
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
	switch {
	case j.pool.size == 1:
	case end < j.n && (cost == 0 || cost >= shareMin):
		j.callHelp(cost > 0)
	case end-j.lo > 1:
		j.watchClock()
	}
	return true
}

// disown ends a turn as the owner. If the job has become counted, the worker stays: it reports false.
func (j *job) disown() (leave bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.owner = 0
	return j.claim.Load() != counted
}

// turn makes the job counted for its owner, at a call that cannot be run in order. A helper may be faster.
func (j *job) turn() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.claim.CompareAndSwap(pack(j.lo, j.hi), counted) {
		j.countLocked(j.next)
	}
}

// await waits for call next, which another run is running, without the slot. Meanwhile a helper may begin on the rest.
func (j *job) await() {
	i := j.next
	j.Lend()
	j.w.Await(i)
	j.Reclaim()
}

// callHelp asks for a worker that turns the job to counted. known says that the cost of the owner's piece is known, and
// worth it; otherwise the helper looks whether the owner is still there.
func (j *job) callHelp(known bool) {
	if known {
		j.dear.Store(true)
	}
	if !j.helping.CompareAndSwap(false, true) {
		return
	}
	j.asked.Store(j.claim.Load())
	j.pool.want(j)
}

// helpLocked decides whether the job is to be shared, and if so counts it. Needs j.mu.
func (j *job) helpLocked() bool {
	c := j.claim.Load()
	worth := j.helping.Load() && (j.dear.Swap(false) || c == j.asked.Load())
	if !worth || !j.claim.CompareAndSwap(c, counted) {
		j.helping.Store(false)
		return j.claim.Load() == counted
	}
	lo, _ := piece(c)
	j.countLocked(lo)
	return true
}

// watchClock has tick called while pieces of cheap calls are run in order: one of them may not be cheap at all.
func (j *job) watchClock() {
	if j.timerSet {
		return
	}
	j.timerSet = true
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen = j.claim.Load()
	j.timer = time.AfterFunc(tick, j.tick)
}

// tick calls a helper if the owner is still at the piece it was at one tick ago.
func (j *job) tick() {
	if !j.hold() {
		return
	}
	j.mu.Lock()
	c := j.claim.Load()
	stuck := c == j.seen && j.owner != 0
	j.seen = c
	if c != counted && !stuck {
		j.timer.Reset(tick)
	}
	j.mu.Unlock()
	if c != counted && stuck {
		j.callHelp(true)
	}
	j.settle()
}

func pack(lo, hi int32) uint64 { return uint64(uint32(lo))<<32 | uint64(uint32(hi)) }

func piece(c uint64) (lo, hi int32) { return int32(c >> 32), int32(uint32(c)) }
