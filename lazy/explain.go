package lazy

import (
	"fmt"
	"math"
	"strings"

	"github.com/dally-go/dally/graph"
)

// Plan returns the calls that a Get of the targets would run now, in an order in which one worker would run them, each
// with the reason. Nothing runs; results that the cache of [Default] has are looked up, and not read. Calls that are
// stale are among them if what they take may have changed: whether they run turns out on the way. What a Bind will go
// on to is not known before it has run. It panics if a handle is zero.
func Plan(targets ...Target) graph.Snapshot { return Default.Plan(targets...) }

// Plan is [Plan] for a Get in session s: results that its cache has are looked up, and not read.
func (s *Session) Plan(targets ...Target) graph.Snapshot {
	return s.planOf(nodesOf("Plan", targets))
}

func (s *Session) planOf(targets []*node) graph.Snapshot {
	p := newPlan(targets, false, math.MaxUint64, nil, nil)
	defer p.free()
	forecasts := p.forecasts(s)
	var plan graph.Snapshot
	for i, n := range p.order {
		if forecasts[i].runs == no {
			continue
		}
		node := n.picture()
		node.Reason = forecasts[i].reason
		for _, in := range p.shape.Inputs(i) {
			if forecasts[in].runs != no {
				node.Inputs = append(node.Inputs, p.order[in].id())
			}
		}
		plan.Nodes = append(plan.Nodes, node)
	}
	return plan
}

// Explanation says of a target, and of everything it may depend on, whether a Get would run it.
type Explanation struct {
	Target string // "Report#7"
	Calls  []CallExplanation
}

// CallExplanation says whether a Get would run one call, and why or why not.
type CallExplanation struct {
	Node graph.Node // Node.Reason is Reason
	// Runs says that a Get would run the call; Maybe that it would do so only if an input of the call comes out different:
	// the call has a value, and a change before it may turn out to make no difference.
	Runs, Maybe bool
	// Reason continues the sentence that the call's name begins: "has no value yet", "input Price#3 has changed".
	Reason string
}

// Explain says what a Get of t in [Default] would run and why: also why a result that could be in its cache is not.
// Inputs stand before their users. It runs nothing, and panics if the handle is zero.
func Explain(t Target) Explanation { return Default.Explain(t) }

// Explain is [Explain] for a Get in session s: results that its cache has are looked up, and not read. Where it has
// none, up to 20,000 of its entries are listed to find a reason, which of a directory takes some ten microseconds each.
func (s *Session) Explain(t Target) Explanation {
	n := nodesOf("Explain", []Target{t})[0]
	e := Explanation{Target: n.label()}
	planned := forecastsFor(s, n)
	all, shown := walkBack([]*node{n}, (*node).picture)
	for k, p := range shown.Nodes {
		v, isPlanned := planned[all[k]]
		if !isPlanned {
			v.reason = all[k].unplanned()
		}
		p.Reason = v.reason
		e.Calls = append(e.Calls, CallExplanation{Node: p, Runs: v.runs != no, Maybe: v.runs == maybe, Reason: v.reason})
	}
	return e
}

// String is a line per call, those that would run marked with an arrow, those that may with a question mark.
func (e Explanation) String() string {
	var b strings.Builder
	var runs, may int
	for _, c := range e.Calls {
		switch {
		case c.Maybe:
			may++
		case c.Runs:
			runs++
		}
	}
	fmt.Fprintf(&b, "%s: Get would run %d of %d", e.Target, runs, len(e.Calls))
	if may > 0 {
		fmt.Fprintf(&b, ", and up to %d more whose inputs may change", may)
	}
	b.WriteByte('\n')
	for _, c := range e.Calls {
		fmt.Fprintf(&b, "%s%s\n", c.mark(), c)
	}
	return b.String()
}

func (c CallExplanation) mark() string {
	switch {
	case c.Maybe:
		return "? "
	case c.Runs:
		return "→ "
	}
	return "  "
}

// String is a line without an end: "Total#7 input Price#3 has changed".
func (c CallExplanation) String() string {
	name := oneLine(c.Node.Name, previewMax)
	if name == "" {
		name = "const"
	}
	return fmt.Sprintf("%s#%d %s", name, c.Node.ID, c.Reason)
}
