package lazy

import (
	"context"

	"github.com/dally-go/dally/executor"
)

// # A poll
//
//	worker      ──Start──┐      ┌── goes on with other calls
//	                     ▼      │
//	poll              look 0 ──►│ wait ── look 1 ── wait ── … ── look n, rest of the function ──► end
//	a slot is held    ██████      ──      ██████    ──           ███████████████████████████
//
// The function runs on a goroutine of its own. The worker that begins the call waits until the function waits for the
// first time, and then goes on: so a poll begins in its turn, like any call, and ten thousand of them need one worker.
// For each further look the poll takes a slot of the pool, as a call does that comes back from a nested Get; places in
// limits are given up and taken again with it. A poll whose condition is true at once is like any other call.
//
// Where no pool of ours is at work, the goroutine that runs the call waits with it, and there is a slot to be lent
// only if the context carries one.

// pollSlot is the slot of a poll's function, and its places in limits: how they are given up and taken again. Its state
// is guarded by the mu of the call's waiting, as are the methods of [executor.Slot], which nested Gets use.
type pollSlot struct {
	x     *execution
	gets  *waiting
	slot  executor.Slot          // nil: there is none
	begun chan<- executor.Status // to the worker that began the call and waits; nil: none does

	own     bool // the worker has gone on: the slot is the function's
	held    bool
	late    bool // the places in limits were taken when the call had ended: they are not the execution's any more
	waits   int  // goroutines of the function in pause
	stopped bool // the function has returned
}

// launchPoll begins a poll on a worker, and returns when the function waits or has returned.
func (r *run) launchPoll(x *execution) executor.Status {
	s, ok := r.host.(executor.Slot)
	if !ok {
		return r.perform(x)
	}
	begun := make(chan executor.Status, 2) // the worker takes the first: that it is Later, or the end
	x.begun = begun
	go func() {
		status := executor.Ended
		defer func() { begun <- status }() // also after runtime.Goexit
		executor.Holding(s, func() { status = r.perform(x) })
	}()
	return <-begun
}

func newPollSlot(x *execution) *pollSlot {
	return &pollSlot{x: x, gets: &x.c.gets, slot: x.c.slotHeld(), begun: x.begun, held: true}
}

// Lend implements executor.Slot. The first time, the worker that began the call gets its slot back.
func (p *pollSlot) Lend() {
	p.held = false
	switch {
	case p.begun != nil:
		p.own, p.x.async = true, true
		p.x.run.host.Later()
		p.begun <- executor.Later
		p.begun = nil
	case p.slot != nil:
		p.slot.Lend()
	}
}

// Reclaim implements executor.Slot.
func (p *pollSlot) Reclaim() {
	if p.slot != nil {
		p.slot.Reclaim()
	}
	p.held = true
}

// pause calls sleep without the slot and the places, unless the call has ended: then it does nothing.
func (p *pollSlot) pause(sleep func()) {
	if p.leave() {
		sleep()
		p.comeBack()
	}
}

func (p *pollSlot) leave() bool {
	p.gets.mu.Lock()
	defer p.gets.mu.Unlock()
	if p.gets.over {
		return false
	}
	p.waits++
	if p.gets.n++; p.gets.n == 1 {
		p.giveUp(p.Lend)
	}
	return true
}

// giveUp gives up the places in limits, then the slot.
func (p *pollSlot) giveUp(lend func()) {
	for _, l := range p.x.c.limits {
		l.Release()
	}
	lend()
}

// comeBack takes back what leave gave up, without the lock, for it may take as long as other functions run and whoever
// ends the call for its time is not to wait for that. A function whose call has ended meanwhile still runs to its end,
// and needs its slot for that.
func (p *pollSlot) comeBack() {
	if p.othersWait() {
		return
	}
	for _, l := range p.x.c.limits {
		_ = l.Acquire(context.Background()) // its holders do not wait for us: it comes
	}
	if p.slot != nil {
		p.slot.Reclaim()
	}
	p.gets.mu.Lock()
	defer p.gets.mu.Unlock()
	p.waits--
	p.gets.n--
	if p.stopped || p.held || (p.gets.n > 0 && !p.gets.over) { // others have come first, or have begun to wait
		p.giveUp(func() {
			if p.slot != nil {
				p.slot.Lend()
			}
		})
		return
	}
	p.held, p.late = true, p.gets.over
}

// othersWait counts a goroutine out of pause if others of the same function wait in one, or in a Get: the last of them
// takes back what was given up.
func (p *pollSlot) othersWait() bool {
	p.gets.mu.Lock()
	defer p.gets.mu.Unlock()
	if p.gets.over || p.gets.n == 1 {
		return false
	}
	p.waits--
	p.gets.n--
	return true
}

// takeBack is told that the call has ended while the slot was lent. A function in pause takes it back itself.
func (p *pollSlot) takeBack() {
	p.gets.mu.Lock()
	itself := p.waits > 0 || p.held // it is about to, or just has
	p.gets.mu.Unlock()
	if itself {
		return
	}
	if p.slot != nil {
		p.slot.Reclaim()
	}
	p.gets.mu.Lock()
	p.held = true
	p.gets.mu.Unlock()
}

// awaited reports whether the function is in pause: it is not its fault if it does not return.
func (p *pollSlot) awaited() bool {
	p.gets.mu.Lock()
	defer p.gets.mu.Unlock()
	return p.waits > 0
}

// free gives up for good what the function holds that nobody else gives up: it has returned. Whoever runs the call on a
// slot that is not the function's goes on with that slot, so it is taken back from goroutines left behind in pause.
func (p *pollSlot) free() {
	p.gets.mu.Lock()
	held := p.held
	p.held, p.stopped = false, true
	if p.late {
		for _, l := range p.x.c.limits {
			l.Release()
		}
	}
	if p.own && held {
		p.slot.Lend()
	}
	p.gets.mu.Unlock()
	if !p.own && !held && p.slot != nil {
		p.slot.Reclaim() // without the lock: one of them may have the slot, and need the lock to give it up
	}
}
