package lazy

import "fmt"

// This file is about batches that take longer than they should, and about what is learned from those that have ended.

// late is called when the batch takes long, by its timer.
func (b *batch) late() {
	s := b.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if !b.running {
		return
	}
	if b.part != nil {
		b.partLocked()
		return
	}
	if s.workers > 1 {
		b.giveWayLocked()
	}
	if len(b.items) == 1 {
		return
	}
	at := -1
	for k := range b.items {
		if b.isOut(k) {
			at++
			continue
		}
		if b.items[k].node == nil {
			continue
		}
		at++
		if n := b.nodes[at]; isFirst(n.word.Load()) {
			b.items[k].value = n.inline()
			b.handOutLocked(k)
		}
	}
	s.wakeReader()
	b.delay *= 2
	b.timer.Reset(b.delay)
}

// partLocked hands out the pairs that are done and gives away those that have not begun. Needs s.mu.
func (b *batch) partLocked() {
	s, begun := b.s, 0
	if s.workers > 1 {
		begun = b.part.giveRest()
	} else {
		begun = int(b.part.claimed.Load())
	}
	if done := begun - b.shift - 1; done > 0 { // all but the last that has begun
		for k := range done {
			it := &b.items[k]
			if err := it.pairError(); err != nil {
				it.err = b.pairError(k, err)
			}
			it.done = true
			if s.o.unordered {
				s.done = append(s.done, it)
			}
		}
		b.items, b.first, b.shift = b.items[done:], b.first+int64(done), b.shift+done
		s.wakeReader()
	}
	switch {
	case begun > 0 && s.workers > 1 && len(b.items) > 1 && !b.uncounted:
		b.uncounted = true
		s.lanes.Add(-1)
		s.goLaneLocked(&batch{s: s, items: b.items[1:], first: b.first + 1})
		b.items = b.items[:1]
	case begun > 0 && s.workers > 1:
		b.giveWayLocked()
	default:
		b.delay *= 2
		b.timer.Reset(b.delay)
	}
}

// giveWay has another lane take the place of this one.
func (b *batch) giveWay() {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	b.giveWayLocked()
}

// giveWayLocked is giveWay. Needs s.mu.
func (b *batch) giveWayLocked() {
	if !b.uncounted {
		b.uncounted = true
		b.s.lanes.Add(-1)
		b.s.startLaneLocked()
	}
}

// isOut reports whether item k was handed out before the batch has ended.
func (b *batch) isOut(k int) bool { return b.out != nil && b.out[k] }

// handOutLocked gives item k to the one who ranges. Needs s.mu.
func (b *batch) handOutLocked(k int) {
	if b.isOut(k) {
		return
	}
	if b.running {
		if b.out == nil {
			b.out = make([]bool, len(b.items))
		}
		b.out[k] = true
	}
	it := &b.items[k]
	it.done = true
	if b.s.o.unordered {
		b.s.done = append(b.s.done, it)
	}
}

// costOf is what an item costs, which took so many ns, in ns. Where it is one call, what is known of the function says
// more: the time of a batch has waits for workers and processors in it.
func (b *batch) costOf(took int64) int64 {
	if len(b.nodes) == 0 {
		return took
	}
	n := b.nodes[0]
	if c := n.fn.est.cost(); c > 0 && n.fn.plain && n.meta&inputsMask == 1 && n.input(0).fn == sourceFunction {
		return min(took, c+itemCost)
	}
	return took
}

// itemCost is about what an item costs besides its call, in ns.
const itemCost = 100

// learnLocked takes in what an item took, in ns, and settles how long batches are to be. Needs s.mu.
func (s *stream) learnLocked(took int64) {
	if took = max(took, 1); s.cost > 0 {
		took = (s.cost + took) / 2 // a batch with a pause in it does not say much
	}
	s.cost = max(took, 1)
	length, workers := min(max(batchTime/s.cost, 1), pageMax), int64(s.workers)
	ahead := int64(s.o.ahead)
	if ahead == 0 {
		ahead = min(max(4*length, aheadMin), aheadMax) * workers
		if grows := ahead > s.ahead.Swap(ahead); grows {
			s.wakeFeeder()
		}
	}
	s.batch.Store(max(1, min(length, ahead/(2*workers))))
}

// itemError is the error of the item with the given number: err, which says what is wrong with its call.
func itemError(number int64, err error) error {
	e := Error{Call: "recording", Err: err}
	if of, ok := err.(*Error); ok { // as it is: forceAll's
		e = *of
	}
	e.Op = fmt.Sprintf("%s item %d", opStream, number)
	return &e
}
