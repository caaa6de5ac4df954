package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// contestant is one way to do it.
type contestant struct {
	name string
	lap  func(context.Context) (lap, error)
	laps []lap
}

// lap is one measurement.
type lap struct {
	record, run time.Duration
	values      []uint64
}

// contestants returns the plain loop first, the lazy calls last.
func contestants(o options) []*contestant {
	f := computing(spinner(o.work))
	all := []*contestant{
		{name: "plain loop", lap: plainLoop(o, f)},
		{name: "sync.OnceValue", lap: onceValues(o, f)},
		{name: "lazy, 1 worker", lap: lazyCalls(o, f, 1)},
	}
	if o.parallelize {
		all = slices.Insert(all, 2, &contestant{name: "goroutine a call", lap: goroutines(o, f)})
		all = append(all, &contestant{name: fmt.Sprintf("lazy, %d workers", o.workers), lap: lazyCalls(o, f, o.workers)})
	}
	return all
}

// compete measures everything in turn, round by round, so that a machine that is busy for a while is so for all.
func compete(ctx context.Context, all []*contestant, rounds int) error {
	turns := slices.Clone(all)
	for range rounds {
		for _, c := range turns {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			runtime.GC() // nobody is to pay for the garbage of those before
			l, err := c.lap(ctx)
			if err != nil {
				return err
			}
			c.laps = append(c.laps, l)
		}
		slices.Reverse(turns) // nobody always comes first
	}
	for _, c := range all {
		for _, l := range c.laps {
			if !slices.Equal(l.values, all[0].laps[0].values) {
				return errors.New("the values of " + c.name + " are not those of " + all[0].name)
			}
		}
	}
	return nil
}

// median takes the middle of all laps, in ns per call.
func (c *contestant) median(calls int, of func(lap) time.Duration) float64 {
	var all []time.Duration
	for _, l := range c.laps {
		all = append(all, of(l))
	}
	slices.Sort(all)
	return float64(all[len(all)/2].Nanoseconds()) / float64(calls)
}

func record(l lap) time.Duration  { return l.record }
func execute(l lap) time.Duration { return l.run }
func total(l lap) time.Duration   { return l.record + l.run }

// report prints what was measured.
func report(w io.Writer, o options, all []*contestant) {
	calls := countCalls(o)
	work := "a multiplication each"
	if o.work > 0 {
		work = fmt.Sprintf("%v of work each", o.work)
	}
	fmt.Fprintf(w, "%s: %d calls, %s; ns per call, median of %d\n\n", o.shape, calls, work, o.rounds)
	fmt.Fprintf(w, "%-16s %9s %9s %9s\n", "", "record", "run", "total")
	for _, c := range all {
		fmt.Fprintf(w, "%-16s %9.1f %9.1f %9.1f\n", c.name, c.median(calls, record), c.median(calls, execute), c.median(calls, total))
	}
	loop, last := all[0], all[len(all)-1]
	fmt.Fprintf(w, "\nspeed-up of %s: %.3f over the plain loop", last.name, loop.median(calls, total)/last.median(calls, total))
	if o.parallelize {
		one := all[len(all)-2]
		fmt.Fprintf(w, ", %.3f over 1 worker, %.3f without recording", one.median(calls, total)/last.median(calls, total),
			one.median(calls, execute)/last.median(calls, execute))
	}
	fmt.Fprintln(w)
}
