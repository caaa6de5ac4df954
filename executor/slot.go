package executor

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Slot is a worker's right to run. A function that waits for other calls lends it and takes it back afterwards, so that
// those calls can run even where there is one slot in all.
type Slot interface {
	// Lend gives the slot to whoever wants one. It does not block.
	Lend()
	// Reclaim takes a slot again. It blocks until one is free.
	Reclaim()
}

type slotKey struct{}

// IsSlotKey reports whether key is the one under which a context carries a slot: a context that knows the answer may give
// it without asking its parents.
func IsSlotKey(key any) bool { return key == slotKey{} }

// SlotOf returns the slot that a [Work.Run] holds which was given ctx, or nil: a pool puts it there.
func SlotOf(ctx context.Context) Slot {
	s, _ := ctx.Value(slotKey{}).(Slot)
	return s
}

// WithoutSlot returns a context like ctx for those who do not hold its slot.
func WithoutSlot(ctx context.Context) context.Context {
	if SlotOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, slotKey{}, nil)
}

func withSlot(ctx context.Context, s Slot) context.Context {
	return context.WithValue(ctx, slotKey{}, s)
}

// # Which slot does this goroutine hold?
//
// A function that is not given a context cannot pass one on, and yet what it waits for must be able to run: SlotHere
// finds the slot without a context. Holding leaves two traces: its own frame on the stack, which says that there is a
// slot, and, once more than one pool has been in use, an entry by goroutine number, which says whose. The entry costs
// about a microsecond, so programs with one pool do without.

// pools is what SlotHere goes by.
var pools struct {
	sole    atomic.Pointer[pool] // the first pool that was used
	several atomic.Bool          // there have been others
	holders sync.Map             // goroutine number → Slot; only since there are several
	working atomic.Int32         // goroutines inside Holding
}

// used notes that p has a worker.
func (p *pool) used() {
	if p != pools.sole.Load() && !pools.several.Load() && !pools.sole.CompareAndSwap(nil, p) {
		pools.several.Store(true)
	}
}

// Holding calls f on a goroutine that holds s.
//
//go:noinline
func Holding(s Slot, f func()) {
	pools.working.Add(1)
	defer pools.working.Add(-1)
	if pools.several.Load() {
		id := goroutineNumber()
		pools.holders.Store(id, s)
		defer pools.holders.Delete(id)
	}
	f()
}

// holdingName is how the runtime calls Holding.
const holdingName = "github.com/dally-go/dally/executor.Holding"

// SlotHere returns the slot that the calling goroutine holds, or nil: where a function that some pool runs is on its
// stack. It costs nothing where no pool is working, else a microsecond or more.
func SlotHere() Slot {
	if pools.working.Load() == 0 {
		return nil
	}
	if pools.several.Load() {
		if s, ok := pools.holders.Load(goroutineNumber()); ok {
			return s.(Slot)
		}
	}
	if !onStack(holdingName) { // a worker that began when there was one pool is not in holders
		return nil
	}
	return pools.sole.Load()
}

// onStack reports whether the named function is on the calling goroutine's stack.
func onStack(name string) bool {
	var pcs [64]uintptr
	for skip := 0; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			if f := runtime.FuncForPC(pc - 1); f != nil && f.Name() == name {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// goroutineNumber reads the number of the calling goroutine off the first line of its stack trace, the one public place
// where it stands: "goroutine 18 [running]:".
func goroutineNumber() uint64 {
	var buf [40]byte
	line := buf[len("goroutine "):runtime.Stack(buf[:], false)]
	var id uint64
	for _, c := range line {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}

// Goroutine returns the number of the calling goroutine. working is false, and the number 0, where no pool is running
// anything.
func Goroutine() (id uint64, working bool) {
	if pools.working.Load() == 0 {
		return 0, false
	}
	return goroutineNumber(), true
}
