package lazy

import (
	"context"
	"slices"
)

// This file is about streams that are ranged over inside a call.
//
// The goroutine that ranges lends the call's worker and its places in limits while it waits for results, as a Get does.
// The lanes have no part in that: they wait all the time, also while the goroutine is busy with a result. So their Gets
// do not stand in the call itself but in one that stands for it: the same node and run, so that they see what the call
// is to see and cycles are found, but no worker to lend.
//
// Nor are the calls of the items found by the call, as what it Gets is: nobody else has them, so they can only change
// with what is behind them, and the call would grow with the stream. What it has found is what was there before the
// item.

// goInside has the Gets of the stream stand in the call that the stream is ranged over in.
func (s *stream) goInside(session *Session) {
	s.inside = &callContext{Context: s.ctx, run: s.outer.run, node: s.outer.node, private: true}
	if session == nil {
		s.o.run.session = s.outer.run.options.session
	}
}

// inner is the context of the lanes' Gets.
func (s *stream) inner() context.Context {
	if s.inside != nil {
		return s.inside
	}
	return s.ctx
}

// lent calls f, which waits, without the slot of the one who ranges.
func (s *stream) lent(f func()) {
	slot := s.slot
	if s.outer != nil {
		slot = s.outer.heldSlot()
	}
	if slot != nil {
		slot.Lend()
		defer slot.Reclaim()
	}
	f()
}

// foundBehind notes what the calls of a batch depend on as found by the call that the stream is ranged over in.
func (s *stream) foundBehind(nodes, args []*node) {
	if s.inside.tainted.Load() {
		s.outer.tainted.Store(true)
	}
	var found []*node
	for k, n := range nodes {
		if in := n.inputs(); len(in) != 1 || in[0] != args[k] || n.word.Load()&(flagOwn|flagFound) != 0 {
			found = appendOlder(found, n, args[k])
		}
	}
	if len(found) > 0 {
		s.outer.foundAll(found...)
	}
}

// appendOlder appends what n depends on that is older than arg, or n if it is itself. (What another goroutine has
// recorded meanwhile, and the item's function has got hold of, is taken for the item's own.)
func appendOlder(found []*node, n, arg *node) []*node {
	seen := map[*node]bool{n: true}
	for todo := []*node{n}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if n.id() < arg.id() {
			if !slices.Contains(found, n) {
				found = append(found, n)
			}
			continue
		}
		n.dependsOn(func(i *node) {
			if !seen[i] {
				seen[i] = true
				todo = append(todo, i)
			}
		})
	}
	return found
}
