package executor

import (
	"context"
	"slices"
	"sync/atomic"
)

// # Slots for gangs
//
//	freed slot ──► the first in line ──► its claim is full: it goes on    ──► nobody in line: a job that waits, or free
//	                 Reclaim wants 1         ctx ends: what it has so far
//	                 TakeAll wants k         is freed again, one by one
//
// A gang is a number of functions that are to run at once, since they talk to each other: they get their slots together
// or none. Two gangs that collected at the same time could each hold what the other lacks, so the first in line alone
// collects, and the others hold nothing. Who wants a lent slot back stands in the same line, and all of it comes before
// jobs. So nobody in line starves, and no circle can close: a function that runs needs nobody in line to come to its
// end, or to its next wait, where it lends its slot.
//
// Slots that have been collected for a claim that is not full lie idle. It is the price of starting together: to wait until
// k are free at the same time, and hold none meanwhile, is to wait for ever where there are always jobs. To keep it
// low, workers leave their jobs for a claim of several after the call that they are at.
//
// A crew has a line of its own, for its places. A worker that leaves its job for somebody there gives up its place, and
// the job waits for another.

// claim is a want of slots, or of places in a crew, all together.
type claim struct {
	want, have int
	full       chan struct{} // closed when have is want
}

// line is the claims that wait, in order. It is guarded by the pool's mu.
type line struct {
	claims []claim
	// somebody and gathers say without the lock that there is a claim, and that the first wants several: workers ask after
	// every call whether to make room.
	somebody, gathers atomic.Bool
}

// note brings somebody and gathers up to date.
func (l *line) note() {
	if some := len(l.claims) > 0; some != l.somebody.Load() {
		l.somebody.Store(some)
	}
	if g := len(l.claims) > 0 && l.claims[0].want > 1; g != l.gathers.Load() {
		l.gathers.Store(g)
	}
}

// join puts a claim that has so much already at the end of the line.
func (l *line) join(want, have int) (full chan struct{}) {
	full = make(chan struct{})
	l.claims = append(l.claims, claim{want: want, have: have, full: full})
	l.note()
	return full
}

// give gives one to the first in line. It reports false if there is nobody.
func (l *line) give() bool {
	if len(l.claims) == 0 {
		return false
	}
	c := &l.claims[0]
	if c.have++; c.have == c.want {
		close(c.full)
		l.claims[0] = claim{}
		l.claims = l.claims[1:]
		l.note()
	}
	return true
}

// leave takes a claim out of the line. It returns what the claim had; left is false if it is full, and so not there any
// more.
func (l *line) leave(full chan struct{}) (had int, left bool) {
	k := slices.IndexFunc(l.claims, func(c claim) bool { return c.full == full })
	if k < 0 {
		return 0, false
	}
	had = l.claims[k].have
	l.claims = slices.Delete(l.claims, k, k+1)
	l.note()
	return had, true
}

// wait waits until a claim is full. If ctx ends before, the claim is withdrawn: what it had is given back, one by one.
// It needs no lock.
func (l *line) wait(ctx context.Context, p *pool, full chan struct{}, back func()) error {
	select {
	case <-full:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	had, left := l.leave(full)
	p.noteLocked()
	p.mu.Unlock()
	if !left { // both at once
		return nil
	}
	for range had {
		back()
	}
	return ctx.Err()
}

// TakeAll takes the slots for n functions that are to run at once: n or, where there are fewer, all there are; together
// or none. It blocks until there are so many; when ctx ends before, it returns the error of ctx, and holds nothing. k is
// how many it took. They are given up one by one, by s.Lend; s.Reclaim takes one more.
func (p *pool) TakeAll(ctx context.Context, n int) (s Slot, k int, err error) {
	g := gangSlot{pool: p}
	k = min(n, p.size)
	return g, k, g.takeAll(ctx, k)
}

// TakeAll is [pool.TakeAll] for calls of the job, within the bound of its crew.
func (j *job) TakeAll(ctx context.Context, n int) (s Slot, k int, err error) {
	g := gangSlot{pool: j.pool, crew: j.crew}
	k = min(n, j.pool.size)
	if j.crew != nil {
		k = min(k, j.crew.max)
	}
	return g, k, g.takeAll(ctx, k)
}

// gangSlot is the slot of each function of a gang: one of the pool, and a place in the crew, if there is one.
type gangSlot struct {
	pool *pool
	crew *Crew
}

// Lend implements [Slot].
func (g gangSlot) Lend() {
	g.crew.lend(g.pool)
	g.pool.Lend()
}

// Reclaim implements [Slot].
func (g gangSlot) Reclaim() {
	g.crew.reclaim(g.pool)
	g.pool.Reclaim()
}

// takeAll takes the places, then the slots: in the order in which everybody does.
func (g gangSlot) takeAll(ctx context.Context, k int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.pool.used()
	if err := g.crew.takeAll(ctx, g.pool, k); err != nil {
		return err
	}
	err := g.pool.takeAll(ctx, k)
	if err != nil {
		for range k {
			g.crew.lend(g.pool)
		}
	}
	return err
}

// takeAll takes k slots, and blocks until there are so many.
func (p *pool) takeAll(ctx context.Context, k int) error {
	p.mu.Lock()
	have := min(k, p.size-p.busy) // none, if anybody is in line
	p.busy += have
	if have == k {
		p.mu.Unlock()
		return nil
	}
	full := p.resume.join(k, have)
	p.relieveLocked()
	p.noteLocked()
	p.mu.Unlock()
	return p.resume.wait(ctx, p, full, p.freeSlot)
}

// takeAll takes k places, and blocks until there are so many.
func (c *Crew) takeAll(ctx context.Context, p *pool, k int) error {
	if c == nil {
		return nil
	}
	p.mu.Lock()
	have := min(k, c.max-c.taken) // none, if anybody is in line
	c.taken += have
	if have == k {
		p.mu.Unlock()
		return nil
	}
	full := c.resume.join(k, have)
	p.mu.Unlock()
	return c.resume.wait(ctx, p, full, func() { c.lend(p) })
}
