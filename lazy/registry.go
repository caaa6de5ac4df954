package lazy

import (
	"sync"
	"sync/atomic"
	"unsafe"
	"weak"
)

// registry knows every slab that is alive, without keeping it alive, for Dump. A slab is added with one
// compare-and-swap; entries of slabs that are gone are swept out when the list has doubled.
var registry struct {
	head  atomic.Pointer[slabEntry]
	added atomic.Int64 // since the last sweep
	limit atomic.Int64 // of added, from which on to sweep

	sweep sync.Mutex // held while the list is taken apart
}

type slabEntry struct {
	first  weak.Pointer[node]
	n      int
	stride uintptr
	next   *slabEntry // Written before the entry is shared
}

const registrySweepMin = 4096

// register adds a slab of n forms.
func register[F any](first *F, n int) {
	e := &slabEntry{
		first:  weak.Make((*node)(unsafe.Pointer(first))),
		n:      n,
		stride: unsafe.Sizeof(*first),
	}
	pushEntry(e)
	if registry.added.Add(1) > max(registrySweepMin, registry.limit.Load()) && registry.sweep.TryLock() {
		sweepRegistryLocked()
		registry.sweep.Unlock()
	}
}

func pushEntry(e *slabEntry) {
	for {
		e.next = registry.head.Load()
		if registry.head.CompareAndSwap(e.next, e) {
			return
		}
	}
}

// sweepRegistryLocked drops the entries of slabs that are gone. Needs registry.sweep.
func sweepRegistryLocked() {
	var live int64
	for e := registry.head.Swap(nil); e != nil; {
		next := e.next
		if e.first.Value() != nil {
			live++
			pushEntry(&slabEntry{first: e.first, n: e.n, stride: e.stride})
		}
		e = next
	}
	registry.added.Store(0)
	registry.limit.Store(live)
}

// recorded calls f for every recorded node that is alive.
func recorded(f func(*node)) {
	registry.sweep.Lock()
	defer registry.sweep.Unlock()
	for e := registry.head.Load(); e != nil; e = e.next {
		first := e.first.Value()
		if first == nil {
			continue
		}
		for k := range e.n {
			n := (*node)(unsafe.Add(unsafe.Pointer(first), uintptr(k)*e.stride))
			if n.state() != stateNone {
				f(n)
			}
		}
	}
}

// recordedMax is the number of slabs up to which users are looked for: some milliseconds.
const recordedMax = 1 << 16

// eachRecordedUser calls f for recorded calls that take d's value, until it reports false: for all that could have it in
// their own values, or that a Timeout may have left running. If there are too many to look at, it calls f for d itself,
// which stands for whom nobody has found. Those recorded under SetMaxTrace are not found, but have set flagShared.
func eachRecordedUser(d *node, f func(*node) bool) {
	registry.sweep.Lock()
	defer registry.sweep.Unlock()
	looked := 0
	for e := registry.head.Load(); e != nil; e = e.next {
		if looked++; looked > recordedMax {
			f(d)
			return
		}
		if first := e.first.Value(); first != nil && first.maySeeMore() && !e.eachUser(first, d, f) {
			return
		}
	}
}

// maySeeMore reports whether values of the function of n, the first of a slab, refer to memory, or calls of it may go on
// though their runs are over.
func (n *node) maySeeMore() bool {
	return n.state() == stateNone || n.fn.mayKeep()
}

// mayKeep reports whether a call of f may have its inputs' memory when its run is over: in its value, or because it goes on.
func (f *function) mayKeep() bool { return memoryOf(f.typ.typ()) != memoryFlat || f.opts.timeout > 0 }

func (e *slabEntry) eachUser(first, d *node, f func(*node) bool) bool {
	for k := range e.n {
		n := (*node)(unsafe.Add(unsafe.Pointer(first), uintptr(k)*e.stride))
		if n.state() != stateNone && n.takesValueOf(d) && !f(n) {
			return false
		}
	}
	return true
}
