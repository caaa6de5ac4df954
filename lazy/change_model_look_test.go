package lazy

import (
	"strconv"

	"github.com/dally-go/dally/graph"
)

// What the library says of a changing graph is compared with what it then does.

// planned returns the nodes whose bodies Plan says that a Get of the targets would run; nil if it cannot know: what is
// recorded or got while calls run is not in a plan.
func (w *changeWorld) planned(targets []int) map[int]bool {
	ts := make([]Target, len(targets))
	for i, k := range targets {
		ts[i] = w.nodes[k].d
	}
	plan := map[int]bool{}
	unknown := false
	s := Plan(ts...)
	for _, p := range s.Nodes {
		if hasEnded(p.State) {
			continue
		}
		unknown = unknown || p.Name == "If"
		if k, ok := nodeNamed(p.Name); ok {
			plan[k] = true
			unknown = unknown || w.nodes[k].kind == chBind || w.nodes[k].kind == chNest
		}
	}
	if err := s.Check(); err != nil {
		w.found.add("the plan of %v is wrong: %v", targets, err)
	}
	if unknown {
		return nil
	}
	return plan
}

// nodeNamed is the number of the node that has the name.
func nodeNamed(name string) (k int, ok bool) {
	if name == "" || name[0] != 'N' {
		return 0, false
	}
	k, err := strconv.Atoi(name[1:])
	return k, err == nil
}

func hasEnded(s graph.State) bool { return s == graph.Source || s == graph.Done || s == graph.Cached }

// checkPlan checks that nothing ran that was not planned, and that Plan ran nothing itself.
func (r *changeRound) checkPlan(plan map[int]bool) {
	if plan == nil {
		return
	}
	for k, runs := range r.runs {
		if len(runs) > 0 && !plan[k] {
			r.w.found.add("node %d ran, and was not planned", k)
		}
	}
}

// checkStates checks what the handles say of themselves after they were got.
func (r *changeRound) checkStates(g *changeGet) {
	if err := Snapshot(r.w.nodes[g.targets[0]].d).Check(); err != nil {
		r.w.found.add("the snapshot of %d is wrong: %v", g.targets[0], err)
	}
	for _, k := range g.got() {
		if n := r.w.nodes[k]; !n.transient && !hasEnded(n.d.State()) {
			r.w.found.add("node %d has its value and says %v", k, n.d)
		}
	}
}
