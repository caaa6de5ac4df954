package viz

import (
	"cmp"
	"slices"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// pageSpan is a line of the timeline.
type pageSpan struct {
	call, fn, run, worker int32
	state                 graph.State
	start, dur            time.Duration
}

// findSpans finds for each call the span that tells when it last ran, and makes the timeline: of the record's spans, or
// of the nodes where there is no record.
func (p *pageData) findSpans() {
	p.ran = make([]int32, len(p.nodes))
	for i := range p.ran {
		p.ran[i] = -1
	}
	for i := range p.rec.Spans {
		s := &p.rec.Spans[i]
		at := p.at.find(s.Call)
		if at < 0 || s.State == graph.Skipped {
			continue
		}
		if before := p.ran[at]; before < 0 || p.rec.Spans[before].Start <= s.Start {
			p.ran[at] = int32(i)
		}
	}
	if p.recorded() {
		p.spans = make([]pageSpan, 0, len(p.rec.Spans))
		for i := range p.rec.Spans {
			p.spans = append(p.spans, p.spanOf(&p.rec.Spans[i]))
		}
	} else {
		p.spansOfNodes()
	}
	byStart := func(a, b pageSpan) int { return cmp.Compare(a.start, b.start) }
	if !slices.IsSortedFunc(p.spans, byStart) { // those that still run come last in a record
		slices.SortStableFunc(p.spans, byStart)
	}
}

func (p *pageData) spanOf(s *graph.Span) pageSpan {
	l := pageSpan{call: p.at.find(s.Call), run: p.runOf(s.Run), worker: int32(s.Worker), state: known(s.State)}
	if l.call >= 0 && p.nodes[l.call].Name == s.Name {
		l.fn = p.fnOf[l.call]
	} else {
		l.fn = p.fns.ofCall(s.Name)
	}
	l.start, l.dur = max(0, s.Start), p.spanTime(s) // what was fetched before the run began may lie before the record
	return l
}

func (p *pageData) spansOfNodes() {
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.Start.IsZero() || isSource(n) || n.Count > 1 {
			continue
		}
		start, dur := p.callTime(i)
		p.spans = append(p.spans, pageSpan{
			call: int32(i), fn: p.fnOf[i], run: -1, worker: -1, state: known(n.State), start: start, dur: dur,
		})
	}
}

// runOf is the position of a run; -1 for one that the record has no more.
func (p *pageData) runOf(id uint64) int32 {
	if at, ok := p.runAt[id]; ok {
		return at
	}
	return -1
}

func (p *pageData) writeSpans(j *jsonOut) {
	n := len(p.spans)
	j.key("spans").open('{')
	j.ints("call", n, func(i int) int64 { return int64(p.spans[i].call) })
	j.ints("fn", n, func(i int) int64 { return int64(p.spans[i].fn) })
	j.ints("run", n, func(i int) int64 { return int64(p.spans[i].run) })
	j.ints("worker", n, func(i int) int64 { return int64(p.spans[i].worker) })
	j.digits("state", n, func(i int) byte { return byte(p.spans[i].state) })
	j.steps("start", n, func(i int) int64 { return int64(p.spans[i].start) })
	j.ints("dur", n, func(i int) int64 { return int64(p.spans[i].dur) })
	j.close('}')
}

func (p *pageData) writeRuns(j *jsonOut) {
	j.key("runs").open('[')
	for i := range p.rec.Runs {
		r := &p.rec.Runs[i]
		start, end := p.runTime(r)
		if r.End.IsZero() {
			end = -1
		}
		j.open('{').key("id").uint(r.ID).key("op").str(label.Clean(r.Op, labelMax)).key("target").str(label.Clean(r.Target, labelMax))
		j.key("start").int(int64(start)).key("end").int(int64(end)).key("calls").int(int64(r.Calls))
		j.key("workers").int(int64(r.Workers)).key("err").str(label.Clean(r.Err, errMax)).close('}')
	}
	j.close(']')
}

// runTime is when a run began and ended, or until when it has gone on. One that began before the record did counts from
// there.
func (p *pageData) runTime(r *graph.Run) (start, end time.Duration) {
	start, end = max(0, r.Start.Sub(p.base)), p.now
	if !r.End.IsZero() {
		end = r.End.Sub(p.base)
	}
	return start, max(start, end)
}

// pageFailure is a failed call; of the record, or of the snapshot.
type pageFailure struct {
	call  int32
	id    graph.ID
	run   int32
	at    time.Duration // -1 if that is not known
	name  string
	err   string
	stack string
}

// failuresMax bounds how many failures of the snapshot are listed. A record brings its own bound.
const failuresMax = 1000

// findFailures lists the failures of the record, then the failed calls of the snapshot that are not among them.
func (p *pageData) findFailures() {
	listed := make(map[int32]bool)
	for i := range p.rec.Failures {
		f := &p.rec.Failures[i]
		at := p.at.find(f.Call)
		listed[at] = true
		p.failed = append(p.failed, pageFailure{at, f.Call, p.runOf(f.Run), max(0, f.At), f.Name, f.Err, f.Stack})
	}
	most := failuresMax + len(p.failed)
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.State != graph.Failed || listed[int32(i)] || len(p.failed) >= most {
			continue
		}
		start, dur := p.callTime(i)
		if start >= 0 {
			start += dur
		}
		p.failed = append(p.failed, pageFailure{call: int32(i), id: n.ID, run: -1, at: start, name: n.Name, err: n.Err})
	}
}

func (p *pageData) writeFailures(j *jsonOut) {
	j.key("failures").open('[')
	for i := range p.failed {
		f := &p.failed[i]
		j.open('{').key("call").int(int64(f.call)).key("name").str(label.Clean(f.name, labelMax)).key("id").uint(uint64(f.id))
		j.key("at").int(int64(f.at)).key("run").int(int64(f.run)).key("err").str(label.Clean(f.err, errMax))
		j.key("stack").str(cleanStack(f.stack)).close('}')
	}
	j.close(']')
}
