// Quickstart is the smallest complete program: two squares, their product and their sum. It counts what runs, times it
// on one worker and on two, and draws the computation before and after the first Get.
//
//	go run ./examples/quickstart -out pictures
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	out := f.String("out", filepath.Join(os.TempDir(), "dally-quickstart"), "the `directory` for the pictures; empty: none")
	parallelize := f.Bool("parallelize", true, "run on two workers as well; false: on one alone")
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
	before, after, err := compute(w, &lazy.Session{Parallelism: 1})
	if err == nil && *parallelize {
		before, after, err = compute(w, &lazy.Session{Parallelism: 2})
	}
	if err != nil || *out == "" {
		return err
	}
	return draw(w, *out, before, after)
}

// compute is the whole idea. It returns how the computation looked before and after the first Get.
func compute(w io.Writer, s *lazy.Session) (before, after graph.Snapshot, err error) {
	ctx := context.Background()
	var runs atomic.Int32
	slow := func() { runs.Add(1); time.Sleep(100 * time.Millisecond) }

	square := lazy.Pure1(func(x int) int { slow(); return x * x }, lazy.Name("Square"))
	mul := lazy.Pure2(func(x, y int) int { slow(); return x * y }, lazy.Name("Mul"))
	add := lazy.Pure2(func(x, y int) int { slow(); return x + y }, lazy.Name("Add"))

	a, b := square.Of(2), square.Of(3) // nothing runs
	c, d := mul(a, b), add(a, b)       // nothing runs

	before = lazy.Snapshot(c, d)
	fmt.Fprintf(w, "Parallelism %d\n", s.Parallelism)
	get := func(name, calls string, data lazy.Data[int]) error {
		ran, start := runs.Load(), time.Now()
		v, err := data.Get(ctx, lazy.In(s))
		fmt.Fprintf(w, "  %s.Get(ctx) = %-3d %.1f s  %d run: %s\n", name, v, time.Since(start).Seconds(), runs.Load()-ran, calls)
		return err
	}
	if err = get("c", "Square, Square, Mul", c); err != nil {
		return before, after, err
	}
	after = lazy.Snapshot(c, d)
	return before, after, get("d", "Add, for the squares are known", d)
}

// draw writes the pictures into a directory.
func draw(w io.Writer, dir string, before, after graph.Snapshot) error {
	before.Title, after.Title = "before c.Get(ctx)", "after c.Get(ctx)"
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, p := range []struct {
		file string
		s    graph.Snapshot
	}{{"before.svg", before}, {"after.svg", after}, {"after.dot", after}} {
		path := filepath.Join(dir, p.file)
		if err := viz.WriteFile(path, p.s); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %s\n", strings.ToUpper(filepath.Ext(path)[1:]), path)
	}
	return nil
}
