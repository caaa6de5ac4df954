package lazy

import (
	"math/bits"
	"unsafe"
	"weak"
)

// # Who is behind a node
//
// A node refers to its inputs, never to its users, or a source would keep everything that was ever made of it. To mark
// what is behind a source it must be known all the same. So a tracked node is registered with its inputs – by the slab it
// lies in, which is referred to weakly, and its place there. One weak pointer serves up to 64 users: a pointer per edge
// costs 460 ns to make and 24 bytes to keep, this one 24 bytes per slab and input, and 7 ns per slab to follow.
//
// Tracking begins when a Get meets a graph in which something was Set: it walks the graph once. Whatever is recorded
// behind a tracked node later is tracked when it is planned.

// userSet is some of the nodes of a slab, by place.
type userSet struct {
	slab   weak.Pointer[node] // to its first node, which may not be recorded yet
	places uint64
	stride uint32
}

// slabOf returns the reference to n's slab, and n's place in it. Needs planMu.
func (n *node) slabOf() (weak.Pointer[node], uint32) {
	place := uint32(n.meta>>placeShift) & (1<<placeBits - 1)
	first := (*node)(unsafe.Add(unsafe.Pointer(n), -int(place)*int(n.fn.stride)))
	x := first.extra()
	if x.slab == (weak.Pointer[node]{}) {
		x.slab = weak.Make(first)
	}
	return x.slab, place
}

// addUser registers n with its input i. Needs planMu.
func (i *node) addUser(n *node) {
	x := i.extra()
	slab, place := n.slabOf()
	if x.users == nil {
		x.users = x.oneUser[:0]
	}
	const look = 4 // entries: users of one function are recorded one after another
	for k := len(x.users) - 1; k >= max(0, len(x.users)-look); k-- {
		if x.users[k].slab == slab {
			x.users[k].places |= 1 << place
			return
		}
	}
	if len(x.users) == cap(x.users) && len(x.users) >= look {
		x.sweepUsers()
	}
	x.users = append(x.users, userSet{slab: slab, places: 1 << place, stride: uint32(n.fn.stride)})
}

// sweepUsers forgets the slabs that are gone. Needs planMu.
func (x *extra) sweepUsers() {
	live := x.users[:0]
	for _, u := range x.users {
		if u.slab.Value() != nil {
			live = append(live, u)
		}
	}
	clear(x.users[len(live):])
	x.users = live
	if len(live) < cap(live)/4 {
		x.users = append([]userSet(nil), live...)
	}
}

// mark marks the users and pushes those that had not been marked yet. It reports whether the slab is alive. Needs planMu.
func (u *userSet) mark(stack []*node, rev uint64, quiet bool) (_ []*node, alive bool) {
	first := u.slab.Value()
	if first == nil {
		return stack, false
	}
	stride := uintptr(u.stride)
	for places := u.places; places != 0; places &= places - 1 {
		n := (*node)(unsafe.Add(unsafe.Pointer(first), uintptr(bits.TrailingZeros64(places))*stride))
		if quiet && isMarked(n.word.Load()) {
			continue
		}
		x := n.more.Load()
		x.marked = max(x.marked, rev)
		if isMarked(n.word.Load()) { // after marked: a claim looks the other way round
			continue
		}
		n.word.Or(flagMarked | flagStale)
		stack = append(stack, n)
	}
	return stack, true
}

// isMarked reports whether a node with the given word has been marked and not been claimed since: so is all behind it.
func isMarked(w uint32) bool {
	return w&(flagMarked|flagStale) == flagMarked|flagStale && !isBusy(w)
}

// each calls f for those that are alive, until it reports false.
func (u *userSet) each(f func(*node) bool) bool {
	first := u.slab.Value()
	if first == nil {
		return true
	}
	for places, k := u.places, uintptr(0); places != 0; places, k = places>>1, k+1 {
		if places&1 != 0 && !f((*node)(unsafe.Add(unsafe.Pointer(first), k*uintptr(u.stride)))) {
			return false
		}
	}
	return true
}

// dependsOn calls f for the nodes whose change n is to hear of: its inputs, what must have ended before it, and what it
// has got while it ran.
func (n *node) dependsOn(f func(*node)) {
	for _, i := range n.inputs() {
		f(i)
	}
	if n.word.Load()&(flagOwn|flagFound) == 0 {
		return
	}
	x := n.noted()
	for _, i := range x.order {
		f(i)
	}
	for _, i := range x.found {
		f(i)
	}
}

// walk visits n and what is before it, inputs first. enter says whether to go into a node; it must say no to one that
// has been left. Needs planMu.
func walk(n *node, enter func(*node) bool, leave func(*node)) {
	type frame struct {
		n    *node
		left bool
	}
	stack := []frame{{n: n}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		n := top.n
		if top.left || n.word.Load()&flagWalked != 0 || !enter(n) {
			if top.left {
				n.word.And(^uint32(flagWalked))
				leave(n)
			}
			stack = stack[:len(stack)-1]
			continue
		}
		top.left = true
		n.word.Or(flagWalked) // a Bind that failed with a cycle leads back here
		n.dependsOn(func(i *node) {
			if i.word.Load()&flagWalked == 0 && enter(i) {
				stack = append(stack, frame{n: i})
			}
		})
	}
}

// track registers n, and what is before it, with its inputs. A node that has a value and depends on something that was
// changed is stale from then on. Needs planMu.
func track(n *node) {
	walk(n, func(i *node) bool {
		return i.word.Load()&flagTracked == 0 && !i.isSource()
	}, (*node).trackOne)
}

// trackOne registers n with its inputs, which are tracked or sources. Needs planMu.
func (n *node) trackOne() {
	x := n.extra()
	n.dependsOn(func(i *node) {
		i.addUser(n)
		if m := i.more.Load(); m.marked > x.marked {
			x.marked = m.marked
		}
	})
	for {
		w := n.word.Load()
		next := w | flagTracked
		if hasValue(w & stateMask) {
			next |= flagInline
		}
		if x.marked > x.verified {
			next |= flagMarked | flagStale
		}
		if n.word.CompareAndSwap(w, next) {
			return
		}
	}
}

// settled reports whether n has a value that is known to be right: nothing is waiting to be applied, and a change would
// have reached the node.
func (n *node) settled() bool {
	state := changes.state.Load() // before the word: what was applied until then has reached it
	w := n.word.Load()
	return isReady(w) && (state == 0 || n.settledIn(state, w))
}

// settledIn is settled for a node that is ready, where something has been changed.
func (n *node) settledIn(state, w uint32) bool {
	if state != everChanged {
		return false
	}
	if w&flagTracked != 0 || w&stateMask == stateSource {
		return true
	}
	sources := changes.sources.Load()
	if sources == 0 {
		return true
	}
	x := n.more.Load()
	return x != nil && x.checked.Load() == sources
}

// checkedMark in a node's mark says, with a number of changed sources, that the node depends on none of them.
const checkedMark = 1 << 63

// settle makes sure that n, which has a value and is not tracked, is right: it is tracked if it depends on something that
// was changed. Looking for that takes a walk for each new source that is changed anywhere; who is walked for again and
// again is tracked, so that it need not be. Needs planMu.
func (n *node) settle() {
	sources := changes.sources.Load()
	if sources == 0 || n.mark == checkedMark|sources {
		return
	}
	x := n.extra()
	const patience = 4
	if x.walks++; x.walks > patience || n.touched(checkedMark|sources) {
		track(n)
		return
	}
	x.checked.Store(sources)
}

// touched reports whether something that n depends on is tracked. What depends on nothing like that gets the mark.
func (n *node) touched(mark uint64) bool {
	found := false
	var pending map[*node]bool // those whose marks belong to plans
	walk(n, func(i *node) bool {
		found = found || i.word.Load()&flagTracked != 0
		return !found && i.mark != mark && !pending[i]
	}, func(i *node) {
		if i.ready() {
			i.mark = mark
			return
		}
		if pending == nil {
			pending = make(map[*node]bool)
		}
		pending[i] = true
	})
	return found
}

// settleAll applies what was Set, as far as that can concern the nodes: their states are the present ones.
func settleAll(nodes ...*node) {
	if changes.state.Load() == 0 {
		return
	}
	planMu.Lock()
	defer planMu.Unlock()
	catchUp()
	for _, n := range nodes {
		if w := n.word.Load(); isReady(w) && w&flagTracked == 0 && w&stateMask != stateSource {
			n.settle()
		}
	}
}
