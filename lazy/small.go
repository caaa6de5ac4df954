package lazy

import (
	"context"
	"sync/atomic"
	"time"
)

// # Small runs
//
//	Get ──► small? ──► go serve: one goroutine, a slot of the pool, the calls in order ──► Get returns
//	                        └ a call that is not cheap, not idle, not simple: the rest is an ordinary run
//
// What a pool does to share a run among workers costs more than a few dozen cheap calls. A run whose calls are all known
// to be cheap – measured before, of functions that take no context – is therefore made by one goroutine, which holds a
// slot and does nothing but call. It is not the caller's: the caller must be free to leave, and runtime.Goexit in a
// function would take it with it. That costs 0.4 µs, half of what the pool does.

// Calls that were cheap may wait for one another some day. So if the run is not done in a moment, it is started as an
// ordinary one beside the goroutine, which then makes the call that it is at and no other.

// lender is an executor whose slots others may take.
type lender interface {
	TryTake() bool
	GiveBack()
}

// The bounds of a small run.
const (
	smallLen     = 256
	smallTime    = 20_000 // ns, by what the calls are thought to cost
	smallTimeMax = time.Millisecond
)

// small is a small run on its way.
type small struct {
	run  *run
	ex   lender
	x    execution // of the call that is being run
	left int64     // ns
	// settled is set by who decides what becomes of the run: the goroutine when it is done, or the timer.
	settled atomic.Bool
	// done tells whether all calls were made; else the run has been started.
	done chan bool
}

// isSmall reports whether the run may be a small one.
func (r *run) isSmall() bool {
	return r.n <= smallLen && r.begun == nil && !r.plan.ranked && r.outer == nil && r.hooks == nil && !r.plan.letsGo && !r.plan.detached &&
		!r.options.hasWorkers && r.isCheapHere(r.plan.order[0])
}

// makeSmall makes the run if it is small. It reports whether that is all; else the run has still to be started, or has
// been already, which it reports, too. If ctx ends before, left is true.
func (r *run) makeSmall(ctx context.Context) (all, started, left bool) {
	if !r.isSmall() {
		return false, false, false
	}
	ex, ok := r.ex.(lender)
	if !ok || !ex.TryTake() {
		return false, false, false
	}
	s := &small{run: r, ex: ex, left: smallTime, done: make(chan bool, 1)}
	go s.serve()
	if r.n > 1 {
		defer time.AfterFunc(smallTimeMax, s.rescue).Stop()
	}
	if ctx.Done() == nil {
		all = <-s.done
		return all, !all, false
	}
	select {
	case all = <-s.done:
		return all, !all, false
	case <-ctx.Done():
		r.halt(ErrNoWaiters)
		return false, false, true
	}
}

// serve makes the calls, and starts the run if some are left.
func (s *small) serve() {
	returned, all := false, false
	defer func() {
		if !returned { // a function has panicked or ended the goroutine
			s.run.conclude(&s.x, newPanicError(s.x.node.fn.name, recover()))
		}
		s.ex.GiveBack()
		s.settle(all, false)
	}()
	all = s.calls()
	returned = true
}

// rescue starts the run: a call takes too long.
func (s *small) rescue() { s.settle(false, true) }

// settle decides what becomes of the run, if that is not decided yet. rescued says that the goroutine is not done.
func (s *small) settle(all, rescued bool) {
	if s.settled.Swap(true) {
		return
	}
	if all {
		s.run.leaveView()
		s.run.endContext() // calls before it, in a fresh run, may have had one
	} else {
		s.run.keepsPlan = rescued
		s.run.start()
	}
	s.done <- all
}

// isCheapHere reports whether the call may be one of a small run.
func (r *run) isCheapHere(n *node) bool { return n.isCheap() && !n.fn.wantsContext && !r.looksUp(n.fn) }

func (s *small) calls() bool {
	order := s.run.plan.order
	var last *function
	var cost int64
	for i, n := range order {
		if s.run.halted.Load() || s.settled.Load() {
			return false
		}
		if n.fn != last || n.word.Load()&flagOwn != 0 {
			if !s.run.isCheapHere(n) {
				return false
			}
			last, cost = n.fn, n.fn.est.cost()
		}
		if s.left -= cost; s.left < 0 || !s.call(int32(i), n) {
			return false
		}
	}
	return true
}

// call makes one call. It reports false if the pool is to see to it.
func (s *small) call(i int32, n *node) bool {
	s.x = execution{run: s.run, at: i, node: n, worker: -1}
	x := &s.x
	measured := (uint64(i)+s.run.id)%sampled == 0
	var began int64
	if measured {
		began = mono()
	}
	var ok bool
	if n.word.Load()&flagTracked != 0 {
		ok = s.tracked(x, n)
	} else {
		ok = s.plain(x, n)
	}
	if measured && ok {
		n.fn.est.learn(mono() - began)
	}
	return ok
}

func (s *small) plain(x *execution, n *node) bool {
	if s.run.late.Load() || n.beginFresh() != statePending {
		return false
	}
	if err := n.fn.call(n, none, nil); err != nil {
		s.failed(err)
		return false
	}
	n.end(stateDone, nil)
	return true
}

// tracked makes a tracked call if it is as it was planned.
func (s *small) tracked(x *execution, n *node) bool {
	r := s.run
	w := n.word.Load()
	if isBusy(w) || isReady(w) || w&(flagPermanent|flagFound) != 0 || !r.planTracked(x.at) || changes.now.Load() != r.view {
		return false
	}
	claimed := w&^(stateMask|flagMarked|flagForced) | stateRunning
	if !n.word.CompareAndSwap(w, claimed) {
		return false
	}
	x.was, x.tracked, x.framed = w, true, true
	if changes.now.Load() != r.view {
		x.unclaim()
		return false
	}
	x.frame.in = r.arguments(x.at, n)
	if x.unchanged() {
		x.seen = n.version()
		r.keep(x, false)
	} else {
		err := n.fn.call(n, none, &x.frame)
		if err == nil {
			err = r.valued(x)
		}
		if err != nil {
			s.failed(err)
			return false
		}
	}
	x.keepOutcome(n.more.Load(), stateDone, nil)
	x.keepMarks()
	if !n.word.CompareAndSwap(claimed, x.next(claimed, stateDone, nil)) { // marked or watched meanwhile
		x.publish(stateDone, nil)
	}
	return true
}

// failed ends the call that is being made.
func (s *small) failed(err error) {
	s.run.conclude(&s.x, err)
}
