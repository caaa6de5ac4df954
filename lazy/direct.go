package lazy

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// # Direct runs
//
//	planMu ──► catchUp ──► direct run ───────────────────► plan of what is left: most often nothing
//	                        │ depth first from the targets; verified in place, called by serve on a goroutine of its own
//	                        ├ a call fails ──────────────► plan; the failure is that of the new run's call
//	                        └ a call takes its time, or the context ends ──► plan; the new run has begun the call already
//
// To plan, claim, run and publish a cheap call of which an input has changed costs ten times the call. Where no run is on
// its way, nobody could claim the call, see its value change or want a former one. So the Get that has applied what was
// Set goes on under planMu, from the targets to what is stale and back, like one would by hand: what can be taken for
// granted there needs no claims, no plan and no results.
//
// A direct run makes calls alone that are known to be cheap, that take no context and have nothing special about them; at
// the first that is not, it ends, and the rest is planned. While a function runs the goroutine that waits may take the
// run over: phase tells who of the two goes on. The one that waits then makes an ordinary run, which has claimed this
// one call, and the goroutine ends that call and does nothing else. Nor does a direct run go on while somebody waits for
// planMu.

// direct is a direct run on its way. It belongs to the goroutine that makes it, which is the one that waits until serve begins.
type direct struct {
	run     *run
	ex      lender
	view    uint64
	left    int64 // ns, by what the calls are thought to cost
	ended   bool  // a call was met that is not for a direct run
	stack   wayStack
	node    *node // the call that is being made
	frame   frame
	args    [4]argument
	calls   uint32
	err     error // what node has failed with
	waiting bool  // serve runs, and its waiter holds planMu

	phase atomic.Uint32
	over  chan struct{}   // has a token when it is over, or takes long
	taken chan *execution // the call of node in the run that has taken it over
}

// The phases of a direct run: who may look at what is guarded by planMu.
const (
	directMade    = iota // the goroutine that makes it
	directCalling        // nobody: a function is running
	directTaken          // the one that waits. serve is in a function, and has to leave the rest to it
	directOver           // the one that waits
	directPhase   = 3    // mask: calls are counted above it
)

const (
	directTime    = 250_000          // ns, by what calls that are not directCheap are thought to cost
	directCheap   = 250              // ns: for less than that, no second worker is worth while
	directTimeMax = time.Millisecond // of one call
)

// directCalls counts calls: see isSampled. Guarded by planMu.
var directCalls uint64

var directs = sync.Pool{New: func() any { return new(direct) }}

// newDirect returns the direct run that may come before r; nil if none may.
func (r *run) newDirect() *direct {
	if changes.state.Load() == 0 || prioritized.Load() || r.outer != nil || r.options.refresh || r.options.hasWorkers ||
		r.options.session.observed() || r.options.observer != nil || r.base.Err() != nil {
		return nil
	}
	ex, ok := r.options.session.lender()
	if !ok {
		return nil
	}
	s := directs.Get().(*direct)
	s.run, s.ex, s.left = r, ex, directTime
	return s
}

// make makes the targets right, or begins to. Needs planMu, which stays with the caller.
func (s *direct) make(targets []*node, view uint64) {
	if changes.first != nil || unaware.Load() > 0 {
		return
	}
	s.view = view
	for _, t := range targets {
		s.push(t)
	}
	if s.ended || s.stack.empty() || !s.goOn(false) {
		return
	}
	if mono() < 0 { // in a synctest bubble, where the time stands while somebody waits for planMu
		return
	}
	if !s.ex.TryTake() {
		return
	}
	s.over = make(chan struct{}, 1)
	s.waiting = true
	go s.serve()
	s.wait(s.run.base)
}

// wait waits until the direct run is over or, because that takes too long, takes it over.
func (s *direct) wait(ctx context.Context) {
	over := s.over
	late := time.AfterFunc(directTimeMax, func() { wake(over) })
	defer late.Stop()
	s.taken = make(chan *execution, 1)
	before := uint32(directMade)
	for {
		left := false
		select {
		case <-s.over:
		case <-ctx.Done():
			left = true
		}
		phase := s.phase.Load()
		switch {
		case phase == directOver:
			s.ex.GiveBack()
			return
		case !left && (phase != before || phase == directMade): // it is at another call than a moment ago, or between two
			before = phase
			late.Reset(directTimeMax)
		case phase&directPhase == directCalling && s.phase.CompareAndSwap(phase, directTaken):
			return // serve gives the slot back
		default: // between two calls
			runtime.Gosched()
			wake(over)
		}
	}
}

func wake(over chan struct{}) {
	select {
	case over <- struct{}{}:
	default:
	}
}

// serve makes the rest of the direct run.
func (s *direct) serve() {
	over, returned := s.over, false // who waits may be gone as soon as the phase says that it is over
	defer func() {
		if returned {
			return
		}
		v := recover()
		if s.phase.Load() == directMade {
			panic(v) // no function of a user's: nobody could go on
		}
		s.returned(newPanicError(s.node.fn.name, v)) // a function has panicked or ended the goroutine
	}()
	s.goOn(true)
	returned = true
	if s.phase.Load() == directMade {
		s.phase.Store(directOver)
		wake(over)
	}
}

// goOn makes calls right until all are, or one is met that cannot be. Unless it may call functions it stops at the first
// that is to be called, and reports that.
func (s *direct) goOn(mayCall bool) (stopped bool) {
	for !s.stack.empty() {
		top := s.stack.last()
		in := top.n.inputs()
		if top.next < len(in) {
			i := in[top.next]
			top.next++
			if s.push(i); s.ended {
				return false
			}
			continue
		}
		if top.n.word.Load()&flagTracked == 0 {
			s.trackBehind(top.n)
		}
		if isFirst(top.n.word.Load()) { // it is a target, too, or twice: it has been made since it was pushed
			s.stack.pop()
			continue
		}
		e := top.n.more.Load()
		if !s.hasChanged(top.n, e) {
			e.verified = s.view
			top.n.word.And(^uint32(flagStale | flagMarked))
		} else if !mayCall {
			return true
		} else if !s.call(top.n, e) {
			return false
		}
		s.stack.pop()
	}
	return false
}

// trackBehind has n, which is new, tracked if an input is. Else its value is as sure as that of its inputs.
func (s *direct) trackBehind(n *node) {
	for _, i := range n.inputs() {
		if i.word.Load()&flagTracked != 0 {
			track(n)
			return
		}
	}
}

// push goes on to n if it is not right, or ends the direct run if that is not for it.
func (s *direct) push(n *node) {
	w := n.word.Load()
	if isFirst(w) && w&stateMask != stateSource {
		n.settle() // it may depend on something that was changed
		w = n.word.Load()
	}
	if isReady(w) && w&(flagDonated|flagTaken) == 0 {
		return
	}
	if w&flagTracked != 0 && n.more.Load().given != nil {
		s.ended = true
		return
	}
	const odd = flagOwn | flagFound | flagPermanent | flagPrivate | flagDonated | flagTaken | flagWatched
	state := w & stateMask
	if w&odd != 0 || state != stateDone && state != statePending || !s.isFor(n) || w&flagTracked == 0 && state != statePending {
		s.ended = true
		return
	}
	s.stack.push(n)
}

// isFor reports whether n may be called in a direct run.
func (s *direct) isFor(n *node) bool {
	f := n.fn
	o := &f.opts
	if s.run.looksUp(f) || f.wantsContext || f.binds || f.updates || f.takes || f.gives || o.transient || o.equal != nil || !n.isCheap() {
		return false
	}
	return true
}

// hasChanged reports whether n, whose inputs are right, is to be called. It notes what they are.
func (s *direct) hasChanged(n *node, e *extra) bool {
	w := n.word.Load()
	if w&flagTracked == 0 {
		return true
	}
	changed := w&flagForced != 0 || w&(flagCell|flagInline) == 0
	in := s.args[:0]
	for _, i := range n.inputs() {
		v := i.version()
		changed = changed || v.changed > e.verified
		in = append(in, argument{version: v, pos: -1})
	}
	s.frame.in = in
	return changed
}

// call calls n's function and publishes what it comes to. It reports whether the direct run goes on.
func (s *direct) call(n *node, e *extra) bool {
	cost := n.fn.est.cost()
	if cost > directCheap {
		s.left -= cost
	}
	if s.left < 0 || planMu.waiting.Load() > 0 {
		s.ended = true
		return false
	}
	var began int64
	directCalls++
	measured := isSampled(directCalls)
	if measured {
		began = mono()
	}
	s.node, s.frame.out = n, nil
	s.calls++
	calling := s.calls<<2 | directCalling
	s.phase.Store(calling)
	at := &s.frame
	if n.word.Load()&flagTracked == 0 {
		at = nil
	}
	err := n.fn.call(n, none, at)
	same := at != nil && err == nil && s.isSame(n) // before it goes on: that may take its time, too
	if err != nil || !s.phase.CompareAndSwap(calling, directMade) {
		s.returned(err)
		return false
	}
	if measured {
		n.fn.est.learn(mono() - began)
	}
	if at == nil {
		n.changeTo(stateDone)
		n.mark = checkedMark | changes.sources.Load()
		return true
	}
	s.publish(n, e, same)
	return true
}

// isSame reports whether n has come to the value that it has.
func (s *direct) isSame(n *node) bool {
	if n.word.Load()&(flagCell|flagInline) == 0 {
		return false
	}
	equal := n.fn.equality()
	return equal != nil && equal(n.version().p, s.frame.out.value())
}

// publish makes the result the present value of n, unless it is that already.
func (s *direct) publish(n *node, e *extra, same bool) {
	flags := stateDone
	if out := s.frame.out; !same {
		out.changed = s.view
		e.cell.Store(out)
		e.held = nil
		flags |= flagCell
	}
	e.verified = s.view
	e.ran.Store(s.view)
	n.changeTo(flags)
}

// changeTo takes a node that nobody else may claim out of its state, and sets flags.
func (n *node) changeTo(bits uint32) {
	for {
		w := n.word.Load()
		if n.word.CompareAndSwap(w, w&^(stateMask|flagStale|flagMarked|flagForced)|bits) {
			return
		}
	}
}

// returned ends the direct run with the call that is being made: it has failed, or the rest was taken over meanwhile.
func (s *direct) returned(err error) {
	s.err = err
	over := s.over
	if s.phase.CompareAndSwap(s.calls<<2|directCalling, directOver) {
		wake(over)
		return
	}
	x := <-s.taken
	x.frame.out = s.frame.out
	x.run.conclude(x, err)
	s.ex.GiveBack()
}

// claim claims the call that the direct run has left behind for r, which goes on with it. Needs planMu.
func (s *direct) claim(r *run, p *planner) *execution {
	n := s.node
	at, _ := p.place(n)
	x := &execution{run: r, at: at, node: n, worker: -1}
	if s.phase.Load() == directTaken {
		x.start = mono() - int64(directTimeMax)
	}
	if x.was = n.word.Load(); x.was&flagTracked == 0 {
		n.changeState(stateRunning)
		return x
	}
	x.tracked, x.framed = true, true
	n.word.And(^uint32(flagMarked | flagForced))
	n.changeState(stateRunning)
	x.frame.in = append(x.frame.in, s.frame.in...)
	return x
}

// isLeft reports whether the direct run has begun a call that it did not end.
func (s *direct) isLeft() bool {
	if s == nil || !s.waiting {
		return false
	}
	phase := s.phase.Load()
	return phase == directTaken || phase == directOver && s.err != nil
}

// handOver gives r, which has been planned, the call that the direct run has left behind.
func (s *direct) handOver(r *run, x *execution) {
	r.keepsPlan = true
	if s.phase.Load() == directTaken {
		s.taken <- x
		return
	}
	r.conclude(x, s.err)
}

// free gives the direct run back, unless somebody may still use it.
func (s *direct) free() {
	if s == nil || s.isLeft() {
		return
	}
	s.stack.clear()
	*s = direct{stack: s.stack}
	directs.Put(s)
}
