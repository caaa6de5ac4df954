package viz

import (
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// writeCalls writes the nodes in columns. Columns that say nothing are left out.
func (p *pageData) writeCalls(j *jsonOut) {
	n := len(p.nodes)
	j.key("calls").open('{').key("n").int(int64(n))
	before := graph.ID(0)
	j.ints("id", n, func(i int) int64 {
		d := int64(p.nodes[i].ID - before)
		before = p.nodes[i].ID
		return d
	})
	j.ints("fn", n, func(i int) int64 { return int64(p.fnOf[i]) })
	j.ints("group", n, func(i int) int64 { return int64(p.groups.of[i]) })
	j.digits("state", n, func(i int) byte { return byte(known(p.nodes[i].State)) })
	p.writeTimes(j)
	j.ints("inputs", n, func(i int) int64 { return int64(p.first[i+1] - p.first[i]) })
	j.ints("in", len(p.input), func(i int) int64 { return int64(p.input[i]) })
	p.writeTexts(j)
	p.writeMerged(j)
	j.close('}')
}

// callTime is when a call last ran and how long it took, or takes. start is -1 if that is not known, or was before
// times begin to count.
func (p *pageData) callTime(i int) (start, dur time.Duration) {
	if at := p.ran[i]; at >= 0 {
		s := &p.rec.Spans[at]
		return max(0, s.Start), p.spanTime(s)
	}
	n := &p.nodes[i]
	if n.Start.IsZero() {
		return -1, max(0, n.Duration)
	}
	since := n.Start.Sub(p.base)
	if dur = max(0, n.Duration); n.State == graph.Running && dur == 0 {
		dur = max(0, p.now-since)
	}
	return max(-1, since), dur
}

// spanTime is how long a span took; until now if it still goes on.
func (p *pageData) spanTime(s *graph.Span) time.Duration {
	if s.State == graph.Running {
		return max(0, p.now-s.Start)
	}
	return s.Duration()
}

func (p *pageData) writeTimes(j *jsonOut) {
	n := len(p.nodes)
	start, dur, worker := make([]int64, n), make([]int64, n), false
	started, took := false, false
	for i := range n {
		s, d := p.callTime(i)
		start[i], dur[i] = int64(s), int64(d)
		started, took = started || s >= 0, took || d > 0
		worker = worker || p.ran[i] >= 0
	}
	if started {
		j.ints("start", n, func(i int) int64 { return start[i] })
	}
	if started || took {
		j.ints("dur", n, func(i int) int64 { return dur[i] })
	}
	if worker {
		j.ints("worker", n, func(i int) int64 {
			if p.ran[i] < 0 {
				return -1
			}
			return int64(p.rec.Spans[p.ran[i]].Worker)
		})
	}
}

func (p *pageData) writeTexts(j *jsonOut) {
	n := len(p.nodes)
	if !p.opt.noValues {
		j.texts("value", n, func(i int) string { return label.Clean(p.nodes[i].Value, labelMax) })
	}
	stack, text := make(map[int32]string), make(map[int32]string)
	for i := range p.rec.Failures {
		f := &p.rec.Failures[i]
		if at := p.at.find(f.Call); at >= 0 {
			stack[at], text[at] = f.Stack, f.Err
		}
	}
	j.texts("err", n, func(i int) string {
		t := p.nodes[i].Err
		if t == "" && p.nodes[i].State == graph.Failed {
			t = text[int32(i)]
		}
		return label.Clean(t, errMax)
	})
	if len(stack) > 0 {
		j.texts("stack", n, func(i int) string {
			if p.nodes[i].State != graph.Failed {
				return ""
			}
			return cleanStack(stack[int32(i)])
		})
	}
	p.writeReasons(j)
	j.texts("where", n, func(i int) string {
		w := p.nodes[i].Where
		if w == p.fns.where[p.fnOf[i]] || isSource(&p.nodes[i]) {
			return ""
		}
		return cleanWhere(w)
	})
}

func (p *pageData) writeReasons(j *jsonOut) {
	plan, ok := newIndex(p.opt.plan.Nodes)
	j.texts("reason", len(p.nodes), func(i int) string {
		reason := p.nodes[i].Reason
		if reason == "" && ok {
			if at := plan.find(p.nodes[i].ID); at >= 0 {
				reason = p.opt.plan.Nodes[at].Reason
			}
		}
		return label.Clean(reason, errMax)
	})
}

// writeMerged tells how many calls the nodes of a snapshot stand for that has been collapsed before.
func (p *pageData) writeMerged(j *jsonOut) {
	begun := false
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.Count <= 1 {
			continue
		}
		if !begun {
			j.key("merged").open('{')
			begun = true
		}
		j.position(i).open('[')
		for _, k := range n.Merged {
			j.int(int64(k))
		}
		j.close(']')
	}
	if begun {
		j.close('}')
	}
}
