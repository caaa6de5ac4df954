package trace

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/dally-go/dally/graph"
)

// layout is where everything stands.
type layout struct {
	record *graph.Record
	nodes  []graph.Node
	index  index
	shape  shape
	zero   time.Duration // what all times of the record count from: 0, or the first if that is before
	end    int64         // the end of all

	spans, runs []slice  // as in the record
	order       []*slice // spans in order of time
	values      history
	names       []string // of lanes; the tid is the place + 1
	path        Path
	onPath      map[int32]Call // by span
	pathSpans   []int32        // in order of time
}

// timeMax bounds times, so that nothing overflows: 73 years.
const timeMax = time.Duration(math.MaxInt64 / 4)

func bounded(d time.Duration) time.Duration { return min(max(d, -timeMax), timeMax) }

func newLayout(r *graph.Record, s graph.Snapshot) *layout {
	l := &layout{record: r, nodes: s.Nodes, index: indexOf(s.Nodes), shape: newShape(s.Nodes)}
	l.setTimes()
	l.findPath()
	l.placeAll()
	l.values = newHistory(&l.index, len(l.nodes), r.Spans, l.spans)
	return l
}

// setTimes makes slices of spans and runs.
func (l *layout) setTimes() {
	r := l.record
	l.spans, l.runs = make([]slice, len(r.Spans)), make([]slice, len(r.Runs))
	for i := range r.Spans {
		l.zero = min(l.zero, bounded(r.Spans[i].Start))
	}
	if !r.Start.IsZero() {
		for i := range r.Runs {
			if at := r.Runs[i].Start; !at.IsZero() {
				l.zero = min(l.zero, bounded(at.Sub(r.Start)))
			}
		}
	}
	for i := range r.Spans {
		start, end := l.at(r.Spans[i].Start), l.at(r.Spans[i].End)
		if r.Spans[i].State == graph.Running {
			end = start
		}
		l.spans[i] = slice{start: start, end: max(start, end), next: math.MaxInt64, at: int32(i)}
		l.end = max(l.end, l.spans[i].end)
	}
	l.setRunTimes()
	for i := range r.Spans {
		if r.Spans[i].State == graph.Running {
			l.spans[i].end = l.end
		}
	}
}

func (l *layout) at(d time.Duration) int64 { return int64(bounded(d) - l.zero) }

// setRunTimes goes by the spans of a run where the clock does not tell.
func (l *layout) setRunTimes() {
	r := l.record
	var ofSpans map[uint64]slice
	for i := range r.Runs {
		run := &r.Runs[i]
		s := slice{next: math.MaxInt64, at: int32(i)}
		if r.Start.IsZero() || run.Start.IsZero() {
			if ofSpans == nil {
				ofSpans = l.boundsOfRuns()
			}
			s.start, s.end = ofSpans[run.ID].start, ofSpans[run.ID].end
		} else {
			s.start = l.at(run.Start.Sub(r.Start))
			if !run.End.IsZero() {
				s.end = l.at(run.End.Sub(r.Start))
			}
		}
		s.end = max(s.end, s.start)
		l.runs[i] = s
		l.end = max(l.end, s.end)
	}
	for i := range r.Runs {
		if r.Runs[i].End.IsZero() && !r.Start.IsZero() {
			l.runs[i].end = l.end
		}
	}
}

func (l *layout) boundsOfRuns() map[uint64]slice {
	bounds := map[uint64]slice{}
	for i := range l.spans {
		s, run := l.spans[i], l.record.Spans[i].Run
		if b, ok := bounds[run]; ok {
			s.start, s.end = min(s.start, b.start), max(s.end, b.end)
		}
		bounds[run] = s
	}
	return bounds
}

// findPath finds the critical path and its spans. It is the path of what [Timed] returns, without making that.
func (l *layout) findPath() {
	last := latest(&l.index, len(l.nodes), l.record.Spans)
	l.path = critical(l.nodes, &l.index, l.timesOfNodes(last))
	l.onPath = make(map[int32]Call, len(l.path.Calls))
	for _, c := range l.path.Calls {
		if k := last[l.index.at(c.Node.ID)]; k >= 0 {
			l.onPath[k] = c
			l.pathSpans = append(l.pathSpans, k)
		}
	}
}

func (l *layout) timesOfNodes(last []int32) []interval {
	times, first := make([]interval, len(l.nodes)), int64(math.MaxInt64)
	begin := startOf(l.record)
	for i := range l.nodes {
		n, at := &l.nodes[i], &times[i]
		*at = interval{unknown, unknown}
		if k := last[i]; k >= 0 {
			*at = interval{l.spans[k].start, l.spans[k].end}
			if l.record.Spans[k].State == graph.Running {
				at.end = at.start
			}
		} else if !n.Start.IsZero() {
			at.start = l.at(n.Start.Sub(begin))
			at.end = at.start + int64(bounded(max(0, n.Duration)))
		}
		if at.start != unknown && n.State != graph.Source && n.State != graph.Skipped {
			first = min(first, at.start)
		}
	}
	for i := range times {
		if times[i].start != unknown {
			times[i] = interval{times[i].start - first, times[i].end - first}
		}
	}
	return times
}

// placeAll gives every slice its lane: the critical path, runs, workers by number, calls without a worker, and calls
// that did not run.
func (l *layout) placeAll() {
	if len(l.pathSpans) > 0 {
		l.names = append(l.names, "critical path")
	}
	runs := make([]*slice, len(l.runs))
	for i := range l.runs {
		runs[i] = &l.runs[i]
	}
	sortSlices(runs)
	l.place(runs, &group{nests: true}, "runs", " ")

	l.order = make([]*slice, len(l.spans))
	for i := range l.spans {
		l.order[i] = &l.spans[i]
	}
	sortSlices(l.order)
	workers := map[int][]*slice{}
	var outside, idle []*slice
	for _, s := range l.order {
		span := &l.record.Spans[s.at]
		switch {
		case span.Worker >= 0:
			workers[span.Worker] = append(workers[span.Worker], s)
		case s.start == s.end && (span.State == graph.Cached || span.State == graph.Skipped):
			idle = append(idle, s)
		default:
			outside = append(outside, s)
		}
	}
	for _, w := range slices.Sorted(maps.Keys(workers)) {
		l.place(workers[w], &group{nests: true}, "worker "+strconv.Itoa(w), ", overlapping ")
	}
	l.place(outside, &group{}, "blocking", " ")
	l.place(idle, &group{nests: true}, "not run: cached, skipped", " ")
	link(l.order, int32(len(l.names)))
}

// place gives slices of one kind lanes below those that there are. The first lane has the name alone, the others the
// name, the word between and a number.
func (l *layout) place(of []*slice, g *group, name, between string) {
	if len(of) == 0 {
		return
	}
	tid := int32(len(l.names)) + 1
	for _, s := range of {
		s.tid = tid
		g.put(s)
	}
	lanes := g.number(tid)
	for i := range int(lanes) {
		switch {
		case i == 0:
			l.names = append(l.names, name)
		case between == " ":
			l.names = append(l.names, name+" "+strconv.Itoa(i+1))
		default:
			l.names = append(l.names, name+between+strconv.Itoa(i))
		}
	}
}
