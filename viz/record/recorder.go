package record

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// Recorder is a [lazy.Observer] that keeps what runs. It may observe several sessions at once, and be read at any time
// from any goroutine. It is made by [New].
//
// A worker writes to a ring of its own, under a lock that only readers and workers of other sessions with the same number
// contend for. Runs and failures, of which there are few, share another lock. No lock is held while another is taken,
// nor while user code runs.
type Recorder struct {
	start   time.Time
	options options
	rings   atomic.Pointer[[]*ring] // by worker + 1. Replaced under mu, never changed

	mu       sync.Mutex
	active   map[uint64]lazy.RunInfo // Guarded by mu.
	runs     []graph.Run             // Guarded by mu. Those that are over: a circle once it is full.
	oldest   int                     // Guarded by mu. Where the circle begins.
	ended    ended                   // runs
	planned  int                     // Guarded by mu. Calls of the runs that are over.
	failures []graph.Failure         // Guarded by mu.
	kept     *graphs                 // nil: no graphs are kept. Written by New
}

const (
	spansDefault = 1 << 17 // of a worker
	runsMax      = 1 << 12
	failuresMax  = 1000
	workersMax   = 1 << 10 // rings; workers with greater numbers share them
)

type options struct {
	spans                   int
	graphs, values, reasons bool
}

// Option changes what a Recorder keeps.
type Option func(*options)

// Spans sets how many spans are kept of each worker, and of all calls without one together: the latest n. n < 1 keeps
// none: then there are totals alone. The default is 131,072, which is 8 MB when it is full.
func Spans(n int) Option { return func(o *options) { o.spans = max(n, 0) } }

// Graphs keeps the shapes of the graphs that ran, for [Recorder.Graph]: names and inputs, up to 262,144 calls. That takes
// about 200 ns and 300 bytes per call of a graph, when its run is over; runs that come so fast after one another that
// this would take more than a twentieth of the time are pictured when somebody asks.
func Graphs() Option { return func(o *options) { o.graphs = true } }

// Values is Graphs with previews of values and the texts of errors.
func Values() Option { return func(o *options) { o.graphs, o.values = true, true } }

// Reasons is Graphs with the reasons why calls ran, which are found when a run starts: some microseconds per call.
func Reasons() Option { return func(o *options) { o.graphs, o.reasons = true, true } }

// New returns a Recorder that has nothing yet.
func New(opts ...Option) *Recorder {
	r := &Recorder{start: time.Now(), options: options{spans: spansDefault}, active: map[uint64]lazy.RunInfo{}}
	for _, opt := range opts {
		opt(&r.options)
	}
	if r.options.graphs {
		r.kept = &graphs{values: r.options.values}
	}
	r.rings.Store(&[]*ring{newRing(r.options.spans)})
	return r
}

// RunStarted is of [lazy.Observer].
func (r *Recorder) RunStarted(i lazy.RunInfo) {
	var why graph.Snapshot
	if r.options.reasons {
		why = i.Plan()
	}
	r.mu.Lock()
	r.active[i.ID] = i
	r.mu.Unlock()
	if r.kept != nil {
		r.kept.explain(why)
	}
}

// CallStarted is of [lazy.Observer].
func (r *Recorder) CallStarted(i lazy.CallInfo) {
	start := i.Start.Sub(r.start)
	g := r.ring(i.Worker)
	g.mu.Lock()
	s := g.openLocked() // field by field: a Span made first and copied costs 10 ns more
	s.Call, s.Run, s.Name, s.Worker, s.State, s.Start = i.ID, i.Run, i.Name, i.Worker, graph.Running, start
	if len(g.open) > openMax {
		g.placeLocked()
	}
	g.mu.Unlock()
}

// CallDone is of [lazy.Observer].
func (r *Recorder) CallDone(i lazy.CallInfo) {
	start, end := i.Start.Sub(r.start), i.End.Sub(r.start)
	g := r.ring(i.Worker)
	g.mu.Lock()
	found := g.closeLocked(i.Run, i.ID)
	g.countLocked(i.Name, i.State, end-start)
	if s := g.nextLocked(); s != nil {
		s.Call, s.Run, s.Name, s.Worker, s.State, s.Start, s.End = i.ID, i.Run, i.Name, i.Worker, i.State, start, end
	}
	g.mu.Unlock()
	if !found && i.State != graph.Cached && i.State != graph.Skipped {
		r.closeElsewhere(g, i.Run, i.ID)
	}
	if i.State == graph.Failed {
		r.failed(i, end)
	}
}

// RunDone is of [lazy.Observer].
func (r *Recorder) RunDone(i lazy.RunInfo) {
	over := runOf(i)
	r.mu.Lock()
	delete(r.active, i.ID)
	r.planned += i.Calls
	if len(r.runs) < runsMax {
		r.runs = append(r.runs, over)
	} else {
		r.runs[r.oldest] = over
		r.oldest = (r.oldest + 1) % runsMax
	}
	alone := len(r.active) == 0
	r.mu.Unlock()
	r.ended.count(i.Err)
	if r.kept != nil && r.kept.over(i, alone) {
		r.kept.take()
	}
}

// ring returns the ring of a worker.
func (r *Recorder) ring(worker int) *ring {
	at := worker + 1
	if at < 0 {
		at = 0
	}
	if rings := *r.rings.Load(); at < len(rings) {
		return rings[at]
	}
	return r.moreRings(at)
}

func (r *Recorder) moreRings(at int) *ring {
	if at > workersMax {
		at = 1 + at%workersMax
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	have := *r.rings.Load()
	if at >= len(have) {
		more := append([]*ring(nil), have...)
		for len(more) <= at {
			more = append(more, newRing(r.options.spans))
		}
		r.rings.Store(&more)
		have = more
	}
	return have[at]
}

// closeElsewhere ends a call that began on another worker than it ended on.
func (r *Recorder) closeElsewhere(not *ring, run uint64, call graph.ID) {
	for _, g := range *r.rings.Load() {
		if g == not {
			continue
		}
		g.mu.Lock()
		found := g.closeLocked(run, call)
		g.mu.Unlock()
		if found {
			return
		}
	}
}
