// Whatif is the plan of a maker of bicycles for one year: five regions, eight models, twelve months, some four thousand
// calls behind one figure, the profit. What the plan assumes – prices, wages, the season – are sources that one changes,
// and each time it tells what ran again, what did not have to, and why.
//
//	go run ./examples/whatif -set steel=+3% -set wage.eu=24
//	go run ./examples/whatif -i
//
// Bicycles are made in lots, shipped by the truck, and sold at round prices. So a small change often ends where it is
// rounded away: calls behind that keep their values without being run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are the flags.
type options struct {
	set         []string // "name=value"
	list        bool
	interactive bool
}

const usage = `Usage: whatif [flags]

Whatif computes the profit of a year's plan, changes what the plan assumes, and computes it again: only what the change
reaches. -list shows the names of what can be changed.

`

// run is main with its surroundings passed in. It returns the exit status: 0, 1 if the plan could not be computed, 2 if
// the command line makes no sense.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	p := newPlan()
	changes, err := p.parseAll(o.set)
	if err != nil {
		fmt.Fprintf(stderr, "whatif: %v\n", err)
		return 2
	}
	if err := whatif(ctx, o, p, changes, stdin, stdout); err != nil {
		fmt.Fprintf(stderr, "whatif: %v\n", err)
		return 1
	}
	return 0
}

// whatif does what the flags ask for.
func whatif(ctx context.Context, o options, p *plan, changes []change, stdin io.Reader, w io.Writer) error {
	if o.list {
		for _, c := range changes {
			c.set()
		}
		p.list(w)
		return nil
	}
	s := &session{plan: p, w: w}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if len(changes) > 0 {
		if err := s.try(ctx, changes); err != nil {
			return err
		}
	}
	if o.interactive {
		return s.converse(ctx, stdin)
	}
	return nil
}

// parseFlags reads the command line. It has told stderr about any error it returns.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("whatif", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Func("set", "change `name=value`; may be given several times. A value is a number or, as +3%, relative; a name may be\n"+
		"a pattern: wage.*=+2%", func(s string) error { o.set = append(o.set, s); return nil })
	f.BoolVar(&o.list, "list", false, "list what can be changed, with values, and compute nothing")
	f.BoolVar(&o.interactive, "i", false, "read changes from the standard input, a line each; help tells what else")
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		err := fmt.Errorf("unexpected arguments: %q; a change is -set name=value", f.Args())
		fmt.Fprintf(stderr, "whatif: %v\n", err)
		return o, err
	}
	return o, nil
}
