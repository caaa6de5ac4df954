package lazy

import (
	"fmt"
	"math"
	"strings"
)

// certainty says whether a Get would run a call.
type certainty uint8

const (
	no certainty = iota
	maybe
	yes
)

// forecast is what Plan and Explain say about a planned call.
type forecast struct {
	runs   certainty
	fails  bool // without being run
	reason string
}

// forecastsFor plans for the target and judges every call of the plan.
func forecastsFor(s *Session, target *node) map[*node]forecast {
	p := newPlan([]*node{target}, false, math.MaxUint64, nil, nil)
	defer p.free()
	all := make(map[*node]forecast, len(p.order))
	for i, v := range p.forecasts(s) {
		all[p.order[i]] = v
	}
	return all
}

// forecasts judges the planned calls, inputs before users: what becomes of a stale call hangs on them.
func (p *planner) forecasts(s *Session) []forecast {
	all := make([]forecast, len(p.order))
	for i, n := range p.order {
		if len(p.argsOff) > 0 && p.argsOff[i] >= 0 {
			all[i] = p.judge(int32(i), all)
		} else {
			all[i] = forecast{runs: yes, reason: n.unfinished()}
		}
	}
	p.foresee(s, all)
	return all
}

// judge says what becomes of a tracked call, given what becomes of those before it.
func (p *planner) judge(i int32, before []forecast) forecast {
	n := p.order[i]
	s := n.standing()
	w := s.word
	if w&(flagPermanent|flagStale) == flagPermanent {
		return forecast{fails: true, reason: "failed for good: " + n.failureText() + "; it stands until an input changes"}
	}
	c := p.compare(i, s.verified, before)
	switch {
	case isBusy(w):
		return forecast{runs: yes, reason: n.unfinished()}
	case c.failed != nil:
		return forecast{fails: true, reason: "is skipped: " + c.failed.label() + " has failed for good"}
	case w&flagForced != 0:
		return forecast{runs: yes, reason: "was invalidated"}
	case w&(flagCell|flagInline|flagPermanent) == 0:
		return forecast{runs: yes, reason: n.unfinished()}
	}
	v := forecast{runs: c.runs(), reason: c.String()}
	v.fails = v.runs == no && w&flagPermanent != 0
	switch s := w & stateMask; {
	case w&flagPermanent != 0:
		v.reason = "failed for good: " + n.failureText() + "; " + v.reason
	case s == stateFailed || s == stateSkipped:
		v.reason = n.unfinished()
	}
	return v
}

// standing is what is known about a tracked call.
type standing struct {
	word     uint32
	verified uint64
	given    bool // the value was given to the call by Set
}

// standing reads what only those may read who have claimed the call: for that moment it is claimed, as giveNow does it.
// Of a call that is running it returns the word alone.
func (n *node) standing() standing {
	planMu.Lock()
	defer planMu.Unlock()
	mu := n.stripe()
	mu.Lock()
	defer mu.Unlock()
	w, free := n.hold()
	if !free {
		return standing{word: w}
	}
	x := n.more.Load()
	s := standing{word: w, verified: x.verified}
	if c := x.cell.Load(); c != nil {
		s.given = w&flagCell != 0 && c.changed > x.ran.Load()
	}
	n.word.And(^uint32(flagPrivate))
	return s
}

// difference is how the inputs of a call differ from those it was verified with.
type difference struct {
	changed few   // have another value
	again   few   // have run again, where that is what counts (After)
	open    few   // may have another value, once they are known
	failed  *node // has no value, and will have none
}

// compare compares the inputs of call i with what they were in the given revision.
func (p *planner) compare(i int32, verified uint64, before []forecast) (c difference) {
	n := p.order[i]
	inputs, order := n.inputs(), n.orderedAfter()
	for k, a := range p.argsOf(i) {
		in := nodeAt(inputs, order, k)
		planned := a.pos >= 0
		switch {
		case planned && before[a.pos].fails:
			c.failed = in
		case planned && before[a.pos].runs != no:
			c.open.add(in)
		case k >= len(inputs):
			if in.lastRun() > verified {
				c.again.add(in)
			}
		case planned && in.version().changed > verified, !planned && a.changed > verified:
			c.changed.add(in)
		}
	}
	if n.word.Load()&flagFound != 0 {
		c.compareFound(n, verified)
	}
	return c
}

// compareFound looks at the inputs that n found when it ran last, and that it may want no more.
func (c *difference) compareFound(n *node, verified uint64) {
	for _, f := range n.noted().found {
		switch {
		case !f.ready():
			c.open.add(f)
		case f.version().changed > verified:
			c.changed.add(f)
		}
	}
}

// orderedAfter are the nodes that must have ended before n without being inputs.
func (n *node) orderedAfter() []*node {
	if n.word.Load()&flagOwn == 0 {
		return nil
	}
	return n.more.Load().order
}

// nodeAt is element k of the two slices, one behind the other.
func nodeAt(a, b []*node, k int) *node {
	if k < len(a) {
		return a[k]
	}
	return b[k-len(a)]
}

// runs says whether the call is to run for what its inputs are.
func (c *difference) runs() certainty {
	switch {
	case c.changed.n+c.again.n > 0:
		return yes
	case c.open.n > 0:
		return maybe
	}
	return no
}

// String continues the sentence that the call's name begins.
func (c *difference) String() string {
	switch {
	case c.changed.n == 1:
		return "input " + c.changed.String() + " has changed"
	case c.changed.n > 1:
		return "inputs " + c.changed.String() + " have changed"
	case c.again.n > 0:
		return "must come after " + c.again.String() + ", which ran again"
	case c.open.n == 1:
		return "an input may change: " + c.open.first()
	case c.open.n > 1:
		return fmt.Sprintf("inputs may change: %s, and %d more", c.open.first(), c.open.n-1)
	}
	return "has its value: no input of it has changed"
}

// few is some nodes, of which the first are named. A node that is added twice in a row counts once.
type few struct {
	nodes [3]*node
	n     int
	last  *node
}

func (f *few) add(n *node) {
	if n == f.last {
		return
	}
	if f.n < len(f.nodes) {
		f.nodes[f.n] = n
	}
	f.n, f.last = f.n+1, n
}

// first is a sentence about the first node: "Rate#5 is stale".
func (f *few) first() string {
	n := f.nodes[0]
	if n.word.Load()&flagForced != 0 {
		return n.label() + " was invalidated"
	}
	return n.label() + " is " + n.graphState().String()
}

// String lists the nodes: "Price#3, Rate#5 and 7 more".
func (f *few) String() string {
	var labels []string
	for _, n := range f.nodes[:min(f.n, len(f.nodes))] {
		labels = append(labels, n.label())
	}
	if more := f.n - len(labels); more > 0 {
		labels = append(labels, fmt.Sprintf("%d more", more))
	}
	last := len(labels) - 1
	if last == 0 {
		return labels[0]
	}
	return strings.Join(labels[:last], ", ") + " and " + labels[last]
}

// unfinished says why a call without a value would run.
func (n *node) unfinished() string {
	switch n.state() {
	case stateRunning:
		return "is running: its end is waited for"
	case stateFailed:
		return "failed last time, and is tried again: " + n.failureText()
	case stateSkipped:
		return "was skipped last time, for a failure before it"
	}
	switch {
	case n.isDonated():
		return n.wasDonated() + ": a call that runs takes its value"
	default:
		return "has no value yet"
	}
}

// failureText is the error that n has failed with.
func (n *node) failureText() string {
	if err := n.noted().err; err != nil {
		return oneLine(textOf(err), 2*previewMax)
	}
	return "why is not known any more"
}

// unplanned says why a call is in no plan.
func (n *node) unplanned() string {
	w := n.word.Load()
	switch {
	case w&flagDonated != 0 && !n.isSource():
		return n.wasDonated()
	case !isReady(w) && w&flagStale != 0:
		return "is stale, and not known to be needed"
	case !isReady(w):
		return "is not needed, or not yet known to be"
	}
	switch w & stateMask {
	case stateSource:
		return "is a given value"
	case stateCached:
		return "has its value, from the cache"
	}
	if w&flagTracked != 0 && n.standing().given {
		return "was given a value"
	}
	if n.fn.memo != nil && n.more.Load() != nil {
		if why := n.noted().unkept; why != "" {
			return "has its value, which is not kept" + why
		}
	}
	return "has its value"
}
