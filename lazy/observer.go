package lazy

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/graph"
)

// Observer is told what runs. Its methods are called by the goroutines that run the calls, from many at once, and hold
// them up: an observer should note and return. RunStarted comes before all else of a run, RunDone after all else; both
// come also when the run fails, panics or is cancelled. A call that runs has a CallStarted and a CallDone; one that was
// skipped for a failure before it, or has its value from the cache, has a CallDone alone; values that are there already
// have neither. Where a Get returns because its context has ended, functions may still be running: their CallDone and
// the RunDone come when they have returned. A method that panics makes the Get fail, after everything has been computed
// and kept.
type Observer interface {
	RunStarted(RunInfo)
	CallStarted(CallInfo)
	CallDone(CallInfo)
	RunDone(RunInfo)
}

// RunInfo is what observers are told about a run.
type RunInfo struct {
	ID    uint64
	Start time.Time
	End   time.Time // zero in RunStarted
	Calls int       // planned so far: a Bind may add to them while the run goes on
	Err   error     // in RunDone: what made the run fail or end early
	// Op is what was being done, as in [Error]: "get", "run". Target is the handle that it was for, as "Report#7", or the first of
	// several.
	Op, Target string
	Workers    int // how many functions the run may run at once; 0: an Executor of the user's knows

	seen *seen // nil in a RunInfo that is not from a run
}

// CallInfo is what observers are told about a call.
type CallInfo struct {
	Run    uint64 // RunInfo.ID
	ID     graph.ID
	Name   string
	Worker int         // number of the worker from 0; -1: none (Blocking, RunsOn)
	Start  time.Time   // in CallDone when the function began, which is after all observers have been told of CallStarted
	End    time.Time   // zero in CallStarted
	State  graph.State // Running; then Done, Cached, Failed, Skipped, or Pending if the run was cancelled
	Err    error

	node *node // nil in a CallInfo that is not from a run
}

// hooks are those who look at a run. All methods may be called on nil, which is nobody: then they cost a comparison.
type hooks struct {
	observers []Observer
	labels    bool
	task      *trace.Task
	ctx       context.Context // carries task
	run       uint64
	start     time.Time
	calls     atomic.Int64
	workers   int // RunInfo.Workers
	seen      *seen
	told      int // observers whose RunStarted has returned. Used by the run's starter and by Over alone

	once sync.Once
	err  error // the first panic of an observer. Written in once, read after the run is over
}

// newHooks returns nil if nobody looks.
func newHooks(r *run) *hooks {
	s := r.options.session
	if !s.observed() && r.options.observer == nil {
		return nil
	}
	h := &hooks{labels: s.Labels, run: r.id, start: time.Now(), ctx: r.base}
	switched, _ := s.switchedOn()
	for _, o := range []Observer{s.Observer, r.options.observer, switched} {
		if o != nil {
			h.observers = append(h.observers, o)
		}
	}
	if trace.IsEnabled() {
		h.ctx, h.task = trace.NewTask(r.base, "dally "+r.op+" "+firstLabel(r.targets))
	}
	h.workers, h.seen = s.workersOf(&r.options), newSeen(h, r)
	h.calls.Store(int64(r.n + len(r.fetched)))
	return h
}

// observed reports whether somebody looks at all runs in s.
func (s *Session) observed() bool {
	if s.Observer != nil || s.Labels || s.CheckInputs || trace.IsEnabled() {
		return true
	}
	o, _ := s.switchedOn() // an error is that of the Get
	return o != nil
}

// tell calls f and keeps its panic.
func (h *hooks) tell(f func()) (ok bool) {
	defer func() {
		if !ok {
			err := newPanicError("Observer", recover())
			h.once.Do(func() { h.err = err })
		}
	}()
	f()
	return true
}

// runStarted reports whether the run may go on.
func (h *hooks) runStarted(r *run) bool {
	if h == nil || r.then != nil { // a Bind's rest is part of the run it belongs to
		return true
	}
	info := h.info(r)
	for _, o := range h.observers {
		if !h.tell(func() { o.RunStarted(info) }) {
			r.halt(h.err)
			return false
		}
		h.told++
	}
	h.callsFetched(r.fetched)
	return true
}

// info is what can be told of the run at any time.
func (h *hooks) info(r *run) RunInfo {
	return RunInfo{
		ID: h.run, Start: h.start, Calls: int(h.calls.Load()), Op: r.op, Target: firstLabel(h.seen.targets), Workers: h.workers,
		seen: h.seen,
	}
}

// callsFetched tells of calls that had their values from the cache before the run was planned.
func (h *hooks) callsFetched(calls []fetchedCall) {
	if h == nil || len(h.observers) == 0 {
		return
	}
	for _, c := range calls {
		info := CallInfo{
			Run: h.run, ID: c.n.id(), Name: c.n.fn.name, Worker: -1, State: graph.Cached,
			Start: timeOf(c.start), End: timeOf(c.end), node: c.n,
		}
		for _, o := range h.observers {
			h.tell(func() { o.CallDone(info) })
		}
	}
}

// tellAllFetched tells of a run that has nothing to do, for all that it needed was in the cache. parent is the run that
// it is part of, if any.
func (r *run) tellAllFetched(parent *run) {
	if len(r.fetched) == 0 {
		return
	}
	if parent != nil {
		parent.hooks.grew(len(r.fetched))
		parent.hooks.callsFetched(r.fetched)
		return
	}
	r.id = lastRun.Add(1)
	if r.hooks = newHooks(r); r.hooks != nil && r.hooks.runStarted(r) {
		r.hooks.runDone(r)
	}
}

func (h *hooks) grew(calls int) {
	if h != nil {
		h.calls.Add(int64(calls))
	}
}

func (h *hooks) runDone(r *run) {
	if h == nil || r.then != nil {
		return
	}
	info := h.info(r)
	info.End, info.Err = time.Now(), h.err
	if first := r.firstFailure(); info.Err == nil && first != nil {
		info.Err = r.errorOf(first.at)
	} else if info.Err == nil && r.halted.Load() {
		info.Err = r.haltCause()
	}
	for _, o := range h.observers[:h.told] {
		h.tell(func() { o.RunDone(info) })
	}
	if h.task != nil {
		h.task.End()
	}
}

func (h *hooks) callStarted(x *execution) {
	if h == nil || len(h.observers) == 0 {
		return
	}
	info := CallInfo{
		Run: h.run, ID: x.node.id(), Name: x.node.fn.name, Worker: x.worker,
		Start: timeOf(mono()), State: graph.Running, node: x.node,
	}
	for _, o := range h.observers {
		h.tell(func() { o.CallStarted(info) })
	}
}

func (h *hooks) callDone(x *execution, state uint32, f *failure) {
	if h == nil || len(h.observers) == 0 || x.silent {
		return
	}
	info := CallInfo{
		Run: h.run, ID: x.node.id(), Name: x.node.fn.name, Worker: x.worker,
		Start: timeOf(x.start), End: timeOf(mono()), node: x.node,
	}
	switch x.ended(state) {
	case stateDone:
		info.State = graph.Done
	case stateCached:
		info.State = graph.Cached
	case stateFailed:
		info.State = graph.Failed
	default:
		info.State = graph.Pending
	}
	if f != nil {
		info.Err = f.err
	}
	for _, o := range h.observers {
		h.tell(func() { o.CallDone(info) })
	}
}

func (h *hooks) callSkipped(n *node, f *failure) {
	if h == nil || len(h.observers) == 0 {
		return
	}
	now := time.Now()
	info := CallInfo{
		Run: h.run, ID: n.id(), Name: n.fn.name, Worker: -1, Start: now, End: now, State: graph.Skipped, Err: f.err, node: n,
	}
	for _, o := range h.observers {
		h.tell(func() { o.CallDone(info) })
	}
}

// marks reports whether calls are to be marked for the runtime's tracer or profiler.
func (h *hooks) marks() bool { return h != nil && (h.labels || h.task != nil) }

// marked calls the function, marked with its name.
func (h *hooks) marked(x *execution, ctx context.Context) (err error) {
	fn := x.node.fn
	if h.task != nil {
		defer trace.StartRegion(h.ctx, fn.name).End()
	}
	if !h.labels {
		return x.callChecked(ctx)
	}
	at := ctx
	if at == nil {
		at = h.ctx
	}
	pprof.Do(at, pprof.Labels("dally", fn.name), func(labelled context.Context) {
		if ctx != nil {
			ctx = labelled
		}
		err = x.callChecked(ctx)
	})
	return err
}
