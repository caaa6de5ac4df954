package lazy

import (
	"errors"
	"math"
	"time"
)

// # Lanes and batches
//
// There are as many lanes as the session has workers. Items that wait for something else (Blocking, Poll, RunsOn,
// limits, Binds) have each a lane of its own, which does not count. A batch is to take batchTime, by what items were
// measured to take before, so that the 2 µs that a Get costs are shared; the first items are batches of their own.
//
// Measured or not, any call may be slow some day. When a batch takes longer than lateTime, its lane is counted no more:
// another one may take its place, so that slow items hold up nobody who is behind them. Of a batch of pairs, that one
// gets the items that have not begun. (A Get cannot be parted: of its items those that are done are handed out, then
// and again after twice the time, and so on.) With one worker lanes always count: there is nobody else to go on, and
// calls are made in order.

const (
	batchTime = 250_000 // ns
	lateTime  = 2 * time.Millisecond
	aheadMin  = 16   // items per worker, if LookAhead does not say
	aheadMax  = 1024 // the same for cheap ones
)

// batch is what a lane is at.
type batch struct {
	s     *stream
	items []item
	first int64 // number of the first
	nodes []*node
	args  []*node       // of nodes, inside a call
	part  *streamPart   // what the only node is to do; nil: items have nodes of their own
	shift int           // items of part that are not of items any more. Guarded by s.mu
	timer *time.Timer   // calls late
	delay time.Duration // guarded by s.mu

	running bool   // guarded by s.mu; as long as it is true, so are items and first
	out     []bool // by item: it was handed out already. nil: none. Guarded by s.mu
	// uncounted says that the lane is counted in s.lanes no more. Guarded by s.mu.
	uncounted bool
}

// startLaneLocked starts a lane if there is something for it to do. Needs s.mu.
func (s *stream) startLaneLocked() {
	lanes, waiting := s.lanes.Load(), s.pulled.Load()-s.given.Load()
	if waiting > 0 && (lanes == 0 || s.patient() || lanes < s.workers && waiting >= s.batch.Load()) {
		s.goLaneLocked(&batch{s: s})
	}
}

// goLaneLocked starts a lane that begins with b. Needs s.mu.
func (s *stream) goLaneLocked(b *batch) {
	s.lanes.Add(1)
	s.live.Add(1)
	go b.lane()
}

// lane computes items as long as there are any.
func (b *batch) lane() {
	b.timer = time.AfterFunc(math.MaxInt64, b.late)
	returned := false
	defer func() {
		b.timer.Stop()
		if !returned { // an observer has ended the goroutine
			b.giveWay()
		}
		b.s.live.Done()
	}()
	for len(b.items) > 0 || b.take() {
		b.compute()
	}
	returned = true
}

// take takes items. It reports false if the lane is to end.
func (b *batch) take() bool {
	s := b.s
	s.mu.Lock()
	defer s.mu.Unlock()
	there := s.pulled.Load() - s.given.Load()
	patient := there > 0 && s.patient()
	if b.uncounted && !patient {
		return false
	}
	if (there == 0 || s.ctx.Err() != nil) && !b.uncounted {
		s.lanes.Add(-1)
		// The feeder may have seen that there was a lane, and left an item to it.
		there, patient = s.pulled.Load()-s.given.Load(), s.patient()
		if there > 0 && s.ctx.Err() == nil {
			s.lanes.Add(1)
		}
	}
	if there == 0 || s.ctx.Err() != nil {
		return false
	}
	length := s.batch.Load()
	if patient {
		length = 1
		if !b.uncounted {
			b.uncounted = true
			s.lanes.Add(-1)
		}
	}
	b.items = s.read.rest()
	b.items = b.items[:min(length, there, int64(len(b.items)))]
	b.first = s.given.Load()
	if b.first == 0 { // it has a node even where the others have none
		b.items = b.items[:1]
	}
	s.read.at += len(b.items)
	s.given.Add(int64(len(b.items)))
	return true
}

// record makes the calls of the batch: those of its items, or one that makes them all.
func (b *batch) record() {
	b.nodes, b.args, b.part = nil, nil, nil // anew each time: a run that is left behind may keep them
	if b.items[0].isPair() {
		b.part, b.shift = &streamPart{items: b.items}, 0
		arg := Const(b.part)
		b.nodes, b.args = []*node{b.s.part(arg).n}, []*node{arg.n}
		return
	}
	b.nodes = make([]*node, 0, len(b.items))
	for k := range b.items {
		if it := &b.items[k]; it.node != nil {
			b.nodes = append(b.nodes, it.node)
			if b.s.inside != nil {
				b.args = append(b.args, it.arg)
			}
		}
	}
}

// compute computes the items of the batch and delivers them.
func (b *batch) compute() {
	b.record()
	var r *run
	var err error
	began, returned := mono(), false
	defer func() {
		took := mono() - began
		if !returned { // an observer has ended the goroutine
			err = &Error{Op: opStream, Call: "observer", Err: newPanicError("an observer", nil)}
		}
		b.deliver(r, err, took)
	}()
	if len(b.nodes) > 0 {
		b.s.mu.Lock()
		b.running, b.delay = true, lateTime // now that all is there that late looks at: it may be late for the batch before
		b.s.mu.Unlock()
		b.timer.Reset(lateTime)
		r, err = forceAll(b.s.inner(), opStream, b.nodes, []RunOption{b.set})
	}
	returned = true
}

// set is the run option that sets all of them. Lanes share the workers among them: to share a batch among workers again
// costs more than it brings.
func (b *batch) set(o *runOptions) {
	if *o = b.s.o.run; len(b.nodes) > 1 && !b.s.o.unordered {
		o.workers = 1
	}
}

// deliver ends the batch: r has computed it, or err says why not. What is left of it after that is to be computed
// again.
func (b *batch) deliver(r *run, err error, took int64) {
	s := b.s
	s.mu.Lock()
	b.running = false
	b.timer.Stop()
	s.mu.Unlock()
	over := len(b.items)
	if b.part != nil {
		over, took = b.fillPairs(err)
	} else {
		b.fill(r, err)
		took = b.costOf(took / int64(len(b.items)))
	}
	r.free()
	if s.inside != nil {
		s.foundBehind(b.nodes, b.args)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, partial := err.(*PartialError); err == nil || partial {
		s.learnLocked(took)
	}
	for k := range over {
		b.handOutLocked(k)
	}
	if s.o.unordered || b.first <= s.grabbed && s.grabbed < b.first+int64(over) {
		s.wakeReader()
	}
	b.items, b.first, b.out = b.items[over:], b.first+int64(over), nil
}

// fill puts down what has come of the items that are not handed out yet. late does nothing any more.
func (b *batch) fill(r *run, err error) {
	partial, _ := err.(*PartialError) // forceAll returns it as it is
	at := -1
	for k := range b.items {
		it := &b.items[k]
		if b.isOut(k) { // it is not ours any more, but it had a node
			at++
			continue
		}
		if it.node != nil {
			at++
		}
		switch {
		case it.node == nil:
			it.err = itemError(b.first+int64(k), it.err)
		case partial != nil && partial.Errs[at] != nil:
			it.err = itemError(b.first+int64(k), partial.Errs[at])
		case err != nil && partial == nil:
			it.err = itemError(b.first+int64(k), err)
		default:
			it.value = r.valueOf(at).p
		}
	}
}

// fillPairs is fill for a batch of pairs. It returns how many have got a result, and what one took, in ns.
func (b *batch) fillPairs(err error) (over int, took int64) {
	p := b.part
	begun := p.takeRest()
	if err != nil && b.s.ctx.Err() != nil { // nobody wants them any more; one may still be running
		return len(b.items), 0
	}
	over = min(begun-b.shift, len(b.items)) // fewer: the rest was given away
	// runtime.Goexit has ended the call, not the items behind.
	last := over > 0 && b.items[over-1].pairError() != nil && errors.Is(err, ErrGoexit)
	if !last && err != nil {
		over = len(b.items)
	}
	for k := range over {
		it := &b.items[k]
		switch failed := it.pairError(); {
		case failed != nil:
			it.err = b.pairError(k, failed)
		case err != nil && !last:
			it.err = itemError(b.first+int64(k), err)
		}
	}
	if err == nil {
		took = p.took / int64(len(b.items)+b.shift)
		p.items = nil // n may stay for a while
	}
	return over, took
}

// pairError is the error of pair k.
func (b *batch) pairError(k int, err error) error {
	n := b.nodes[0]
	return itemError(b.first+int64(k), &Error{Call: n.label(), Where: n.fn.where, Path: []string{n.label()}, Err: err})
}
