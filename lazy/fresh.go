package lazy

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/executor"
)

// # Fresh runs
//
//	Get ──► fresh run: one goroutine with a slot ─────────────► all targets are done: Get returns
//	         │ depth first from the targets; a call is made as soon as its inputs are there
//	         ├ a call that is not for it, or not its own ─────► plan of what is left
//	         ├ a call fails ──────────────────────────────────► plan; the failure is that of the new run's call
//	         └ a call takes its time, or the context ends ────► plan; the call is left to the goroutine
//
// What is planned is written down, sorted and come back to: for a call of 10 ns that costs several times the call, and
// a second worker costs more than it takes off. So cheap calls are made when they are come by. Nothing is written down but
// the way from the target; the state of a node tells whether somebody has been there. Two runs that meet share their
// work like any others, by claiming calls.
//
// A fresh run is for a world in which nothing was ever Set, and for calls that have nothing special about them. Functions
// of which nothing is known are tried, as long as that takes little time. While a function runs the one who waits may
// take the run over: phase tells whether it did. Then it plans the rest; the goroutine ends the call that it is at, and
// hands a failure to the run that was planned.

// fresh is a fresh run on its way. What is neither atomic nor about the one who waits (over, taken, listed) belongs to serve until
// phase is freshOver.
type fresh struct {
	run     *run
	slot    executor.CallerSlot
	pool    slots
	stack   wayStack
	dear    int64  // ns: a call that costs more is not for a fresh run
	unknown int64  // ns left for calls of functions of which nothing is known
	view    uint64 // the revision in which it began
	steps   uint32
	calls   uint64
	ended   bool
	fits    *function // of which calls may be made here

	fn    *function // of the last call
	cost  int64     // of it, in ns; 0: not known
	node  *node     // the call that is being made
	began int64     // when that began; 0 if it is not measured
	err   error     // what node has failed with
	phase atomic.Uint32
	pace  atomic.Uint32 // not 0 since serve has begun; changes as long as it goes on
	// trying says that the call that is being made is of a function of which nothing is known.
	trying atomic.Bool
	tried  bool // the same, for serve alone
	// current is the context that a function was given last.
	current  atomic.Pointer[callContext]
	parent   context.Context // of all of them
	contexts []callContext   // that nobody has been given yet
	listed   *callContext    // the one that the run which has taken it over knows. Written before taken is sent to

	over  chan struct{} // wakes the one who waits. Written by that one before phase is freshWaited
	taken chan *run     // the run that has taken it over
}

// The phases of a fresh run.
const (
	freshOn     = iota // serve goes on; the one who waits watches it
	freshWaited        // serve goes on; the one who waits sleeps: it is to be woken at the end, or to watch
	freshTaken         // the rest is the waiter's; serve ends the call that it is at
	freshOver          // serve is done: all of it is the waiter's
)

const (
	freshDear     = 800                  // ns, shared by the workers there could be: from there on, they are worth while
	freshCheap    = 120                  // ns: below, not even many are
	freshUnknown  = 20_000               // ns for functions of which nothing is known
	freshStuck    = 2 * time.Millisecond // without a sign of life: a collection, or others, may take the processor for one
	freshTries    = 100                  // looks at what is tried, each after a Gosched …
	freshTime     = 40_000               // … and ns, after which it is taken over …
	freshTriesMax = 2000                 // … or looks, where the clock stands, as in a synctest bubble
	freshSign     = 64                   // steps between two signs of life
)

var freshes = sync.Pool{New: func() any { return new(fresh) }}

// slots is an executor that gives out slots.
type slots interface {
	TakeSlot() (executor.CallerSlot, bool)
	Wanted() bool
}

// makeFresh makes what it can of r without a plan, and reports whether that is all. Else r is to be planned, for the view
// of s, and s is to be handed over.
func (r *run) makeFresh() (s *fresh, all bool) {
	o := &r.options
	if changes.state.Load() != 0 || prioritized.Load() || r.outer != nil || o.refresh || o.hasWorkers || o.observer != nil ||
		o.session.observed() || r.base.Err() != nil {
		return nil, false
	}
	s = freshes.Get().(*fresh)
	if !s.prepare(r) {
		s.free()
		return nil, false
	}
	unaware.Add(1)
	s.view = changes.now.Load()
	if changes.state.Load() != 0 {
		unaware.Add(-1)
		s.slot.Lend()
		s.free()
		return nil, false
	}
	r.view = s.view // for Gets inside the calls
	go s.serve()
	if !s.wait(r.base) {
		return s, false
	}
	if s.err != nil || s.ended {
		return s, false
	}
	unaware.Add(-1)
	s.free()
	r.endContext()
	return nil, true
}

// prepare has s begin with the targets of r. It reports false if there is nothing for it to do.
func (s *fresh) prepare(r *run) (ok bool) {
	session := r.options.session
	if s.pool, ok = session.executor(0).(slots); !ok || len(r.targets) == 0 {
		return false
	}
	s.run, s.unknown, s.dear = r, freshUnknown, cheap
	if workers := session.workers(); workers > 1 {
		s.dear = max(freshCheap, int64(freshDear/workers))
	}
	if s.push(r.targets[0]); s.ended || s.stack.empty() && len(r.targets) == 1 {
		return false
	}
	if s.slot, ok = s.pool.TakeSlot(); !ok {
		return false
	}
	return true
}

// wait waits until the fresh run is over, or takes it over and reports false.
func (s *fresh) wait(ctx context.Context) bool {
	for s.watch() {
		if s.over == nil {
			s.over = make(chan struct{}, 1)
		}
		if !s.phase.CompareAndSwap(freshOn, freshWaited) {
			break
		}
		if s.trying.Load() && s.phase.CompareAndSwap(freshWaited, freshOn) { // since a moment ago
			continue
		}
		if taken, over := s.sleep(ctx); taken || over {
			return !taken
		}
	}
	return s.phase.Load() == freshOver
}

// watch waits until the fresh run goes on with calls of which it is known that they are cheap, and reports true; or it is
// over; or, if it takes long, taken over.
func (s *fresh) watch() bool {
	pace, since := s.pace.Load(), mono()
	for tries := 0; ; tries++ {
		runtime.Gosched() // most are over then
		switch now := s.pace.Load(); {
		case s.phase.Load() == freshOver:
			return false
		case now != pace:
			pace, tries, since = now, 0, mono()
		case now != 0 && !s.trying.Load():
			return true
		case tries > freshTries && mono()-since > freshTime || tries > freshTriesMax:
			s.taken = make(chan *run, 1)
			s.phase.CompareAndSwap(freshOn, freshTaken) // else it is over
			return false
		}
	}
}

// sleep waits until the fresh run is over, or takes long and is taken over, or asks to be watched: it tries what may take
// long.
func (s *fresh) sleep(ctx context.Context) (taken, over bool) {
	stuck := time.NewTimer(freshStuck)
	defer stuck.Stop()
	for pace := s.pace.Load(); ; {
		select {
		case <-s.over:
			return false, s.phase.Load() == freshOver
		case <-ctx.Done():
		case <-stuck.C:
			if now := s.pace.Load(); now != pace {
				pace = now
				stuck.Reset(freshStuck)
				continue
			}
		}
		s.taken = make(chan *run, 1)
		if s.phase.CompareAndSwap(freshWaited, freshTaken) {
			return true, false
		}
		<-s.over
		return false, s.phase.Load() == freshOver
	}
}

// serve makes the calls.
func (s *fresh) serve() {
	returned := false
	defer func() {
		if !returned { // a function has panicked or ended the goroutine
			s.stop(newPanicError(s.node.fn.name, recover()))
		}
	}()
	s.goOn()
	returned = true
	s.stop(s.err)
}

// stop is the end of serve: err is what the call that it is at has failed with, if any.
func (s *fresh) stop(err error) {
	s.slot.Lend()
	s.err = err
	for { // the one who waits may go from one of the first two phases to the other just now
		switch {
		case s.phase.CompareAndSwap(freshOn, freshOver):
			return
		case s.phase.CompareAndSwap(freshWaited, freshOver):
			s.over <- struct{}{}
			return
		case s.phase.Load() == freshTaken:
			s.endTaken()
			return
		}
	}
}

// endTaken ends the call that was taken over.
func (s *fresh) endTaken() {
	r := <-s.taken
	switch {
	case s.err != nil:
		s.fail(r)
	case s.listed != nil:
		r.leave(s.listed)
	}
	unaware.Add(-1)
	if r.parts.Add(-1) < 0 {
		r.finishRun()
	}
}

// fail ends the call that has failed as one of r, which has been planned since.
func (s *fresh) fail(r *run) {
	x := &execution{run: r, node: s.node, worker: -1, c: s.listed, start: s.began}
	x.at = int32(slices.Index(r.plan.order, s.node))
	if x.at < 0 { // a call between was given a value
		x.at = 0
		if s.listed != nil {
			r.leave(s.listed)
		}
		s.node.end(stateFailed, r.failureOf(x, s.err))
		return
	}
	r.conclude(x, s.err)
}

// handOver gives r, which has been planned, the call that the fresh run has left behind, if any, and ends it.
func (s *fresh) handOver(r *run) {
	switch {
	case s == nil:
		return
	case s.phase.Load() == freshTaken:
		r.keepPlan()
		r.parts.Add(1)
		s.enlist(r)
		s.taken <- r
	case s.err != nil:
		r.keepPlan()
		s.fail(r)
		fallthrough
	default:
		unaware.Add(-1)
		s.free()
	}
	if r.n == 0 { // all is done, or nobody wants it any more
		r.endContext()
	}
}

// keepPlan keeps the plan though the run may have nothing to do.
func (r *run) keepPlan() {
	r.keepsPlan = true
	r.plan.becomeAware()
}

// latest is the last revision that a run which comes after s may see.
func (s *fresh) latest() uint64 {
	if s == nil {
		return math.MaxUint64
	}
	return s.view
}

// free gives the fresh run back. It is over.
func (s *fresh) free() {
	s.stack.clear()
	*s = fresh{stack: s.stack}
	freshes.Put(s)
}

// enlist has r know of the context of the call that was taken over with it, to tell who waits for the call.
func (s *fresh) enlist(r *run) {
	c := s.current.Load()
	if c == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.place = len(r.active)
	r.active = append(r.active, c)
	s.listed = c
}
