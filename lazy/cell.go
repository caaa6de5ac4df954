package lazy

import "unsafe"

// # Values that change
//
// The first value of a call lies in its node and is never overwritten: whoever has seen the state done may read it, for
// ever, without a lock. A later value – and the first of a call that has an input which was Set – lies in a cell of its
// own, which is not overwritten either: the node refers to the latest, and a run keeps those it was planned with. So a
// run sees one version of everything, whatever is Set meanwhile, and there is nothing to lock and nothing to copy.
//
// The price: the first value of a call that was replaced lives as long as the call.

// cell holds one value. Both fields are written before the cell is shared.
type cell[T any] struct {
	cellHead
	val T
}

// cellHead is the part of a cell that is the same for all types.
type cellHead struct {
	changed uint64 // the revision in which the value came to be
}

// value is where the value of the cell lies.
func (c *cellHead) value() unsafe.Pointer { return unsafe.Add(unsafe.Pointer(c), unsafe.Sizeof(*c)) }

func newCell[T any](v T) *cellHead { return &(&cell[T]{val: v}).cellHead }

// version is one value of a node.
type version struct {
	p       unsafe.Pointer // to the value; nil: there is none
	changed uint64         // as in cellHead; 0 for the value in the node
}

func (c *cellHead) version() version { return version{p: c.value(), changed: c.changed} }

// version is the latest value of n; n must have one.
func (n *node) version() version {
	if n.word.Load()&flagCell != 0 {
		if c := n.more.Load().cell.Load(); c != nil {
			return c.version()
		}
	}
	return version{p: n.inline()}
}

// frame is what a call is run with if its inputs have versions: where their values are and where its own is to go.
type frame struct {
	in    []argument
	out   *cellHead
	inner *node // what a Bind's function has returned
	own   bool  // an update may write to its argument
}

// argument is one input of a call in a run: the place of its call in the plan or, if that is negative, its version.
type argument struct {
	version
	marked uint64 // the last revision that may have changed it
	pos    int32
}

// take returns the value of input k of n. Without a frame it is the one in the input's node.
func take[T any](n *node, k int, at *frame) T {
	if at == nil {
		return *valueAt[T](n.input(k))
	}
	return *(*T)(at.in[k].p)
}

// put is where n's function leaves its value.
func put[T any](n *node, at *frame, v T) {
	if at == nil {
		*valueAt[T](n) = v
		return
	}
	at.out = newCell(v)
}

// bind is where the function of a Bind leaves what it has returned.
func bind(n *node, at *frame, inner *node) {
	if at == nil {
		n.extra().inner = inner
		return
	}
	at.inner = inner
}
