// Climate computes something for every point of a grid of latitudes and longitudes, as a climate model does: a table of
// results that is filled by two nested loops, as a serial program would fill it. It prints the table, then reads one point
// of another one, which computes that point alone.
//
//	go run ./examples/climate
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/lazy"
	_ "github.com/dally-go/dally/viz/auto" // DALLY_PROGRESS, DALLY_REPORT and the like show what runs
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "climate:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("climate", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	workers := f.Int("workers", 2, "how many points are computed at once")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		f.SetOutput(w)
		f.PrintDefaults()
		return nil
	} else if err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected arguments: %q", f.Args())
	}
	return compute(context.Background(), w, newModel(), *workers)
}

func compute(ctx context.Context, w io.Writer, m *model, workers int) error {
	start := time.Now()
	all, err := m.lazily().Map(ctx, lazy.Workers(workers))
	if err != nil {
		return err
	}
	for lat := range lats {
		for lon := range lons {
			fmt.Fprintf(w, " %7.3f", all[point{lat, lon}])
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d points in %.1f s\n", m.runs.Load(), time.Since(start).Seconds())

	m.runs.Store(0)
	v, err := m.lazily().Get(ctx, point{3, 4}, lazy.Workers(workers))
	fmt.Fprintf(w, "point 3, 4 alone: %.3f, %d point\n", v, m.runs.Load())
	return err
}

const lats, lons = 5, 5

type point struct{ lat, lon int }

// model is what the points are computed from.
type model struct {
	data [200]float64
	runs atomic.Int32 // points computed
}

func newModel() *model {
	m := &model{}
	x := uint32(1)
	for i := range m.data {
		x = x*1664525 + 1013904223
		m.data[i] = float64(x>>8) / (1 << 24)
	}
	return m
}

// process takes its time.
func (m *model) process(lat, lon int) float64 {
	m.runs.Add(1)
	time.Sleep(100 * time.Millisecond)
	return m.data[lat+lon] + float64(lat)*m.data[lat*lon]
}

// serially is the program as it was.
func (m *model) serially() map[point]float64 {
	results := make(map[point]float64)
	for lat := range lats {
		for lon := range lons {
			results[point{lat, lon}] = m.process(lat, lon)
		}
	}
	return results
}

// lazily is the program as it is: process is wrapped, and nothing has run when it returns.
func (m *model) lazily() *lazy.Table[point, float64] {
	process := lazy.Pure2(m.process, lazy.Name("Process"))
	results := new(lazy.Table[point, float64])
	for lat := range lats {
		for lon := range lons {
			results.Set(point{lat, lon}, process.Of(lat, lon))
		}
	}
	return results
}
