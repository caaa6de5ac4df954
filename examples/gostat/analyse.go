package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"time"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
	"github.com/dally-go/dally/viz/record"
)

// outcome is a job that has run.
type outcome struct {
	job     *job
	report  Report
	workers int
	calls   counter
	took    time.Duration
	cache   bool // whether results were kept
}

// analyse runs the job in a session of its own.
func analyse(ctx context.Context, fsys fs.FS, tree Tree, top int, s *lazy.Session) (*outcome, error) {
	o := &outcome{workers: s.Parallelism, cache: s.Cache != nil}
	s.Observer = record.Tee(&o.calls, s.Observer)
	start := time.Now()
	o.job = newJob(fsys, tree)
	var err error
	o.report, err = o.job.run(ctx, top, lazy.In(s))
	o.took = time.Since(start)
	return o, err
}

// compare runs the job serially, then in parallel, and returns the parallel run and how long the serial one took. Both
// find the files in the system's page cache, and neither pays for the garbage of what ran before.
func compare(ctx context.Context, fsys fs.FS, tree Tree, top, workers int) (*outcome, time.Duration, error) {
	for _, dir := range tree.Dirs {
		for _, file := range dir.Files {
			if ctx.Err() != nil {
				return nil, 0, ctx.Err()
			}
			_, _ = readText(fsys, file) // the runs will tell what is wrong with it
		}
	}
	runtime.GC()
	serial, err := analyse(ctx, fsys, tree, top, &lazy.Session{Parallelism: 1})
	if err != nil {
		return nil, 0, err
	}
	want, took := serial.report, serial.took
	serial = nil // the collector shall not have to walk it
	runtime.GC()
	parallel, err := analyse(ctx, fsys, tree, top, &lazy.Session{Parallelism: workers})
	if err == nil && !reflect.DeepEqual(want, parallel.report) {
		err = errors.New("the serial and the parallel run differ; did a file change meanwhile?")
	}
	return parallel, took, err
}

// String tells what ran.
func (o *outcome) String() string {
	return fmt.Sprintf("%v on %s in %v", &o.calls, plural(o.workers, "worker"), o.took.Round(time.Millisecond))
}

// draw writes a picture of the calls, equal ones drawn as one, and returns its path.
func (o *outcome) draw(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gostat.svg")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	err = viz.WriteSVG(f, viz.Collapse(lazy.Snapshot(o.job.targets()...)))
	return path, errors.Join(err, f.Close())
}
