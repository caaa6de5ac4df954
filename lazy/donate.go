package lazy

import (
	"context"
	"fmt"
	"sync/atomic"
)

// donations is what the whole process knows about them.
var donations struct {
	some  atomic.Bool   // Donate was called
	since atomic.Uint64 // the last number given to a node before; 0: not settled yet
}

// unaware counts the runs that were planned when nothing had ever been Set or donated: nobody has a list of them. What they
// may see is not given away meanwhile. It costs a run 10 ns.
var unaware atomic.Int64

// lookers counts who looks at values besides runs: pictures and comparisons. Nothing is given away meanwhile.
var lookers atomic.Int64

// donation is what is known about a node that was given away.
type donation struct {
	where string                 // file:line of the Donate. Written before it is shared
	taken atomic.Pointer[string] // file:line of the Update that has taken it
	since uint64                 // the number of what Donate returned. Written before that is
	gift  bool                   // it is what Donate returned. Written before it is shared

	readers int    // runs on their way that have planned calls that take the value. Guarded by planMu
	epoch   uint64 // the plan that was counted last. Guarded by planMu
}

// Donate gives the value of d away, to the one [Update] that takes what Donate returns: it may then work on the memory of
// the value itself instead of a copy.
//
//	big := load(path)
//	sum := total(big)                               // recorded before: reads big as it was
//	sorted := lazy.Update(lazy.Donate(big), sortIt) // in the memory of big, after total
//
// From then on d is donated. Get of it is an error that is [ErrDonated] and says where the donation was; so is, at Get, a
// call recorded with d from then on, or a Bind that goes on to d. Calls recorded with d before the donation read its value
// as ever, and come first. [After] may wait for d, and Set, Invalidate, On and pictures are as before. What Donate returns
// is for one Update: every other use of it gives ErrDonated likewise.
//
// It is a promise, too: that nobody uses any more what Get has returned of d, for it is the memory that is written to. All
// else the library looks after. It copies where somebody might notice that it does not: if d is a source or was Set, for
// what was given is never written; if d is a Bind or an If, or some function has got it by a Get of its own; if
// another run may be reading the value; if a call that reads it also depends on the update; if what d was made from, or
// what was made of it, lies in the same memory or might (a slice of a slice does; of what lies behind pointers,
// interfaces and slices of slices that cannot be told, so it might); and if the Update has [Retry], for a second try needs
// what the first was given. There is no telling whether a handle will be used again – that takes a garbage collection –
// so without Donate an Update always copies.
//
// When the value has been taken, the call of d has none: it runs again if a call that reads it wants it, or
// if the update has to run again because something before it has changed.
//
// Donate may be called from any goroutine; it does not block. It panics, with an error that is ErrDonated and names both
// places, if d was donated before, and if d is zero.
func Donate[T any](d Data[T]) Data[T] {
	if d.n == nil {
		panic("lazy: Donate: " + ErrZeroData.Error())
	}
	where := userLine()
	given := d.n.donate(where)
	gift := giver[T]()(d)
	given.since = uint64(gift.n.id())
	gift.n.extra().donation.Store(&donation{where: where, gift: true})
	gift.n.word.Or(flagDonated)
	return gift
}

// giver makes what Donate returns: a call that nobody is to run.
func giver[T any]() Func1[T, T] {
	return builtin("Donate", func() Func1[T, T] {
		f := &function{name: "Donate", typ: typeOf[T]{}, plain: true, gives: true}
		f.call = func(n *node, _ context.Context, _ *frame) error { return n.notForUse() }
		return recorder1[T, T](f)
	})
}

// notForUse is the error of running what Donate returned.
func (n *node) notForUse() error {
	where := ""
	if g := n.input(0).donation(); g != nil {
		where = " at " + g.where
	}
	return fmt.Errorf("%w: what Donate%s returned is for one Update, and nothing else", ErrDonated, where)
}

// donate makes n a donated node. It panics if it is one.
func (n *node) donate(where string) *donation {
	if !donations.some.Load() {
		changes.state.Or(everChanged) // runs are planned with an eye on it from now on
		donations.since.CompareAndSwap(0, lastID.Load())
		donations.some.Store(true)
	}
	g := &donation{where: where}
	if x := n.extra(); !x.donation.CompareAndSwap(nil, g) {
		panic(fmt.Errorf("lazy: Donate at %s: %w; give each handle away once", where, n.donatedError()))
	}
	n.word.Or(flagDonated)
	return g
}

// donation is what is known about the donation of n; nil if it is not donated.
func (n *node) donation() *donation {
	if x := n.more.Load(); x != nil {
		return x.donation.Load()
	}
	return nil
}

// isDonated reports whether n is donated.
func (n *node) isDonated() bool { return n.word.Load()&flagDonated != 0 }

// donatedError is why a donated node cannot be used.
func (n *node) donatedError() error {
	g := n.donation()
	if g.gift {
		return fmt.Errorf("%w: what Donate at %s returned is for one Update, and nothing else", ErrDonated, g.where)
	}
	return fmt.Errorf("%w: %s was given away at %s", ErrDonated, n.label(), g.where)
}

// wasDonated is donatedError for pictures.
func (n *node) wasDonated() string {
	g := n.donation()
	s := "was donated at " + g.where
	if by := g.taken.Load(); by != nil {
		s += " to the Update at " + *by
	}
	return s
}

// takeGift returns the node whose value an Update at the given place is to take. n is what Donate returned.
func (n *node) takeGift(where string) *node {
	d := n.input(0)
	g := d.donation()
	if !g.taken.CompareAndSwap(nil, &where) {
		panic(fmt.Errorf("lazy: Update at %s: %w; the Update at %s has taken it: give it to one", where, d.donatedError(), *g.taken.Load()))
	}
	return d
}

// refuses reports whether an input is donated, and f is not there to take it.
func (f *function) refuses(in []*node) bool {
	if f.gives || f.takes {
		return false
	}
	for _, n := range in {
		if n != nil && n.isDonated() {
			return true
		}
	}
	return false
}

// donatedArgument is the error of a call that was recorded with a donated handle.
func donatedArgument(n *node, k int, name, recordedAt string) error {
	return fmt.Errorf("argument %d of %s, recorded at %s: %w", k, name, recordedAt, n.donatedError())
}
