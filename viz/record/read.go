package record

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// Record returns all that is kept, with what is running at the moment. It copies and sorts: 100,000 spans take some
// 20 ms, most of it without a lock.
func (r *Recorder) Record() graph.Record {
	running := r.running()
	var c Cursor
	spans, lost := r.Read(&c, nil)
	running = stillRunning(running, spans)
	byStart := func(a, b graph.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), -cmp.Compare(a.End, b.End), cmp.Compare(a.Call, b.Call))
	}
	slices.SortFunc(spans, byStart)
	slices.SortFunc(running, byStart)
	r.mu.Lock()
	defer r.mu.Unlock()
	return graph.Record{
		Start: r.start, Runs: r.runsLocked(), Spans: append(spans, running...), Functions: r.functions(),
		Failures: slices.Clone(r.failures), Dropped: lost,
	}
}

// Now is what there is to tell at a moment at little cost: nothing in it grows with the number of calls that have run.
type Now struct {
	At      time.Duration // since [Recorder.Start]
	Active  int           // runs that go on
	Planned int           // calls of all runs that there were, also of those that go on
	Workers int           // how many functions the active runs may run at once, the largest of their sessions; 0: not known
	// Running are the calls that run, the longest running first.
	Running []graph.Span
	// Functions are those of [graph.Record].
	Functions []graph.Function
}

// Ended is how many calls have ended, in whatever way.
func (n *Now) Ended() (ended int) {
	for i := range n.Functions {
		for state, calls := range n.Functions[i].Calls {
			if graph.State(state) != graph.Running {
				ended += calls
			}
		}
	}
	return ended
}

// Now returns what goes on.
func (r *Recorder) Now() Now {
	n := Now{Running: r.running(), Functions: r.functions(), At: time.Since(r.start)}
	slices.SortFunc(n.Running, func(a, b graph.Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Call, b.Call)) })
	r.mu.Lock()
	defer r.mu.Unlock()
	n.Active, n.Planned = len(r.active), r.planned
	for _, i := range r.active {
		n.Planned += i.Planned()
		n.Workers = max(n.Workers, i.Workers)
	}
	return n
}

// Start is the moment from which the times of spans count.
func (r *Recorder) Start() time.Time { return r.start }

// Cursor is how far a reader has come with the spans of a Recorder. The zero Cursor is at the beginning.
type Cursor struct{ next []uint64 }

// Read appends to to the spans that have come since the cursor was here the last time, in no order that means anything,
// and moves the cursor. It returns also how many spans it could not read because they were dropped before.
func (r *Recorder) Read(c *Cursor, to []graph.Span) (spans []graph.Span, lost int) {
	rings := *r.rings.Load()
	for len(c.next) < len(rings) {
		c.next = append(c.next, 0)
	}
	for i, g := range rings {
		for {
			var missed int
			before := c.next[i]
			to, c.next[i], missed = g.copy(to, before)
			lost += missed
			if c.next[i] < before+chunkLen+uint64(missed) {
				break
			}
		}
	}
	return to, lost
}

// Skip moves the cursor to the end: the next Read returns what has come after this.
func (r *Recorder) Skip(c *Cursor) {
	rings := *r.rings.Load()
	c.next = c.next[:0]
	for _, g := range rings {
		g.mu.Lock()
		c.next = append(c.next, g.written)
		g.mu.Unlock()
	}
}

// stillRunning leaves out calls that have ended since they were listed.
func stillRunning(running, spans []graph.Span) []graph.Span {
	at := make(map[callRun]time.Duration, len(running))
	for _, s := range running {
		at[callRun{s.Run, s.Call}] = s.Start
	}
	for i := range spans {
		key := callRun{spans[i].Run, spans[i].Call}
		if start, ok := at[key]; ok && spans[i].End >= start {
			delete(at, key)
		}
	}
	return slices.DeleteFunc(running, func(s graph.Span) bool { _, ok := at[callRun{s.Run, s.Call}]; return !ok })
}

func (r *Recorder) running() (spans []graph.Span) {
	for _, g := range *r.rings.Load() {
		g.mu.Lock()
		spans = append(spans, g.open...)
		g.mu.Unlock()
	}
	return spans
}

// functions adds up the totals of all rings.
func (r *Recorder) functions() []graph.Function {
	sum := map[string]*graph.Function{}
	at := func(name string) *graph.Function {
		if sum[name] == nil {
			sum[name] = &graph.Function{Name: name}
		}
		return sum[name]
	}
	for _, g := range *r.rings.Load() {
		g.mu.Lock()
		for name, f := range g.totals {
			add(at(name), f)
		}
		for i := range g.open {
			at(g.open[i].Name).Calls[graph.Running]++
		}
		g.mu.Unlock()
	}
	all := make([]graph.Function, 0, len(sum))
	for _, name := range slices.Sorted(maps.Keys(sum)) {
		all = append(all, *sum[name])
	}
	return all
}

func add(to, f *graph.Function) {
	for i, n := range f.Calls {
		to.Calls[i] += n
	}
	to.Total += f.Total
	to.Max = max(to.Max, f.Max)
	for i, n := range f.Buckets {
		to.Buckets[i] += n
	}
}

func (r *Recorder) runsLocked() []graph.Run {
	runs := slices.Concat(r.runs[r.oldest:], r.runs[:r.oldest])
	for _, i := range r.active {
		run := runOf(i)
		run.Calls = i.Planned()
		runs = append(runs, run)
	}
	slices.SortFunc(runs, func(a, b graph.Run) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	return runs
}

// Runs returns the runs that go on or have ended after since, in order of their start.
func (r *Recorder) Runs(since time.Time) []graph.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(r.runsLocked(), func(run graph.Run) bool { return !run.End.IsZero() && !run.End.After(since) })
}

// Failures returns the failures from number from on: the first 1,000 there were are kept.
func (r *Recorder) Failures(from int) []graph.Failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.failures[min(max(from, 0), len(r.failures)):])
}

func runOf(i lazy.RunInfo) graph.Run {
	return graph.Run{
		ID: i.ID, Op: i.Op, Target: i.Target, Start: i.Start, End: i.End, Calls: i.Calls, Workers: i.Workers, Err: textOf(i.Err),
	}
}

const (
	errMax   = 4 << 10
	stackMax = 16 << 10
)

// failed notes a failure. The texts are made now: to keep the error would keep what it refers to.
func (r *Recorder) failed(i lazy.CallInfo, at time.Duration) {
	r.mu.Lock()
	full := len(r.failures) >= failuresMax
	r.mu.Unlock()
	if full {
		return
	}
	f := graph.Failure{Call: i.ID, Run: i.Run, Name: i.Name, At: at, Err: textOf(i.Err)}
	if p := (*lazy.PanicError)(nil); errors.As(i.Err, &p) {
		f.Stack = cut(string(p.Stack), stackMax)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failures) < failuresMax {
		r.failures = append(r.failures, f)
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
	return cut(err.Error(), errMax)
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
