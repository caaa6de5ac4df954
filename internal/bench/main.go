// Bench compares Dally with other ways to run a graph of calls: by hand, with the standard library, with pools. It
// compares what all of them compute before it prints how long they took.
//
//	go run . -shape wavefront,random -size 1000,1e5 -work 10us
//
// README.md says what is measured, and how.
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
	"strconv"
	"strings"
	"time"

	"github.com/dally-go/dally/internal/bench/match"
	"github.com/dally-go/dally/internal/bench/shape"
	"github.com/dally-go/dally/internal/bench/ways"
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
	shapes   []string
	sizes    []int
	large    bool
	workers  []int
	work     time.Duration
	rounds   int
	ways     []string // words in the names of those that take part; none: all
	again    bool
	markdown bool
	growth   bool
}

func run(ctx context.Context, w io.Writer, args ...string) error {
	o, err := parse(w, args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	// Ways without a bound of their own use as many processors as those that have one.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(slices.Max(o.workers)))
	calc, chosen := shape.NewCalc(o.work), o.chosen()
	var matches []*match.Match
	for _, name := range o.shapes {
		for _, size := range o.sizes {
			g, err := shape.New(name, size)
			if err != nil {
				return err
			}
			matches = append(matches, match.New(g, calc, o.rounds, chosen))
		}
	}
	return o.hold(ctx, w, matches)
}

// hold measures all first runs before anything is Set in the process, then changes, then prints.
func (o options) hold(ctx context.Context, w io.Writer, matches []*match.Match) error {
	for _, m := range matches {
		if err := m.Once(ctx); err != nil {
			return err
		}
	}
	for _, m := range matches {
		if !o.again || o.growth {
			break
		}
		if err := m.Again(ctx); err != nil {
			return err
		}
	}
	if o.growth {
		return match.Growth(w, matches)
	}
	for _, m := range matches {
		write := m.Table().Text
		if o.markdown {
			write = m.Table().Markdown
		}
		if err := write(w); err != nil {
			return err
		}
	}
	return nil
}

// chosen are the ways that were asked for, and always the plain loop.
func (o options) chosen() []ways.Way {
	return slices.DeleteFunc(ways.All(o.workers...), func(w ways.Way) bool {
		named := func(word string) bool { return strings.Contains(w.Name, word) }
		return w.Kind != ways.Loop && len(o.ways) > 0 && !slices.ContainsFunc(o.ways, named)
	})
}

func parse(w io.Writer, args []string) (options, error) {
	o := options{shapes: shape.Names(), sizes: []int{1, 1_000, 100_000, 1_000_000}, workers: []int{1, 2}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	f.Func("shape", "the `shapes`, such as chain,fan; all if not given: "+strings.Join(shape.Names(), ", "), words(&o.shapes))
	f.Func("size", "about how many calls: `numbers`, such as 1000,1e5; 1,1e3,1e5,1e6 if not given", numbers(&o.sizes))
	f.BoolVar(&o.large, "large", false, "also 10,000,000 calls, which takes several GB of memory")
	f.Func("workers", "with how many workers: `numbers`; 1,2 if not given", numbers(&o.workers))
	f.DurationVar(&o.work, "work", 0, "what a call computes: so much processor time; 0: a multiplication")
	f.IntVar(&o.rounds, "rounds", 5, "how often each is measured; the medians are told")
	f.Func("ways", "only ways with these `words` in their names, such as dally,limit; the plain loop always", words(&o.ways))
	f.BoolVar(&o.again, "again", true, "also change all sources and compute again")
	f.BoolVar(&o.markdown, "md", false, "write Markdown")
	f.BoolVar(&o.growth, "growth", false, "write how much longer a call takes in the largest graph than in the smallest, and no more")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
	}
	if err == nil {
		err = o.check(f.Args())
	}
	if o.large {
		o.sizes = append(o.sizes, 10_000_000)
	}
	if err == nil && o.growth && slices.Min(o.sizes) == slices.Max(o.sizes) {
		err = fmt.Errorf("-growth takes two sizes; there is only %d", o.sizes[0])
	}
	return o, err
}

func (o options) check(more []string) error {
	switch {
	case len(more) > 0:
		return fmt.Errorf("unexpected arguments: %q", more)
	case slices.Max(o.sizes) > 1_000_000:
		return fmt.Errorf("-size %d: the largest are 1,000,000, and 10,000,000 with -large", slices.Max(o.sizes))
	case o.work < 0:
		return fmt.Errorf("-work is %v; it must be 0 or more", o.work)
	case o.rounds < 1:
		return fmt.Errorf("-rounds is %d; it must be 1 or more", o.rounds)
	}
	return nil
}

func words(into *[]string) func(string) error {
	return func(s string) error {
		*into = strings.Split(s, ",")
		return nil
	}
}

// numbers takes whole numbers of at least 1, also as 1e5.
func numbers(into *[]int) func(string) error {
	return func(s string) error {
		*into = nil
		for _, word := range strings.Split(s, ",") {
			v, err := strconv.ParseFloat(word, 64)
			if err != nil || v < 1 || v > 1e9 || v != float64(int(v)) {
				return fmt.Errorf("%q is no whole number of at least 1", word)
			}
			*into = append(*into, int(v))
		}
		return nil
	}
}
