package lazy

import "slices"

// The model of change. It recomputes everything from the sources whenever it is asked, and remembers of each node what
// it was last verified with. What the contract leaves open is read off the runs that were observed:
//
//   - A source that was Set back and forth, with a Get of anything in between, may count as changed.
//   - A value given to a call whose inputs had no values then may or may not outlast a change behind them.
//   - What ran in a Get that failed or was cancelled may or may not have been kept.
//   - A call that is Memo may or may not run: its result may be in the cache, if the cache has not lost it.
//
// Everything else is certain: which value a Get returns, which body must run for it, and which must not.

// changeState is what the model knows of a node.
type changeState struct {
	cell    int // the value: given, or last computed
	hasCell bool
	rev     int // how often the value is known to have changed
	settled int // the value at the last Get, from which rev was counted

	given      bool        // by Set, on a call
	base       []int       // the inputs then
	baseKnown  bool        // the inputs had these values then
	before     map[int]int // what it depended on when it ran last: that may still count
	baseUnsure bool        // the call has run since, but what came of it may not have been kept

	invalid   bool // Invalidate came after the value
	failed    bool // the last run failed
	permanent bool // and that is to stand
	loose     bool // it is not known whether the last run's value was kept

	touchedAt  int // when the node itself was last changed from outside
	verifiedAt int // when its value was last known to be right; 0: never
	saw        []int
	revs       map[int]int // of what it depended on
}

// changeView is the graph at one moment: after a round, with what ran in it.
type changeView struct {
	w       *changeWorld
	runs    [][]changeRun
	refresh bool
	value   []int  // of each node, recomputed
	behind  []int  // when something before the node was last changed
	held    []bool // the value given by Set is the present one
	clean   []bool // nothing at or before the node has changed since it was verified
	needed  []bool // may run for the targets
	wanted  []bool // must have been verified for the targets that were got
}

// view recomputes everything. Nothing of the model is changed but rev.
func (w *changeWorld) view(refresh bool) *changeView {
	n := len(w.nodes)
	v := &changeView{
		w: w, refresh: refresh, runs: make([][]changeRun, n), value: make([]int, n), behind: make([]int, n),
		held: make([]bool, n), clean: make([]bool, n), needed: make([]bool, n), wanted: make([]bool, n),
	}
	for k, n := range w.nodes {
		n.settle()
		v.runs[k] = n.takeRuns()
		v.work(n)
	}
	return v
}

// settle counts a change of the value since the last Get.
func (n *changeNode) settle() {
	if n.hasCell && n.cell != n.settled {
		n.rev++
		n.settled = n.cell
	}
}

// work fills in what is known of n from what is known of the nodes before it.
func (v *changeView) work(n *changeNode) {
	k := n.k
	if n.kind == chSource {
		v.value[k], v.clean[k] = n.cell, true
		return
	}
	v.value[k] = v.result(n)
	for _, j := range v.deps(n) {
		v.behind[k] = max(v.behind[k], v.behind[j], v.w.nodes[j].touchedAt)
	}
	for j := range n.before {
		if n.given {
			v.behind[k] = max(v.behind[k], v.behind[j], v.w.nodes[j].touchedAt)
		}
	}
	untouched := n.verifiedAt > 0 && max(v.behind[k], n.touchedAt) <= n.verifiedAt
	v.clean[k] = untouched && !n.invalid && !n.loose && (!n.failed || n.permanent)
	if n.given {
		switch {
		case untouched && !n.baseUnsure && !v.refresh:
			v.held[k] = true
		case n.baseKnown && n.kind != chNest && !slices.Equal(n.base, v.inputs(n)):
		default:
			v.held[k] = len(v.runs[k]) == 0
		}
		if v.held[k] {
			v.value[k] = n.cell
		}
	}
}

// saw is what the body of n is to see.
func (v *changeView) saw(n *changeNode) []int {
	value := func(ks ...int) (vs []int) {
		for _, k := range ks {
			vs = append(vs, v.value[k])
		}
		return vs
	}
	switch n.kind {
	case chSplit:
		return value(n.in[1])
	case chIf:
		return value(v.deps(n)[1])
	case chBind:
		return value(n.in[0])
	case chNest:
		return value(v.deps(n)...)
	default:
		return value(n.in...)
	}
}

// inputs are the values whose change ends that of one given to n.
func (v *changeView) inputs(n *changeNode) []int {
	if n.kind != chBind {
		return v.saw(n)
	}
	deps := v.deps(n)
	return []int{v.value[deps[0]], v.value[deps[1]]}
}

// result is the value of n if it is computed.
func (v *changeView) result(n *changeNode) int {
	computed := n.compute(v.saw(n)...)
	switch n.kind {
	case chPair:
		return computed / 3
	case chBind:
		goesOn := v.value[v.deps(n)[1]]
		if abs(computed)%3 == 1 {
			return computed + 2*goesOn
		}
		return goesOn
	default:
		return computed
	}
}

// deps are the nodes whose values n depends on.
func (v *changeView) deps(n *changeNode) []int {
	switch n.kind {
	case chIf:
		if v.value[n.in[0]]%2 == 0 {
			return n.in[:2]
		}
		return []int{n.in[0], n.in[2]}
	case chBind:
		if abs(n.compute(v.value[n.in[0]]))%3 == 0 {
			return n.in[:2]
		}
		return []int{n.in[0], n.in[2]}
	case chNest:
		if len(n.in) > 2 && v.value[n.in[1]]%2 == 0 {
			return n.in[:2]
		}
	}
	return n.in
}

// need says that the targets were asked for; got says which of them were got.
func (v *changeView) need(targets, got []int) {
	for _, k := range targets {
		v.needed[k] = true
	}
	for _, k := range got {
		v.wanted[k] = true
	}
	for k := len(v.w.nodes) - 1; k >= 0; k-- {
		n := v.w.nodes[k]
		ran := len(v.runs[k]) > 0
		if v.needed[k] && (!v.clean[k] || v.refresh || n.transient) {
			v.also(v.needed, v.deps(n))
		}
		if n.memo && !ran { // its value may have come from the cache, without those before it
			continue
		}
		if v.wanted[k] && (ran || !v.clean[k] && !v.held[k] && !n.transient) {
			v.also(v.wanted, v.deps(n))
		}
	}
}

func (v *changeView) also(set []bool, ks []int) {
	for _, k := range ks {
		set[k] = true
	}
}

// changed reports whether an input of n has changed since it was verified.
func (v *changeView) changed(n *changeNode) bool {
	if n.verifiedAt == 0 && !n.failed {
		return true
	}
	if n.kind == chSplit || n.kind == chIf { // the node between hides what does not show in its value
		return !slices.Equal(n.saw, v.saw(n))
	}
	deps := v.deps(n)
	for _, k := range deps {
		if rev, ok := n.revs[k]; !ok || rev != v.w.nodes[k].rev {
			return true
		}
	}
	for k, rev := range n.revs {
		if rev != v.w.nodes[k].rev {
			return true
		}
	}
	return false
}

// verify notes that n was found right, or has run.
func (v *changeView) verify(n *changeNode) {
	n.verifiedAt = v.w.now
	n.saw = v.saw(n)
	n.revs = make(map[int]int)
	for _, k := range v.deps(n) {
		n.revs[k] = v.w.nodes[k].rev
	}
}

// set is Set.
func (w *changeWorld) set(n *changeNode, value int) {
	w.did("Set %d to %d", n.k, value)
	w.now++
	if n.kind != chSource {
		v := w.view(false)
		n.base, n.baseKnown = v.inputs(n), v.knows(n)
		n.before = n.revs
		v.verify(n)
		n.given, n.baseUnsure, n.invalid, n.failed, n.permanent, n.loose = true, false, false, false, false, false
	}
	if !n.hasCell || n.kind != chSource || n.cell != value {
		n.touchedAt = w.now
	}
	if !n.hasCell { // a first value is no change
		n.settled = value
	}
	n.cell, n.hasCell = value, true
	if n.kind == chPair {
		n.pair.Set(MakePair(value, 3*value))
		return
	}
	n.d.Set(value)
}

// knows reports whether all that the body of n sees has values that are known to be right.
func (v *changeView) knows(n *changeNode) bool {
	if n.kind == chSplit || n.kind == chIf || n.kind == chBind || n.kind == chNest { // there are nodes between
		return v.clean[n.k] && (!n.given || n.baseKnown)
	}
	for _, k := range n.in {
		if d := v.w.nodes[k]; !v.clean[k] || d.failed || !d.hasCell || d.transient {
			return false
		}
	}
	return true
}

// undoubt forgets the values given to calls of which it is not known whether they have ended with a change: where the
// inputs had no values yet, or may have been others; and those of Binds, which can have another value without having run,
// so that no one could tell. So can Memo calls.
func (w *changeWorld) undoubt() {
	v := w.view(false)
	anyBehind := make([]int, len(w.nodes)) // through all inputs that there might be
	for k, n := range w.nodes {
		for _, j := range n.in {
			anyBehind[k] = max(anyBehind[k], anyBehind[j], w.nodes[j].touchedAt)
		}
		unknown := !n.baseKnown && anyBehind[k] > n.verifiedAt
		if n.given && v.held[k] && (unknown || (n.kind == chBind || n.memo) && max(v.behind[k], n.touchedAt) > n.verifiedAt) {
			w.invalidate(n)
		}
	}
}

// invalidate is Invalidate.
func (w *changeWorld) invalidate(n *changeNode) {
	w.did("Invalidate %d", n.k)
	w.now++
	for _, n := range w.nodes { // what was Set before counts from here on
		n.settle()
	}
	if n.kind != chSource && (n.hasCell || n.failed || n.loose) {
		n.touchedAt = w.now
		n.invalid, n.given, n.permanent, n.loose = true, false, false, false
	}
	if n.kind == chPair {
		n.pair.Invalidate()
		return
	}
	n.d.Invalidate()
}
