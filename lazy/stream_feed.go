package lazy

import "fmt"

// This file is the feeder of a stream, the goroutine in which the source runs.

// feed runs the source to its end.
func (s *stream) feed(source func(*stream)) {
	returned := false
	defer func() {
		err := s.failure
		if !returned {
			err = newPanicError("source", recover())
		}
		s.sourceEnded(err)
		s.live.Done()
	}()
	source(s)
	returned = true
}

// sourceEnded is told that no more items will come: err says why, if it is not the end.
func (s *stream) sourceEnded(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.cut = true, s.caller.Err() != nil
	if err != nil {
		s.end = &Error{Op: opStream, Call: fmt.Sprintf("source, item %d", s.pulled.Load()), Err: err}
	}
	s.wakeReader()
}

// fail notes the error that the source has yielded: there will be no more.
func (s *stream) fail(err error) {
	if s.wantsMore() {
		s.failure = err
	}
}

// wantsMore reports whether the source is to go on.
func (s *stream) wantsMore() bool { return s.failure == nil && s.ctx.Err() == nil }

// offer adds an item, and reports whether the source is to give another one, when there is room for that.
func (s *stream) offer(it item) bool {
	s.look(it)
	*s.write.add() = it
	pulled := s.pulled.Add(1)
	s.dispatch(pulled)
	return pulled < s.mayPull || s.awaitRoom(pulled)
}

// dispatch starts a lane if one more is to run.
func (s *stream) dispatch(pulled int64) {
	lanes := s.lanes.Load()
	if lanes > 0 && (lanes >= s.workers || pulled-s.given.Load() < s.batch.Load()) && !s.patient() {
		return
	}
	s.mu.Lock()
	s.startLaneLocked()
	s.mu.Unlock()
}

// awaitRoom waits until one more item may be pulled. It reports false if the stream is over before.
func (s *stream) awaitRoom(pulled int64) bool {
	for {
		if s.mayPull = s.taken.Load() + s.ahead.Load(); s.mayPull > pulled {
			return true
		}
		// Where items are cheap, it is not worth waking up for each: some room is waited for, but not while everybody waits.
		wants := min(s.batch.Load(), (s.ahead.Load()+3)/4)
		s.wants.Store(wants)
		if room := s.taken.Load() + s.ahead.Load() - pulled; room >= wants || room > 0 && s.waiting.Load() {
			s.wants.Store(0)
			continue
		}
		select {
		case <-s.room:
		case <-s.ctx.Done():
			return false
		}
	}
}

// look notes if the item waits for something else than a worker, before it is counted in pulled. Calls of a function with
// nothing before them are all alike.
func (s *stream) look(it item) {
	n := it.node
	if n == nil {
		if it.isPair() && s.foreign {
			s.waits.Store(s.pulled.Load() + 1)
		}
		return
	}
	alone := n.meta&inputsMask == 1 && n.input(0) == it.arg && n.word.Load()&flagOwn == 0
	if !alone || n.fn != s.last {
		s.last, s.lastWaits = n.fn, s.foreign || mayWait(n)
		if !alone {
			s.last = nil
		}
	}
	if s.lastWaits {
		s.waits.Store(s.pulled.Load() + 1)
	}
}

// patient reports whether one of the items that no lane has taken waits for something else than a worker.
func (s *stream) patient() bool { return s.given.Load() < s.waits.Load() }

// lookMax is how many calls of one item are looked at.
const lookMax = 64

// mayWait reports whether n, or a call before it that has no value, waits for something else than a worker.
func mayWait(n *node) bool {
	left := lookMax
	var waits func(n *node) bool
	waits = func(n *node) bool {
		if left--; left < 0 {
			return true
		}
		if n.ready() {
			return false
		}
		if !n.fn.plain || n.runsOn() != nil {
			return true
		}
		for _, i := range n.inputs() {
			if waits(i) {
				return true
			}
		}
		return false
	}
	return waits(n)
}
