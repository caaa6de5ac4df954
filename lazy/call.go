package lazy

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/kept"
)

// execution is one call being run by a run that has taken its node to running.
type execution struct {
	run    *run
	at     int32
	node   *node
	worker int
	parent context.Context // from a foreign executor; nil: the run's
	limits []*executor.Limit
	slot   bool                   // on a worker of the session's executor
	async  bool                   // the host has been told Later and is to be woken
	begun  chan<- executor.Status // of a poll: the worker that began it waits for the first word
	c      *callContext
	start  int64        // ns since the process began
	silent bool         // observers are not told of it: it has not run
	late   <-chan error // of a function that was abandoned: it has not returned

	done    int64        // when the function had returned, if its result was kept since; else 0
	apart   *frame       // of a try that may come too late: see orelse.go; nil: the try has none of its own
	stoodIn bool         // OrElse's function was asked
	memo    *memoCall    // its result is to be kept; nil: it is not
	cached  bool         // it has its value without having run
	content kept.Content // of that value, if it is known

	// Of tracked calls: see view.go.
	tracked bool
	framed  bool     // it is run with a frame
	private bool     // the result is for the run alone
	tainted bool     // the result is of older inputs: see taint
	stands  *failure // that it has failed with for good
	same    bool     // its value was let go of, and this is the same one
	first   bool     // the value is in the node, and is its first
	again   bool     // a Bind whose function is not to be called again
	was     uint32   // the node's word when it was claimed
	seen    version
	frame   frame
}

// callContext is the context that a call's function sees. A Get that is given it, or a context made from it, knows the
// call it stands in.
type callContext struct {
	context.Context
	run  *run
	node *node
	slot bool // on a worker of the run's executor
	// foreign says that Context came from an executor that was given this call alone, or that knows nothing of Steps.
	foreign bool
	tainted atomic.Bool // it has got a value that is not the present one
	private bool        // what the call finds is not for the node: see view.go
	over    atomic.Bool // the call has ended: a Get with this context is nobody's any more

	place  int               // in run.active. Guarded by run.mu
	limits []*executor.Limit // places that the call holds
	own    executor.Slot     // of a fresh run; nil: what the executor gives

	gets waiting
	poll *pollSlot    // nil: the call is no poll
	gang *gang        // of a Gang's call; nil: it is none
	of   *callContext // of a rank of a gang: its call's; else nil
}

type callKey struct{}

// Value implements context.Context.
func (c *callContext) Value(key any) any {
	switch {
	case key == (callKey{}):
		return c
	case executor.IsSlotKey(key) && !c.foreign: // known, and asked at every level of nested Gets
		return nil
	}
	return c.Context.Value(key)
}

// callOf returns the call whose function was given ctx, or nil.
func callOf(ctx context.Context) *callContext {
	if c, ok := ctx.Value(callKey{}).(*callContext); ok && !c.over.Load() && (c.of == nil || !c.of.over.Load()) {
		return c
	}
	return nil
}

// enter makes the context of a call that is about to run.
func (r *run) enter(n *node, slot bool) *callContext {
	return r.enterUnder(r.context(), n, slot)
}

func (r *run) enterUnder(parent context.Context, n *node, slot bool) *callContext {
	c := &callContext{Context: parent, run: r, node: n, slot: slot}
	r.mu.Lock()
	c.place = len(r.active)
	r.active = append(r.active, c)
	r.mu.Unlock()
	return c
}

// leave ends a call's context. Contexts derived from it go on, but a Get with one is no longer the call's. It reports
// whether the call's places in limits are lent, and so not to be given back.
func (r *run) leave(c *callContext) (lent bool) {
	lent = c.end()
	r.mu.Lock()
	last := len(r.active) - 1
	r.active[c.place] = r.active[last]
	r.active[c.place].place = c.place
	r.active[last] = nil
	r.active = r.active[:last]
	r.mu.Unlock()
	if r.halted.Load() && !r.ended.Load() {
		r.cancelAllIfUnwatched()
	}
	return lent
}

// end has Gets with the context not be the call's any more, and is takeBack.
func (c *callContext) end() (lent bool) {
	c.over.Store(true)
	return c.takeBack()
}

// takeBack takes the slot back from Gets that the function has left behind when it returned. It reports whether there
// were any.
func (c *callContext) takeBack() (lent bool) {
	if !c.gets.close() {
		return false
	}
	switch s := c.slotHeld(); {
	case c.poll != nil:
		c.poll.takeBack()
	case s != nil:
		s.Reclaim()
	}
	return true
}

// launch runs a call where it belongs.
func (r *run) launch(x *execution) executor.Status {
	o := &x.node.fn.opts
	switch ex := x.node.runsOn(); {
	case ex != nil:
		x.slot, x.async, x.worker = false, true, -1
		r.host.Later()
		go func() {
			if _, seen := r.recall(x, false); !seen { // while it is queued there, others with its key are not to wait for it
				r.elsewhere(x, ex)
			}
		}()
		return executor.Later
	case o.blocking, o.timeout > 0 && x.worker < 0, x.node.fn.ranks > 0:
		x.slot, x.async, x.worker = false, true, -1
		if x.parent != nil && x.node.fn.ranks == 0 { // a gang lends it itself
			x.parent = executor.WithoutSlot(x.parent)
		}
		r.host.Later()
		go r.recallOrPerform(x)
		return executor.Later
	}
	if status, seen := r.recall(x, true); seen {
		return status
	}
	if x.node.fn.paces != nil && x.slot {
		return r.launchPoll(x)
	}
	return r.perform(x)
}

// recallOrPerform has the call end, whatever it takes.
func (r *run) recallOrPerform(x *execution) {
	if _, seen := r.recall(x, true); !seen {
		r.perform(x)
	}
}

// runsOn returns the executor of this call alone, or of its function; nil is the session's.
func (n *node) runsOn() executor.Executor {
	if n.word.Load()&flagOwn != 0 {
		if ex, ok := n.more.Load().runsOn.(executor.Executor); ok {
			return ex
		}
	}
	return n.fn.opts.runsOn
}

// frameOrNil is what the function of the call is given.
func (x *execution) frameOrNil() *frame {
	switch {
	case x.apart != nil:
		return x.apart
	case x.framed:
		return &x.frame
	}
	return nil
}

// perform runs a call on this goroutine.
func (r *run) perform(x *execution) executor.Status {
	if x.again {
		x.silent = true
		return r.conclude(x, nil)
	}
	fn := x.node.fn
	if fn.takes && x.tracked {
		x.frame.own = r.takesAway(x)
	}
	if fn.wantsContext || fn.opts.timeout > 0 {
		x.c = r.enterUnder(r.under(x.parent), x.node, x.slot)
		x.c.foreign, x.c.limits, x.c.private = x.parent != nil && fn.ranks == 0, x.limits, x.private
	}
	if fn.paces != nil {
		x.c.poll = newPollSlot(x)
	}
	if x.node.word.Load()&flagFound != 0 && !x.private {
		x.loseFound()
	}
	returned := false
	defer func() {
		if !returned { // runtime.Goexit: nobody but this function will say so
			x.disband()
			r.conclude(x, newPanicError(fn.name, nil))
		}
	}()
	err := x.muster()
	if x.silent = err != nil && r.halted.Load(); !x.silent {
		r.hooks.callStarted(x)
	}
	x.start = mono()
	if err == nil {
		err = x.tries()
	}
	x.disband()
	returned = true // what conclude runs, it guards itself
	return r.conclude(x, err)
}

// loseFound forgets the inputs that the call has found when it ran last: it is about to find others. If it does not come to
// an end, it has to run again whatever its other inputs are.
func (x *execution) loseFound() {
	x.was |= flagForced
	x.node.note(func(e *extra) { e.found, e.known = nil, nil })
	x.node.extra().inner = nil
	x.node.word.And(^uint32(flagFound))
}

// elsewhere has another executor run the call, as a work of one.
func (r *run) elsewhere(x *execution, ex executor.Executor) {
	w := &single{x: x}
	var err error
	returned := false
	defer func() {
		if !returned {
			err = newPanicError(executorFailed, recover())
		}
		if w.taken.CompareAndSwap(false, true) {
			if err == nil {
				err = fmt.Errorf("executor %T returned without having run the call", ex)
			}
			if x.silent = r.halted.Load(); !x.silent {
				r.hooks.callStarted(x)
			}
			x.start = mono()
			r.conclude(x, err)
		}
	}()
	err = ex.Execute(r.context(), w)
	returned = true
}

// single is one call as an executor.Work.
type single struct {
	x     *execution
	taken atomic.Bool
}

// Len implements executor.Work.
func (w *single) Len() int { return 1 }

// Inputs implements executor.Work.
func (w *single) Inputs(int) []int32 { return nil }

// Run implements executor.Work.
func (w *single) Run(ctx context.Context, i int) error {
	if i != 0 || !w.taken.CompareAndSwap(false, true) {
		return fmt.Errorf("executor ran call %d of a work of one, or ran it twice", i)
	}
	if ctx == nil { // a foreign executor's: it is not ours to punish
		ctx = w.x.run.context()
	}
	w.x.parent = ctx
	apart(ctx, func() { w.x.run.recallOrPerform(w.x) })
	return nil
}
