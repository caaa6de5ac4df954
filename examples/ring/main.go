// Ring sends a token round a gang: rank 0 makes it, each rank adds its mark and hands it on to the next, and rank 0 prints
// what comes back. The whole gang is one call, whose value is what each rank returned.
//
//	go run ./examples/ring -ranks 4
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/lazy"
	_ "github.com/dally-go/dally/viz/auto" // DALLY_PROGRESS, DALLY_REPORT and the like show what runs
)

func main() {
	if err := run(os.Stdout, os.Args[1:]...); err != nil {
		fmt.Fprintln(os.Stderr, "ring:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, args ...string) error {
	f := flag.NewFlagSet("ring", flag.ContinueOnError)
	f.SetOutput(io.Discard) // main tells the error
	ranks := f.Int("ranks", 4, "how many ranks there are")
	names := f.Bool("names", false, "print where each rank runs")
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
	if *ranks < 1 {
		return fmt.Errorf("-ranks is %d: want 1 or more", *ranks)
	}
	ring := lazy.Gang(*ranks, func(ctx context.Context, c *comm.Comm, token string) (string, error) {
		return pass(ctx, c, w, token)
	}, lazy.Name("Ring"))
	hosts, err := ring.Of("token").Get(context.Background())
	if err == nil && *names {
		for rank, host := range hosts {
			fmt.Fprintf(w, "rank %d ran on %s\n", rank, host)
		}
	}
	return err
}

// pass is what each rank does. It returns where the rank runs.
func pass(ctx context.Context, c *comm.Comm, w io.Writer, token string) (host string, err error) {
	const tag = 1
	next, last := (c.Rank()+1)%c.Size(), (c.Rank()+c.Size()-1)%c.Size()
	if c.Size() == 1 { // nobody to talk to
		fmt.Fprintf(w, "rank 0 of 1: %s 0\n", token)
		return c.Name(), nil
	}
	if c.Rank() == 0 {
		fmt.Fprintf(w, "rank 0 of %d sends it to rank %d\n", c.Size(), next)
		if err = comm.Send(ctx, c, next, tag, token+" 0"); err != nil {
			return "", err
		}
	}
	if token, err = comm.Recv[string](ctx, c, last, tag); err != nil {
		return "", err
	}
	if c.Rank() == 0 {
		fmt.Fprintf(w, "rank 0 has it back from rank %d: %s\n", last, token)
		return c.Name(), nil
	}
	return c.Name(), comm.Send(ctx, c, next, tag, fmt.Sprint(token, " ", c.Rank()))
}
