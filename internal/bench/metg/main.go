// Metg runs Task Bench and prints METG(50 %), the smallest tasks that keep the processors busy for half of the time: a
// table of patterns and ways.
//
//	go run ./metg -width 4 -steps 1000 -workers 2 -ways dally,limit,pond -patterns trivial,nearest
//
// README.md in the folder above says what is measured, and how.
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

	"github.com/dally-go/dally/internal/bench/taskbench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, os.Args[1:]...)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "metg:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	width, steps   int
	patterns, ways []string
	curves         bool
	sweep          taskbench.Sweep
}

func run(ctx context.Context, w io.Writer, args ...string) error {
	o, err := parse(w, args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	s := o.sweep
	for _, name := range o.patterns {
		g, err := taskbench.New(name, o.width, o.steps)
		if err != nil {
			return err
		}
		s.Grids = append(s.Grids, g)
	}
	if s.Ways, err = waysNamed(o.ways); err != nil {
		return err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(s.Workers))
	r, err := s.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "METG(50 %%) in µs: %d points, %d steps, %d workers (loop: 1), median of %d\n", o.width, o.steps, s.Workers, s.Rounds)
	fmt.Fprintf(w, "A processor could do %.0f to 100 %% of its best meanwhile.\n\n", 100*r.PeakMin)
	if o.curves {
		return taskbench.Curves(w, r.Results)
	}
	return taskbench.Table(w, r.Results)
}

func waysNamed(names []string) ([]taskbench.Way, error) {
	var ways []taskbench.Way
	for _, name := range names {
		at := slices.IndexFunc(taskbench.Ways(), func(w taskbench.Way) bool { return w.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("unknown way %q; known are %s", name, strings.Join(allWays(), ", "))
		}
		ways = append(ways, taskbench.Ways()[at])
	}
	return ways, nil
}

func allWays() []string {
	var names []string
	for _, w := range taskbench.Ways() {
		names = append(names, w.Name)
	}
	return names
}

func parse(w io.Writer, args []string) (options, error) {
	o := options{patterns: taskbench.Names(), ways: allWays()}
	f := flag.NewFlagSet("metg", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	f.Func("patterns", "the `patterns`, such as fft,tree; all if not given: "+strings.Join(o.patterns, ", "), words(&o.patterns))
	f.Func("ways", "the `ways`, such as dally,limit; all if not given: "+strings.Join(o.ways, ", "), words(&o.ways))
	f.IntVar(&o.width, "width", 4, "how many points a step has")
	f.IntVar(&o.steps, "steps", 1000, "how many steps there are")
	f.IntVar(&o.sweep.Workers, "workers", 2, "with how many workers")
	f.IntVar(&o.sweep.Rounds, "rounds", 5, "how often each task size is measured; the medians count")
	f.DurationVar(&o.sweep.Largest, "largest", 40*time.Microsecond, "the tasks that it begins with")
	f.Float64Var(&o.sweep.Factor, "factor", 1.5, "from a task size to the next")
	f.BoolVar(&o.curves, "curves", false, "write the efficiency at each task size instead of the table")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
	}
	if err == nil {
		err = o.check(f.Args())
	}
	return o, err
}

func (o options) check(more []string) error {
	const tasksMax = 10_000_000
	switch {
	case len(more) > 0:
		return fmt.Errorf("unexpected arguments: %q", more)
	case o.width < 1 || o.steps < 1 || o.steps > tasksMax/o.width:
		return fmt.Errorf("-width %d -steps %d: there must be 1 to %d tasks", o.width, o.steps, tasksMax)
	case o.sweep.Workers < 1 || o.sweep.Workers > o.width:
		return fmt.Errorf("-workers is %d; it must be 1 to the width of %d", o.sweep.Workers, o.width)
	case o.sweep.Rounds < 1:
		return fmt.Errorf("-rounds is %d; it must be 1 or more", o.sweep.Rounds)
	case o.sweep.Largest <= 0:
		return fmt.Errorf("-largest is %v; it must be more than 0", o.sweep.Largest)
	case !(o.sweep.Factor > 1):
		return fmt.Errorf("-factor is %v; it must be more than 1", o.sweep.Factor)
	}
	return nil
}

func words(into *[]string) func(string) error {
	return func(s string) error {
		*into = strings.Split(s, ",")
		return nil
	}
}
