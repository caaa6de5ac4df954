package trace

import (
	"math"
	"slices"
	"time"

	"github.com/dally-go/dally/graph"
)

// Path is the chain of calls that decided how long a computation took: its last call, the input of that which ended
// last, and so on back to a call that waited for no other. Where these calls did not wait, making any other faster
// would not have helped.
type Path struct {
	// Calls are in order of time.
	Calls []Call
	// Wall is the time from the first start of any call of the snapshot to the last end. Calls that were not timed do
	// not count.
	Wall time.Duration
	// Ran is what the calls of the path took together. What is missing to Wall is what they waited.
	Ran time.Duration
	// Untimed is the number of calls of the path whose time is not known: calls below 20 µs often are not timed. What they
	// took is in the waiting time of the next call that was.
	Untimed int
}

// Call is one call of a [Path].
type Call struct {
	// Node is the call, in the snapshot that the path was taken from.
	Node *graph.Node
	// Took is how long it ran: with what it waited for in a Get of its own, or a Bind in the calls that it chose. It ends
	// where the next call of the path starts, at the latest, so that no moment counts twice.
	Took time.Duration
	// Waited is the time between the end of the call before it on the path, or the first start of all, and its own start:
	// for a free worker, a limit, or because it was asked for later.
	Waited time.Duration
}

// Share is Ran as a part of Wall, from 0 to 1; 0 if no call was timed.
func (p Path) Share() float64 {
	if p.Wall <= 0 {
		return 0
	}
	return float64(p.Ran) / float64(p.Wall)
}

// Critical finds the calls that decided how long the computation took. It goes by Start and Duration of the nodes;
// where these are not known, by the number of calls. [Timed] fills them in from a record. Give it a snapshot as it
// was taken, not one that was collapsed: there the times are means.
//
// The path keeps the snapshot's nodes in memory. It takes time linear in nodes and inputs and no stack, however deep
// the graph is.
func Critical(s graph.Snapshot) Path {
	x := indexOf(s.Nodes)
	return critical(s.Nodes, &x, timesOf(s.Nodes))
}

// unknown is the time of what was not timed. It is before all others.
const unknown = math.MinInt64

// reached is the best chain that ends with a node.
type reached struct {
	// start and end are those of the last timed call of the chain, in ns since the first start; unknown if there is none.
	start, end int64
	// more is the number of calls of the chain after that one.
	more int32
	// from is the node before; -1 if the chain starts here, noChain if the node did not run.
	from int32
}

const noChain = -2

// later reports whether the chain ended after the other, as far as is known.
func (a *reached) later(b *reached) bool {
	return a.end > b.end || a.end == b.end && a.more > b.more
}

// interval is when a call ran, in ns from the first start of all.
type interval struct{ start, end int64 }

func critical(nodes []graph.Node, x *index, times []interval) Path {
	chains := make([]reached, len(nodes))
	last := int32(-1)
	for i := range nodes {
		c := reach(nodes, x, chains, i, times[i])
		chains[i] = c
		if c.from != noChain && (last < 0 || !chains[last].later(&c)) {
			last = int32(i)
		}
	}
	if last < 0 {
		return Path{}
	}
	return follow(nodes, times, chains, last)
}

// reach extends the chain of that input of node i that ended last before the node started. Nodes stand after their
// inputs; an input that does not, in a snapshot made by hand, is not looked at.
func reach(nodes []graph.Node, x *index, chains []reached, i int, at interval) reached {
	n, start := &nodes[i], at.start
	if !ran(n, at) {
		return reached{from: noChain}
	}
	best, overlapping := int32(-1), int32(-1)
	for _, id := range n.Inputs {
		j := x.at(id)
		if j < 0 || int(j) >= i || chains[j].from == noChain {
			continue
		}
		switch c := &chains[j]; {
		case start == unknown || c.end <= start:
			if best < 0 || c.later(&chains[best]) {
				best = j
			}
		case c.start <= start: // an input that started later has run again since, or was found out while the call ran
			if overlapping < 0 || c.later(&chains[overlapping]) {
				overlapping = j
			}
		}
	}
	if best < 0 {
		// Of two clocks read by two workers one can be late: one edge in 50,000 was seen, and a long chain must not break
		// there.
		best = overlapping
	}
	if start != unknown {
		return reached{start: start, end: at.end, from: best}
	}
	if best < 0 {
		return reached{start: unknown, end: unknown, more: 1, from: -1}
	}
	c := chains[best]
	return reached{start: c.start, end: c.end, more: c.more + 1, from: best}
}

// ran reports whether the call has run, runs, or was looked up.
func ran(n *graph.Node, at interval) bool {
	switch n.State {
	case graph.Source, graph.Skipped:
		return false
	case graph.Pending: // one that was cancelled has a time
		return at.start != unknown
	}
	return true
}

// timesOf returns when each of the nodes ran.
func timesOf(nodes []graph.Node) []interval {
	var base time.Time
	for i := range nodes {
		n := &nodes[i]
		counts := n.State != graph.Source && n.State != graph.Skipped && !n.Start.IsZero()
		if counts && (base.IsZero() || n.Start.Before(base)) {
			base = n.Start
		}
	}
	times := make([]interval, len(nodes))
	for i := range nodes {
		times[i] = interval{unknown, unknown}
		if n := &nodes[i]; !n.Start.IsZero() {
			// Only a source or a skipped call can be before base, and those are on no path.
			start := max(0, int64(n.Start.Sub(base)))
			times[i] = interval{start, start + min(max(0, int64(n.Duration)), math.MaxInt64-start)}
		}
	}
	return times
}

// follow makes the path that ends with node last.
func follow(nodes []graph.Node, times []interval, chains []reached, last int32) Path {
	var p Path
	length := 0
	for i := last; i >= 0; i = chains[i].from {
		length++
	}
	p.Calls = make([]Call, length)
	p.Wall = time.Duration(max(0, chains[last].end))
	limit, before := int64(math.MaxInt64), -1 // where the call after this one starts, and which it is
	for i := last; i >= 0; i = chains[i].from {
		length--
		call := &p.Calls[length]
		call.Node = &nodes[i]
		at := times[i]
		if at.end == at.start && !instant(call.Node.State) {
			p.Untimed++
		}
		if at.start == unknown {
			continue
		}
		end := min(at.end, limit)
		call.Took = time.Duration(end - at.start)
		if before >= 0 {
			p.Calls[before].Waited = time.Duration(limit - end)
		}
		p.Ran += call.Took
		limit, before = at.start, length
	}
	if before >= 0 {
		p.Calls[before].Waited = time.Duration(limit)
	}
	return p
}

// isUntimed reports whether the call took time that is not known.
func isUntimed(n *graph.Node) bool { return n.Duration <= 0 && !instant(n.State) }

// instant reports whether no time is the right time of a call: it did not run, or has not ended.
func instant(s graph.State) bool { return s == graph.Cached || s == graph.Running }

// Timed returns the snapshot with the times of the record: Start and Duration of a call are those of its last span.
// Calls without one keep what they have. The nodes are copied, their Inputs are shared with s. A record without a Start
// counts from 1970.
func Timed(s graph.Snapshot, r graph.Record) graph.Snapshot {
	x := indexOf(s.Nodes)
	s.Nodes = slices.Clone(s.Nodes)
	at := startOf(&r)
	for i, k := range latest(&x, len(s.Nodes), r.Spans) {
		if k >= 0 {
			span := &r.Spans[k]
			s.Nodes[i].Start, s.Nodes[i].Duration = at.Add(span.Start), span.Duration()
		}
	}
	return s
}

func startOf(r *graph.Record) time.Time {
	if r.Start.IsZero() {
		return time.Unix(0, 0)
	}
	return r.Start
}

// latest returns the last span of each node; -1 where there is none. Skipped calls took no time.
func latest(x *index, nodes int, spans []graph.Span) []int32 {
	last := make([]int32, nodes)
	for i := range last {
		last[i] = -1
	}
	for k := range spans {
		i := x.at(spans[k].Call)
		if i < 0 || spans[k].State == graph.Skipped {
			continue
		}
		if last[i] < 0 || spans[k].Start >= spans[last[i]].Start {
			last[i] = int32(k)
		}
	}
	return last
}
