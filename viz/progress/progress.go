package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// Progress is a [lazy.Observer] that shows what goes on while runs go on, and an io.Writer for what else is to be
// written in the same place, such as log lines. It is made by [New]; the zero Progress shows nothing. It may observe
// several sessions at once.
//
// While no run goes on there is no goroutine. A goroutine draws while something is to be shown:
//
//	RunStarted ── first one ──► episode, timer ── it fires ──► goroutine: draw, wait, draw, …
//	CallDone ──── a failure ──► noted, the goroutine is woken            │
//	RunDone ───── last one ───► waits for ◄── the summary is written ◄───┘
//
// The lock mu is held for moments, and never while the writer writes.
type Progress struct {
	rec    *record.Recorder // nil: nothing is shown, and nobody reads
	mode   Mode             // never Auto
	colour bool
	screen *screen

	mu     sync.Mutex
	runs   map[uint64]lazy.RunInfo // Guarded by mu. Those that go on.
	now    *episode                // Guarded by mu. nil: no run goes on.
	writes *display                // Guarded by mu. The one that may write; it may hang in a Write after its end.
	series series                  // Guarded by mu.
}

// Option is an option of [New]: a [Mode], or what [Into] returns.
type Option interface{ apply(*options) }

type options struct {
	mode Mode
	rec  *record.Recorder
}

type into struct{ rec *record.Recorder }

func (i into) apply(o *options) { o.rec = i.rec }

// Into has the Progress feed rec, for others to read it, too. What others feed to rec counts as well; do not have the
// same session observed by both.
func Into(rec *record.Recorder) Option {
	if rec == nil {
		panic("progress.Into: got nil: want a recorder made by record.New")
	}
	return into{rec}
}

// New returns a Progress that writes to w, as os.Stderr, in the mode Auto unless another is given. Whether w is a
// terminal, and the environment variables TERM, CI and NO_COLOR, are looked at now; how wide it is, at each drawing.
// Nothing is written before a run has gone on for a while.
func New(w io.Writer, opts ...Option) *Progress {
	if w == nil {
		panic("progress.New: got no writer: want os.Stderr or another io.Writer, with progress.Quiet io.Discard")
	}
	var o options
	for _, opt := range opts {
		if opt == nil {
			panic("progress.New: got a nil Option: want a Mode or what Into returns")
		}
		opt.apply(&o)
	}
	p := &Progress{screen: newScreen(w), runs: map[uint64]lazy.RunInfo{}, rec: o.rec}
	p.mode, p.colour = o.mode.resolve(w)
	if p.rec == nil && p.mode != Quiet {
		p.rec = record.New(record.Spans(0))
	}
	return p
}

// Mode returns how progress is shown: what Auto has come to.
func (p *Progress) Mode() Mode { return p.mode }

// Write writes b to the writer that was given to New, above what is drawn there, so that log lines and a bar do not get
// into each other's way:
//
//	slog.SetDefault(slog.New(slog.NewTextHandler(p, nil)))
//
// In a terminal text after the last line end waits for the rest of its line while something is drawn. Write blocks as
// long as the writer does, and returns its error.
func (p *Progress) Write(b []byte) (int, error) {
	if p.screen == nil {
		return 0, errNoWriter
	}
	return p.screen.Write(b)
}

// RunStarted is of [lazy.Observer]. It panics, and so makes the Get fail, if it is told of a run twice: everything would
// be counted twice.
func (p *Progress) RunStarted(i lazy.RunInfo) {
	if p.rec == nil {
		return
	}
	if p.mode != Quiet {
		p.mu.Lock()
		if _, twice := p.runs[i.ID]; twice {
			p.mu.Unlock()
			panic(fmt.Sprintf("progress: a Progress is told of run %d twice: it must be the Session's Observer, or be given to "+
				"lazy.Observe, or stand in a record.Tee, but only once", i.ID))
		}
		if p.now == nil {
			p.beginLocked()
		}
		p.now.begun(i)
		p.runs[i.ID] = i
		p.mu.Unlock()
	}
	p.rec.RunStarted(i) // last: the totals that an episode begins with are those without it
}

// CallStarted is of [lazy.Observer].
func (p *Progress) CallStarted(i lazy.CallInfo) {
	if p.rec != nil {
		p.rec.CallStarted(i)
	}
}

// CallDone is of [lazy.Observer].
func (p *Progress) CallDone(i lazy.CallInfo) {
	if p.rec == nil {
		return
	}
	p.rec.CallDone(i)
	if i.State == graph.Failed && p.mode != Quiet {
		p.failed(i)
	}
}

// RunDone is of [lazy.Observer]. That of the last run that goes on returns when the summary is written, or the writer
// has not taken it for half a second.
func (p *Progress) RunDone(i lazy.RunInfo) {
	if p.rec == nil {
		return
	}
	p.rec.RunDone(i) // first: whoever finds no run going on finds all of it in the totals
	if p.mode == Quiet {
		return
	}
	why := textOf(i.Err) // not under the lock: it is code of the user's
	p.mu.Lock()
	delete(p.runs, i.ID)
	e := p.now
	if e == nil { // told of the end of a run whose start it was not told of
		p.mu.Unlock()
		return
	}
	e.over(i, why)
	if len(p.runs) > 0 {
		p.mu.Unlock()
		return
	}
	d := p.endLocked()
	p.mu.Unlock()
	if d != nil {
		d.await()
	}
}

// beginLocked begins an episode. It needs mu.
func (p *Progress) beginLocked() {
	now := time.Now()
	delay := p.series.begin(p.mode, now)
	e := &episode{started: now, base: p.rec.Now()}
	p.now = e
	e.timer = time.AfterFunc(delay, func() { p.showIfOn(e) })
}

// endLocked ends the episode. It returns what shows its end, nil if nothing does. It needs mu.
func (p *Progress) endLocked() *display {
	e, now := p.now, time.Now()
	p.now = nil
	e.timer.Stop()
	e.took = now.Sub(e.started)
	d := e.display
	worth := e.isFailed() || p.mode != TTY && e.took >= summaryMin
	if d == nil && worth && p.series.mayTell(now) {
		d = p.displayLocked(e)
		d.mayTell = true
		go d.run()
	}
	p.series.end(now, e.took, d != nil)
	if d == nil {
		return nil
	}
	close(d.over)
	return d
}

// showIfOn has an episode shown, if it goes on still.
func (p *Progress) showIfOn(e *episode) {
	p.mu.Lock()
	if p.now != e || e.display != nil {
		p.mu.Unlock()
		return
	}
	d := p.displayLocked(e)
	p.mu.Unlock()
	d.run()
}

// displayLocked makes what shows an episode. It needs mu.
func (p *Progress) displayLocked(e *episode) *display {
	d := &display{
		p: p, e: e,
		wake: make(chan struct{}, 1), over: make(chan struct{}), ended: make(chan struct{}),
		shape: make(chan shape, 1),
	}
	e.display = d
	return d
}

// failed notes that a call has failed.
func (p *Progress) failed(i lazy.CallInfo) {
	p.mu.Lock()
	e := p.now
	tell := e != nil && len(e.failures) < failuresMax
	p.mu.Unlock()
	if !tell {
		return
	}
	f := failure{call: i.ID, name: i.Name, text: textOf(i.Err), at: i.End}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != e || len(e.failures) >= failuresMax {
		return
	}
	e.failures = append(e.failures, f)
	if p.mode == TTY {
		return // the next frame counts it
	}
	if e.display == nil {
		if len(e.failures) == 1 {
			e.timer.Reset(failurePause)
		}
		return
	}
	select {
	case e.display.wake <- struct{}{}:
	default:
	}
}

// textOf is an error's text; user code that panics while it is asked is not let through.
func textOf(err error) (text string) {
	if err == nil {
		return ""
	}
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("%T, whose Error method panics", err)
		}
	}()
	return err.Error()
}
