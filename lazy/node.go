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
	// meta is, from the top: id, offset of the value, place in the slab, number of inputs.
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
//	pending ──► running ──► done | cached ──► stale ──► running …      (stale is done with a flag: see change.go)
//	   ▲           │
//	   └───────────┼──────► failed | skipped   (tried again by the next run, like pending)
//	               └──────► pending | stale    (the run was cancelled)
const (
	stateNone uint32 = iota // not recorded yet: a free place in a slab
	statePending
	stateRunning
	stateFailed
	stateSkipped
	stateDone
	stateCached
	stateSource
	stateMask = 7

	// flagStale says that the value is not known to be right any more.
	flagStale = 1 << 3
	// flagWatched says that other runs wait for the end of this running call.
	flagWatched = 1 << 4
	// flagOwn says that the call has inputs or an executor of its own, in more.
	flagOwn  = 1 << 5
	flagMask = ^uint32(stateMask)
)

// The flags of a node that is tracked: see change.go.
const (
	// flagTracked says that the node is registered with its inputs, and its calls are run with versions of their inputs.
	flagTracked = 1 << 6
	// flagCell says that the value is in more's cell; else it is in the node itself.
	flagCell = 1 << 7
	// flagMarked says that a change has come by since the call was last claimed.
	flagMarked = 1 << 8
	// flagInline says that the node itself holds a value, the first one, though it may not be the present one.
	flagInline = 1 << 9
	// flagForced says that the call is to run again whatever its inputs are.
	flagForced = 1 << 10
	// flagPrivate says that the call is being run for a run that sees an older version of its inputs.
	flagPrivate = 1 << 11
	// flagPermanent says that the failure stands until an input changes.
	flagPermanent = 1 << 12
	// flagFound says that the call has inputs that were found while it ran.
	flagFound = 1 << 13
	// flagOrigin says that the node itself was changed: it is counted in changes.sources.
	flagOrigin = 1 << 15
	// flagWalked says that a walk is at the node. Guarded by planMu.
	flagWalked = 1 << 14
	// flagDonated says that the node's value was given away: see donate.go. It is never cleared.
	flagDonated = 1 << 16
	// flagShared says that a Bind, or a Get inside a function, has had the value.
	flagShared = 1 << 17
	// flagTaken says that an update has taken the first value. It is still in the node, for a Get that is about to return.
	flagTaken = 1 << 18
)

// The parts of meta. The number of inputs may be manyInputs.
const (
	inputsMask  = 7
	manyInputs  = 7
	placeShift  = 3
	placeBits   = 6
	offsetShift = placeShift + placeBits
	idShift     = offsetShift + 8
)

// extra is the part of a node that few calls need.
type extra struct {
	change
	notes
	// donation is set when the node is donated, at most once.
	donation atomic.Pointer[donation]
	// content is what is known of the content of the call's value.
	content atomic.Pointer[contentOf]
	// inner is what a Bind's function returned. Used by whoever has claimed the call alone.
	inner *node
}

// notes is what few calls need that has nothing to do with change.
type notes struct {
	order  []*node // must have ended before the call, without being inputs. Written when recorded
	runsOn any     // executor.Executor of this call alone. Written when recorded
	maybe  []*node // inputs that may turn out not to be wanted (If). Written when recorded

	// Guarded by the node's stripe (see watch.go).
	unkept   string         // why the result is not in the cache
	seal     *seal          // what a session with CheckInputs has seen of the value
	found    []*node        // inputs found while running: nested Gets, what a Bind returned
	known    map[*node]bool // found, once it is long
	watchers []watcher
	err      error // of the last run, while failed or skipped
	start    int64 // of the last run, in ns since the process began; 0: not timed
	duration int64 // in ns
}

func (n *node) id() graph.ID { return graph.ID(n.meta >> idShift) }

func (n *node) state() uint32 { return n.word.Load() & stateMask }

// ready reports whether the node has a value that is not stale.
func (n *node) ready() bool { return isReady(n.word.Load()) }

// isReady is ready for a word: done, cached or source, and not stale.
func isReady(w uint32) bool { return w&(stateMask|flagStale)-stateDone <= stateSource-stateDone }

// isOpen is isReady for handles: what was donated is not for them.
func isOpen(w uint32) bool {
	return w&(stateMask|flagStale|flagDonated)-stateDone <= stateSource-stateDone
}

func hasValue(state uint32) bool { return state >= stateDone }

// isBusy reports whether some run is running the call.
func isBusy(w uint32) bool { return w&stateMask == stateRunning || w&flagPrivate != 0 }

// inputs are the nodes whose values the call takes.
func (n *node) inputs() []*node {
	tail := unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(node{}))
	if k := n.meta & inputsMask; k != manyInputs {
		return unsafe.Slice((**node)(tail), k)
	}
	return *(*[]*node)(tail)
}

// input is inputs()[k] for a call with a fixed number of inputs.
func (n *node) input(k int) *node {
	return *(**node)(unsafe.Add(unsafe.Pointer(n), unsafe.Sizeof(node{})+uintptr(k)*unsafe.Sizeof(n)))
}

// valueAt is where a value of n lies in n itself. T must be the type the call returns; handles see to that.
func valueAt[T any](n *node) *T { return (*T)(n.inline()) }

// inline is valueAt for who does not know the type.
func (n *node) inline() unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(n), uintptr(n.meta>>offsetShift&0xff))
}

// extra returns n's extra, made if need be.
func (n *node) extra() *extra {
	if x := n.more.Load(); x != nil {
		return x
	}
	n.more.CompareAndSwap(nil, &extra{})
	return n.more.Load()
}

// begin claims a call that is not tracked. It returns the state it was in: pending, failed or skipped mean that the claim
// succeeded, running that another worker has it, done that there is nothing to do. Of a tracked call it returns none.
func (n *node) begin() uint32 {
	for {
		w := n.word.Load()
		s := w & stateMask
		switch {
		case w&flagTracked != 0:
			return stateNone
		case s == stateRunning || hasValue(s) || n.word.CompareAndSwap(w, w&flagMask|stateRunning):
			return s
		}
	}
}

// beginFresh is begin for calls that no run has tried: others it leaves as they are.
func (n *node) beginFresh() uint32 {
	for {
		w := n.word.Load()
		s := w & stateMask
		switch {
		case w&flagTracked != 0:
			return stateNone
		case s != statePending || n.word.CompareAndSwap(w, w&flagMask|stateRunning):
			return s
		}
	}
}

// end takes a running call to its next state and wakes those who watch it.
func (n *node) end(state uint32, f *failure) {
	w := n.word.Load()
	if w&(flagWatched|flagTracked) == 0 && n.word.CompareAndSwap(w, w&flagMask|state) {
		return
	}
	n.endWatched(state, f)
}
