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
		i := w.current
		w.current = -1
		next = j.release(w, i)
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
		if hunting { // the next one may be sent for: for anybody's calls, since this one may have been another's
			hunting = false
			j.ready.hunt.Store(false)
			if j.pool.size > 1 && j.ready.any() && j.ready.hunt.CompareAndSwap(false, true) {
				j.pool.want(j)
			}
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

// How often, and for how long, a worker looks round before it leaves: others may be about to have something for it, and to
// be sent for again costs more.
const (
	looks        = 80
	looksAtLeast = 8
	looksTime    = 30 * time.Microsecond // a Gosched may take a while where others compute
)

// look finds a call to start, or -1 when there is none for this worker.
func (j *job) look(w *worker) int32 {
	var since time.Time
	for k := 0; ; k++ {
		if j.stopped.Load() {
			return -1
		}
		if i := j.ready.take(w); i >= 0 || k == looks {
			return i
		}
		if k == looksAtLeast {
			since = time.Now()
		}
		if k > looksAtLeast && (j.pool.waiting.Load() > 0 || time.Since(since) > looksTime) {
			return -1
		}
		runtime.Gosched()
	}
}

// sendFor asks for one more worker when there is something for it to do. One at a time: it sends for the next itself. If
// all slots are taken, the job waits for one.
func (j *job) sendFor(w *worker) {
	if j.pool.size == 1 || j.ready.hunt.Load() || !j.ready.more(w) || !j.ready.hunt.CompareAndSwap(false, true) {
		return
	}
	j.pool.want(j)
}

// put makes a call available to w first and to thieves.
func (j *job) put(w *worker, i int32) {
	if j.ready.ranks != nil || w == nil {
		j.ready.inject(i)
		return
	}
	w.deque.Push(i)
}

// release tells the users of call i that it has ended. For a worker it returns the ready one with the lowest number, to
// be run next, and puts the others into its deque such that the lower come first; w is nil where a call ended on
// no worker: ready users are then injected, and a worker is asked for. Users that need no worker are started here.
func (j *job) release(w *worker, i int32) int32 {
	next := int32(-1)
	var detached []int32
	put := false
	users := j.counts.users(i)
	for k := len(users) - 1; k >= 0; k-- {
		u := users[k]
		switch {
		case !j.counts.ended(u):
		case j.w.Detached(u):
			detached = append(detached, u)
		case w == nil || j.ready.ranks != nil:
			j.ready.inject(u)
			put = true
		default:
			if next >= 0 {
				w.deque.Push(next)
			}
			next = u
		}
	}
	if put && w == nil {
		j.pool.want(j)
	}
	for k := len(detached) - 1; k >= 0; k-- {
		j.startDetached(w, detached[k])
	}
	return next
}

// startDetached starts a call that needs no worker, and goes on to its users if it has ended already: there was a value
// or a failure before it.
func (j *job) startDetached(w *worker, i int32) {
	todo := []int32{i}
	for len(todo) > 0 {
		i, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if j.w.Start(-1, i) != Ended {
			continue
		}
		for _, u := range j.counts.users(i) {
			switch {
			case !j.counts.ended(u):
			case j.w.Detached(u):
				todo = append(todo, u)
			default:
				j.put(w, u)
				j.pool.want(j)
			}
		}
	}
}
