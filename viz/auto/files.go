package auto

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
	"github.com/dally-go/dally/viz/record"
	"github.com/dally-go/dally/viz/trace"
)

// Files may take graceMax to write, all times together, and a share of one in gapMin of the time: a program that ends
// after some hundred runs has the last of them in its files, and one with many more is not held up.
const (
	graceMax = time.Second
	gapMin   = 10
	// While runs go on, files are written after glanceMin, and then after pauses up to glanceMax, twice as long each.
	glanceMin, glanceMax = time.Second, 30 * time.Second
	costPerCall          = 4 * time.Microsecond // about, to write
)

// current is what the environment asked for; nil: nothing.
var current atomic.Pointer[files]

// Flush writes the files that the environment asks for, if something has run since they were written, or runs now. A
// program needs it only at the end of many short runs, or when it ends before its runs do: a Get whose context has ended
// returns before the functions that it has begun. It blocks while it writes.
func Flush() error {
	if f := current.Load(); f != nil {
		return f.flush()
	}
	return nil
}

// files writes the report and the trace.
//
// A run that ends writes them, if it is time; else a timer does, or the next run. To write takes long, so mu is not held
// meanwhile, but writing is.
type files struct {
	rec           *record.Recorder
	report, trace string // absolute paths, for the program may go to another directory; "": none
	logger        func() *slog.Logger

	writing sync.Mutex // held while files are written. Taken before mu

	mu      sync.Mutex
	active  int           // Guarded by mu. Runs that go on.
	pending bool          // Guarded by mu. Something has run since the files were written.
	began   time.Time     // Of the first run. Guarded by mu.
	spent   time.Duration // Guarded by mu. How long it took to write, all in all.
	timer   *time.Timer   // Guarded by mu. nil: not running.
	failed  bool          // Guarded by mu. The last time.
	glance  *time.Timer   // Guarded by mu. Writes the files while runs go on; nil: none do.
}

// observer is nil if there are no files to write.
func (f *files) observer() lazy.Observer {
	if f.report == "" && f.trace == "" {
		return nil
	}
	return f
}

// RunStarted is of [lazy.Observer].
func (f *files) RunStarted(lazy.RunInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active++
	if f.began.IsZero() {
		f.began = time.Now()
	}
	if f.active == 1 {
		f.glanceLocked(glanceMin)
	}
}

// glanceLocked has the files written after a pause, if runs go on then: a program that is killed leaves what there was. It
// needs mu.
func (f *files) glanceLocked(pause time.Duration) {
	var t *time.Timer
	t = time.AfterFunc(pause, func() {
		f.mu.Lock()
		mine, ran := f.glance == t, time.Since(f.began)
		f.mu.Unlock()
		if mine {
			f.glanced(t, pause, ran)
		}
	})
	f.glance = t
}

// glanced writes the files while runs go on, after longer and longer pauses.
func (f *files) glanced(t *time.Timer, pause, ran time.Duration) {
	cost := gapMin * time.Duration(f.rec.Now().Planned) * costPerCall
	if cost <= ran {
		f.tried(f.flush())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.glance == t {
		f.glanceLocked(max(min(2*pause, glanceMax), min(cost-ran, time.Hour), gapMin*(f.spent-graceMax)-ran))
	}
}

// CallStarted is of [lazy.Observer].
func (f *files) CallStarted(lazy.CallInfo) {}

// CallDone is of [lazy.Observer].
func (f *files) CallDone(lazy.CallInfo) {}

// RunDone is of [lazy.Observer].
func (f *files) RunDone(lazy.RunInfo) {
	if f.due() {
		f.tried(f.flush())
	}
}

// due notes that a run is over, and reports whether to write now.
func (f *files) due() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.active--
	f.pending = true
	if f.active > 0 {
		return false
	}
	f.glance.Stop()
	f.glance = nil
	if wait := gapMin*(f.spent-graceMax) - time.Since(f.began); wait > 0 {
		if f.timer == nil {
			f.timer = time.AfterFunc(wait, func() { f.tried(f.flush()) })
		}
		return false
	}
	return true
}

// flush writes the files, if something has run since it did, or runs now.
func (f *files) flush() error {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	pending := f.pending || f.active > 0
	f.pending = false
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
	f.mu.Unlock()
	if !pending {
		return nil
	}
	began := time.Now()
	err := f.write()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spent += time.Since(began)
	return err
}

// tried tells of an error, but not twice in a row.
func (f *files) tried(err error) {
	f.mu.Lock()
	tell := err != nil && !f.failed
	f.failed = err != nil
	f.mu.Unlock()
	if tell {
		f.logger().Warn("dally: what has run cannot be written", "err", err)
	}
}

func (f *files) write() error {
	s, r := f.rec.Graph(), f.rec.Record()
	opts := []viz.Option{viz.Ran(r)}
	if slices.ContainsFunc(r.Runs, func(run graph.Run) bool { return run.End.IsZero() }) {
		opts = append(opts, viz.Taken(time.Now())) // what runs has run until now
	}
	var errs []error
	if f.report != "" {
		draw := viz.WriteHTML
		if strings.EqualFold(filepath.Ext(f.report), ".json") {
			draw = viz.WriteJSON
		}
		errs = append(errs, replace(f.report, func(w io.Writer) error { return draw(w, s, opts...) }))
	}
	if f.trace != "" {
		errs = append(errs, replace(f.trace, func(w io.Writer) error { return trace.Write(w, r, s) }))
	}
	return errors.Join(errs...)
}

// replace puts what write writes in the place of a file. Whoever reads the file meanwhile has the old or the new one,
// but where there cannot be another file beside it, or in its place, such as in a directory that is read-only.
func replace(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the link stays one
	}
	if swap(path, b.Bytes()) == nil {
		return nil
	}
	return os.WriteFile(path, b.Bytes(), 0o666)
}

// swap writes a file beside the one at path and puts it in its place, with the same permissions.
func swap(path string, text []byte) error {
	name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d.tmp", filepath.Base(path), os.Getpid()))
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer os.Remove(name) // it is not there any more, if all goes well
	if old, err := os.Stat(path); err == nil {
		err = file.Chmod(old.Mode().Perm())
		if err != nil {
			return errors.Join(err, file.Close())
		}
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(name, path)
}
