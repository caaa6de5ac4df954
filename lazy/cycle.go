package lazy

import "sync"

// waits is held by a run inside a call while it begins to wait for another call: of two that close a cycle at once, the
// second sees the first. Lock order: waits, then a node's stripe or a run's mu.
var waits sync.Mutex

// cycleThrough returns the cycle that would be closed if r waited for n: if n is one of the calls that, directly or not,
// wait for r. It goes up from r: the call r is part of waits for r; whoever waits for that call is the run it belongs
// to and the runs that watch it; and so on. Needs waits.
func (r *run) cycleThrough(n *node) error {
	type step struct {
		c     *callContext
		calls []string // from just above n down to c
	}
	seen := map[*callContext]bool{}
	todo := []step{{c: r.outer, calls: r.targetLabels(n)}}
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		if s.c == nil || seen[s.c] {
			continue
		}
		seen[s.c] = true
		if s.c.node == n {
			return &CycleError{Calls: append([]string{n.label()}, s.calls...)}
		}
		calls := s.calls
		if label := s.c.node.label(); len(calls) == 0 || calls[len(calls)-1] != label {
			calls = append(calls[:len(calls):len(calls)], label)
		}
		todo = append(todo, step{c: s.c.run.outer, calls: calls})
		for _, w := range s.c.node.watchersNow() {
			todo = append(todo, step{c: w.run.outer, calls: calls})
		}
	}
	return nil
}

// targetLabels names the run's target, if there is but one and it is not n.
func (r *run) targetLabels(n *node) []string {
	if len(r.targets) != 1 || r.targets[0] == n {
		return nil
	}
	return []string{r.targets[0].label()}
}
