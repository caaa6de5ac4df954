// Bench measures what a call costs: the same computation as a plain loop, with sync.OnceValue, with a goroutine a call,
// as lazy calls on one worker, and on several.
//
//	go run ./examples/bench -shape wavefront -n 100000 -work 10us
//
// It compares what all of them compute before it tells how long they took.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Args[1:]...)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	shape       string
	n           int
	workers     int // 0: as many as GOMAXPROCS
	parallelize bool
	work        time.Duration
	rounds      int
}

func run(ctx context.Context, w io.Writer, args ...string) error {
	o, err := parseFlags(w, args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	all := contestants(o)
	if err := compete(ctx, all, o.rounds); err != nil {
		return err
	}
	report(w, o, all)
	return nil
}

func parseFlags(w io.Writer, args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	f.StringVar(&o.shape, "shape", "wavefront", "the `shape` of the computation: "+strings.Join(shapeNames(), ", "))
	f.IntVar(&o.n, "n", 100_000, "about how many calls")
	f.IntVar(&o.workers, "workers", 0, "how many functions run at once; 0: as many as there are processors")
	f.BoolVar(&o.parallelize, "parallelize", true, "run on several workers as well; false: on one alone")
	f.DurationVar(&o.work, "work", 0, "what a call computes: so much processor time; 0: one multiplication")
	f.IntVar(&o.rounds, "rounds", 5, "how often each is measured; the median is told")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
	}
	if err == nil {
		err = o.check(f.Args())
	}
	if o.workers == 0 {
		o.workers = runtime.GOMAXPROCS(0)
	}
	return o, err
}

func (o options) check(more []string) error {
	switch {
	case len(more) > 0:
		return fmt.Errorf("unexpected arguments: %q", more)
	case !slices.Contains(shapeNames(), o.shape):
		return fmt.Errorf("unknown shape %q; known are %s", o.shape, strings.Join(shapeNames(), ", "))
	case o.n < 1:
		return fmt.Errorf("-n is %d; it must be 1 or more", o.n)
	case o.workers < 0:
		return fmt.Errorf("-workers is %d; it must be 0 (as many as processors) or more", o.workers)
	case o.work < 0:
		return fmt.Errorf("-work is %v; it must be 0 or more", o.work)
	case o.rounds < 1:
		return fmt.Errorf("-rounds is %d; it must be 1 or more", o.rounds)
	case !o.parallelize && o.workers > 1:
		return fmt.Errorf("-parallelize=false means one worker, -workers=%d more: drop one of the two", o.workers)
	}
	return nil
}
