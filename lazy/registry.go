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

// register adds a slab of n forms. It returns a weak pointer to the slab.
func register[F any](first *F, n int) weak.Pointer[node] {
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
	return e.first
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
