package dallyotel

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// Scope is the name of the instrumentation scope of all spans.
const Scope = "github.com/dally-go/dally/viz/dallyotel"

// Observer is a [lazy.Observer] that turns runs into spans when they are over. It may observe several sessions at
// once. It is made by [New].
type Observer struct {
	tracer  trace.Tracer
	options options

	recent [recentLen]atomic.Pointer[run] // runs that go on, by ID modulo recentLen: no lock is taken to find them

	mu     sync.RWMutex
	active map[uint64]*run // Guarded by mu. All runs that go on
}

var _ lazy.Observer = (*Observer)(nil)

const (
	thresholdDefault = time.Millisecond
	spansDefault     = 1000
	recentLen        = 64
)

type options struct {
	threshold time.Duration
	spans     int
}

// Option changes which calls have spans.
type Option func(*options)

// Threshold sets how long a call takes that has a span of its own: d or more. The default is a millisecond; with 0
// every call that runs, or comes from the cache, has one. Calls that fail have one whatever they take.
func Threshold(d time.Duration) Option { return func(o *options) { o.threshold = d } }

// MaxSpans sets how many spans a run has at most below its own, those of Gets inside its calls included: the failed
// ones come first, then the longest. The default is 1,000: the SDK's BatchSpanProcessor drops spans when more than
// 2,048 come at once. With n < 1 a run has no span but its own.
func MaxSpans(n int) Option { return func(o *options) { o.spans = max(n, 0) } }

// New returns an Observer that gives its spans to tp; if tp is nil, to the provider that [otel.GetTracerProvider]
// returns.
func New(tp trace.TracerProvider, opts ...Option) *Observer {
	if tp == nil {
		tp = otel.GetTracerProvider()
	}
	o := &Observer{active: map[uint64]*run{}, options: options{threshold: thresholdDefault, spans: spansDefault}}
	for i, opt := range opts {
		if opt == nil {
			panic(fmt.Sprintf("dallyotel: New: option %d of %d is nil: leave it out", i+1, len(opts)))
		}
		opt(&o.options)
	}
	o.tracer = tp.Tracer(Scope)
	return o
}

// RunStarted is of [lazy.Observer].
func (o *Observer) RunStarted(i lazy.RunInfo) {
	r := &run{id: i.ID}
	outer, call := i.Within()
	if up := o.find(outer); up != nil && up.tree.join() {
		r.outer, r.within, r.tree = up, call, up.tree
	} else {
		r.tree = newTree(r, o.options.spans)
	}
	o.recent[i.ID%recentLen].Store(r)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.active[i.ID] = r
}

// CallStarted is of [lazy.Observer]. It does nothing.
func (o *Observer) CallStarted(lazy.CallInfo) {}

// CallDone is of [lazy.Observer].
func (o *Observer) CallDone(i lazy.CallInfo) {
	r := o.find(i.Run)
	if r == nil {
		return
	}
	r.counts[uint(i.Worker)%shards].ended[int(i.State)%graph.NumStates].Add(1)
	took := i.End.Sub(i.Start)
	if i.State == graph.Skipped || took < o.options.threshold && i.State != graph.Failed {
		return
	}
	w := weight(took, i.State == graph.Failed)
	if !r.tree.wants(w) {
		return
	}
	n := &note{run: r, weight: w, id: i.ID, name: i.Name, worker: i.Worker, state: i.State, start: i.Start, end: i.End}
	if i.State == graph.Failed {
		n.failure = newFailure(i.Err)
	}
	n.inputs = r.tree.notedInputs(i)
	r.tree.add(n)
}

// RunDone is of [lazy.Observer]. It makes the spans of the run, and of those inside it.
func (o *Observer) RunDone(i lazy.RunInfo) {
	o.mu.Lock()
	r := o.active[i.ID]
	delete(o.active, i.ID)
	o.mu.Unlock()
	if r == nil {
		return
	}
	o.recent[i.ID%recentLen].CompareAndSwap(r, nil)
	r.info = i
	if i.Err != nil {
		r.failure = newFailure(i.Err)
	}
	if r.outer != nil {
		o.nestedDone(r)
	}
	if r.tree.leave() {
		o.emit(r.tree)
	}
}

// nestedDone is told of the end of a Get inside a call.
func (o *Observer) nestedDone(r *run) {
	took := r.info.End.Sub(r.info.Start)
	w := weight(took, r.failure != nil)
	if took < o.options.threshold && r.failure == nil || !r.tree.wants(w) {
		r.outer.untracedRuns.Add(1)
		return
	}
	r.tree.add(&note{run: r.outer, nested: r, weight: w, start: r.info.Start, end: r.info.End})
}

// find returns the run that goes on with the ID; nil if there is none.
func (o *Observer) find(id uint64) *run {
	if r := o.recent[id%recentLen].Load(); r != nil && r.id == id {
		return r
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.active[id]
}
