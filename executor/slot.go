package executor

import (
	"context"
	"runtime"
	"slices"
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

// serveName is how the runtime calls the function at the bottom of every worker's stack.
const serveName = "github.com/dally-go/dally/executor.(*pool).serve"

// OnWorker reports whether the calling goroutine is a worker of some pool: whether a function that a pool runs, or one
// with a name in also, as runtime.Func has it, is somewhere below on its stack. It costs about a microsecond, more on a
// deep stack. A Get inside a function that was not given the call's context has no other way to know that it holds
// a slot.
func OnWorker(also ...string) bool {
	var pcs [64]uintptr
	for skip := 0; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:n] {
			if f := runtime.FuncForPC(pc - 1); f != nil && (f.Name() == serveName || slices.Contains(also, f.Name())) {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}
