// Gostat analyses a tree of Go source as a graph of lazy calls: how large and how complex its packages are, which
// functions are the longest, which packages the others depend on. Without a directory it reads the source of the Go
// installation, some thousand files.
//
// It shows a real job: reading and parsing are wrapped functions, a call per file; reads wait for the disk without
// holding a worker; files that cannot be read or parsed are reported and skipped; the run is drawn at the end.
//
// Results may be kept: where nothing has changed, the second of these runs reads none of the files.
//
//	go run ./examples/gostat -top 5 -compare
//	go run ./examples/gostat -cache /tmp/gostat-cache
//	go run ./examples/gostat -report report.html -live :6070
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/lazy"
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
	err = gostat(ctx, o, stdout, stderr)
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

func gostat(ctx context.Context, o options, w, warnings io.Writer) (err error) {
	root, err := findRoot(ctx, o.root)
	if err != nil {
		return err
	}
	place, err := filepath.Abs(root) // results are kept for wherever gostat is run from
	if err != nil {
		return err
	}
	fsys := os.DirFS(root)
	tree, err := walk(ctx, fsys, place, moduleOf(root), o.tests)
	if err != nil {
		return err
	}
	if tree.Files() == 0 {
		printSkips(w, tree.Skips)
		return fmt.Errorf("no Go files below %s", root)
	}
	show, err := o.look(w, warnings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, show.close()) }()
	var done *outcome
	var serial time.Duration
	if o.compare {
		done, serial, err = compare(ctx, fsys, tree, o.top, o.width())
	} else {
		done, err = analyse(ctx, fsys, tree, o.top, show.watch(o.session(warnings)))
	}
	if err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintln(w, root)
		printReport(w, done.report)
		printSkips(w, done.job.skips)
		fmt.Fprintln(w)
	}
	if err := finish(w, o, done, serial); err != nil {
		return err
	}
	return show.finish(ctx, w)
}

// finish tells how the job ran, in words and as a picture.
func finish(w io.Writer, o options, done *outcome, serial time.Duration) error {
	fmt.Fprintln(w, done)
	if done.cache {
		fmt.Fprintf(w, "From the cache in %s: %v\n", o.cache, cmp.Or(done.calls.cached.String(), "nothing"))
	}
	if o.compare {
		fmt.Fprintf(w, "On 1 worker it takes %s: %.2f times as long\n", serial.Round(time.Millisecond), serial.Seconds()/done.took.Seconds())
	}
	if o.out == "" || o.quiet {
		return nil
	}
	path, err := done.draw(o.out)
	if err == nil {
		fmt.Fprintf(w, "Picture: %s\n", path)
	}
	return err
}

// session is what the job runs in. A cache that cannot be had is no reason not to run.
func (o options) session(warnings io.Writer) *lazy.Session {
	s := &lazy.Session{Parallelism: o.width(), Logger: slog.New(slog.NewTextHandler(warnings, nil))}
	if o.cache == "" {
		return s
	}
	store, err := cache.OpenDir(o.cache)
	if err != nil {
		s.Logger.Warn("gostat: goes on without a cache", "err", err)
		return s
	}
	s.Cache = store
	return s
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
