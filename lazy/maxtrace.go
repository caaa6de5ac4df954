package lazy

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"unsafe"
)

// # Bounded traces
//
// With SetMaxTrace, a node has its depth in the upper bits of its word: how many calls there are on the longest way to
// it. It is written before anybody else sees the node, and every change of state keeps it. A call that would be deeper
// than the limit is recorded on the values of its deeper inputs instead of on the calls:
//
//	limit 3    s ◄─ f#1 ◄─ f#2 ◄─ f#3       f#3 ◄─ f#4 would be the fourth: f#3 is forced, and
//	           f#3 = 8 ◄─ f#4 ◄─ …          f#4 takes a source that has its value. Nothing of the new trace leads to the old
//
// The forced calls themselves stay as they are, with whoever holds them. So nothing is taken from under a plan, a walk or
// a Set that is at them; that was the other way: to have forced calls drop their inputs, under a lock for every reader.
//
// A slab would undo this: it keeps all its nodes, and of two traces that take turns in the slabs of one function, each
// would keep the other's past for ever. So each call has a slab of its own while there is a limit. That costs next to
// nothing as long as nobody else is to know the slab: with the weak pointer that Dump needs, a step took 900 ns, without 105.

const (
	depthShift = 20
	maxDepth   = 1<<(32-depthShift) - 1
	// maxTraceMost leaves room for a call that is one deeper.
	maxTraceMost = maxDepth - 1
)

// maxTrace is what SetMaxTrace has set.
var maxTrace atomic.Int32

// SetMaxTrace bounds how deep calls may be recorded before they are run, and returns the former bound; 0, the default,
// is none. It is for loops that record without end, such as x = step(x): a handle remembers every call it depends on,
// and without a bound all of them stay in memory.
//
// A call that would be more than n deep – itself and the calls before it on the longest way, whether they have run or
// not – is recorded on values: the deeper ones of its inputs are computed at once, together, in the session [Default], and
// the call takes what they come to. Recording then blocks until that is done, and observers of Default are told of the
// run. What fails there is not reported: the call is recorded on the failed one as ever, and a Get of it tries again and
// tells. Where inputs keep failing, the trace goes on growing.
//
// The handles that were forced stay what they are, and may be got, Set and used further. But what was recorded on their
// values does not depend on them any more: it shows a source of the same name in pictures, and neither [Data.Set] nor
// [Data.Invalidate] of something in the trace before, nor [Refresh], reaches it. An [If] that would be too deep is computed
// itself, and is a source from then on, so that the branch it does not choose need not run. [Dump] does not find calls
// that were recorded while there was a bound, except through others that depend on them.
//
// The bound holds for all calls that are recorded from then on, by all goroutines; those recorded before count as one.
// An n above 4094 is 4094. SetMaxTrace panics if n < 0.
func SetMaxTrace(n int) (old int) {
	if n < 0 {
		panic(fmt.Sprintf("lazy: SetMaxTrace(%d): want 0 (no bound) or more", n))
	}
	return int(maxTrace.Swap(int32(min(n, maxTraceMost))))
}

// depth is how many calls there are on the longest way to n; 0 for a source.
func (n *node) depth() int {
	d := int(n.word.Load() >> depthShift)
	if d == 0 && !n.isSource() { // recorded without a limit
		return 1
	}
	return d
}

// bound has a node that is being recorded, and has its inputs, take values instead of inputs that are too deep. It returns
// the node's depth, shifted.
func (n *node) bound() uint32 {
	limit := int(maxTrace.Load())
	if limit == 0 { // just now
		return 0
	}
	in := n.inputs()
	if !n.fn.updates && n.fn.mayKeep() { // where an update looks for users of a value it does not find n
		for _, i := range in {
			i.word.Or(flagShared)
		}
	}
	depth := depthOf(in)
	if depth >= limit {
		depth = n.settleInputs(in, limit)
	}
	return uint32(min(depth+1, maxDepth)) << depthShift
}

// depthOf is the greatest depth of the nodes.
func depthOf(nodes []*node) (depth int) {
	for _, i := range nodes {
		depth = max(depth, i.depth())
	}
	return depth
}

// settleInputs replaces the inputs of n that are deeper than half the limit: not only those that are at it, for otherwise
// the next call would find the next one there. It returns the depth of the rest. What fails counts as settled, so that it
// is tried again after as many calls as if it had not, and not by each.
func (n *node) settleInputs(in []*node, limit int) (depth int) {
	var deep []*node
	for _, i := range in {
		switch d := i.depth(); {
		case d <= limit/2:
			depth = max(depth, d)
		case !slices.Contains(deep[max(0, len(deep)-4):], i): // f(x, x)
			deep = append(deep, i)
		}
	}
	n.replaceInputs(valuesOf(deep))
	return depth
}

// opRecord is what errors call the run that SetMaxTrace makes necessary.
const opRecord = "record"

// valuesOf computes nodes and returns sources that have their values, by node. Those that failed are missing.
//
// Donated calls are among them. The memory of a value is shared with the source from then on: no update takes it.
func valuesOf(nodes []*node) map[*node]*node {
	for _, i := range nodes {
		i.word.Or(flagShared)
	}
	r, err := runFor(context.Background(), opRecord, nodes, []RunOption{KeepGoing()})
	if err != nil {
		return nil
	}
	values := make(map[*node]*node, len(nodes))
	for k, i := range nodes {
		if v := r.valueOf(k); v.p != nil {
			values[i] = i.valueType().source(i.name(), v.p)
		}
	}
	r.free()
	return values
}

// replaceInputs replaces inputs of a node that nobody else knows.
func (n *node) replaceInputs(by map[*node]*node) {
	in := n.inputs()
	if n.meta&inputsMask == manyInputs {
		in = slices.Clone(in) // it may be another node's, too: see clone
		*(*[]*node)(unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(node{}))) = in
	}
	for k, i := range in {
		if v := by[i]; v != nil {
			in[k] = v
		}
	}
}

// boundOrder notes the depth of what must end before a node that is being recorded. What would make it too deep is computed,
// and has ended.
func (n *node) boundOrder(x *extra) {
	limit := int(maxTrace.Load())
	if limit == 0 {
		return
	}
	if depthOf(x.order) >= limit {
		values := valuesOf(x.order)
		x.order = slices.DeleteFunc(slices.Clone(x.order), func(i *node) bool { return values[i] != nil })
	}
	n.deepen(x.order)
	n.deepen(x.maybe)
}

// boundChoice notes the depth of what an If may choose. If that makes it too deep the If itself is computed, for its
// branches must not be, and what stands for it is a source.
func (n *node) boundChoice() *node {
	limit := int(maxTrace.Load())
	if limit == 0 {
		return n
	}
	n.deepen(n.more.Load().maybe)
	if n.depth() > limit {
		if v := valuesOf([]*node{n})[n]; v != nil {
			return v
		}
	}
	return n
}

// deepen notes that a node that nobody else knows holds on to others that are not inputs.
func (n *node) deepen(others []*node) {
	w := n.word.Load()
	depth := max(int(w>>depthShift), min(depthOf(others)+1, maxDepth))
	n.word.Store(w&(1<<depthShift-1) | uint32(depth)<<depthShift)
}
