package record_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// workers are numbers of workers, and those that nobody should have.
var workers = []int{-1, 0, 1, 2, 3, 4, 5, -1, 0, -2, math.MinInt, 1022, 1023, 1024, 1025, 5000, math.MaxInt}

// sensible is how many of workers are.
const sensible = 10

// names are names of functions; several have the same length, first and last byte.
var names = []string{"", "a", "Parse", "Purse", "Count", "Merge", "Mirage", "\x00<b>"}

type key struct {
	run  uint64
	call graph.ID
}

// model is what a Recorder should be, written without a thought of speed. It tells the Recorder what it is told.
type model struct {
	t        *testing.T
	rec      *record.Recorder
	keep     int // spans of a ring
	at       time.Duration
	lastCall graph.ID
	active   map[uint64]lazy.RunInfo
	over     []graph.Run
	rings    map[int][]graph.Span
	open     []graph.Span
	failures []graph.Failure
	readers  []reader
}

// reader is a cursor, and where it should be: by ring.
type reader struct {
	cursor record.Cursor
	next   map[int]int
}

func newModel(t *testing.T, keep int) *model {
	m := &model{
		t: t, rec: record.New(record.Spans(keep)), keep: max(keep, 0),
		active: map[uint64]lazy.RunInfo{}, rings: map[int][]graph.Span{},
	}
	for range 3 {
		m.readers = append(m.readers, reader{next: map[int]int{}})
	}
	return m
}

func (m *model) now() time.Time { return m.rec.Start().Add(m.at) }

// ringOf is which workers share what is kept: all that are no workers, and those of numbers beyond 1,023 with others.
func ringOf(worker int) int {
	switch {
	case worker < 0, worker == math.MaxInt:
		return -1
	case worker > 1023:
		return (worker + 1) % 1024
	}
	return worker
}

func (m *model) runStarted(id uint64) {
	if _, ok := m.active[id]; ok {
		return
	}
	i := lazy.RunInfo{ID: id, Start: m.now(), Calls: int(id), Op: "get", Target: fmt.Sprint("T#", id), Workers: int(id % 5)}
	m.active[id] = i
	m.rec.RunStarted(i)
}

// runDone ends a run, with all calls that nobody has ended.
func (m *model) runDone(id uint64) {
	i, ok := m.active[id]
	if !ok {
		return
	}
	delete(m.active, id)
	m.open = slices.DeleteFunc(m.open, func(s graph.Span) bool { return s.Run == id })
	i.End, i.Calls = m.now(), i.Calls+1
	run := graph.Run{ID: id, Op: i.Op, Target: i.Target, Start: i.Start, End: i.End, Calls: i.Calls, Workers: i.Workers}
	if id%2 == 0 {
		i.Err = errors.New("no luck")
		run.Err = "no luck"
	}
	m.over = append(m.over, run)
	m.rec.RunDone(i)
}

func (m *model) start(run uint64, worker int, name string) {
	m.lastCall++
	s := graph.Span{Call: m.lastCall, Run: run, Name: name, Worker: worker, State: graph.Running, Start: m.at}
	m.open = append(m.open, s)
	m.rec.CallStarted(lazy.CallInfo{Run: run, ID: s.Call, Name: name, Worker: worker, Start: m.now(), State: graph.Running})
}

// end ends an open call, perhaps on another worker.
func (m *model) end(which, worker int, state graph.State) {
	if len(m.open) == 0 {
		return
	}
	s := m.open[which%len(m.open)]
	m.open = slices.Delete(m.open, which%len(m.open), which%len(m.open)+1)
	if state != graph.Cached && state != graph.Skipped { // these have no start, so nobody looks for it on all workers
		s.Worker = worker
	}
	s.State = state
	m.done(s)
}

func (m *model) done(s graph.Span) {
	s.End = m.at
	i := lazy.CallInfo{
		Run: s.Run, ID: s.Call, Name: s.Name, Worker: s.Worker, State: s.State, Start: m.rec.Start().Add(s.Start), End: m.now(),
	}
	if s.State == graph.Failed {
		i.Err = fmt.Errorf("call %d", s.Call)
		if len(m.failures) < 1000 {
			f := graph.Failure{Call: s.Call, Run: s.Run, Name: s.Name, At: m.at, Err: i.Err.Error()}
			m.failures = append(m.failures, f)
		}
	}
	m.rings[ringOf(s.Worker)] = append(m.rings[ringOf(s.Worker)], s)
	m.rec.CallDone(i)
}

// read compares what a reader gets with what it should.
func (m *model) read(which int) {
	r := &m.readers[which%len(m.readers)]
	var want []graph.Span
	wantLost := 0
	for at, spans := range m.rings {
		first := max(r.next[at], len(spans)-m.keep)
		wantLost += first - r.next[at]
		want = append(want, spans[first:]...)
		r.next[at] = len(spans)
	}
	got, lost := m.rec.Read(&r.cursor, nil)
	require.Equal(m.t, wantLost, lost)
	sameSpans(m.t, want, got)
}

// sameSpans compares spans in any order. It says no more than a few of those that differ: there may be thousands.
func sameSpans(t *testing.T, want, got []graph.Span) {
	t.Helper()
	want, got = sorted(want), sorted(got)
	for i := range max(len(want), len(got)) {
		if i < min(len(want), len(got)) && want[i] == got[i] {
			continue
		}
		require.Equal(t, want[i:min(i+2, len(want))], got[i:min(i+2, len(got))], "%d and %d spans, from %d on", len(want), len(got), i)
	}
}

func (m *model) skip(which int) {
	r := &m.readers[which%len(m.readers)]
	m.rec.Skip(&r.cursor)
	for at, spans := range m.rings {
		r.next[at] = len(spans)
	}
}

func sorted(spans []graph.Span) []graph.Span {
	spans = append([]graph.Span{}, spans...)
	slices.SortFunc(spans, func(a, b graph.Span) int {
		return cmp.Or(cmp.Compare(a.Run, b.Run), cmp.Compare(a.Call, b.Call), cmp.Compare(a.Start, b.Start),
			cmp.Compare(a.End, b.End), cmp.Compare(a.State, b.State), cmp.Compare(a.Worker, b.Worker))
	})
	return spans
}

// functions counts all calls again.
func (m *model) functions() []graph.Function {
	by := map[string]*graph.Function{}
	at := func(name string) *graph.Function {
		if by[name] == nil {
			by[name] = &graph.Function{Name: name}
		}
		return by[name]
	}
	for _, spans := range m.rings {
		for _, s := range spans {
			f := at(s.Name)
			f.Calls[s.State]++
			if s.State == graph.Cached || s.State == graph.Skipped {
				continue
			}
			took := s.Duration()
			f.Total += took
			f.Max = max(f.Max, took)
			b := 0
			for limit := time.Microsecond; took >= limit && b < graph.NumBuckets-1; limit *= 2 {
				b++
			}
			f.Buckets[b]++
		}
	}
	for _, s := range m.open {
		at(s.Name).Calls[graph.Running]++
	}
	all := []graph.Function{}
	for _, f := range by {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b graph.Function) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func (m *model) checkNow() {
	now := m.rec.Now()
	sameSpans(m.t, m.open, now.Running)
	require.True(m.t, slices.IsSortedFunc(now.Running, func(a, b graph.Span) int { return cmp.Compare(a.Start, b.Start) }))
	require.Equal(m.t, m.functions(), append([]graph.Function{}, now.Functions...))
	ended, planned, most := 0, 0, 0
	for _, spans := range m.rings {
		ended += len(spans)
	}
	for _, run := range m.over {
		planned += run.Calls
	}
	for _, i := range m.active {
		planned += i.Calls
		most = max(most, i.Workers)
	}
	require.Equal(m.t, []int{ended, planned, len(m.active), most}, []int{now.Ended(), now.Planned, now.Active, now.Workers})
	require.Equal(m.t, len(m.open), now.Count()[graph.Running])
}

func (m *model) checkRecord() {
	rec := m.rec.Record()
	var kept []graph.Span
	dropped := 0
	for _, spans := range m.rings {
		first := max(0, len(spans)-m.keep)
		dropped += first
		kept = append(kept, spans[first:]...)
	}
	require.Equal(m.t, dropped, rec.Dropped)
	require.GreaterOrEqual(m.t, len(rec.Spans), len(kept))
	ended, running := rec.Spans[:len(kept)], rec.Spans[len(kept):]
	sameSpans(m.t, kept, ended)
	sameSpans(m.t, m.open, running)
	for _, part := range [][]graph.Span{ended, running} {
		require.True(m.t, slices.IsSortedFunc(part, func(a, b graph.Span) int { return cmp.Compare(a.Start, b.Start) }))
	}
	require.Equal(m.t, m.functions(), append([]graph.Function{}, rec.Functions...))
	require.Equal(m.t, append([]graph.Failure{}, m.failures...), append([]graph.Failure{}, rec.Failures...))
	runs := append([]graph.Run{}, m.over...)
	for _, i := range m.active {
		runs = append(runs, graph.Run{ID: i.ID, Op: i.Op, Target: i.Target, Start: i.Start, Calls: i.Calls, Workers: i.Workers})
	}
	slices.SortFunc(runs, func(a, b graph.Run) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	require.Equal(m.t, runs, append([]graph.Run{}, rec.Runs...))
}
