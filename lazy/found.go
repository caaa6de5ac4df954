package lazy

// This file is about inputs that a call finds while it runs, where things change. See view.go.

// foundAll notes that the call has got the targets: they are inputs of it.
func (c *callContext) foundAll(targets ...*node) {
	for _, t := range targets {
		t.word.Or(flagShared)
	}
	n := c.node
	if c.private { // the inputs of the present value stay what they are
		return
	}
	n.note(func(x *extra) {
		for _, t := range targets {
			x.find(t)
		}
	})
	n.word.Or(flagFound)
	if changes.state.Load() == 0 {
		return
	}
	planMu.Lock()
	defer planMu.Unlock()
	for _, t := range targets {
		c.register(t)
	}
}

// got is told that a Get inside the call has got what it wanted, from r.
func (c *callContext) got(r *run) {
	for k := range r.targets {
		if r.isOutdated(k) {
			c.tainted.Store(true)
		}
	}
}

// register has marks of t reach the call, if they might have to. Needs planMu.
func (c *callContext) register(t *node) {
	n := c.node
	if t.word.Load()&flagTracked == 0 && n.word.Load()&flagTracked == 0 {
		return
	}
	if n.word.Load()&flagTracked == 0 {
		n.extra().verified = c.run.view // what it has got
		track(n)                        // and t
		return
	}
	track(t)
	t.addUser(n)
	x, m := n.more.Load(), t.extra().marked
	x.marked = max(x.marked, m) // a run in a view before that is not to take the value
	if m > c.run.view {
		c.tainted.Store(true)
		remark(n)
	}
}
