// Gostat analyses a tree of Go source as a graph of lazy calls: how large and how complex its packages are, which
// functions are the longest, which packages the others depend on. Without a directory it reads the source of the Go
// installation, some thousand files.
//
// It shows a real job: reading and parsing are wrapped functions, a call per file; reads wait for the disk without
// holding a worker; files that cannot be read or parsed are reported and skipped; the run is drawn at the end.
//
//	go run ./examples/gostat -top 5 -compare
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings passed in. It returns the exit status: 0, 1 if the job could not be done, 2 if the
// command line makes no sense.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	err = gostat(ctx, o, stdout)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "gostat: interrupted")
	default:
		fmt.Fprintf(stderr, "gostat: %v\n", err)
	}
	return 1
}

func gostat(ctx context.Context, o options, w io.Writer) error {
	root, err := findRoot(ctx, o.root)
	if err != nil {
		return err
	}
	fsys := os.DirFS(root)
	tree, err := walk(ctx, fsys, moduleOf(root), o.tests)
	if err != nil {
		return err
	}
	if tree.Files() == 0 {
		printSkips(w, tree.Skips)
		return fmt.Errorf("no Go files below %s", root)
	}
	var done *outcome
	var serial time.Duration
	if o.compare {
		done, serial, err = compare(ctx, fsys, tree, o.top, o.width())
	} else {
		done, err = analyse(ctx, fsys, tree, o.top, o.width())
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(w, root)
	printReport(w, done.report)
	printSkips(w, done.job.skips)
	return finish(w, o, done, serial)
}

// finish tells how the job ran, in words and as a picture.
func finish(w io.Writer, o options, done *outcome, serial time.Duration) error {
	fmt.Fprintf(w, "\n%v\n", done)
	if o.compare {
		fmt.Fprintf(w, "On 1 worker it takes %s: %.2f times as long\n", serial.Round(time.Millisecond), serial.Seconds()/done.took.Seconds())
	}
	if o.out == "" {
		return nil
	}
	path, err := done.draw(o.out)
	if err == nil {
		fmt.Fprintf(w, "Picture: %s\n", path)
	}
	return err
}

// width is how many functions may run at once.
func (o options) width() int {
	switch {
	case !o.parallelize:
		return 1
	case o.workers == 0:
		return runtime.GOMAXPROCS(0)
	}
	return o.workers
}
