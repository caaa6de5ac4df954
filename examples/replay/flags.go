package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
)

// options are the flags.
type options struct {
	file     string
	workers  int
	scale    float64 // below 0: what autoScale says
	computes bool    // else it sleeps
	critical bool    // else the order is that of the plan
	svg, dot string  // "": none
}

const usage = `Usage: replay [flags] file

Replay runs a recorded workflow again, as a graph of lazy calls that take as long as its tasks did, scaled down, and tells
how far from the best possible the run was. The file is an instance in the format of WfCommons, schema 1.5, plain or
compressed by gzip.

`

// parseFlags reads the command line. It has told stderr about any error it returns.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	o := options{scale: -1}
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.workers, "workers", 0, "how many tasks run at once; 0: as many as there are processors")
	f.Func("scale", "take recorded times by this `factor` (default one with which it takes about 3 s)", o.setScale)
	f.Func("work", "what a task does for its time: `sleep` or cpu (default sleep)", choice(&o.computes, "sleep", "cpu"))
	f.Func("order", "what is begun first: `plan`, or critical: what has the longest way to the end (default plan)", choice(&o.critical, "plan", "critical"))
	f.StringVar(&o.svg, "svg", "", "draw the run into this `file`, equal calls merged if there are many")
	f.StringVar(&o.dot, "dot", "", "the same for Graphviz, into this `file`")
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() != 1:
		return o, complain(stderr, "one file, please: got %q", f.Args())
	case o.workers < 0:
		return o, complain(stderr, "-workers is %d; it must be 0 (as many as processors) or more", o.workers)
	case o.workers == 0:
		o.workers = runtime.GOMAXPROCS(0)
	}
	o.file = f.Arg(0)
	return o, nil
}

func (o *options) setScale(s string) error {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || x < 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return errors.New("want a number, 0 or more")
	}
	o.scale = x
	return nil
}

// choice sets b for yes and unsets it for no.
func choice(b *bool, no, yes string) func(string) error {
	return func(s string) error {
		if s != no && s != yes {
			return fmt.Errorf("want %s or %s", no, yes)
		}
		*b = s == yes
		return nil
	}
}

func complain(stderr io.Writer, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	fmt.Fprintf(stderr, "replay: %v\n", err)
	return err
}
