package lazy

import (
	"runtime"
	"slices"
	"sync/atomic"
	"weak"
)

// # Change
//
//	Set ──► queue ──► the next Get, of whatever it is: planMu
//	                      │ catchUp: the sources get their new cells, a new revision begins,
//	                      │          everything behind them that is registered is marked stale
//	                      │ plan:    what is stale or pending before the target
//	                      ▼
//	                  the run (view.go): each call checks whether an input has changed since it was verified; if not, it
//	                  is not run; if so, and its value is equal to the last one, its users see no change
//
// A tracked node goes round like this; every other one knows only the upper row:
//
//	pending ──► running ──► done ◄─────────────────┐
//	                         │ mark                │ publish: verified, or run again
//	                         ▼                     │
//	                       stale ──► running ──────┤
//	                         ▲                     │
//	                         └─────────────────────┘ marked meanwhile, or cancelled
//
// All states, with failures and the flags, are drawn in ARCHITECTURE.md.
//
// The world changes at no other moment than in catchUp, under planMu. A run keeps the revision it was planned in, its
// view: see view.go for what becomes of runs whose view is no longer the present one.
//
// Nothing that was never Set pays: a node becomes tracked – registered with its inputs, so that a mark reaches it – only
// when something it depends on has been Set (track.go).

// change is the part of a node's extra that is about change. Most of it is for tracked nodes alone.
type change struct {
	// What marks and verification touch comes first.

	// cell is the latest value, where flagCell is set.
	cell atomic.Pointer[cellHead]
	// verified is the revision in which the value was last known to be right. Used by whoever has claimed the call.
	verified uint64
	// ran is the revision for which the call ran last. Written by whoever has claimed the call, before it ends.
	ran atomic.Uint64
	// marked is the last revision that may have changed the value. Guarded by planMu.
	marked uint64
	// held is the present value if it was given: the function would not come to it again. Written like cell.
	held *cellHead
	// users are the tracked nodes that are marked when this one changes; oneUser is room for one. Guarded by planMu.
	users   []userSet
	oneUser [1]userSet

	// next is what was Set and is not applied yet; forgotten stands for Invalidate.
	next atomic.Pointer[cellHead]
	// queued is the node behind this one in the queue. Written by who has put next there.
	queued *node
	// given is what was Set while the call was running: it is the value from when that was. Guarded by planMu.
	given *cellHead

	// failed is the revision for which the call last failed for good. Used by whoever has claimed the call.
	failed uint64
	// released is 1 + the revision in which the value came to be that was let go of last; 0: none was. Guarded by planMu.
	released uint64
	// slab is known to the first node of a slab. Guarded by planMu.
	slab weak.Pointer[node]
	// older are former values that were Set and that some run may need, the newest last. Guarded by planMu.
	older []olderValue

	// checked is the number of changed sources for which it is known that this node depends on none of them; walks is how
	// often that was found out the long way. walks is guarded by planMu.
	checked atomic.Uint64
	walks   int
}

// forgotten in a node's next says that it was invalidated.
var forgotten = &cellHead{}

const (
	everChanged    = 1 // something was Set, or a function is Transient
	pendingChanges = 2 // the queue may not be empty
	applyingNow    = 4 // what was in the queue is being applied
)

// changes is the state of the world of all sources.
var changes struct {
	state      atomic.Uint32 // everChanged, pendingChanges, applyingNow
	queue      atomic.Pointer[node]
	collecting atomic.Bool   // the queue is being emptied. Written under planMu
	now        atomic.Uint64 // the present revision. Written under planMu, before anything is marked for it
	sources    atomic.Uint64 // how many nodes have been Set or invalidated, ever. Written under planMu

	first, last *run       // those that are not over, in order of their views. Guarded by planMu
	history     []*node    // those that have older values. Guarded by planMu
	stack       []*node    // of mark, kept. Guarded by planMu
	taken       []setValue // of takeSet, kept. Guarded by planMu
}

// Set gives the handle a value: a source its new one, a call one as though it had returned it. What depends on the handle
// becomes stale: the next Get that wants it runs again what has an input that has changed – no more, for a call whose
// value comes out equal to the one before hides the change from its users. Equal means equal bits for comparable types
// (so +0 and -0 differ, and a NaN is equal to itself); for others nothing is equal, unless the function has [Equal].
// Setting an equal value changes nothing, and of several values Set before a Get only the last counts.
//
// The value of a call holds until one of its inputs changes later, or [Data.Invalidate] forgets it. A call that is running
// is not disturbed; the value it was given replaces what it returns.
//
// Set may be called from any goroutine at any time. Of a source it does not block and costs the same, about as much as
// recording a call, whatever depends on it; what is stale is found by the next Get, [Data.State] or [Snapshot]. Of a
// call, it first applies what was Set before and may wait for another Get's planning; and it may call the function's Equal.
// If that panics there, the value counts as another one.
//
// A Get sees the sources as they are when it begins: a run that is on its way goes on with the values it began with, and
// what it computes from replaced ones it hands to those who wait for it and keeps for nobody else. A Set synchronizes
// before every Get that sees its value. v is copied as by an assignment: what a slice, a map or a pointer in it refers to
// must not be changed afterwards. Set panics if the handle is zero or is what [Donate] has returned.
//
// Inside a function, a Set of something that its own call depends on makes the call fail with [ErrSetInside]: it would be
// stale for ever. While some worker is running, a Set costs about two microseconds more, to know.
func (d Data[T]) Set(v T) {
	if d.n == nil {
		panic("lazy: Data.Set: " + ErrZeroData.Error())
	}
	d.n.requireNoGift("Data.Set")
	d.n.set(newCell(v))
}

// Invalidate forgets the handle's value, or an error that is [Permanent]: its call runs again when it is wanted, and its
// users if the value then differs. It is for functions that depend on more than their arguments, such as a file. If the
// call is running, it will run once more. On a source it does nothing: [Data.Set] is how a source changes. Like Set of a
// call, it may be called from any goroutine at any time, applies what was Set before, and panics if the handle is zero or is
// what [Donate] has returned.
func (d Data[T]) Invalidate() {
	if d.n == nil {
		panic("lazy: Data.Invalidate: " + ErrZeroData.Error())
	}
	d.n.requireNoGift("Data.Invalidate")
	if !d.n.isSource() {
		d.n.set(forgotten)
	}
}

// requireNoGift panics if n is what Donate has returned: that is for an Update, and nothing else.
func (n *node) requireNoGift(op string) {
	if n.isDonated() && n.donation().gift {
		panic("lazy: " + op + ": " + n.donatedError().Error())
	}
}

// set queues a value for n.
func (n *node) set(c *cellHead) {
	n.noteInside()
	if !n.isSource() {
		if c != forgotten && n.sameAsNow(c) {
			return
		}
		// A value that is given holds until an input changes later: what was Set before is applied before.
		if changes.state.Load()&pendingChanges != 0 && changes.queue.Load() != n {
			planMu.Lock()
			catchUp()
			planMu.Unlock()
		}
	}
	x := n.extra()
	for {
		old := x.next.Load()
		if old != nil && changes.collecting.Load() { // to take its place now could overtake what was Set before
			runtime.Gosched()
			continue
		}
		if x.next.CompareAndSwap(old, c) {
			if old == nil { // else n is in the queue
				n.enqueue(x)
			}
			break
		}
	}
	if changes.state.Load()&pendingChanges == 0 {
		changes.state.Or(everChanged | pendingChanges)
	}
}

func (n *node) enqueue(x *extra) {
	for {
		x.queued = changes.queue.Load()
		if changes.queue.CompareAndSwap(x.queued, n) {
			return
		}
	}
}

// setValue is what is to become of a node.
type setValue struct {
	n *node
	c *cellHead
}

// takeSet empties the queue, the last entry first. What it takes is what was Set before one moment, and perhaps some that
// is being Set right now: who was Set again in between, while it is in what is being taken, waits. Else the later value
// would come without those of other nodes that were Set before it. Needs planMu.
func takeSet() []setValue {
	set := changes.taken[:0]
	changes.collecting.Store(true)
	defer changes.collecting.Store(false)
	for n := changes.queue.Swap(nil); n != nil; {
		x := n.more.Load()
		next := x.queued
		x.queued = nil
		set = append(set, setValue{n, x.next.Swap(nil)})
		n = next
	}
	changes.taken = set
	return set
}

// sameAsNow reports whether a call has this value anyway: it is asked where a function of the user's decides, which must
// not be called under planMu.
func (n *node) sameAsNow(c *cellHead) (same bool) {
	lookers.Add(1)
	defer lookers.Add(-1)
	if n.fn.opts.equal == nil {
		return false
	}
	if settleAll(n); !isOpen(n.word.Load()) || !n.settled() {
		return false
	}
	defer func() {
		if recover() != nil { // it counts as another value
			same = false
		}
	}()
	return n.fn.equality()(n.version().p, c.value())
}

// catchUp applies what was Set. Needs planMu.
func catchUp() {
	if changes.state.Load()&pendingChanges == 0 {
		return
	}
	changes.state.Or(applyingNow)
	defer changes.state.And(^uint32(applyingNow))
	changes.state.And(^uint32(pendingChanges)) // before taking the queue: whoever comes later says so again
	taken := takeSet()
	defer clear(taken) // it is kept, and must not keep the values
	for _, s := range slices.Backward(taken) {
		rev := changes.now.Load() + 1 // one for each: a call holds what it was given until an input changes later
		n, c := s.n, s.c
		switch {
		case n.isSource():
			n.replace(c, rev)
		case c == forgotten:
			n.forget(rev)
		default:
			n.give(c, rev)
		}
	}
}

// began makes rev the present revision. It is called before anything is marked for it. Needs planMu.
func began(rev uint64) {
	if changes.now.Load() < rev {
		changes.now.Store(rev)
	}
}

// replace gives a source its new value. Needs planMu.
func (n *node) replace(c *cellHead, rev uint64) {
	x := n.more.Load()
	old := n.version()
	if equal := equalOf(n.valueType().typ()); equal != nil && equal(old.p, c.value()) {
		return
	}
	began(rev)
	w := n.word.Load()
	if w&flagCell != 0 && changes.first != nil {
		n.keepOlder(x, x.cell.Load())
	}
	c.changed = rev
	x.cell.Store(c)
	x.marked = rev
	n.word.Or(flagTracked | flagCell)
	n.count()
	mark(n, rev)
}

// count counts n as one of those that changes begin with. Who was found to depend on none of them is looked at again.
func (n *node) count() {
	if n.word.Or(flagOrigin)&flagOrigin == 0 {
		changes.sources.Add(1)
	}
}

// forget has a call run again. Needs planMu.
func (n *node) forget(rev uint64) {
	track(n)
	x := n.more.Load()
	w := n.word.Load()
	if w&(flagCell|flagInline) == 0 && !isBusy(w) && w&flagPermanent == 0 && x.released == 0 {
		return // it has to run anyway
	}
	began(rev)
	n.count()
	n.keepHeld(x, w)
	if x.older != nil {
		x.older = append(x.older, olderValue{since: rev}) // from here on it is not that
	}
	x.given, x.marked = nil, max(x.marked, rev)
	n.word.Or(flagMarked | flagStale | flagForced)
	mark(n, rev)
}

// remark marks n itself, and what is behind it, as though it had been changed just now: in a revision of its own, for runs
// that were planned in the present one may have taken what is behind n for settled. Needs planMu.
func remark(n *node) {
	rev := changes.now.Load() + 1
	began(rev)
	n.extra().marked = rev
	n.word.Or(flagMarked | flagStale)
	mark(n, rev)
}

// mark marks everything registered behind n as stale, each node once. Needs planMu.
//
// A node that is marked already is told of the revision only for runs that are on their way: one that is yet to be planned
// cannot be in a view before it. A node with a thousand users has most of them marked, most often.
func mark(n *node, rev uint64) {
	quiet := changes.first == nil && unaware.Load() == 0
	stack := append(changes.stack[:0], n)
	for len(stack) > 0 {
		last := len(stack) - 1
		x := stack[last].more.Load()
		stack[last], stack = nil, stack[:last] // it is kept, and must not keep the nodes
		for k := 0; k < len(x.users); k++ {
			var alive bool
			if stack, alive = x.users[k].mark(stack, rev, quiet); !alive {
				x.users = slices.Delete(x.users, k, k+1)
				k--
			}
		}
	}
	changes.stack = stack
}
