package lazy

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// changeGet is one GetAll, or Get of a single target.
type changeGet struct {
	targets []int
	keep    bool // KeepGoing
	refresh bool
	gate    int // -1: none; else the node whose body cancels the Get

	values []int
	err    error
	fired  bool // the gate's body has run
}

func (g *changeGet) String() string {
	s := fmt.Sprint("Get", g.targets)
	if g.keep {
		s += " KeepGoing"
	}
	if g.refresh {
		s += " Refresh"
	}
	if g.gate >= 0 {
		s += fmt.Sprint(" cancelled by ", g.gate)
	}
	return s
}

// run does what the get says.
func (w *changeWorld) run(g *changeGet) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if g.gate >= 0 {
		w.nodes[g.gate].gate = func(inside context.Context) error {
			g.fired = true
			cancel()
			if inside == nil {
				return nil
			}
			<-inside.Done()
			return map[bool]error{true: inside.Err()}[g.gate%2 == 0]
		}
	}
	opts := []RunOption{In(w.session)}
	if g.keep {
		opts = append(opts, KeepGoing())
	}
	if g.refresh {
		opts = append(opts, Refresh())
	}
	if len(g.targets) == 1 {
		v, err := w.nodes[g.targets[0]].d.Get(ctx, opts...)
		g.values, g.err = []int{v}, err
		return
	}
	ds := make([]Data[int], len(g.targets))
	for i, k := range g.targets {
		ds[i] = w.nodes[k].d
	}
	g.values, g.err = GetAll(ctx, ds, opts...)
}

// got are the targets that have a value.
func (g *changeGet) got() (got []int) {
	var partial *PartialError
	for i, k := range g.targets {
		if g.err == nil || errors.As(g.err, &partial) && partial.Errs[i] == nil {
			got = append(got, k)
		}
	}
	return got
}

// changeRound is what happened in a set of Gets that ran at once.
type changeRound struct {
	*changeView
	gets     []*changeGet
	sure     bool   // what ran was kept
	again    []bool // for Refresh: the nodes that are sure to have to run
	failures int    // bodies that failed
}

// round does some gets at once, waits until nothing of them is left, and compares what happened with the model.
func (w *changeWorld) round(gets ...*changeGet) {
	w.undoubt()
	for _, n := range w.nodes { // a Refresh may end the value given to such a call, or not, and the call not run for that
		if n.memo && n.given && gets[0].refresh {
			w.invalidate(n)
		}
	}
	w.did("%v", gets)
	goroutines := runtime.NumGoroutine()
	var plan map[int]bool
	if len(gets) == 1 {
		if !gets[0].refresh {
			plan = w.planned(gets[0].targets)
		}
		w.run(gets[0])
	} else {
		var wg sync.WaitGroup
		for _, g := range gets {
			wg.Go(func() { w.run(g) })
		}
		wg.Wait()
	}
	for runtime.NumGoroutine() > goroutines || w.isRunning() { // what was cancelled may need a moment
		runtime.Gosched()
	}
	for _, n := range w.nodes {
		n.gate = nil
	}
	w.now++
	r := &changeRound{changeView: w.view(gets[0].refresh), gets: gets, sure: true}
	for _, g := range gets {
		r.need(g.targets, g.got())
		r.sure = r.sure && !g.fired && (g.err == nil || g.keep)
	}
	for k := range w.nodes {
		for _, run := range r.runs[k] {
			if run.err != nil {
				r.failures++
			}
		}
	}
	if r.refresh {
		r.forgot()
	}
	r.checkPlan(plan)
	for _, g := range gets {
		r.checkGet(g)
		r.checkStates(g)
	}
	for k, n := range w.nodes {
		switch {
		case n.kind == chSource:
		case len(r.runs[k]) > 0:
			r.ran(n)
		default:
			r.rested(n)
		}
		n.loose = n.loose || n.memo
	}
}

// forgot notes that a Refresh has invalidated everything it knew to be needed, and perhaps what was needed before.
func (r *changeRound) forgot() {
	maybe := make([]bool, len(r.w.nodes))
	r.again = make([]bool, len(r.w.nodes))
	for _, k := range r.gets[0].targets {
		maybe[k], r.again[k] = true, true
	}
	for k := len(r.w.nodes) - 1; k >= 0; k-- {
		n := r.w.nodes[k]
		if maybe[k] {
			r.also(maybe, n.in)
			n.touchedAt = r.w.now
			n.loose = n.loose || !r.wanted[k]
		}
		if r.again[k] {
			r.also(r.again, n.knownDeps())
		}
	}
	r.w.now++
}

// knownDeps are the nodes of which n is sure to have known, before it ran, that it depends on them.
func (n *changeNode) knownDeps() []int {
	switch n.kind {
	case chIf, chBind, chNest:
		return n.in[:1]
	default:
		return n.in
	}
}

// checkGet compares what a get returned.
func (r *changeRound) checkGet(g *changeGet) {
	var partial *PartialError
	isPartial := errors.As(g.err, &partial)
	switch {
	case g.fired && errors.Is(g.err, context.Canceled):
		return
	case g.err != nil && !isPartial:
		r.checkError(g, g.err)
		return
	case isPartial && !g.keep:
		r.w.found.add("%v: a PartialError without KeepGoing", g.targets)
	}
	for i, k := range g.targets {
		switch {
		case isPartial && partial.Errs[i] != nil:
			r.checkError(g, partial.Errs[i])
		case g.values[i] != r.value[k]:
			r.w.found.add("node %d: got %d, want %d", k, g.values[i], r.value[k])
		}
	}
}

// checkError checks that err is what something that was needed has failed with.
func (r *changeRound) checkError(g *changeGet, err error) {
	k := causeOf(err)
	if _, ok := err.(*Error); !ok || k < 0 {
		r.w.found.add("%v: got error %v, want an *Error of a node", g.targets, err)
		return
	}
	n := r.w.nodes[k]
	again := len(r.runs[k]) == 0 && n.permanent
	switch {
	case !r.needed[k]:
		r.w.found.add("%v: got the error of node %d, which is not needed", g.targets, k)
	case again && !n.loose && !slices.Equal(n.saw, r.saw(n)):
		r.w.found.add("%v: the permanent error of node %d outlived a change: saw %v, now %v", g.targets, k, n.saw, r.saw(n))
	case !again && !slices.ContainsFunc(r.runs[k], func(run changeRun) bool { return causeOf(run.err) == k }):
		r.w.found.add("%v: got an error of node %d, which has not failed: %v", g.targets, k, err)
	}
}

// ran checks that the body of n was to run, and notes what came of it.
func (r *changeRound) ran(n *changeNode) {
	runs := r.runs[n.k]
	if !r.needed[n.k] && !slices.ContainsFunc(r.w.nodes, func(n *changeNode) bool { return n.transient }) { // see letsGo
		r.w.found.add("node %d ran, and is not needed", n.k)
	}
	if !r.mayRun(n) && !r.w.letsGo(n) {
		r.w.found.add("node %d ran without reason: saw %v, before %v; %+v", n.k, runs[0].saw, n.saw, n.changeState)
	}
	if len(runs) > 1 && !n.transient && !r.retried() && !r.w.letsGo(n) {
		r.w.found.add("node %d ran %d times", n.k, len(runs))
	}
	want := r.saw(n)
	for _, run := range runs {
		if len(run.saw) > len(want) || !slices.Equal(run.saw, want[:len(run.saw)]) || !run.stray && len(run.saw) < len(want) {
			r.w.found.add("node %d saw %v, want %v", n.k, run.saw, want)
		}
	}
	last := runs[len(runs)-1]
	kept := r.sure && last.err == nil
	doubtful := n.given && !kept // is it still the value that was given? Have it certain
	if doubtful {
		r.w.invalidate(n)
	}
	n.loose = !r.sure && !r.blamed(n) || last.stray
	switch {
	case last.stray:
	case last.err != nil:
		n.failed, n.permanent = true, r.failedForGood(n, last)
		verifiedAt := n.verifiedAt
		r.verify(n)
		if !n.permanent {
			n.verifiedAt = verifiedAt
		}
		n.invalid = n.invalid && !n.permanent
	case n.kind == chBind && !r.wanted[n.k]: // what it went on to may have failed
		n.loose = true
		r.mayHave(n)
	default:
		r.has(n)
	}
	if doubtful && n.failed { // that was forgotten, too
		n.invalid, n.permanent = true, false
	}
}

// retried reports whether something may have failed in one Get and been tried again by another. What calls Get or go on
// with while they run counts as another.
func (r *changeRound) retried() bool {
	goesOn := func(n *changeNode) bool { return n.kind == chNest || n.kind == chBind || n.kind == chIf }
	return !r.sure && len(r.gets) > 1 || r.failed() && (len(r.gets) > 1 || slices.ContainsFunc(r.w.nodes, goesOn))
}

// failedForGood reports whether the error that n's run ended with was permanent.
func (r *changeRound) failedForGood(n *changeNode, run changeRun) bool {
	return n.trouble == changeFailsForGood && !run.stray && !r.gets[0].fired
}

// has notes that n has its value.
func (r *changeRound) has(n *changeNode) {
	if n.transient && len(r.runs[n.k]) > 0 && (r.refresh || n.invalid || r.changed(n)) {
		n.rev++ // the former value is gone: the new one cannot be compared with it
	}
	n.invalid, n.failed, n.permanent = false, false, false
	if !n.hasCell {
		n.settled = r.value[n.k]
	}
	n.hasCell, n.given, n.cell = true, r.held[n.k], r.value[n.k]
	n.settle()
	r.verify(n)
}

// mayHave notes that n, a Bind, may have another value, whether or not its body has run.
func (r *changeRound) mayHave(n *changeNode) {
	if n.hasCell && !n.given {
		n.cell = r.value[n.k]
		n.settle()
	}
}

// blamed reports whether n's failure is what a Get returned.
func (r *changeRound) blamed(n *changeNode) bool {
	return slices.ContainsFunc(r.gets, func(g *changeGet) bool { return g.err != nil && causeOf(g.err) == n.k })
}

// rested checks that the body of n was not to run.
func (r *changeRound) rested(n *changeNode) {
	target := slices.ContainsFunc(r.gets, func(g *changeGet) bool { return slices.Contains(g.got(), n.k) })
	if !r.wanted[n.k] || n.transient && !target {
		if r.needed[n.k] && !r.clean[n.k] && !r.sure && (n.kind == chIf || n.kind == chSplit) {
			n.loose = true // the node between may have run
		}
		if r.needed[n.k] && n.kind == chBind {
			r.mayHave(n)
		}
		return
	}
	switch {
	case r.refresh && n.memo && r.w.nests(): // a Get inside a call refreshes nothing, and may have come first
	case r.refresh && r.again[n.k]:
		r.w.found.add("node %d did not run again", n.k)
	case n.memo || n.loose || r.held[n.k]:
	case !n.hasCell:
		r.w.found.add("node %d has a value without having run", n.k)
	case n.invalid:
		r.w.found.add("node %d was invalidated and did not run", n.k)
	case n.permanent:
		r.w.found.add("node %d has failed for good and has a value", n.k)
	case !slices.Equal(n.saw, r.saw(n)):
		r.w.found.add("node %d did not run: saw %v, now %v", n.k, n.saw, r.saw(n))
	}
	if r.held[n.k] {
		n.base = r.inputs(n)
		n.baseKnown = r.fresh(n)
	}
	n.loose = false
	r.has(n)
}

// fresh reports whether the inputs of n, which are direct, are known to have their values.
func (r *changeRound) fresh(n *changeNode) bool {
	if n.kind != chCall && n.kind != chGather && n.kind != chPair {
		return n.baseKnown
	}
	return !slices.ContainsFunc(n.in, func(k int) bool {
		d := r.w.nodes[k]
		return d.kind != chSource && (!d.hasCell || d.failed || d.loose || d.invalid || d.transient || d.verifiedAt < r.w.now && !r.clean[k])
	})
}

// mayRun reports whether the body of n has a reason to run.
func (r *changeRound) mayRun(n *changeNode) bool {
	switch {
	case r.held[n.k]:
		return r.refresh
	case r.refresh, !n.hasCell && !n.failed, n.invalid, n.loose, n.transient, n.failed && !n.permanent, n.given:
		return true
	case n.kind == chNest && r.failed():
		return true // it is asked whether it still wants what has failed
	default:
		return r.changed(n)
	}
}

// failed reports whether something has failed.
func (r *changeRound) failed() bool {
	return r.failures > 0 || slices.ContainsFunc(r.gets, func(g *changeGet) bool { return g.err != nil })
}

// nests reports whether a node Gets others.
func (w *changeWorld) nests() bool {
	return slices.ContainsFunc(w.nodes, func(n *changeNode) bool { return n.kind == chNest })
}

// letsGo reports whether a transient node is before n. When that is computed again while something else before it is stale,
// it is not seen that it comes to the same value: its users may run once more than they had to. Nor does the model see what a
// Memo node comes to that takes its value from the cache.
func (w *changeWorld) letsGo(n *changeNode) bool {
	seen := map[int]bool{n.k: true}
	for todo := n.in; len(todo) > 0; {
		i := w.nodes[todo[0]]
		todo = todo[1:]
		if i.transient || i.memo {
			return true
		}
		if !seen[i.k] {
			seen[i.k] = true
			todo = append(slices.Clone(todo), i.in...)
		}
	}
	return false
}

// isRunning reports whether a body is running. What was there before a round, and is counted with its goroutines, may have ended
// since, so their number alone does not tell.
func (w *changeWorld) isRunning() bool {
	return slices.ContainsFunc(w.nodes, func(n *changeNode) bool { return n.running.Load() > 0 })
}
