package live

import (
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/record"
)

// feed makes out of a recorder what all clients are sent. There are two kinds of it:
//
//	recorder ──spans, totals──► frame (a delta) ──► log ──► clients, each at its own pace
//	    └─────graph, spans────► key (graph.json) ──────────► clients, when they come and when the graph has grown
//
// A key tells all; the frames from the key's number on tell what came after it. Frames are cheap and are made some times
// a second, by the hub, while there are clients. Keys are dear, and there is a budget for them: see due.
type feed struct {
	rec *record.Recorder
	opt *options
	log frameLog

	work    sync.Mutex // Held while a frame or key is made, 100 ms at worst. Comes before log.mu and mu.
	cursor  record.Cursor
	read    []graph.Span // what was read last
	spans   []graph.Span // the latest; at most spansMax + spansMax/4
	dropped int          // older ones
	overrun bool         // whether spans came that are in no frame: a key is needed

	names     []string         // of functions and sources, by number. Append only, as clients know the numbers
	number    map[string]int32 // of names[i]
	listed    int              // names that were numbered
	announced int              // names that frames have told of

	told     map[string]graph.Function // totals as frames have told them
	runs     map[uint64]bool           // runs whose end was told, of the last seconds
	runsAt   time.Time                 // when they were looked for
	failures int                       // how many were told
	planned  int                       // as told
	changed  bool                      // whether anything was told since the key
	last     time.Time                 // when the last frame was made
	version  int                       // of the graph: frames and keys have it

	snap     graph.Snapshot
	pictured int       // calls that were planned when snap was taken
	since    time.Time // from when on snap has been out of date; zero: it is not
	perCall  time.Duration

	wanted atomic.Bool // whether a client needs a key that is not there

	mu      sync.Mutex
	key     *key      // Guarded by mu. Written with work held
	served  []served  // Guarded by mu.
	watches int       // Guarded by mu. How often the recorder was asked to keep what is over
	watched time.Time // Guarded by mu. Since when; zero: it was not
}

// Bounds of what is kept and sent. Variables only so that tests need not run as many calls.
var (
	spansMax   = 100_000 // spans that a key tells of
	frameMax   = 20_000  // spans in a frame: some 700 KB
	runningMax = 200
	runsMax    = 500 // runs in a frame
)

func newFeed(rec *record.Recorder, o *options) *feed {
	return &feed{
		rec: rec, opt: o, number: map[string]int32{}, told: map[string]graph.Function{}, runs: map[uint64]bool{},
		perCall: perCallFirst,
	}
}

// advance reads what there is to tell and appends it to the log, if it is anything. It needs work.
func (f *feed) advance() record.Now {
	began := time.Now()
	n := f.rec.Now()
	spans, lost := f.rec.Read(&f.cursor, f.read[:0])
	f.read = spans
	n.Running = stillRunning(n.Running, spans)
	f.keep(spans, lost)
	numbers := f.numbersOf(spans)
	for i := range n.Functions {
		f.numberOf(n.Functions[i].Name)
	}
	if len(spans) > frameMax || f.overrun {
		f.overrun = f.overrun || len(spans) > 0
		spans, numbers = nil, nil
	}
	j := &frame{b: make([]byte, 0, 1024+40*len(spans))}
	if f.delta(j, &n, spans, numbers, began) || began.Sub(f.last) >= quietMax {
		f.log.add(event("delta", j.b))
		f.last = began
	}
	return n
}

// quietMax is how often clients are told of the time and the heap although nothing happens.
const quietMax = 2 * time.Second

// delta writes a frame and reports whether it tells of anything that has happened. It needs work.
func (f *feed) delta(j *frame, n *record.Now, spans []graph.Span, numbers []int32, at time.Time) (news bool) {
	j.raw(`{"v":`).int(int64(f.version)).raw(`,"now":`).int(int64(n.At))
	news = len(f.read) > 0 || n.Planned != f.planned
	if len(spans) > 0 {
		j.raw(`,"spans":`).spans(spans, numbers)
	}
	f.newNames(j)
	news = f.newTotals(j, n.Functions) || news
	news = f.newRuns(j, at) || news
	news = f.newFailures(j) || news
	f.changed = f.changed || news
	f.running(j, n.Running)
	f.planned = n.Planned
	j.raw(",").numbers(n)
	j.raw(`,"dropped":`).int(int64(f.dropped)).raw("}")
	return news || n.Active > 0
}

// numbers writes what both kinds tell. The braces are the caller's.
func (j *frame) numbers(n *record.Now) *frame {
	j.raw(`"planned":`).int(int64(n.Planned)).raw(`,"heap":`).uint(heap())
	return j.raw(`,"busy":`).int(int64(busy(n))).raw(`,"workers":`).int(int64(n.Workers))
}

// heap is the memory of all objects, also of those that are garbage. It stops nobody, unlike runtime.ReadMemStats.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// busy is how many workers run calls. A worker that runs nested calls is one.
func busy(n *record.Now) int {
	workers := map[int]bool{}
	for i := range n.Running {
		if w := n.Running[i].Worker; w >= 0 {
			workers[w] = true
		}
	}
	if n.Workers > 0 {
		return min(len(workers), n.Workers)
	}
	return len(workers)
}

// stillRunning leaves out calls that have ended since they were listed. Most spans are told apart from the few that run
// by six bits of their IDs.
func stillRunning(running, spans []graph.Span) []graph.Span {
	type key struct {
		run  uint64
		call graph.ID
	}
	var few uint64
	at := make(map[key]int, len(running))
	for i := range running {
		few |= 1 << (running[i].Call % 64)
		at[key{running[i].Run, running[i].Call}] = i
	}
	for i := range spans {
		if few>>(spans[i].Call%64)&1 == 0 {
			continue
		}
		k := key{spans[i].Run, spans[i].Call}
		if place, ok := at[k]; ok && spans[i].Start >= running[place].Start {
			delete(at, k)
		}
	}
	still := running[:0]
	for i, s := range running {
		if place, ok := at[key{s.Run, s.Call}]; ok && place == i {
			still = append(still, s)
		}
	}
	return still
}

// keep adds spans to those that the next key tells of. It needs work.
func (f *feed) keep(spans []graph.Span, lost int) {
	f.dropped += lost
	f.spans = append(f.spans, spans...)
	if over := len(f.spans) - spansMax; over > spansMax/4 {
		f.dropped += over
		f.spans = append(f.spans[:0], f.spans[over:]...)
	}
}

func (f *feed) numbersOf(spans []graph.Span) []int32 {
	numbers := make([]int32, len(spans))
	name, number := "", int32(-1)
	for i := range spans {
		if number < 0 || spans[i].Name != name {
			name = spans[i].Name
			number = f.numberOf(name)
		}
		numbers[i] = number
	}
	return numbers
}

// numberOf is the number of a function. It needs work.
func (f *feed) numberOf(name string) int32 {
	name = fold(name)
	n, ok := f.number[name]
	if !ok {
		n = int32(len(f.names))
		f.names = append(f.names, name)
		f.list()
	}
	return n
}

// list numbers names that were added to the list. It needs work.
func (f *feed) list() {
	for ; f.listed < len(f.names); f.listed++ {
		f.number[f.names[f.listed]] = int32(f.listed)
	}
}

func (f *feed) newNames(j *frame) {
	if f.announced == len(f.names) {
		return
	}
	j.raw(`,"functionsFrom":`).int(int64(f.announced)).raw(`,"functions":[`)
	for i, name := range f.names[f.announced:] {
		j.comma(i).raw(`{"name":`).text(name, nameMax).raw("}")
	}
	j.raw("]")
	f.announced = len(f.names)
}

// newTotals writes the totals that have changed.
func (f *feed) newTotals(j *frame, functions []graph.Function) (news bool) {
	for i := range functions {
		t := functions[i]
		if was, ok := f.told[t.Name]; ok && was == t {
			continue
		}
		if !news {
			j.raw(`,"totals":[`)
		}
		if news {
			j.raw(",")
		}
		news = true
		j.total(int(f.numberOf(t.Name)), &t)
		f.told[t.Name] = t
	}
	if news {
		j.raw("]")
	}
	return news
}

// endsLate is within which time a run's end is noted in the recorder.
const endsLate = 10 * time.Second

// newRuns writes the runs that go on, and those whose end was not told yet.
func (f *feed) newRuns(j *frame, at time.Time) (news bool) {
	since := f.runsAt
	if !since.IsZero() {
		since = since.Add(-endsLate)
	}
	runs := f.rec.Runs(since)
	f.runsAt = at
	ended := make(map[uint64]bool, len(f.runs))
	written := 0
	for i := len(runs) - 1; i >= 0; i-- { // the latest are the most wanted
		r := &runs[i]
		over := !r.End.IsZero()
		if over {
			ended[r.ID] = true
		}
		if over && f.runs[r.ID] || written == runsMax {
			continue
		}
		if written == 0 {
			j.raw(`,"runs":[`)
		}
		j.comma(written).run(r, f.rec.Start())
		written++
		news = news || over
	}
	f.runs = ended
	if written > 0 {
		j.raw("]")
	}
	return news
}

func (f *feed) newFailures(j *frame) (news bool) {
	failures := f.rec.Failures(f.failures)
	if len(failures) == 0 {
		return false
	}
	j.raw(`,"failures":[`)
	for i := range failures {
		j.comma(i).failure(&failures[i])
	}
	j.raw("]")
	f.failures += len(failures)
	return true
}

// running writes the calls that run, the longest running first.
func (f *feed) running(j *frame, running []graph.Span) {
	j.raw(`,"running":[`)
	for i := range running[:min(len(running), runningMax)] {
		s := &running[i]
		j.comma(i).raw("[").uint(uint64(s.Call)).raw(",").int(int64(f.numberOf(s.Name))).raw(",")
		j.int(int64(s.Worker)).raw(",").int(int64(max(0, s.Start))).raw("]")
	}
	j.raw("]")
}

// watch has the recorder keep graphs for keys, until unwatch is called.
func (f *feed) watch() (unwatch func()) {
	stop := f.rec.Watch()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watches++; f.watches == 1 {
		f.watched = time.Now()
	}
	return func() {
		stop()
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.watches--; f.watches == 0 {
			f.watched = time.Time{}
		}
	}
}
