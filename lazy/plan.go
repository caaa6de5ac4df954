package lazy

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/graph"
)

// planner walks from targets to what must run, depth first and without recursion, and numbers the calls as it leaves
// them: inputs before users, and close to them, so that a run finishes what it has begun before it begins something
// else.
//
// Visited nodes are marked in the nodes themselves, which needs the one lock for planning, planMu; marks do not outlive
// the plan. Whoever finds the lock taken keeps marks in a map of its own instead of waiting, at ten times the cost per
// node: a small Get does not wait for the planning of a large one. Once something has been Set, all plans need the lock.
type planner struct {
	order []*node
	shape graph.Plan

	stack   []onTheWay
	epoch   uint64
	private map[*node]int32 // nil: marks are in the nodes

	running  []int32 // calls that were running when they were planned
	detached bool    // some call needs no worker
	memo     bool    // some call is of a Memo function
	ranked   bool
	ranks    []int32 // made when first asked for

	// What follows is for graphs that change. Then planMu is held while they are planned.
	changing bool
	view     uint64     // the revision that the run is to see
	outdated bool       // which is not the present one
	tracked  bool       // some call is tracked
	letsGo   bool       // some call is transient
	argsOff  []int32    // by call, where its args begin; ^ that if it is not tracked. Empty if not changing
	args     []argument // of tracked calls
	marked   []uint64   // by call: the last revision known to have marked it
	targets  []argument

	// What follows is for donated values: see arrange.go.
	unaware bool   // counted in unaware
	saw     uint64 // the last number recorded before
	donated []use
	before  map[*node][]*node // updates, and the readers that have to end before
	waits   map[int32]int     // by place, how many of those are in shape, behind the inputs
	copies  map[*node]bool    // updates that must copy
}

// onTheWay is a node on the way from a target: its first next inputs have been looked at.
type onTheWay struct {
	n    *node
	next int
}

var (
	planMu    planLock
	lastEpoch uint64 // guarded by planMu
	planners  = sync.Pool{New: func() any { return new(planner) }}
)

// planLock is a lock whose holder can see that somebody waits for it.
type planLock struct {
	sync.Mutex
	waiting atomic.Int32
}

// Lock locks l.
func (l *planLock) Lock() {
	if !l.TryLock() {
		l.waiting.Add(1)
		l.Mutex.Lock()
		l.waiting.Add(-1)
	}
}

// planKept is the largest plan whose arrays are kept for the next one.
const planKept = 1 << 22

// trackedAhead is the size of plans from which on calls are not tracked just because their functions may get something that
// was changed: that costs 500 bytes a call, and what was got tells, too, if later.
const trackedAhead = 1 << 12

// plansPrivate makes all plans use private marks. For tests.
var plansPrivate atomic.Bool

// newPlan plans what must run for the targets, as seen in the present revision or, if that is earlier, in latest. What
// the run sees is settled here; enter, if not nil, is called with the plan before anything can change again. s, if not
// nil, comes before the plan.
func newPlan(targets []*node, refresh bool, latest uint64, s *direct, enter func(*planner)) *planner {
	p := planners.Get().(*planner)
	if refresh { // later plans are to know that values may be in cells
		changes.state.Or(everChanged)
	}
	if changes.state.Load() == 0 && p.unchanging(targets) {
		return p
	}
	planMu.Lock()
	defer planMu.Unlock()
	p.saw = lastID.Load()
	lastEpoch++
	p.epoch = lastEpoch
	p.changing = true
	catchUp()
	if refresh && latest == math.MaxUint64 {
		began(changes.now.Load() + 1)
	}
	p.view = changes.now.Load()
	if latest < p.view {
		p.view, p.outdated = latest, true
	}
	if refresh {
		forceAgain(targets, p.view)
	}
	if s != nil {
		s.make(targets, p.view)
	}
	p.visitAll(targets)
	if len(p.donated) > 0 {
		p.arrange(targets)
	}
	if enter != nil && len(p.order) > 0 {
		enter(p)
	}
	return p
}

// unchanging plans in a world in which nothing was ever Set. It reports false if something was, meanwhile.
func (p *planner) unchanging(targets []*node) bool {
	p.unaware = true
	if unaware.Add(1); changes.state.Load() != 0 {
		p.becomeAware()
		return false
	}
	if !plansPrivate.Load() && planMu.TryLock() {
		defer planMu.Unlock()
		lastEpoch++
		p.epoch = lastEpoch
	} else {
		p.private = make(map[*node]int32)
	}
	p.visitAll(targets)
	if p.private != nil && changes.state.Load() != 0 {
		p.reset()
		return false
	}
	return true
}

// becomeAware ends that the plan is counted in unaware.
func (p *planner) becomeAware() {
	if p.unaware {
		p.unaware = false
		unaware.Add(-1)
	}
}

func (p *planner) visitAll(targets []*node) {
	for _, t := range targets {
		p.visit(t)
	}
	lastPlan.calls.Store(int64(len(p.order)))
	lastPlan.edges.Store(int64(len(p.shape.In)))
	p.targets = slices.Grow(p.targets, len(targets))
	for _, t := range targets {
		p.targets = append(p.targets, p.argument(t))
	}
}

// lastPlan is how large the plan made last was.
var lastPlan struct{ calls, edges atomic.Int64 }

// growFrom is how many calls a plan has when it is thought to become as large as the last one.
const growFrom = 1 << 12

// growLikeLast gives a plan whose arrays have gone with a garbage collection room to become as large as the last one: to
// let them grow bit by bit writes, and leaves to the collector, twice as much.
func (p *planner) growLikeLast() {
	calls := int(lastPlan.calls.Load())
	calls = min(calls+calls/8, planKept)
	if cap(p.order) >= calls {
		return
	}
	p.order = slices.Grow(p.order, calls-len(p.order))
	p.shape.Off = slices.Grow(p.shape.Off, calls+1-len(p.shape.Off))
	if edges := min(int(lastPlan.edges.Load()), 4*planKept); edges > len(p.shape.In) {
		p.shape.In = slices.Grow(p.shape.In, edges-len(p.shape.In))
	}
}

// forceAgain has everything before the targets run again, for the given view.
func forceAgain(targets []*node, rev uint64) {
	seen := make(map[*node]bool)
	for _, t := range targets {
		track(t)
		walk(t, func(n *node) bool { return !n.isSource() && !seen[n] }, func(n *node) {
			seen[n] = true
			n.forget(rev)
		})
	}
}

// free gives the planner back. Nothing of it may be used afterwards.
func (p *planner) free() {
	p.becomeAware()
	if cap(p.order) > planKept {
		return
	}
	p.reset()
	planners.Put(p)
}

func (p *planner) reset() {
	p.becomeAware()
	clear(p.order) // the rest of the arrays is clear already
	clear(p.args)
	clear(p.targets)
	*p = planner{
		order: p.order[:0], shape: p.shape.Reset(), stack: p.stack[:0],
		argsOff: p.argsOff[:0], args: p.args[:0], marked: p.marked[:0], targets: p.targets[:0],
	}
}

// visit adds t and what it needs.
func (p *planner) visit(t *node) {
	if !p.wants(t) {
		return
	}
	p.push(t)
	for len(p.stack) > 0 {
		top := &p.stack[len(p.stack)-1]
		in := top.n.inputs()
		if top.next < len(in) {
			i := in[top.next]
			top.next++
			if p.wants(i) {
				p.push(i)
			}
			continue
		}
		if next := p.nextOrder(top, len(in)); next != nil {
			p.push(next)
			continue
		}
		n := top.n
		p.stack[len(p.stack)-1] = onTheWay{}
		p.stack = p.stack[:len(p.stack)-1]
		p.leave(n, in)
	}
}

// push goes on to n. A failure that stands until an input changes needs nothing before it.
func (p *planner) push(n *node) {
	if n.word.Load()&(flagPermanent|flagStale) == flagPermanent {
		p.leave(n, nil)
		return
	}
	p.stack = append(p.stack, onTheWay{n: n})
}

// wants reports whether n is to be planned, and has not been yet.
func (p *planner) wants(n *node) bool {
	if !p.changing {
		return !n.ready() && !p.visited(n)
	}
	return !p.visited(n) && !p.knows(n)
}

// knows reports whether n has the value that the run is to see.
func (p *planner) knows(n *node) bool {
	w := n.word.Load()
	if w&stateMask == stateSource {
		return true
	}
	if w&flagTracked == 0 && isReady(w) {
		n.settle()
		w = n.word.Load()
	}
	if w&flagTracked == 0 {
		return isReady(w)
	}
	x := n.more.Load()
	if x.given != nil && x.given.changed <= p.view {
		return x.marked <= x.given.changed || p.view < x.marked
	}
	if p.outdated && x.marked > p.view {
		return p.view == 0 && isRightAtFirst(w) || x.olderAt(p.view) != nil
	}
	return isReady(w) && x.given == nil
}

// isRightAtFirst reports whether the first value of a tracked node with the given word is the right one in revision 0.
// That of a call which has found inputs may be of a later one.
func isRightAtFirst(w uint32) bool { return w&(flagInline|flagFound|flagForced) == flagInline }

// known is the version that the run is to see of n, which it knows.
func (p *planner) known(n *node) version {
	w := n.word.Load()
	switch {
	case w&(flagTracked|flagCell) == 0:
		return version{p: n.inline()}
	case w&stateMask == stateSource:
		return n.versionAt(p.view)
	}
	x := n.more.Load()
	if x.given != nil && x.given.changed <= p.view {
		return x.given.version()
	}
	if p.outdated && x.marked > p.view {
		if c := x.olderAt(p.view); c != nil {
			return c.version()
		}
		if p.view == 0 { // nothing had been changed: first values were right
			return version{p: n.inline()}
		}
	}
	return n.version()
}

// nextOrder returns the next node that must only have ended before top's, and has to be visited.
func (p *planner) nextOrder(top *onTheWay, inputs int) *node {
	if top.n.word.Load()&flagOwn == 0 && p.before == nil {
		return nil
	}
	order := p.orderOf(top.n)
	for top.next-inputs < len(order) {
		i := order[top.next-inputs]
		top.next++
		if p.wants(i) {
			return i
		}
	}
	return nil
}

// leave numbers n, whose inputs all have numbers.
func (p *planner) leave(n *node, inputs []*node) {
	pos := int32(len(p.order))
	if pos == growFrom {
		p.growLikeLast()
	}
	p.order = append(p.order, n)
	var order []*node
	if n.word.Load()&flagOwn != 0 && inputs != nil {
		order = n.more.Load().order
	}
	p.edges(inputs)
	p.edges(order)
	if p.before != nil {
		p.waitFor(n, pos)
	}
	p.shape.Off = append(p.shape.Off, int32(len(p.shape.In)))
	if p.private != nil {
		p.private[n] = pos
	} else {
		n.mark, n.pos = p.epoch, pos
	}
	if p.changing {
		p.keepArgs(n, inputs, order)
		if donations.some.Load() {
			p.noteDonated(n, inputs)
		}
	}
	p.ranked = p.ranked || n.fn.opts.priority != 0
	p.memo = p.memo || n.fn.memo != nil
	p.detached = p.detached || n.detached()
	if isBusy(n.word.Load()) {
		p.running = append(p.running, pos)
	}
}

func (p *planner) edges(inputs []*node) {
	for _, i := range inputs {
		if at, planned := p.place(i); planned {
			p.shape.In = append(p.shape.In, at)
		}
	}
}

// keepArgs notes what a tracked call will take its inputs from.
func (p *planner) keepArgs(n *node, inputs, order []*node) {
	p.argsOff = append(p.argsOff, int32(len(p.args)))
	p.marked = append(p.marked, 0)
	if n.word.Load()&flagTracked == 0 {
		touched := false
		n.dependsOn(func(i *node) { touched = touched || i.word.Load()&flagTracked != 0 })
		if !touched && (n.letsGo() || n.fn.takes || n.fn.wantsContext && len(p.order) < trackedAhead && changes.sources.Load() > 0) {
			touched = true // the function may get something that was changed
		}
		if !touched {
			p.argsOff[len(p.argsOff)-1] ^= -1
			return
		}
		track(n)
	}
	p.tracked = true
	p.marked[len(p.marked)-1] = n.more.Load().marked
	p.letsGo = p.letsGo || n.fn.opts.transient
	for _, i := range inputs {
		p.args = append(p.args, p.argument(i))
	}
	for _, i := range order {
		a := p.argument(i)
		if a.pos < 0 {
			a.version, a.marked = version{changed: i.lastRun()}, 0
		}
		p.args = append(p.args, a)
	}
}

// lastRun is the revision for which a call that is known ran last.
func (n *node) lastRun() uint64 {
	if n.word.Load()&flagTracked == 0 || n.isSource() {
		return 0
	}
	return n.more.Load().ran.Load()
}

// argument is where n's value comes from: its call's place in the plan or what it is.
func (p *planner) argument(n *node) argument {
	if at, planned := p.place(n); planned {
		return argument{pos: at}
	}
	a := argument{pos: -1, version: p.known(n)}
	if p.changing && n.word.Load()&flagTracked != 0 {
		a.marked = n.more.Load().marked
	}
	return a
}

func (p *planner) visited(n *node) bool {
	_, ok := p.place(n)
	return ok
}

// place returns n's number, if it has one.
func (p *planner) place(n *node) (int32, bool) {
	if p.private == nil {
		return n.pos, n.mark == p.epoch
	}
	pos, ok := p.private[n]
	return pos, ok
}
