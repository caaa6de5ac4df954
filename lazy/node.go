package lazy

import (
	"sync/atomic"
	"unsafe"

	"github.com/dally-go/dally/graph"
)

// # The layout of a node
//
// A recorded call is one struct in a slab of its function (see slab.go): this header, the inputs, the value.
//
//	node | in [k]*node | val R        k is the number of inputs
//	node | in []*node  | val R        where it is not known beforehand (Gather): meta says many
//
// A Data[R] points to the header. Everything that is the same for all types – planning, running, drawing – works on
// headers and is written once; only the function that was wrapped knows R, and reaches the value through the offset
// kept in meta. A call of two words with a word as its value is 64 bytes: one cache line.

// node is the header of a recorded call or of a source.
type node struct {
	// fn is what was wrapped. Written when the call is recorded, as are meta and the inputs.
	fn *function
	// meta is id<<16 | offset of the value<<8 | number of inputs.
	meta uint64
	// more is what few calls need. It is set at most once and then points to the same extra for good.
	more atomic.Pointer[extra]
	// mark and pos are the plan that visited the node last, and its place there. Guarded by planMu.
	mark uint64
	pos  int32
	// word is the state, plus flags. Storing a state with a value comes after writing the value, so whoever loads
	// such a state may read it.
	word atomic.Uint32
}

// The states of a node, in the low bits of its word.
//
//	pending ──► running ──► done | cached
//	   ▲           │
//	   └───────────┼──────► failed | skipped   (tried again by the next run, like pending)
//	               └──────► pending            (the run was cancelled)
const (
	stateNone uint32 = iota // not recorded yet: a free place in a slab
	statePending
	stateRunning
	stateDone
	stateFailed
	stateSkipped
	stateCached
	stateSource
	stateMask = 15

	// flagWatched says that other runs wait for the end of this running call.
	flagWatched = 16
	// flagOwn says that the call has inputs or an executor of its own, in more.
	flagOwn  = 32
	flagMask = ^uint32(stateMask)
)

const manyInputs = 255

// extra is the part of a node that few calls need.
type extra struct {
	order  []*node // must have ended before the call, without being inputs. Written when recorded
	runsOn any     // executor.Executor of this call alone. Written when recorded
	maybe  []*node // inputs that may turn out not to be wanted (If). Written when recorded

	// inner is what a Bind's function returned. Written while running, by the goroutine that runs the call.
	inner *node

	// Guarded by the node's stripe (see watch.go).
	found    []*node        // inputs found while running: nested Gets, what a Bind returned
	known    map[*node]bool // found, once it is long
	watchers []watcher
	err      error // of the last run, while failed or skipped
	start    int64 // of the last run, in ns since the process began; 0: not timed
	duration int64 // in ns
}

func (n *node) id() graph.ID { return graph.ID(n.meta >> 16) }

func (n *node) state() uint32 { return n.word.Load() & stateMask }

// ready reports whether the node has a value that may be read.
func (n *node) ready() bool { return hasValue(n.state()) }

func hasValue(state uint32) bool { return state == stateDone || state >= stateCached }

// inputs are the nodes whose values the call takes.
func (n *node) inputs() []*node {
	tail := unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(node{}))
	if k := n.meta & 0xff; k != manyInputs {
		return unsafe.Slice((**node)(tail), k)
	}
	return *(*[]*node)(tail)
}

// input is inputs()[k] for a call with a fixed number of inputs.
func (n *node) input(k int) *node {
	return *(**node)(unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(node{})+uintptr(k)*unsafe.Sizeof(n)))
}

// valueAt is where the value of n lies. T must be the type the call returns; handles see to that.
func valueAt[T any](n *node) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(n), uintptr(n.meta>>8&0xff)))
}

// extra returns n's extra, made if need be.
func (n *node) extra() *extra {
	if x := n.more.Load(); x != nil {
		return x
	}
	n.more.CompareAndSwap(nil, &extra{})
	return n.more.Load()
}

// begin claims a call for running. It returns the state it was in: pending, failed or skipped mean that the claim
// succeeded, running that another worker has it, done that there is nothing to do.
func (n *node) begin() uint32 {
	for {
		w := n.word.Load()
		s := w & stateMask
		if s == stateRunning || hasValue(s) || n.word.CompareAndSwap(w, w&flagMask|stateRunning) {
			return s
		}
	}
}

// beginFresh is begin for calls that no run has tried: others it leaves as they are.
func (n *node) beginFresh() uint32 {
	for {
		w := n.word.Load()
		s := w & stateMask
		if s != statePending || n.word.CompareAndSwap(w, w&flagMask|stateRunning) {
			return s
		}
	}
}

// end takes a running call to its next state and wakes those who watch it.
func (n *node) end(state uint32, f *failure) {
	w := n.word.Load()
	if w&flagWatched == 0 && n.word.CompareAndSwap(w, w&flagMask|state) {
		return
	}
	n.endWatched(state, f)
}
