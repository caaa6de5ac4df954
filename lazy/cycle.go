package lazy

import (
	"slices"
	"sync"
)

// waits is held by a run inside a call while it begins to wait for another call: of two that close a cycle at once, the
// second sees the first. Lock order: waits, then a node's stripe or a run's mu.
var waits sync.Mutex

// cycleThrough returns the cycle that would be closed if r waited for n: if n is one of the calls that, directly or not,
// wait for r. It goes up from r: the call r is part of waits for r; whoever waits for that call is the run it belongs
// to and the runs that watch it; and so on. Needs waits.
func (r *run) cycleThrough(n *node) *CycleError {
	type step struct {
		c    *callContext
		from int // the step it was reached from; -1: r
	}
	steps := []step{{c: r.outer, from: -1}}
	seen := map[*callContext]bool{r.outer: true}
	for k := 0; k < len(steps); k++ {
		c := steps[k].c
		if c.node == n {
			var calls []string
			for at := steps[k].from; at >= 0; at = steps[at].from {
				calls = append(calls, steps[at].c.node.label())
			}
			slices.Reverse(calls)
			return &CycleError{Calls: slices.Compact(slices.Concat([]string{n.label()}, r.targetLabels(n), calls))}
		}
		reach := func(up *callContext) {
			if up != nil && !seen[up] {
				seen[up] = true
				steps = append(steps, step{c: up, from: k})
			}
		}
		reach(c.run.outer)
		for _, w := range c.node.watchersNow() {
			reach(w.run.outer)
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
