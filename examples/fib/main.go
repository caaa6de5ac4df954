// Fib computes Fibonacci numbers as slowly as it can be done, first in a loop, then as a parallel map, and tells how
// much faster that was. It is what tutorials of parallel maps begin with.
//
//	go run ./examples/fib
//	go run ./examples/fib -workers 4 -runs 9 40 39 38 37
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/dally-go/dally/lazy"
	_ "github.com/dally-go/dally/viz/auto" // DALLY_PROGRESS, DALLY_REPORT and the like show what runs
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "fib:", err)
		os.Exit(1)
	}
}

// fib is the n-th Fibonacci number, naively.
func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

var lazyFib = lazy.Pure1(fib, lazy.Name("Fib"))

// parallel is the map: a call per number, all of them wanted at once.
func parallel(ctx context.Context, numbers []int, workers int) ([]int, error) {
	return lazy.GetAll(ctx, lazyFib.Each(numbers), lazy.Workers(workers))
}

// serial is the loop that it replaces.
func serial(numbers []int) []int {
	values := make([]int, len(numbers))
	for i, n := range numbers {
		values[i] = fib(n)
	}
	return values
}

// numberMax is the largest Fibonacci number that takes minutes, not hours.
const numberMax = 50

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("fib", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	workers := f.Int("workers", min(2, runtime.GOMAXPROCS(0)), "how many calls run at once")
	runs := f.Int("runs", 5, "how often each of the two ways is timed, by turns; the median counts")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
		return nil
	} else if err != nil {
		return err
	}
	if *workers < 1 || *runs < 1 {
		return fmt.Errorf("%d workers, %d runs: want 1 or more of both", *workers, *runs)
	}
	numbers := []int{38, 37, 36, 35, 34, 33}
	if f.NArg() > 0 {
		numbers = nil
	}
	for _, arg := range f.Args() {
		n, err := strconv.Atoi(arg)
		if err != nil || n < 0 || n > numberMax {
			return fmt.Errorf("%q: want numbers from 0 to %d", arg, numberMax)
		}
		numbers = append(numbers, n)
	}
	return compare(w, numbers, *workers, *runs)
}

// compare times both ways by turns, so that what else the machine does falls on both.
func compare(w io.Writer, numbers []int, workers, runs int) error {
	var inTurn, atOnce []time.Duration
	for range runs {
		start := time.Now()
		want := serial(numbers)
		inTurn = append(inTurn, time.Since(start))

		start = time.Now()
		values, err := parallel(context.Background(), numbers, workers)
		atOnce = append(atOnce, time.Since(start))
		if err != nil {
			return err
		}
		if !slices.Equal(values, want) {
			return fmt.Errorf("the map has come to %v, the loop to %v", values, want)
		}
		if len(inTurn) == 1 {
			for i, n := range numbers {
				fmt.Fprintf(w, "fib(%d) = %d\n", n, values[i])
			}
		}
	}
	one, all := median(inTurn), median(atOnce)
	fmt.Fprintf(w, "serial    %.3f s  %v\n", one.Seconds(), rounded(inTurn))
	fmt.Fprintf(w, "parallel  %.3f s  %v\n", all.Seconds(), rounded(atOnce))
	fmt.Fprintf(w, "speed-up  %.2fx with %d workers\n", one.Seconds()/all.Seconds(), workers)
	return nil
}

func median(ds []time.Duration) time.Duration { return slices.Sorted(slices.Values(ds))[len(ds)/2] }

func rounded(ds []time.Duration) []time.Duration {
	short := make([]time.Duration, len(ds))
	for i, d := range ds {
		short[i] = d.Round(time.Millisecond)
	}
	return short
}
