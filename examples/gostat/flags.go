package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dally-go/dally/viz/progress"
)

// options are the flags.
type options struct {
	root        string // "": the Go installation's src
	out         string // "": no picture
	parallelize bool
	workers     int // 0: as many as GOMAXPROCS
	tests       bool
	top         int
	compare     bool
	cache       string // "": none
	quiet       bool
	progress    string
	report      string // "": none
	live        string // "": none
}

const usage = `Usage: gostat [flags] [directory]

Gostat reads the Go files below a directory and reports how large and how complex its packages are, and how they hang
together. Files for every system count, whatever their build constraints; testdata, vendor and names that begin with _
or . do not.

With -cache it keeps what it finds out, and next time reads only the files that have changed since, by size or time, and
those that did not parse.

`

// parseFlags reads the command line. It has told stderr about any error it returns.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("gostat", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.root, "root", "", "the `directory` to read (default src of the Go installation)")
	f.StringVar(&o.out, "out", filepath.Join(os.TempDir(), "dally-gostat"), "the `directory` for the picture of the run; empty: no picture")
	f.BoolVar(&o.parallelize, "parallelize", true, "run on several workers; false: on one")
	f.IntVar(&o.workers, "workers", 0, "how many functions may run at once; 0: as many as there are processors")
	f.BoolVar(&o.tests, "tests", false, "read _test.go files too")
	f.IntVar(&o.top, "top", 10, "how many rows a list has at most")
	f.BoolVar(&o.compare, "compare", false, "run on one worker first, and tell the ratio")
	f.StringVar(&o.cache, "cache", "", "the `directory` to keep results in, and to take them from; empty: none")
	f.StringVar(&o.progress, "progress", "auto", "how the run is shown on standard error while it goes on: `auto`, tty, plain, json or quiet")
	f.StringVar(&o.report, "report", "", "the `file` for a report of the run, a page for a browser: its name ends in .html; empty: none")
	f.StringVar(&o.live, "live", "", "the `address` for a live page of the run, such as :6070; it stays when the run is over")
	f.BoolVar(&o.quiet, "quiet", false, "say how the job ran, and no more: no report, no picture")
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	dirs := f.Args()
	if o.root != "" {
		dirs = append([]string{o.root}, dirs...)
	}
	if len(dirs) > 1 {
		return o, complain(stderr, "one directory, please: got %q", dirs)
	}
	o.root = strings.Join(dirs, "")
	return o, o.check(stderr)
}

func (o options) check(stderr io.Writer) error {
	switch {
	case o.workers < 0:
		return complain(stderr, "-workers is %d; it must be 0 (as many as processors) or more", o.workers)
	case o.top < 0:
		return complain(stderr, "-top is %d; it must be 0 or more", o.top)
	case !o.parallelize && o.compare:
		return complain(stderr, "-compare is about several workers: drop -parallelize=false")
	case o.compare && (o.report != "" || o.live != ""):
		return complain(stderr, "-compare is about time: drop it, or -report and -live")
	case o.compare && o.cache != "":
		return complain(stderr, "-compare is about runs that compute everything: drop it, or say -cache= behind -cache")
	case !o.parallelize && o.workers > 1:
		return complain(stderr, "-parallelize=false means one worker, -workers=%d more: drop one of the two", o.workers)
	}
	if _, err := progress.ParseMode(o.progress); err != nil {
		return complain(stderr, "-progress: %v", err)
	}
	if ext := filepath.Ext(o.report); o.report != "" && !strings.EqualFold(ext, ".html") {
		return complain(stderr, "-report is %q; its name must end in .html", o.report)
	}
	return nil
}

func complain(stderr io.Writer, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	fmt.Fprintf(stderr, "gostat: %v\n", err)
	return err
}

// findRoot checks the directory to read; "" stands for the source of the Go installation.
func findRoot(ctx context.Context, root string) (string, error) {
	if root == "" {
		return goSource(ctx)
	}
	info, err := os.Stat(root)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is not a directory", root)
	}
	return root, nil
}

// goSource asks the go command where the Go installation has its source.
func goSource(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("no directory given, and the Go installation was not found: go env GOROOT: %w", err)
	}
	root := strings.TrimSpace(string(out))
	if root == "" {
		return "", errors.New("no directory given, and go env GOROOT is empty")
	}
	return filepath.Join(root, "src"), nil
}
