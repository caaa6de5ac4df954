// Nbody moves bodies that attract each other. In every step each body is computed by a call of its own, which writes to
// its place in the next list of bodies, as the serial program does; the calls run in parallel, and the result is the
// serial program's to the last bit.
//
//	go run ./examples/nbody -steps 10
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"github.com/dally-go/dally/lazy"
	_ "github.com/dally-go/dally/viz/auto" // DALLY_PROGRESS, DALLY_REPORT and the like show what runs
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "nbody:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("nbody", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	side := f.Int("side", 10, "the bodies begin as a square of `n` by n")
	steps := f.Int("steps", 10, "how often the bodies are moved")
	times := f.Bool("times", true, "print how long it took")
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
	case *side < 1 || *steps < 0:
		return fmt.Errorf("-side %d -steps %d: want 1 or more, and 0 or more", *side, *steps)
	}
	return compare(context.Background(), w, square(*side), *steps, *times)
}

// compare moves the bodies both ways.
func compare(ctx context.Context, w io.Writer, bodies []body, steps int, times bool) (err error) {
	one := &lazy.Session{Parallelism: 1}
	ways := []struct {
		name string
		move func([]body) ([]body, error)
	}{
		{"serial program", func(b []body) ([]body, error) { return serial{}.simulate(b), nil }},
		{"lazy, 1 worker", func(b []body) ([]body, error) { return simulate(ctx, b, lazy.In(one)) }},
		{"lazy, all workers", func(b []body) ([]body, error) { return simulate(ctx, b) }},
	}
	var first []body
	for _, way := range ways {
		start, b := time.Now(), bodies
		for range steps {
			if b, err = way.move(b); err != nil {
				return err
			}
		}
		took := ""
		if times {
			took = fmt.Sprintf(" in %.2f s", time.Since(start).Seconds())
		}
		fmt.Fprintf(w, "%-17s %d bodies, %d steps%s; the middle is at %.6f, %.6f\n", way.name, len(b), steps, took, middle(b).x, middle(b).y)
		if first == nil {
			first = b
		} else if !slices.Equal(first, b) {
			return fmt.Errorf("%s: not the serial program's result", way.name)
		}
	}
	return nil
}

// middle is the centre of mass.
func middle(bodies []body) (m body) {
	for _, b := range bodies {
		m.x += b.x * b.mass
		m.y += b.y * b.mass
		m.mass += b.mass
	}
	m.x /= m.mass
	m.y /= m.mass
	return m
}

// square places n by n bodies that turn about a heavy one.
func square(n int) (bodies []body) {
	const size = 700
	cos, sin := math.Cos(math.Pi/3), math.Sin(math.Pi/3)
	seed := uint32(1)
	random := func() float64 {
		seed = seed*1664525 + 1013904223
		return float64(seed>>8) / (1 << 24)
	}
	for x := range n {
		for y := range n {
			b := body{x: float64(size*x) / float64(n), y: float64(size*y) / float64(n), mass: 1000}
			dx, dy := float64(n/2-x), float64(n/2-y)
			if d := math.Hypot(dx, dy); d > 0 {
				dx, dy = dx/d, dy/d
				b.mass = 1 + 10_000*random()
				b.vx = (dx*cos - dy*sin) * 30
				b.vy = (dx*sin + dy*cos) * 30
			}
			bodies = append(bodies, b)
		}
	}
	return bodies
}
