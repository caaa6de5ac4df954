package lazy

import (
	"context"
	"sync/atomic"

	"github.com/dally-go/dally/executor"
)

// # The slots of a gang
//
//	call's goroutine   muster: k slots, together ──► try ──► all ranks have ended ──► conclude
//	rank 0 … k-1                                      ├─ a slot each ─ run ─ wait (lent) ─ run ─ end: freed
//	rank k … n-1                                      └─ waits for a slot ─────────────────── run ─ … ─ end: freed
//
// The call itself is like one of a Blocking function: it has a goroutine of its own, and holds no slot. Where it was given
// one – another executor runs it, whose worker waits for it – it lends that as long as it goes on. Its slots are the
// ranks': each gives up its own when it ends, so a rank that is done early keeps no worker from others.
//
// Limits are the call's, not the ranks'. They are lent while any rank waits in a Get, since what it waits for may need
// them; not while ranks wait for each other.

// mustering is a host, or a slot, of which the slots of a gang can be had.
type mustering interface {
	TakeAll(ctx context.Context, n int) (s executor.Slot, k int, err error)
}

// gang is what a Gang's call holds, over all its tries.
type gang struct {
	name  string
	ranks int
	outer executor.Slot // that the call was run with, and has lent; nil: none
	from  mustering     // nil: ranks need no slots
	slot  executor.Slot // of each rank. Written by the first muster
	held  atomic.Int32  // slots that no rank has yet
}

// newGang says where the slots of the gang that x is about to run come from.
func (x *execution) newGang() *gang {
	g := &gang{name: x.node.fn.name, ranks: x.node.fn.ranks}
	var place any = x.run.host
	if x.parent != nil {
		g.outer, place = executor.SlotOf(x.parent), nil
		if g.outer != nil {
			g.outer.Lend()
			place = g.outer
		}
	}
	if !x.node.fn.opts.blocking {
		g.from, _ = place.(mustering)
	}
	return g
}

// muster has the call hold the slots for its next try, if it is a gang's. It blocks until it has them, or the call's
// context ends, whose error it returns then.
func (x *execution) muster() error {
	if x.node.fn.ranks == 0 {
		return nil
	}
	if x.c.gang == nil {
		x.c.gang = x.newGang()
	}
	g := x.c.gang
	if g.from == nil || g.held.Load() > 0 {
		return nil
	}
	slot, k, err := g.from.TakeAll(x.c, g.ranks)
	if err == nil {
		g.slot = slot
		g.held.Store(int32(k))
	}
	return err
}

// disband gives back the slots that no rank has taken, and takes back what the call was run with.
func (x *execution) disband() {
	if x.c == nil || x.c.gang == nil {
		return
	}
	g := x.c.gang
	for range g.held.Swap(0) {
		g.slot.Lend()
	}
	if g.outer != nil {
		g.outer.Reclaim()
		g.outer = nil
	}
}

// rankSlot is what a rank lends while it waits in a Get: its slot, and the call's places in limits.
type rankSlot struct{ slot, limits *lending }

// heldByRank is heldSlot for the context of a rank.
func (c *callContext) heldByRank() executor.Slot {
	return rankSlot{
		slot:   &lending{slot: c.own, gets: &c.gets},
		limits: &lending{limits: c.of.limits, gets: &c.of.gets},
	}
}

// Lend implements [executor.Slot]. The slot goes first: limits may have to be waited for, see [lending.Reclaim].
func (s rankSlot) Lend() {
	s.slot.Lend()
	s.limits.Lend()
}

// Reclaim implements [executor.Slot].
func (s rankSlot) Reclaim() {
	s.limits.Reclaim()
	s.slot.Reclaim()
}
