package main

import (
	"context"
	"runtime"
	"time"
)

// work takes about so long, or until the context ends.
type work func(ctx context.Context, d time.Duration) error

// sleep needs no processor: any number of workers can do it at once.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// spinner computes. What takes d on a processor of one's own takes longer on a shared one: the work is a number of
// steps, not a look at the clock.
type spinner struct {
	stepTime float64 // ns
}

// pieceSteps is how many steps are taken between two looks at the context: some 100 µs of them.
const pieceSteps = 100_000

// newSpinner measures what a step takes: the best of several tries, for something else may run meanwhile.
func newSpinner() spinner {
	const tries = 10
	best := time.Duration(1 << 62)
	for range tries {
		start := time.Now()
		runtime.KeepAlive(steps(1, pieceSteps))
		best = min(best, time.Since(start))
	}
	return spinner{max(float64(best.Nanoseconds()), 1) / pieceSteps}
}

// spin computes for d.
func (s spinner) spin(ctx context.Context, d time.Duration) error {
	v := uint64(1)
	for left := float64(d.Nanoseconds()) / s.stepTime; left > 0; left -= pieceSteps {
		if err := ctx.Err(); err != nil {
			return err
		}
		v = steps(v, int(min(left, pieceSteps)))
	}
	runtime.KeepAlive(v) // or the compiler might leave the steps out
	return nil
}

// steps takes n steps of Knuth's MMIX generator.
func steps(v uint64, n int) uint64 {
	for range n {
		v = v*6364136223846793005 + 1442695040888963407
	}
	return v
}
