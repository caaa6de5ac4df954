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

// Record returns all that is kept, with what is running at the moment. It copies and sorts: 100,000 spans take some 20
// ms, most of it without a lock. When no run goes on it is exact; while runs go on, its parts are of moments close to
// one another.
func (r *Recorder) Record() graph.Record {
	running := r.running()
	var c Cursor
	spans, lost := r.Read(&c, nil)
	running = stillRunning(running, spans)
	slices.SortFunc(spans, byStart)
	slices.SortFunc(running, byStart)
	failures := r.Failures(0)
	slices.SortStableFunc(failures, func(a, b graph.Failure) int { return cmp.Compare(a.At, b.At) })
	return graph.Record{
		Start: r.start, Runs: r.Runs(time.Time{}), Spans: append(spans, running...), Functions: r.functions(running),
		Failures: failures, Dropped: lost,
	}
}

// byStart puts a call that runs longer before those that it has run meanwhile.
func byStart(a, b graph.Span) int {
	if a.Start != b.Start {
		return cmp.Compare(a.Start, b.Start)
	}
	return cmp.Or(-cmp.Compare(a.End, b.End), cmp.Compare(a.Call, b.Call), cmp.Compare(a.Run, b.Run))
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

// Count returns how many calls have come out in each state, and how many run.
func (n Now) Count() [graph.NumStates]int {
	var counts [graph.NumStates]int
	for i := range n.Functions {
		for state, calls := range n.Functions[i].Calls {
			counts[state] += calls
		}
	}
	return counts
}

// Ended is how many calls have ended, in whatever way. It is at most Planned, and less when all runs are over if some
// of their calls never came to run: a call before them failed to be planned, or the run was cancelled.
func (n Now) Ended() (ended int) {
	for state, calls := range n.Count() {
		if graph.State(state) != graph.Running {
			ended += calls
		}
	}
	return ended
}

// Now returns what goes on. It takes some microseconds, and 0.5 µs per function.
func (r *Recorder) Now() Now {
	r.init()
	n := Now{Functions: r.functions(nil)} // before the others: what has ended and what runs is at most what is planned
	n.Running = r.running()
	n.Functions = countRunning(n.Functions, n.Running)
	slices.SortFunc(n.Running, byStart)
	r.mu.Lock()
	defer r.mu.Unlock()
	n.At, n.Active, n.Planned = time.Since(r.start), len(r.active), r.planned
	for _, i := range r.active {
		n.Planned += i.Planned()
		n.Workers = max(n.Workers, i.Workers)
	}
	return n
}

// Start is the moment from which the times of spans count.
func (r *Recorder) Start() time.Time {
	r.init()
	return r.start
}

// Cursor is how far a reader has come with the spans of one Recorder. The zero Cursor is at the beginning. A copy is a
// cursor of its own. Each reader has its own: a Cursor is not for several goroutines at once.
type Cursor struct {
	of   *Recorder // nil: of none yet
	next []uint64  // by ring. Never changed, only replaced
}

// Read appends to to the spans that have come since the cursor was here the last time, in no order that means anything,
// and moves the cursor. It returns also how many spans it could not read because they were dropped before. It does not
// wait for anything, and does not go on with what comes while it reads. A span of a call that runs is not read before
// it has ended: see [Now]. It panics if the cursor is of another Recorder.
func (r *Recorder) Read(c *Cursor, to []graph.Span) (spans []graph.Span, lost int) {
	rings := r.all()
	next := make([]uint64, len(rings))
	copy(next, c.ofRecorder("Read", r).next)
	for i, g := range rings {
		var missed int
		to, next[i], missed = g.read(to, next[i])
		lost += missed
	}
	c.next = next
	return to, lost
}

// Skip moves the cursor to the end: the next Read returns what has come after this. It panics if the cursor is of
// another Recorder.
func (r *Recorder) Skip(c *Cursor) {
	rings := r.all()
	next := make([]uint64, len(rings))
	for i, g := range rings {
		g.mu.Lock()
		next[i] = g.written
		g.mu.Unlock()
	}
	c.ofRecorder("Skip", r).next = next
}

// ofRecorder returns c, which is r's from then on.
func (c *Cursor) ofRecorder(op string, r *Recorder) *Cursor {
	if c == nil {
		panic("record: " + op + ": the *Cursor is nil: give the address of a Cursor, which is zero at first")
	}
	if c.of != nil && c.of != r {
		panic("record: " + op + ": the Cursor has been used with another Recorder: use one Cursor for each")
	}
	c.of = r
	return c
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
	for _, g := range r.all() {
		spans = g.running(spans)
	}
	return spans
}

// functions adds up the totals of all rings. It counts running as Running.
func (r *Recorder) functions(running []graph.Span) (sum []graph.Function) {
	var parts []graph.Function
	for _, g := range r.all() {
		parts = g.functions(parts)
	}
	slices.SortFunc(parts, func(a, b graph.Function) int { return strings.Compare(a.Name, b.Name) })
	for i := range parts {
		if last := len(sum) - 1; last >= 0 && sum[last].Name == parts[i].Name {
			add(&sum[last], &parts[i])
			continue
		}
		sum = append(sum, parts[i])
	}
	return countRunning(sum, running)
}

// countRunning counts the calls that run, in functions that are sorted.
func countRunning(sum []graph.Function, running []graph.Span) []graph.Function {
	for i := range running {
		at, ok := slices.BinarySearchFunc(sum, running[i].Name, func(f graph.Function, name string) int {
			return strings.Compare(f.Name, name)
		})
		if !ok {
			sum = slices.Insert(sum, at, graph.Function{Name: running[i].Name})
		}
		sum[at].Calls[graph.Running]++
	}
	return sum
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

// Runs returns the runs that go on, or whose end was told at since or later, in order of their start: all that are kept
// for the zero Time. Who asks again and again, each time with a moment before it asked the last time, misses no end,
// and may be told of one twice.
func (r *Recorder) Runs(since time.Time) []graph.Run {
	r.init()
	var runs []graph.Run
	r.mu.Lock()
	for i := range r.runs {
		if past := &r.runs[i]; !past.told.Before(since) {
			runs = append(runs, past.Run)
		}
	}
	going := slices.Collect(maps.Values(r.active))
	r.mu.Unlock()
	for _, i := range going {
		run := runOf(i)
		run.Calls = i.Planned()
		runs = append(runs, run)
	}
	slices.SortFunc(runs, func(a, b graph.Run) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	return runs
}

// Failures returns the failures from number from on, in the order in which they were told: the first 1,000 there were
// are kept. A reader goes on with the number of those that it has.
func (r *Recorder) Failures(from int) []graph.Failure {
	r.init()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.failures[min(max(from, 0), len(r.failures)):])
}

func runOf(i lazy.RunInfo) graph.Run {
	run := graph.Run{
		ID: i.ID, Op: i.Op, Target: i.Target, Start: i.Start, End: i.End, Calls: i.Calls, Workers: i.Workers, Err: textOf(i.Err),
	}
	if isCancelled(i.Err) {
		run.Err = "cancelled: nobody waits for it any more"
	}
	return run
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
	f := graph.Failure{Call: i.ID, Run: i.Run, Name: i.Name, At: at, Err: textOf(i.Err), Stack: stackOf(i.Err)}
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

// stackOf is the stack of a panic; "" if err is none. User code, here Unwrap and As, is not let through either.
func stackOf(err error) (stack string) {
	defer func() { _ = recover() }()
	if p := (*lazy.PanicError)(nil); errors.As(err, &p) {
		stack = cut(string(p.Stack), stackMax)
	}
	return stack
}

// cut cuts a text that is too long, between runes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
