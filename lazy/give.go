package lazy

// This file is how a call is given a value. See change.go.

// give gives a call the value that it is to have. Needs planMu.
func (n *node) give(c *cellHead, rev uint64) {
	track(n)
	n.count()
	x := n.more.Load()
	c.changed = rev
	began(rev)
	if n.giveNow(x, c, rev) {
		mark(n, rev)
	}
	unmarkBefore(n)
}

// giveNow is give without the users. It reports whether the value is another one than before.
func (n *node) giveNow(x *extra, c *cellHead, rev uint64) (changed bool) {
	mu := n.stripe() // nobody begins to watch the node while it is held
	mu.Lock()
	defer mu.Unlock()
	x.marked = rev
	w, ok := n.hold()
	if !ok {
		n.keepHeld(x, w)
		x.given = c
		n.word.Or(flagMarked | flagStale)
		return true
	}
	x.verified = rev
	if w&(flagCell|flagInline) != 0 && n.fn.opts.equal == nil {
		equal := n.fn.equality()
		changed = equal == nil || !equal(n.version().p, c.value())
	} else {
		changed = true
	}
	if changed {
		n.keepHeld(x, w)
		x.cell.Store(c)
		x.content.Store(nil)
	}
	x.held = x.cell.Load()
	n.letGo(changed)
	return changed
}

// takeGiven makes what was given while the call was running its value.
func (n *node) takeGiven() {
	planMu.Lock()
	defer planMu.Unlock()
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	x := n.more.Load()
	if x.given == nil {
		return
	}
	if _, ok := n.hold(); !ok {
		return // whoever runs it now will see to it
	}
	stale := x.marked > x.given.changed
	x.cell.Store(x.given)
	x.held, x.verified, x.given = x.given, x.given.changed, nil
	n.letGo(true)
	if stale {
		n.word.Or(flagMarked | flagStale)
	}
}

// hold claims n for a moment, so that nobody begins to run it. It reports false if it is running.
func (n *node) hold() (was uint32, ok bool) {
	for {
		w := n.word.Load()
		if isBusy(w) {
			return w, false
		}
		if n.word.CompareAndSwap(w, w|flagPrivate) {
			return w, true
		}
	}
}

// letGo ends hold: n has its value.
func (n *node) letGo(inCell bool) {
	for {
		w := n.word.Load()
		next := w&^(stateMask|flagPrivate|flagStale|flagMarked|flagForced|flagPermanent) | stateDone
		if inCell {
			next |= flagCell
		}
		if n.word.CompareAndSwap(w, next) {
			return
		}
	}
}

// unmarkBefore has the stale nodes before n marked again by the next change: n is not stale though they are, and it must
// learn of that. Needs planMu.
func unmarkBefore(n *node) {
	todo := []*node{n}
	for len(todo) > 0 {
		last := len(todo) - 1
		m := todo[last]
		todo = todo[:last]
		m.dependsOn(func(i *node) {
			for {
				w := i.word.Load()
				if w&flagMarked == 0 || isBusy(w) {
					return
				}
				if i.word.CompareAndSwap(w, w&^flagMarked) {
					todo = append(todo, i)
					return
				}
			}
		})
	}
}
