package lazy

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
)

// Update returns a handle on a new version of d's value: what fn makes of it. fn may write into what it is given, return
// it, or return another value. The old handle stays what it was, and so do its readers: fn gets a copy. Program order
// is the order of the handles, so of two updates of the same slot the later one wins.
//
//	out := lazy.Update(zeros, func(_ context.Context, v []int) ([]int, error) { v[2] = 7; return v, nil })
//	out.Get(ctx)   // [0 0 7]
//	zeros.Get(ctx) // [0 0 0]
//
// A copy takes time and memory like the value. Where the old version is not needed any more, [Donate] it: fn then works
// on its memory.
//
// Copied are: with its method, what has a method Clone() T; by assignment, numbers, strings, arrays and structs of such;
// slices and maps of these with their elements. nil stays nil, and room behind the end of a slice is not copied. For all
// else – slices of slices, structs with slices, pointers, interfaces, channels, functions – Update panics and says
// which part it was: what is behind a pointer would be shared by the versions.
//
// A function that fails or panics leaves the old version as it was; if its value was donated and taken, it is gone, the
// update has no value, and whoever wants one later has the call of d run again.
//
// Update is a wrap and a call in one: opts are those of a wrap, its place is what errors name, and it costs about a
// microsecond. Errors and the context are those of [Wrap1]. It does not block. It panics if fn is nil, if T cannot be
// copied, or, with an error that is [ErrDonated], if d is what [Donate] returned and another Update has taken it.
func Update[T any](d Data[T], fn func(context.Context, T) (T, error), opts ...Option) Data[T] {
	f := newFunction[T](fn, opts)
	f.refuseMemo("Update")
	copied, err := copierOf[T]()
	if err != nil {
		panic(fmt.Sprintf("lazy: Update at %s: cannot copy: %v", f.where, err))
	}
	f.wantsContext, f.updates = true, true
	if d.n != nil && d.n.fn.gives {
		d.n = d.n.takeGift(f.where)
		f.takes = true
	}
	f.call = func(n *node, ctx context.Context, at *frame) error {
		v := take[T](n, 0, at)
		if at == nil || !at.own {
			v = copied(v)
		}
		v, err := fn(ctx, v)
		if err == nil {
			put(n, at, v)
		}
		return err
	}
	return recorder1[T, T](f)(d)
}

// # Taking a value away
//
// An update that was given a donated value may write into its memory if nobody can tell. Its own run comes to it with
// every other reader in the plan behind it (arrange.go). What is left to see to, under planMu:
//
//   - Other runs. One that was planned after the donation counts among the donation's readers if it has planned a call
//     that takes the value. One that was planned before, but after the call was recorded, might have: it is waited out,
//     which is to say that the update copies meanwhile. Runs that nobody has a list of are counted in unaware; pictures, that
//     show donated values no more, but may have begun before, in lookers.
//   - Functions that run on though their run goes on without them: a busy user.
//   - Other values in the same memory: those of the inputs that the value was made from, and of users that it was made
//     into. Flat ones cannot be, shallow ones are compared, deep ones might be.
//
// The users of a value that lies in a cell are those that are registered: it was computed by a tracked call. The users of a
// first value may not be tracked; they are looked for among all calls that were recorded, slab by slab.
//
// The call whose value was taken is pending again, as a Transient one is that was let go of. It is tracked, so what it
// comes to later goes to a cell: nothing is ever written to the place in the node that its first value had, and a Get
// that crosses the donation reads what it always would have.

// takesAway reports whether x, an update, may work on the value that it was given, and takes the value from its call if so.
func (r *run) takesAway(x *execution) bool {
	n := x.node
	d := n.input(0)
	t := n.fn.typ.typ()
	if x.private || n.fn.opts.insists() || r.plan.copies[n] || d.isSource() || memoryOf(t) == memoryFlat {
		return false
	}
	d.awaitPublished()
	planMu.Lock()
	defer planMu.Unlock()
	v := d.version()
	if v.p != x.frame.in[0].p || !r.readsAlone(d) || !d.unshared(n, v) {
		return false
	}
	return d.giveAway(v)
}

// awaitPublished waits for a moment until d is not busy: the worker that has noted d's result for the run, for others
// to go on with, may be about to publish it.
func (d *node) awaitPublished() {
	const patience = 1000
	for k := 0; k < patience && isBusy(d.word.Load()); k++ {
		runtime.Gosched()
	}
}

// readsAlone reports whether no other run may be reading d's value. Needs planMu.
func (r *run) readsAlone(d *node) bool {
	g, id := d.donation(), uint64(d.id())
	if g.readers != 1 || lookers.Load() > 0 || unaware.Load() > 0 && id <= donations.since.Load() {
		return false
	}
	for o := changes.first; o != nil; o = o.nextView {
		if o != r && id <= o.saw && o.saw < g.since {
			return false
		}
	}
	return true
}

// giveAway takes its value, v, from a call, which is then pending. It reports false if the call is busy, or its value
// not the present one. Needs planMu.
func (n *node) giveAway(v version) bool {
	for {
		w := n.word.Load()
		if isBusy(w) || !isReady(w) {
			return false
		}
		next := w&^(stateMask|flagCell|flagInline) | statePending
		if w&flagInline != 0 {
			next |= flagTaken
		}
		if n.word.CompareAndSwap(w, next) {
			x := n.more.Load()
			x.cell.Store(nil)
			x.released = v.changed + 1
			return true
		}
	}
}

// unshared reports whether d's value v is d's own: nothing else that is known is in its memory, and no function is reading
// it but u's. Needs planMu.
func (d *node) unshared(u *node, v version) bool {
	w := d.word.Load()
	if isBusy(w) || !isReady(w) || w&stateMask != stateDone || w&(flagShared|flagFound) != 0 || d.fn.binds {
		return false
	}
	if d.more.Load().held != nil { // nobody writes it: what is ready is claimed under planMu alone
		return false
	}
	t := d.fn.typ.typ()
	own := &place{kind: memoryOf(t)}
	if own.kind == memoryShallow {
		own.regions = regionsOf(nil, reflect.NewAt(t, v.p).Elem())
	}
	if !d.fn.updates && own.mayMeetInputs(d) {
		return false
	}
	alone := true
	d.eachUser(w, func(m *node) bool {
		alone = m == u || !isBusy(m.word.Load()) && !own.mayMeetUser(m)
		return alone
	})
	return alone
}

// place is where a value lies.
type place struct {
	kind    memory
	regions []region
}

// mayMeetInputs reports whether the value, d's, may lie in the memory of one of those that it was made from. Where the
// function has an Equal the value may be older than the inputs' are.
func (l *place) mayMeetInputs(d *node) bool {
	ran := d.lastRun()
	for _, i := range d.inputs() {
		kind := memoryOf(i.valueType().typ())
		if kind == memoryFlat {
			continue
		}
		w := i.word.Load()
		if d.fn.opts.equal != nil || !isReady(w) && w&stateMask != stateSource {
			return true
		}
		if v := i.version(); v.changed > ran || l.mayMeet(i, v) {
			return true
		}
	}
	return false
}

// mayMeetUser reports whether the value may lie in the memory of what m has made of it.
func (l *place) mayMeetUser(m *node) bool {
	w := m.word.Load()
	switch {
	case m.fn.updates || memoryOf(m.fn.typ.typ()) == memoryFlat: // an update that has run had a copy
		return false
	case m.fn.opts.transient: // what it made is gone, but not what was made of that
		return true
	case w&flagTracked == 0:
		return hasValue(w&stateMask) && l.mayMeet(m, version{p: m.inline()})
	}
	return w&(flagCell|flagInline) != 0 && l.mayMeet(m, m.version())
}

// mayMeet reports whether the value may lie in the same memory as m's.
func (l *place) mayMeet(m *node, v version) bool {
	t := m.valueType().typ()
	switch kind := memoryOf(t); {
	case kind == memoryFlat:
		return false
	case kind == memoryDeep, l.kind == memoryDeep:
		return true
	}
	return overlap(l.regions, regionsOf(nil, reflect.NewAt(t, v.p).Elem()))
}

// eachUser calls f for the calls that take d's value, until it reports false. w is d's word. Needs planMu.
func (d *node) eachUser(w uint32, f func(*node) bool) {
	if w&flagInline != 0 {
		eachRecordedUser(d, f)
		return
	}
	users := d.more.Load().users
	for k := range users {
		if !users[k].each(func(m *node) bool { return !m.takesValueOf(d) || f(m) }) {
			return
		}
	}
}

// takesValueOf reports whether d is an input of n.
func (n *node) takesValueOf(d *node) bool {
	for _, i := range n.inputs() {
		if i == d {
			return true
		}
	}
	return false
}
