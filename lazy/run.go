package lazy

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/executor"
)

// # A run
//
//	Get ──► newRun: plan ──► executor ──► Range/Start per call (work.go, call.go) ──► Over ──► Get returns
//	         │                                  │ running elsewhere: watch (watch.go)
//	         └ nothing to do: return            └ a Bind went on: a run of its own (bind.go)
//
// Every Get that has something to compute is a run of its own, with a plan of its own. Runs know nothing of each other
// but through the state of the nodes: who takes a call from pending to running runs it, the others watch it. So there
// is nobody to be elected, and a run that goes away leaves nothing behind that another would need.
//
// A run ends early, by halt, when its caller leaves or a call fails. Its context is cancelled then – but not while
// another run watches one of the calls it is running: see cancelIfUnwatched.
type run struct {
	id        uint64
	op        string
	targets   []*node
	options   runOptions
	root      *run         // the run that a Get began: itself, unless this is a Bind's
	goingOn   inTurn       // ends of Binds. Used of the root alone
	outer     *callContext // the call that asked, by a nested Get or as a Bind; nil: none
	ex        executor.Executor
	plan      *planner
	n         int
	hooks     *hooks         // nil: nobody looks
	crew      *executor.Crew // bounds the workers of the run and of what its Binds go on to; nil: no bound
	begun     *execution     // by the direct run before it: see direct.go
	keepsPlan bool           // somebody may look at the plan when the run is over. Written before the run starts
	parts     atomic.Int32   // parts of the run that are not the executor's, less one when that is done: below 0, the run is over
	foreign   bool           // ex is not of package executor's own: the run is over when its Execute returns

	base context.Context // the caller's values, without its end. Written before the run starts, or by Attach
	host executor.Host   // written before the first call, by Attach
	done chan struct{}   // closed when the run is over
	then func()          // called instead of closing done, if set

	view        uint64                   // the revision that the run sees: see view.go
	results     atomic.Pointer[[]result] // of tracked calls, by place in the plan
	placesKnown map[*node]int32          // made when needed. Guarded by mu
	late        atomic.Bool              // some call that was not tracked when it was planned has a value in a cell
	foundNow    map[foundInput]argument  // what found inputs have come to in the view. Guarded by mu
	uses        *uses                    // nil: no call is transient
	followed    map[int32]*flight        // by call that was started again after it had waited for one with its key. Guarded by mu
	fetched     []fetchedCall            // before the run was planned
	// Of those in changes. Guarded by planMu, but for viewed while it is false.
	viewed             bool
	prevView, nextView *run
	saw                uint64  // the last number recorded when the run was planned
	reads              []*node // donated values that calls of the plan take
	unaware            bool    // the run is counted in unaware

	halted atomic.Bool // no call is to be started any more
	ended  atomic.Bool // the context has been cancelled: what functions return now means nothing
	sick   atomic.Bool // failures is not empty

	predicted int64 // cost of the piece given out last, in ns. Used by the owner of the pieces alone

	mu       sync.Mutex
	over     bool                        // failures and first do not change any more. Guarded by mu
	ctx      context.Context             // made when first asked for. Guarded by mu
	cancel   context.CancelCauseFunc     // guarded by mu, as ctx
	cause    error                       // why the run was halted. Guarded by mu
	failures map[int32]*failure          // by place in the plan, skipped calls included. Guarded by mu
	first    *failure                    // the one with the lowest place. Guarded by mu
	active   []*callContext              // calls running that take a context. Guarded by mu
	joined   map[int32]*node             // calls that were running when they were planned. Guarded by mu
	watching map[int32]*watch            // calls that other runs are running. Guarded by mu
	grants   map[int32][]*executor.Limit // places taken for calls that have not started. Guarded by mu
	queued   map[int32]func() bool       // calls that wait for a limit, and how to leave. Guarded by mu
	children map[*run]struct{}           // of Binds. Guarded by mu
	sync     *syncHost                   // of an executor that knows nothing of Steps. Guarded by mu
}

// failure is what is known of a call that failed, or was skipped because of one that did.
type failure struct {
	at    int32  // the call that failed, in the plan of the run that keeps this
	via   int32  // 1 + the input through which a call was skipped; 0: the call itself failed
	call  string // the call it began with: "Load#3"
	where string // where that was wrapped
	way   *way   // from that call to the one at at, both included
	err   error
}

var lastRun atomic.Uint64

// newRun plans a run. It has nothing to do if n is 0. A run that is not started must
// leave its view. The rest of a Bind is part of parent, which is nil for a Get's run.
func newRun(ctx context.Context, op string, targets []*node, o runOptions, outer *callContext, parent *run) *run {
	r := &run{op: op, targets: targets, options: o, outer: outer, base: ctx}
	r.root = r
	r.fetch()
	fresh, all := r.makeFresh()
	if all {
		return r
	}
	latest := fresh.latest()
	if outer != nil {
		latest = outer.run.view
	}
	var s *direct
	if fresh == nil {
		s = r.newDirect()
	}
	r.plan = newPlan(targets, o.refresh && parent == nil, latest, s, func(p *planner) {
		if r.view != p.view { // else calls of a fresh run may be reading it
			r.view = p.view
		}
		r.saw = p.saw
		r.enterView()
		r.startReading(p)
		if s.isLeft() {
			r.begun = s.claim(r, p)
		}
	})
	defer s.free()
	if r.n = len(r.plan.order); r.n == 0 {
		fresh.handOver(r)
		r.tellAllFetched(parent)
		return r
	}
	r.unaware, r.plan.unaware = r.plan.unaware, false
	if r.plan.letsGo {
		r.countUses()
	}
	if parent != nil {
		r.adopt(parent)
		r.join()
		return r
	}
	r.id = lastRun.Add(1)
	r.ex = o.session.executor(o.workers)
	if o.workers > 0 {
		r.crew = executor.NewCrew(o.workers)
	}
	r.hooks = newHooks(r)
	r.join()
	if r.begun != nil {
		s.handOver(r, r.begun)
	}
	fresh.handOver(r)
	return r
}

// submitter is an executor that takes a run without a goroutine waiting for it.
type submitter interface{ Submit(w executor.Steps) }

// start gives the run to its executor.
func (r *run) start() {
	r.done = make(chan struct{})
	if r.hooks != nil && !r.announced() {
		r.finishRun()
		return
	}
	if s, ok := r.ex.(submitter); ok {
		s.Submit(r)
		return
	}
	r.foreign = true
	go r.execute()
}

// announced tells the observers that the run starts, and reports whether it does.
func (r *run) announced() (ok bool) {
	returned := false
	defer func() {
		if !returned { // an observer has ended the goroutine
			r.leaveView()
		}
	}()
	ok = r.hooks.runStarted(r)
	returned = true
	return ok
}

// execute runs the work on an executor that is not of package executor's own.
func (r *run) execute() {
	var err error
	returned := false
	defer func() {
		if !returned {
			err = newPanicError(executorFailed, recover())
		}
		r.executed(err)
	}()
	err = r.ex.Execute(r.context(), r)
	returned = true
}

// wait waits for the end of the run, or of ctx; then it reports false.
func (r *run) wait(ctx context.Context) bool {
	if s := r.slotHere(); s != nil {
		s.Lend()
		defer s.Reclaim()
	}
	select {
	case <-r.done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-r.done: // both at once
		return true
	default:
	}
	r.halt(ErrNoWaiters)
	const patience = 100
	for range patience { // functions that heed their context are about to return: let them be seen to
		select {
		case <-r.done:
			return false
		default:
			runtime.Gosched()
		}
	}
	return false
}

// context returns the context that the calls' own derive from.
func (r *run) context() context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx == nil {
		ctx := executor.WithoutSlot(context.WithoutCancel(r.base))
		ctx, r.cancel = context.WithCancelCause(ctx)
		r.ctx = &runContext{Context: ctx, run: r}
		if r.ended.Load() { // not if it is halted: others may wait for a call of it
			r.cancel(r.cause)
		}
	}
	return r.ctx
}

// under returns the context for calls that an executor runs with the given one: its values, and the end of the run even
// if the executor has lost that.
func (r *run) under(parent context.Context) context.Context {
	own := r.context()
	if parent == nil {
		return own
	}
	if parent.Value(runKey{}) == r {
		return parent
	}
	merged, cancel := context.WithCancelCause(parent)
	context.AfterFunc(own, func() { cancel(context.Cause(own)) })
	return merged
}

// runContext is a run's context; contexts derived from it can be told by it.
type runContext struct {
	context.Context
	run *run
}

type runKey struct{}

// Value implements context.Context.
func (c *runContext) Value(key any) any {
	if key == (runKey{}) {
		return c.run
	}
	return c.Context.Value(key)
}

// halt ends the run early: nothing more is started, and what runs is cancelled as soon as no other run waits for it. The
// runs of Binds end with it, to any depth.
func (r *run) halt(cause error) {
	for todo := r.haltAlone(cause); len(todo) > 0; {
		last := len(todo) - 1
		c := todo[last]
		todo = append(todo[:last], c.haltAlone(ErrNoWaiters)...)
	}
}

// haltAlone is halt without the runs of Binds. It returns those.
func (r *run) haltAlone(cause error) []*run {
	r.mu.Lock()
	if r.halted.Load() {
		r.mu.Unlock()
		return nil
	}
	r.cause = cause
	r.halted.Store(true)
	watching, joined, queued := maps.Clone(r.watching), r.joined, r.queued
	r.joined, r.queued = nil, nil
	host := r.host
	r.mu.Unlock()
	r.dropGrants()
	for pos, leave := range queued {
		if leave() {
			r.host.Wake(pos, true)
		}
	}
	for pos, w := range watching {
		if w.node.unwatch(r, pos) { // else its end is about to be told, or has been
			r.told(pos, true)
		}
	}
	for pos, n := range joined {
		n.leave(r, pos)
	}
	if host != nil { // else Attach will see that the run is halted
		host.Stop()
	}
	children := r.cancelIfUnwatched()
	if len(watching)+len(joined) > 0 {
		halting.cancelUnwatched()
	}
	return children
}

// cancelIfUnwatched cancels the context of a halted run, unless other runs wait for a call that it is running: then
// the last of them to leave, or the end of the call, brings us here again. It returns the runs of Binds, which are to be
// halted, too.
func (r *run) cancelIfUnwatched() []*run {
	halting.add(r) // before looking: whoever leaves after the look finds r there
	r.mu.Lock()
	for _, c := range r.active {
		if c.node.watchedByOthers(r) {
			r.mu.Unlock()
			return nil
		}
	}
	r.ended.Store(true)
	if r.cancel != nil {
		r.cancel(r.cause)
	}
	children := slices.Collect(maps.Keys(r.children))
	r.mu.Unlock()
	halting.remove(r)
	return children
}

// cancelAllIfUnwatched is cancelIfUnwatched for a run and the runs of its Binds.
func (r *run) cancelAllIfUnwatched() {
	for _, c := range r.cancelIfUnwatched() {
		c.halt(ErrNoWaiters)
	}
}

// halting holds the runs that are halted but not cancelled yet. It is empty but for moments.
var halting haltingRuns

type haltingRuns struct {
	some atomic.Bool // runs is not empty
	mu   sync.Mutex
	runs map[*run]struct{} // guarded by mu
}

func (h *haltingRuns) add(r *run) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs == nil {
		h.runs = make(map[*run]struct{})
	}
	h.runs[r] = struct{}{}
	h.some.Store(true)
}

func (h *haltingRuns) remove(r *run) {
	if !h.some.Load() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.runs, r)
	h.some.Store(len(h.runs) > 0)
}

// cancelUnwatched looks at all of them: a watcher has left.
func (h *haltingRuns) cancelUnwatched() {
	if !h.some.Load() {
		return
	}
	h.mu.Lock()
	var runs []*run
	for r := range h.runs {
		runs = append(runs, r)
	}
	h.mu.Unlock()
	for _, r := range runs {
		r.cancelAllIfUnwatched()
	}
}

// Over implements executor.Steps: no call of the run is running, and none will.
func (r *run) Over() {
	if !r.foreign && r.parts.Add(-1) < 0 {
		r.finishRun()
	}
}

// finishRun ends a run of which no call is running, and none will.
func (r *run) finishRun() {
	r.endContext()
	r.mu.Lock()
	r.over = true
	sick := r.first != nil
	r.mu.Unlock()
	r.letGoOfRest()
	if sick {
		r.markSkipped() // while it is known that a run is on its way
	}
	r.leaveView()
	r.dropGrants()
	if r.then != nil {
		r.root.goingOn.do(r.then)
		return
	}
	defer close(r.done) // also if an observer ends the goroutine
	r.hooks.runDone(r)
}

// endContext lets go of what the context of the calls holds, if there is one.
func (r *run) endContext() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel(context.Canceled)
	}
}

// executed is told that a foreign executor has returned.
func (r *run) executed(err error) {
	if err == nil && !r.halted.Load() {
		err = r.forgotten()
	}
	if err != nil {
		r.mu.Lock()
		if r.first == nil && !r.halted.Load() {
			r.first = &failure{at: int32(r.n - 1), call: executorFailed, way: &way{label: executorFailed}, err: err}
		}
		r.mu.Unlock()
		r.halt(err)
	}
	r.finishRun()
}
