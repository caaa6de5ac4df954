// Heat computes how warm a plate is whose edges are kept warm: each inner point becomes the mean of its four neighbours,
// again and again, until nothing changes by more than a bound (Jacobi's method). A gang does it in bands of rows: each
// rank has one, and before each step gets its neighbours' nearest rows. The greatest change is the same in whatever order
// it is found, so the gang's plate is the serial program's, bit for bit.
//
//	go run ./examples/heat -size 1000 -steps 100
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/dally-go/dally/lazy"
	_ "github.com/dally-go/dally/viz/auto" // DALLY_PROGRESS, DALLY_REPORT and the like show what runs
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "heat:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("heat", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	p := problem{}
	f.IntVar(&p.Size, "size", 1000, "the inner points in a row, and the rows")
	f.IntVar(&p.Steps, "steps", 100, "the steps at most")
	f.Float64Var(&p.Enough, "enough", 1e-4, "stop when no point changes by more")
	ranks := f.Int("ranks", 2, "the ranks of the gang")
	often := f.Int("often", 5, "solve it so often by each way")
	times := f.Bool("times", true, "print times, too")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
		return nil
	} else if err != nil {
		return err
	}
	switch {
	case f.NArg() > 0:
		return fmt.Errorf("unexpected arguments: %q", f.Args())
	case p.Size < 1 || p.Steps < 1 || *ranks < 1 || *often < 1:
		return fmt.Errorf("-size, -steps, -ranks and -often are %d, %d, %d and %d: want 1 or more",
			p.Size, p.Steps, *ranks, *often)
	case *ranks > p.Size:
		return fmt.Errorf("-ranks is %d: want a row for each of them, so at most -size, %d", *ranks, p.Size)
	}
	return compare(w, p, *ranks, *often, *times)
}

// compare solves the problem by one loop and by a gang, in turns, so often.
func compare(w io.Writer, p problem, ranks, often int, times bool) error {
	var took, gangTook []float64
	var want result
	for range often {
		begin := time.Now()
		want = serial(p)
		took = append(took, time.Since(begin).Seconds())

		begin = time.Now()
		bands, err := lazy.Gang(ranks, band, lazy.Name("Heat")).Of(p).Get(context.Background())
		if err != nil {
			return err
		}
		gangTook = append(gangTook, time.Since(begin).Seconds())

		got := result{Steps: bands[0].Steps, Change: bands[0].Change}
		for _, b := range bands {
			got.Rows = slices.Concat(got.Rows, b.Rows)
		}
		if !got.equals(want) {
			return fmt.Errorf("%d ranks have come to another plate than the serial program", ranks)
		}
	}
	fmt.Fprintf(w, "%d x %d points, %d steps, last change %.2g\n", p.Size, p.Size, want.Steps, want.Change)
	mean, reach := want.warmth()
	fmt.Fprintf(w, "the mean is %.6f degrees; %d rows have more than one degree\n", mean, reach)
	fmt.Fprintf(w, "the plate of %d ranks is the same to the last bit\n", ranks)
	if times {
		a, b := median(took), median(gangTook)
		fmt.Fprintf(w, "serial %.2f s, gang %.2f s, the medians of %d: %.2f times as fast\n", a, b, often, a/b)
	}
	return nil
}

// median is the middle one of an odd number, or the greater of the two in the middle.
func median(xs []float64) float64 {
	slices.Sort(xs)
	return xs[len(xs)/2]
}
