// Replay runs a recorded workflow again: the tasks of a scientific computation and what waited for what are read from a
// file, and each task becomes a lazy call that sleeps, or computes, for as long as the task took, scaled down. Then it
// tells how far from the best possible the run was.
//
//	go run ./examples/replay -workers 8 -order critical -svg run.svg FILE
//
// FILE is a workflow instance in the format of the WfCommons project, which publishes such files, schema 1.5, plain or
// compressed by gzip. Those of a few tasks in examples/replay/wf/testdata will do to see what it looks like.
//
// It shows a graph that is not known before the program runs, recorded in a loop; order without data, by After; priorities,
// by the longest way to the end; and what there is to compare a run with. No schedule takes less than the critical path
// Tinf, the longest way through the graph, nor less than the P-th part of the total work T1, if there are P workers. A
// list schedule has a worker who is free begin the first task in the list that is ready, and takes less than twice as
// long as the best: a run that comes near it loses little to the library, to timers and to other programs. What is lost
// to the last two shows when the tasks are given the times that they really took. With -work sleep, workers need no
// processors, so that there may be more of them; with -work cpu, a task takes longer if others use the processors, too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/dally-go/dally/examples/replay/wf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings passed in. It returns the exit status: 0, 1 if the file is no good or the replay
// failed, 2 if the command line makes no sense.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	err = replay(ctx, o, stdout)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "replay: interrupted")
	default:
		fmt.Fprintf(stderr, "replay: %v\n", err)
	}
	return 1
}

func replay(ctx context.Context, o options, w io.Writer) error {
	in, err := load(o.file)
	if err != nil {
		return err
	}
	s, err := newScore(in, o)
	if err != nil {
		return err
	}
	done, err := s.play(ctx, o)
	if err != nil {
		return err
	}
	printReport(w, s, done)
	return draw(o, in.Name, done.snapshot)
}

func load(file string) (*wf.Instance, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in, err := wf.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return in, nil
}
