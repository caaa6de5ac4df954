package record

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// Recorder is a [lazy.Observer] that keeps what runs. It may observe several sessions at once, and be read at any time
// from any goroutine. [New] makes one; the zero Recorder is one without options, whose times count from its first use.
// It must not be copied.
//
// A worker writes to a ring of its own, under a lock that only readers and workers of other sessions with the same
// number contend for. Runs and failures, of which there are few, share another lock. No lock is held while another is
// taken, nor while user code runs.
type Recorder struct {
	once    sync.Once
	start   time.Time               // Written in once.
	options *options                // Written in once, or by New.
	rings   atomic.Pointer[[]*ring] // by worker + 1. Replaced under mu, never changed
	kept    *graphs                 // Written in once

	mu       sync.Mutex
	active   map[uint64]lazy.RunInfo // Guarded by mu.
	runs     []pastRun               // Guarded by mu. Those that are over: a circle once it is full.
	oldest   int                     // Guarded by mu. Where the circle begins.
	ended    ended                   // runs
	planned  int                     // Guarded by mu. Calls of the runs that are over.
	failures []graph.Failure         // Guarded by mu.
}

// pastRun is a run that is over, and when that was told: later than it was over.
type pastRun struct {
	graph.Run
	told time.Time
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
// none: then there are totals alone. The default is 131,072, which is 8 MB when it is full. Memory is taken as it is
// needed, 64 KB at a time.
func Spans(n int) Option { return func(o *options) { o.spans = max(n, 0) } }

// Graphs keeps the shapes of the graphs that ran, for [Recorder.Graph]: names and inputs, up to 262,144 calls. That
// takes some 250 ns and 300 bytes per call of a graph, when its run is over and no other goes on, before Get returns.
// Runs that come so fast after one another that this would take more than a twentieth of the time wait until there is
// time, or somebody asks: the latest 256 of them. What they refer to stays in memory until then.
func Graphs() Option { return func(o *options) { o.graphs = true } }

// Values is Graphs with previews of values, times and the texts of errors: some 1 µs per call, and more where values bring
// a String method, which is called with no lock held.
func Values() Option { return func(o *options) { o.graphs, o.values = true, true } }

// Reasons is Graphs with the reasons why calls ran, which are found when a run starts: some microseconds per call.
func Reasons() Option { return func(o *options) { o.graphs, o.reasons = true, true } }

// New returns a Recorder that has nothing yet. Its times count from now.
func New(opts ...Option) *Recorder {
	o := options{spans: spansDefault}
	for i, opt := range opts {
		if opt == nil {
			panic(fmt.Sprintf("record: New: option %d of %d is nil: leave it out", i+1, len(opts)))
		}
		opt(&o)
	}
	r := &Recorder{options: &o}
	r.init()
	return r
}

// init makes a zero Recorder ready. What may be the first use of one calls it.
func (r *Recorder) init() {
	if r == nil {
		panic("record: the *Recorder is nil: make one with record.New()")
	}
	r.once.Do(func() {
		if r.options == nil {
			r.options = &options{spans: spansDefault}
		}
		r.kept = &graphs{values: r.options.values, always: r.options.graphs}
		r.active = map[uint64]lazy.RunInfo{}
		r.rings.Store(&[]*ring{newRing(r.options.spans)})
		r.start = time.Now()
	})
}

// RunStarted implements [lazy.Observer]. It panics, and so makes the Get fail, if it is told of a run twice: everything
// would be counted twice.
func (r *Recorder) RunStarted(i lazy.RunInfo) {
	r.init()
	r.mu.Lock()
	_, twice := r.active[i.ID]
	r.active[i.ID] = i
	r.mu.Unlock()
	if twice {
		panic(fmt.Sprintf("record: a Recorder is told of run %d twice: it must be the Session's Observer, or be given to "+
			"lazy.Observe, or stand in a Tee, but only once", i.ID))
	}
	if r.options.reasons {
		r.kept.explain(i.Plan())
	}
}

// CallStarted implements [lazy.Observer]. It takes some 20 ns.
func (r *Recorder) CallStarted(i lazy.CallInfo) {
	g := r.ring(i.Worker)
	start := i.Start.Sub(r.start)
	g.mu.Lock()
	s := g.openLocked() // field by field: a Span made first and copied costs 10 ns more
	s.Call, s.Run, s.Name, s.Worker, s.State, s.Start = i.ID, i.Run, i.Name, i.Worker, graph.Running, start
	if len(g.open) > openMax || g.placed != nil {
		g.placeLocked()
	}
	g.mu.Unlock()
}

// CallDone implements [lazy.Observer]. It takes some 30 ns, and more for a call that failed: it asks for the error's
// text.
func (r *Recorder) CallDone(i lazy.CallInfo) {
	g := r.ring(i.Worker)
	start, end := i.Start.Sub(r.start), i.End.Sub(r.start)
	g.mu.Lock()
	if !g.closeLocked(i.Run, i.ID) && i.State != graph.Cached && i.State != graph.Skipped {
		g.mu.Unlock() // before it counts as ended: nobody sees it twice
		r.closeElsewhere(g, i.Run, i.ID)
		g.mu.Lock()
	}
	g.countLocked(i.Name, i.State, end-start)
	if s := g.nextLocked(); s != nil {
		s.Call, s.Run, s.Name, s.Worker, s.State, s.Start, s.End = i.ID, i.Run, i.Name, i.Worker, i.State, start, end
	}
	g.mu.Unlock()
	if i.State == graph.Failed {
		r.failed(i, end)
	}
}

// RunDone implements [lazy.Observer]. With [Graphs] it may take a picture of what has run.
func (r *Recorder) RunDone(i lazy.RunInfo) {
	r.init()
	r.closeAll(i.ID)
	over := pastRun{Run: runOf(i)}
	full := r.kept.over(i)
	r.mu.Lock()
	over.told = time.Now() // with the lock: who read Runs before has a moment before this
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
	if r.kept.due(alone, full) {
		r.kept.take()
	}
}

// ring returns the ring of a worker. Numbers below -1 share that of -1.
func (r *Recorder) ring(worker int) *ring {
	at := max(worker+1, 0)
	if rings := r.rings.Load(); rings != nil && at < len(*rings) {
		return (*rings)[at]
	}
	return r.moreRings(at)
}

func (r *Recorder) moreRings(at int) *ring {
	r.init()
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

// all are all rings.
func (r *Recorder) all() []*ring {
	r.init()
	return *r.rings.Load()
}

// closeAll forgets the calls of a run that are still open: an observer that panicked may have kept their ends from
// being told.
func (r *Recorder) closeAll(run uint64) {
	for _, g := range r.all() {
		g.mu.Lock()
		if len(g.open) > 0 {
			g.closeRunLocked(run)
		}
		g.mu.Unlock()
	}
}

// closeElsewhere ends a call that began on another worker than it ended on.
func (r *Recorder) closeElsewhere(not *ring, run uint64, call graph.ID) {
	for _, g := range r.all() {
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
