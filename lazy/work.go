package lazy

import (
	"context"
	"fmt"
	"time"

	"github.com/dally-go/dally/executor"
)

// This file is a run as an executor.Steps: what an executor sees of it.

// Len implements executor.Work.
func (r *run) Len() int { return r.n }

// Inputs implements executor.Work.
func (r *run) Inputs(i int) []int32 { return r.plan.shape.Inputs(i) }

// Crew implements executor.Steps.
func (r *run) Crew() *executor.Crew { return r.crew }

// Detached implements executor.Steps.
func (r *run) Detached(i int32) bool { return r.plan.detached && r.plan.order[i].detached() }

// AnyDetached implements executor.Steps.
func (r *run) AnyDetached() bool { return r.plan.detached }

// Attach implements executor.Steps.
func (r *run) Attach(ctx context.Context, h executor.Host) {
	r.mu.Lock()
	r.host = h
	if ctx != nil && r.ctx == nil {
		r.base = ctx
	}
	halted := r.halted.Load()
	r.mu.Unlock()
	if halted {
		h.Stop()
	}
}

// Ranks implements executor.Steps.
func (r *run) Ranks() []int32 {
	if !r.plan.ranked {
		return nil
	}
	if r.plan.ranks == nil {
		r.plan.ranks = r.plan.shape.Ranks(func(i int) int { return r.plan.order[i].fn.opts.priority })
	}
	return r.plan.ranks
}

// The bounds of a piece: so many calls, so much time. A piece is what a helper cannot take away.
const (
	pieceLen  = 512
	pieceTime = 20_000 // ns
	cheap     = 2_000  // ns; a call that costs more is a piece of its own
	untimed   = 20_000 // ns; a call that costs more is timed each time, and remembered for pictures
)

// Piece implements executor.Steps.
func (r *run) Piece(lo int32) (int32, time.Duration) {
	order := r.plan.order
	var last *function
	var cost, total int64
	hi := lo
	for end := min(int32(r.n), lo+pieceLen); hi < end; hi++ {
		n := order[hi]
		if w := n.word.Load(); w&flagFound != 0 || w&flagOwn != 0 && n.more.Load().runsOn != nil {
			break
		}
		if f := n.fn; f != last {
			c := f.est.cost()
			if !f.plain || r.looksUp(f) || ((c == 0 || c > cheap) && hi > lo) {
				break
			}
			last, cost = f, c
			if c == 0 || c > cheap || r.hooks != nil {
				r.predicted = c
				return hi + 1, time.Duration(c)
			}
		}
		if total += cost; total > pieceTime {
			break
		}
	}
	if hi == lo {
		return lo, 0
	}
	r.predicted = total
	return hi, time.Duration(total / int64(hi-lo))
}

// Range implements executor.Steps.
func (r *run) Range(worker int, next *int32, hi int32) executor.Status {
	if r.halted.Load() {
		return executor.Stopped
	}
	if hi-*next == 1 || r.sick.Load() || r.hooks != nil || r.late.Load() {
		return r.rangeSlowly(worker, next, hi)
	}
	return r.rangeFast(worker, next, hi)
}

// rangeFast runs cheap calls of plain functions that nobody looks at.
func (r *run) rangeFast(worker int, next *int32, hi int32) (status executor.Status) {
	lo := *next
	returned := false
	var c *callContext
	defer func() {
		if returned {
			return
		}
		i := *next - 1
		r.conclude(&execution{run: r, at: i, node: r.plan.order[i], c: c}, newPanicError(r.plan.order[i].fn.name, recover()))
		status = executor.Again
	}()
	began := mono()
	order := r.plan.order
	for i := lo; i < hi; i++ {
		n := order[i]
		switch n.beginFresh() {
		case stateRunning:
			returned = true
			return executor.Wait
		case statePending:
			*next = i + 1
			var err error
			if n.fn.wantsContext {
				c = r.enter(n, true)
				err = n.fn.call(n, c, nil)
				r.leaveFast(c)
				c = nil
			} else {
				err = n.fn.call(n, none, nil)
			}
			if err != nil {
				returned = true
				return r.failedFast(i, n, err)
			}
			n.end(stateDone, nil)
		case stateFailed, stateSkipped, stateNone: // in a former run, or by a worker that helps; or tracked
			returned = true
			return r.rangeSlowly(worker, next, hi)
		default:
			*next = i + 1
		}
		if r.halted.Load() {
			returned = true
			return executor.Stopped
		}
		if r.late.Load() {
			returned = true
			return r.rangeSlowly(worker, next, hi)
		}
	}
	returned = true
	r.learnPiece(lo, hi, mono()-began)
	return executor.Ended
}

// leaveFast is leave for a call that is not run as an execution.
func (r *run) leaveFast(c *callContext) {
	r.leave(c)
	if c.tainted.Load() {
		(&execution{run: r, node: c.node}).taint()
	}
}

// failedFast ends a call of rangeFast that returned an error.
func (r *run) failedFast(i int32, n *node, err error) executor.Status {
	x := &execution{run: r, at: i, node: n}
	if n.fn.opts.retry > 0 {
		x.c = r.enter(n, true)
		err = x.retried(err)
	}
	r.conclude(x, err)
	return executor.Again
}

// rangeSlowly runs calls one at a time, with everything.
func (r *run) rangeSlowly(worker int, next *int32, hi int32) executor.Status {
	for *next < hi {
		if r.halted.Load() {
			return executor.Stopped
		}
		i := *next
		n := r.plan.order[i]
		if r.skip(i) {
			*next = i + 1
			continue
		}
		x := &execution{run: r, at: i, node: n, worker: worker, slot: true}
		switch r.take(x, false) {
		case stateRunning:
			return executor.Wait
		case statePending:
			*next = i + 1
			r.perform(x)
		default:
			*next = i + 1
		}
	}
	return executor.Ended
}

// Await implements executor.Steps.
func (r *run) Await(i int32) {
	ch := make(chan struct{})
	if r.watchOther(i, r.plan.order[i], ch) {
		<-ch
	}
}

// Start implements executor.Steps.
func (r *run) Start(worker int, i int32) executor.Status { return r.startUnder(none, worker, i) }

// startUnder is Start with the parent of the call's context; nil is the run's.
func (r *run) startUnder(parent context.Context, worker int, i int32) executor.Status {
	if r.halted.Load() {
		return executor.Stopped
	}
	n := r.plan.order[i]
	if w := n.word.Load(); r.skip(i) || w&flagTracked == 0 && isReady(w) {
		r.dropGrantsOf(i)
		return executor.Ended
	}
	if worker >= 0 && r.hooks == nil && n.costsAtMost(untimed) && !r.looksUp(n.fn) && !r.late.Load() {
		if status := r.startCheap(i, n); status != executor.Again {
			return status
		}
	}
	x := &execution{run: r, at: i, node: n, worker: worker, slot: worker >= 0, parent: parent}
	if !r.admit(x) {
		return executor.Later
	}
	switch r.take(x, true) {
	case statePending:
		return r.launch(x)
	case stateNone:
		x.releaseLimits()
		return executor.Later
	case stateRunning:
		x.releaseLimits()
		r.host.Later()
		if !r.watchOther(i, n, nil) {
			r.host.Wake(i, false) // it has ended meanwhile: look again
		}
		return executor.Later
	default:
		x.releaseLimits()
		return executor.Ended
	}
}

// begin claims call i, if it is not tracked. It returns pending if the claim succeeded. A call that was found failed may have failed in this
// very run, just now, by another worker: then it is not to be run again, and counts as done.
func (r *run) begin(n *node, i int32) uint32 {
	was := n.begin()
	if was != stateFailed && was != stateSkipped {
		return was
	}
	if !r.sick.Load() {
		return statePending
	}
	r.mu.Lock()
	f := r.failures[i]
	r.mu.Unlock()
	if f == nil {
		return statePending
	}
	n.end(was, f)
	return stateDone
}

// isCheap reports whether the call is known to be cheap and has nothing special about it.
func (n *node) isCheap() bool { return n.costsAtMost(cheap) }

// costsAtMost reports whether the call is known to cost no more than that, in ns, and has nothing special about it.
func (n *node) costsAtMost(most int64) bool {
	f := n.fn
	c := f.est.cost()
	return c > 0 && c <= most && f.plain && !f.opts.insists() && n.runsOn() == nil
}

// sampled is how many cheap calls there are to one that is measured.
const sampled = 16

// startCheap is Start for calls of plain functions that are not timed and that nobody looks at. It returns Again if the call is to be
// started the long way: another run is running it.
func (r *run) startCheap(i int32, n *node) (status executor.Status) {
	switch n.beginFresh() {
	case stateRunning, stateFailed, stateSkipped, stateNone:
		return executor.Again
	case statePending:
	default:
		return executor.Ended
	}
	var c *callContext
	returned := false
	defer func() {
		if !returned {
			r.conclude(&execution{run: r, at: i, node: n, c: c}, newPanicError(n.fn.name, recover()))
		}
	}()
	var began int64
	measured := i%sampled == 0
	if measured {
		began = mono()
	}
	var err error
	if n.fn.wantsContext {
		c = r.enter(n, true)
		err = n.fn.call(n, c, nil)
		r.leaveFast(c)
		c = nil
	} else {
		err = n.fn.call(n, none, nil)
	}
	returned = true
	if err != nil {
		r.conclude(&execution{run: r, at: i, node: n}, err)
		return executor.Ended
	}
	n.end(stateDone, nil)
	if measured {
		n.fn.est.learn(mono() - began)
	}
	return executor.Ended
}

// Run implements executor.Work, for executors that know nothing of Steps.
func (r *run) Run(ctx context.Context, i int) error {
	if ctx == nil { // a foreign executor's: it is not ours to punish
		ctx = r.context()
	}
	h := r.syncHost(ctx)
	if in := r.missing(i); in >= 0 {
		return fmt.Errorf("executor ran call %d before its input %d had ended", i, in)
	}
	c, mine := h.enter(int32(i))
	if !mine { // the executor runs the call twice at once
		<-c.over
		return r.stopCause()
	}
	defer h.leave(int32(i), c)
	for {
		status := executor.Ended
		apart(ctx, func() { status = r.startUnder(ctx, -1, int32(i)) })
		if status != executor.Later || <-c.woken {
			return r.stopCause()
		}
	}
}

// stopCause is why no more calls need be run; nil if they do.
func (r *run) stopCause() error {
	if !r.halted.Load() {
		return nil
	}
	return r.haltCause()
}
