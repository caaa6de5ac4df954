package executor

import "time"

// Slots for others: for work that is done sooner than a job is shared among workers.

// relief is after how long the slots of callers are given to jobs that have none: a caller that holds its slot for so
// long waits, most likely, for one of those jobs, in a Get that nothing tells us of.
const relief = 10 * time.Millisecond

// TryTake takes a slot for the calling goroutine, which is to run calls itself, if one is free and nobody waits for it.
// The calls must be short. [pool.GiveBack] ends it.
func (p *pool) TryTake() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy >= p.size || p.waiting.Load() > 0 {
		return false
	}
	p.busy++
	p.callers++
	return true
}

// GiveBack ends TryTake.
func (p *pool) GiveBack() {
	p.mu.Lock()
	p.callers--
	if p.relieved > 0 { // one slot of a caller is in use by somebody else, no matter whose it was
		p.relieved--
		p.mu.Unlock()
		return
	}
	if len(p.queue)+len(p.resume.claims) == 0 {
		p.busy--
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.freeSlot()
}

// CallerSlot is a slot that a caller holds who runs calls itself.
type CallerSlot struct{ p *pool }

// TakeSlot is TryTake for who may hold the slot for longer, as long as [pool.Wanted] does not say that somebody else wants
// one. It is given back by [CallerSlot.Lend].
func (p *pool) TakeSlot() (CallerSlot, bool) {
	if !p.TryTake() {
		return CallerSlot{}, false
	}
	return CallerSlot{p}, true
}

// Lend implements [Slot].
func (s CallerSlot) Lend() { s.p.GiveBack() }

// Reclaim implements [Slot].
func (s CallerSlot) Reclaim() {
	s.p.Reclaim()
	s.count(1)
}

// Held is the slot as it is inside [CallerSlot.Hold].
func (s CallerSlot) Held() Slot { return s.p }

// Hold calls f, which may take its time: while it waits for calls in a Get that nothing tells us of, the slot is lent.
func (s CallerSlot) Hold(f func()) {
	s.p.used()
	s.count(-1)
	defer s.count(1)
	Holding(s.p, f)
}

func (s CallerSlot) count(d int) {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.callers += d
}

// Wanted reports whether somebody waits for a slot.
func (p *pool) Wanted() bool { return p.waiting.Load() > 0 }

// relieveLocked sees to it that a job that waits for a slot gets one of a caller's, if that takes too long. Needs p.mu.
func (p *pool) relieveLocked() {
	if p.callers == p.relieved {
		return
	}
	time.AfterFunc(relief, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for p.callers > p.relieved && len(p.queue)+len(p.resume.claims) > 0 {
			p.relieved++
			if j := p.handOnLocked(); j != nil {
				go p.serve(j, p.takeIDLocked())
			}
		}
		p.noteLocked()
	})
}
