package executor

import (
	"runtime"
	"time"
)

// serveCounted is a worker's loop in a counted job.
func (j *job) serveCounted(id int) leaving {
	w := j.ready.join(id)
	next := int32(-1)
	if w.current >= 0 { // a function ended the goroutine that was here before
		next = j.release(w, w.current)
	}
	var since time.Time
	hunting := true
	for {
		if next < 0 {
			if next = j.look(w); next < 0 {
				if hunting {
					j.ready.hunt.Store(false)
				}
				return leftDry
			}
		}
		if hunting { // the next one may be sent for
			hunting = false
			j.ready.hunt.Store(false)
		}
		j.sendFor(w)
		w.current = next
		status := j.w.Start(id, next)
		w.current = -1
		switch status {
		case Ended:
			next = j.release(w, next)
		case Gone:
			return leftGone
		case Stopped:
			j.stopped.Store(true)
			return leftDry
		default: // Later
			next = -1
		}
		if j.makeRoom(&since) {
			if next >= 0 {
				j.put(w, next)
			}
			return leftYield
		}
	}
}

// looks is how often a worker looks round before it leaves: others may be about to have something for it, and to be
// sent for again costs more.
const looks = 8

// look finds a call to start, or -1 when there is none for this worker.
func (j *job) look(w *worker) int32 {
	for k := 0; ; k++ {
		if j.stopped.Load() {
			return -1
		}
		if i := j.ready.take(w); i >= 0 || k == looks {
			return i
		}
		runtime.Gosched()
	}
}

// sendFor asks for one more worker when there is something for it to do. One at a time: it sends for the next itself.
func (j *job) sendFor(w *worker) {
	if j.pool.full.Load() || !j.ready.more(w) || !j.ready.hunt.CompareAndSwap(false, true) {
		return
	}
	j.pool.want(j)
}

// put makes a call available to w first and to thieves.
func (j *job) put(w *worker, i int32) {
	if j.ready.ranks != nil {
		j.ready.inject(i)
		return
	}
	w.deque.Push(i)
}

// release tells the users of call i that it has ended. It returns the ready one with the lowest number, for w to run
// next, and puts the others into its deque such that the lower come first.
func (j *job) release(w *worker, i int32) int32 {
	next := int32(-1)
	users := j.counts.users(i)
	for k := len(users) - 1; k >= 0; k-- {
		u := users[k]
		if !j.counts.ended(u) {
			continue
		}
		if next >= 0 {
			w.deque.Push(next)
		}
		next = u
		if j.ready.ranks != nil {
			j.ready.inject(u)
			next = -1
		}
	}
	return next
}

// releaseOutside is release for a call that ended on no worker.
func (j *job) releaseOutside(i int32) {
	some := false
	for _, u := range j.counts.users(i) {
		if j.counts.ended(u) {
			j.ready.inject(u)
			some = true
		}
	}
	if some {
		j.pool.want(j)
	}
}

// releaseRange is releaseOutside for the owner's piece when a helper has turned the job.
func (j *job) releaseRange(lo, hi int32) {
	for i := lo; i < hi; i++ {
		for _, u := range j.counts.users(i) {
			if u >= j.counts.base && j.counts.ended(u) {
				j.ready.inject(u)
			}
		}
	}
}
