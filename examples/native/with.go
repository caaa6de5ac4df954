//go:build cgo

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/dally-go/dally/lazy"
)

// #cgo CFLAGS: -O2
// #include "mix.h"
import "C"

// mix is the C function. A call of it holds a worker and, while it is in C, a thread of the operating system; nothing
// in Go can interrupt it. It costs some 50 ns more than a call of a Go function: too little to matter for what takes a
// microsecond.
func mix(seed, rounds uint64) uint64 { return uint64(C.mix(C.uint64_t(seed), C.uint64_t(rounds))) }

// meet reports whether n calls of it are in C at the same time, within the time: each waits there for
// the others. All calls in a process must be for the same n.
func meet(n int, within time.Duration) bool {
	return C.meet(C.int(n), C.int(within.Milliseconds())) == 1
}

// mixSteps is how many rounds are done in one call of C: between two of them the context is looked at, some 50 ms
// apart.
const mixSteps = 20_000_000

// Mix does so many rounds in steps, for a call of C cannot be cancelled, but the next one need not be made.
func Mix(ctx context.Context, seed, rounds uint64) (uint64, error) {
	for ; rounds > 0; rounds -= min(rounds, mixSteps) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		seed = mix(seed, min(rounds, mixSteps))
	}
	return seed, nil
}

var lazyMix = lazy.Wrap2(Mix)

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("native", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	blocks := f.Int("blocks", 8, "how many calls")
	rounds := f.Uint64("rounds", 100_000_000, "how many rounds each call does, of some 2 ns")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
		return nil
	} else if err != nil {
		return err
	}
	if *blocks < 1 || f.NArg() > 0 {
		return fmt.Errorf("%d blocks, arguments %q: want 1 block or more, and no arguments", *blocks, f.Args())
	}
	for _, workers := range []int{1, 2} {
		if err := compute(w, *blocks, *rounds, workers); err != nil {
			return err
		}
	}
	return nil
}

// compute mixes blocks, and tells how long that took, and how much processor time: as often that long as cores were
// busy.
func compute(w io.Writer, blocks int, rounds uint64, workers int) error {
	calls := make([]lazy.Data[uint64], blocks)
	for i := range calls {
		calls[i] = lazyMix.Of(uint64(i+1), rounds)
	}
	start, used := time.Now(), processorTime()
	values, err := lazy.GetAll(context.Background(), calls, lazy.Workers(workers))
	if err != nil {
		return err
	}
	took, busy := time.Since(start), processorTime()-used
	sum := uint64(0)
	for _, v := range values {
		sum ^= v
	}
	_, err = fmt.Fprintf(w, "workers %d  checksum %016x  %.3f s  processor time %.3f s: %.2f cores busy\n",
		workers, sum, took.Seconds(), busy.Seconds(), busy.Seconds()/took.Seconds())
	return err
}
