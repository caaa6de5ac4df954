package lazy

import "errors"

// This file is how a fresh run makes its calls. See fresh.go.

// goOn makes calls until all targets are done, or one is met that is not for it.
func (s *fresh) goOn() {
	s.pace.Store(1)
	for k, t := range s.run.targets {
		if k > 0 { // the first is there already
			s.push(t)
		}
		for !s.stack.empty() && !s.ended {
			s.step()
		}
		if s.ended {
			return
		}
	}
}

// step looks at the next input of the call on top of the stack that is not done, or makes the call.
func (s *fresh) step() {
	if s.steps++; s.steps%freshSign == 0 {
		s.pace.Store(s.steps)
		s.ended = s.pool.Wanted() || s.phase.Load() == freshTaken
	}
	top := s.stack.last()
	n := top.n
	for in := n.inputs(); top.next < len(in); {
		i := in[top.next]
		top.next++
		if !isFirst(i.word.Load()) {
			s.push(i)
			return
		}
	}
	s.stack.pop()
	s.call(n)
}

// isFirst reports whether a node with the given word has its first value, which is in the node, and no other.
func isFirst(w uint32) bool {
	return w&(flagTracked|flagStale|flagDonated|flagTaken) == 0 && hasValue(w&stateMask)
}

// push goes on to n, unless it is done. If n is not for a fresh run, the run ends.
func (s *fresh) push(n *node) {
	w := n.word.Load()
	switch {
	case isFirst(w):
	case w&(1<<depthShift-1)&^flagShared == statePending && s.isFor(n.fn):
		s.stack.push(n)
	default:
		s.ended = true
	}
}

// isFor reports whether calls of f may be made in a fresh run.
func (s *fresh) isFor(f *function) bool {
	if f == s.fits {
		return true
	}
	o := &f.opts
	if !f.plain || s.run.looksUp(f) || f.binds || f.updates || f.takes || f.gives || o.transient || o.insists() || f.est.cost() > s.dear {
		return false
	}
	s.fits = f
	return true
}

// call makes a call whose inputs are there.
func (s *fresh) call(n *node) {
	if n.fn != s.fn {
		s.fn, s.cost = n.fn, n.fn.est.cost()
	}
	s.tries(s.cost == 0)
	if s.phase.Load() == freshTaken || s.cost > s.dear || n.beginFresh() != statePending { // somebody else is at it
		s.ended = true
		return
	}
	s.calls++
	measured := s.cost == 0 || isSampled(s.calls)
	s.node, s.began = n, 0
	switch {
	case s.tried:
		s.slot.Hold(s.measure)
	case measured:
		s.measure()
	default:
		s.err = s.function(n)
	}
	switch s.err {
	case nil:
		n.end(stateDone, nil)
	case errNotCalled:
		s.err, s.ended = nil, true
		n.end(statePending, &failure{at: -1})
	default:
		s.ended = true
	}
}

// tries says whether the next call is of a function of which nothing is known: then the one who waits is to watch.
func (s *fresh) tries(now bool) {
	if now == s.tried {
		return
	}
	s.tried = now
	s.trying.Store(now)
	if now && s.phase.CompareAndSwap(freshWaited, freshOn) {
		s.over <- struct{}{}
	}
}

// function calls n's function.
func (s *fresh) function(n *node) error {
	if !n.fn.wantsContext {
		return n.fn.call(n, none, nil)
	}
	c := s.context(n)
	s.current.Store(c)
	if s.phase.Load() == freshTaken { // who has taken it over may not know of c
		return errNotCalled
	}
	returned := false
	defer func() {
		if !returned {
			c.end()
		}
	}()
	err := n.fn.call(n, c, nil)
	returned = true
	c.end()
	if err == nil && c.tainted.Load() {
		(&execution{run: s.run, node: n}).taint()
	}
	return err
}

// errNotCalled says that a call has not been made.
var errNotCalled = errors.New("not called")

// context returns a context for a call. It is made sixteen at a time; a function that keeps one keeps them all.
func (s *fresh) context(n *node) *callContext {
	if len(s.contexts) == 0 {
		s.contexts = make([]callContext, 16)
		if s.parent == nil {
			s.parent = s.run.context()
		}
	}
	c := &s.contexts[0]
	s.contexts = s.contexts[1:]
	c.Context, c.run, c.node, c.own = s.parent, s.run, n, s.slot
	if s.tried {
		c.own = s.slot.Held()
	}
	return c
}

// measure calls the function and takes in what that took.
func (s *fresh) measure() {
	s.began = mono()
	s.err = s.function(s.node)
	x := &execution{run: s.run, node: s.node, start: s.began}
	if s.err == nil {
		s.err = x.changedOwn()
	}
	if s.err != nil {
		return
	}
	if s.cost == 0 {
		s.pace.Add(1 << 16)
		if s.unknown -= mono() - s.began; s.unknown < 0 {
			s.ended = true
		}
	}
	s.run.keepTimes(x, stateDone, nil)
	s.cost = s.fn.est.cost()
}
