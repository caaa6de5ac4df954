// Evict measures what caches of a given size are worth: it replays made-up traces to several, and prints how much of the
// time that it takes without any cache is still needed to compute what was not kept.
//
//	go run ./evict -requests 100000 -seed 1
//
// README.md in the folder above says what is measured, and how. No time is: the costs are part of the traces.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "evict:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("evict", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	requests := f.Int("requests", 100_000, "how many `requests` a trace has")
	seed := f.Uint64("seed", 1, "the `seed` of all traces")
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
	case *requests < 100:
		return fmt.Errorf("-requests is %d; it must be 100 or more", *requests)
	}
	return table(w, workloads(*requests, *seed))
}

// table writes a row per trace and a column per contestant: the time that is needed, in parts of that with no cache, and
// how many of the Gets hit.
func table(w io.Writer, traces []*trace) error {
	var b strings.Builder
	b.WriteString("| trace |")
	rule := "|---|"
	for _, way := range ways() {
		fmt.Fprintf(&b, " %s |", way.name)
		rule += "---:|"
	}
	b.WriteString("\n" + rule + "\n")
	for _, t := range traces {
		fmt.Fprintf(&b, "| %s |", t.name)
		for _, way := range ways() {
			r, err := replay(t, way.open(t.room))
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			fmt.Fprintf(&b, " %.3f (%.0f %%) |", r.seconds/t.uncached(), 100*float64(r.hits)/float64(r.gets))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, t := range traces {
		fmt.Fprintf(&b, "- %s: %s\n", t.name, t.about)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
