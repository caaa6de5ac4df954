package lazy

import (
	"math"
	"time"
)

// # Lanes and batches
//
// For calls that compute there are as many lanes as the session has workers; for those that wait for something else
// (Blocking, Poll, RunsOn, limits, Binds) a lane for every item there is. A batch is to take batchTime, by what items were
// measured to take before, so that the 2 µs that a Get costs are shared; the first items are batches of their own.
//
// Measured or not, any call may be slow some day. When a batch takes longer than lateTime, its lane is counted no more: another
// one may take its place, so that slow items hold up nobody who is behind them. And of its items, those that are done are
// handed out, then and again after twice the time, and so on: they do not wait for the slow one. (A Get of the rest, item by item,
// would tell at once; but a call that fails meanwhile might be run twice.) With one worker lanes always count: there is
// nobody else to go on, and calls are made in order.

const (
	batchTime = 100_000 // ns
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
	timer *time.Timer   // calls late
	delay time.Duration // guarded by s.mu

	running bool   // guarded by s.mu
	out     []bool // by item: it was handed out already. nil: none. Guarded by s.mu
	// uncounted says that the lane is counted in s.lanes no more. Guarded by s.mu.
	uncounted bool
}

// startLaneLocked starts a lane if there is something for it to do. Needs s.mu.
func (s *stream) startLaneLocked() {
	lanes, waiting := s.lanes.Load(), s.pulled.Load()-s.given.Load()
	if waiting > 0 && (lanes == 0 || lanes < s.lanesMax.Load() && waiting >= s.batch.Load()) {
		s.lanes.Add(1)
		s.live.Add(1)
		go s.lane()
	}
}

// lane computes items as long as there are any.
func (s *stream) lane() {
	b := &batch{s: s}
	b.timer = time.AfterFunc(math.MaxInt64, b.late)
	returned := false
	defer func() {
		b.timer.Stop()
		if !returned { // an observer has ended the goroutine
			b.giveWay()
		}
		s.live.Done()
	}()
	for b.take() {
		b.compute()
	}
	returned = true
}

// take takes items. It reports false if the lane is to end.
func (b *batch) take() bool {
	s := b.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.uncounted {
		return false
	}
	there := s.pulled.Load() - s.given.Load()
	if there == 0 || s.ctx.Err() != nil {
		s.lanes.Add(-1)
		// The feeder may have seen that there was a lane, and left an item to it.
		if there = s.pulled.Load() - s.given.Load(); there == 0 || s.ctx.Err() != nil {
			return false
		}
		s.lanes.Add(1)
	}
	length := s.batch.Load()
	if s.lanesMax.Load() == most {
		length = 1
	}
	b.items = s.read.rest()
	b.items = b.items[:min(length, there, int64(len(b.items)))]
	b.first = s.given.Load()
	s.read.at += len(b.items)
	s.given.Add(int64(len(b.items)))
	return true
}

// compute computes the items of the batch and delivers them.
func (b *batch) compute() {
	b.nodes = make([]*node, 0, len(b.items)) // anew each time: a run that is left behind may keep it
	for k := range b.items {
		if it := &b.items[k]; it.node != nil {
			b.nodes = append(b.nodes, it.node)
			if b.s.inside != nil {
				b.args = append(b.args, it.arg)
			}
		}
	}
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

// set is the run option that sets all of them. Lanes share the workers among them: to share a batch among workers again costs
// more than it brings.
func (b *batch) set(o *runOptions) {
	if *o = b.s.o.run; len(b.nodes) > 1 && !b.s.o.unordered {
		o.workers = 1
	}
}

// deliver ends the batch: r has computed it, or err says why not.
func (b *batch) deliver(r *run, err error, took int64) {
	s := b.s
	s.mu.Lock()
	b.running = false
	b.timer.Stop()
	s.mu.Unlock()
	b.fill(r, err)
	r.free()
	if s.inside != nil {
		s.foundBehind(b.nodes, b.args)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range b.items {
		b.handOutLocked(k)
	}
	if _, partial := err.(*PartialError); err == nil || partial {
		s.learnLocked(b.costOf(took / int64(len(b.items))))
	}
	if s.o.unordered || b.first <= s.grabbed && s.grabbed < b.first+int64(len(b.items)) {
		s.wakeReader()
	}
	b.items, b.nodes, b.out = nil, nil, nil
	clear(b.args)
	b.args = b.args[:0]
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
