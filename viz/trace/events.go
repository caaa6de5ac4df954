package trace

import (
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

func (p *printer) head(l *layout) {
	r := l.record
	p.raw(`{"displayTimeUnit":"ms","otherData":{"spans":`)
	p.int(int64(len(r.Spans)))
	p.raw(`,"dropped":`)
	p.int(int64(r.Dropped))
	if !r.Start.IsZero() {
		p.raw(`,"start":`)
		p.text(r.Start.Add(l.zero).Format(time.RFC3339Nano), nameMax)
	}
	p.raw(`,"critical path":`)
	p.text(strings.TrimPrefix(l.path.summary(), "critical path: "), errMax)
	p.raw(`},"traceEvents":[`)
}

// lanes names the process and its lanes. Numbers begin at 1: readers take 0 for the idle thread of the system.
func (p *printer) lanes(l *layout) {
	name := "dally"
	if d := l.record.Dropped; d > 0 {
		name += " (" + label.Grouped(d) + " older calls were dropped)"
	}
	p.event()
	p.raw(`"name":"process_name","ph":"M","pid":1,"tid":1,"args":{"name":`)
	p.text(name, nameMax)
	p.raw("}}")
	for i, name := range l.names {
		p.event()
		p.raw(`"name":"thread_name","ph":"M","pid":1,"tid":`)
		p.int(int64(i + 1))
		p.raw(`,"args":{"name":`)
		p.text(name, nameMax)
		p.raw("}}")
		p.event()
		p.raw(`"name":"thread_sort_index","ph":"M","pid":1,"tid":`)
		p.int(int64(i + 1))
		p.raw(`,"args":{"sort_index":`)
		p.int(int64(i + 1))
		p.raw("}}")
	}
}

// when writes the part of an event that says when and where, from its phase on.
func (p *printer) when(start, end int64, tid int32) {
	p.raw(`,"ph":"X","ts":`)
	p.micros(start)
	p.raw(`,"dur":`)
	p.micros(end - start)
	p.raw(`,"pid":1,"tid":`)
	p.int(int64(tid))
}

func (p *printer) run(l *layout, s *slice) {
	r := &l.record.Runs[s.at]
	p.event()
	p.raw(`"name":`)
	p.text(strings.TrimSpace(r.Op+" "+r.Target), nameMax)
	p.raw(`,"cat":"run"`)
	p.when(s.start, s.end, s.tid)
	if r.Err != "" {
		p.raw(`,"cname":"terrible"`)
	}
	p.raw(`,"args":{"run":`)
	p.uint(r.ID)
	p.raw(`,"calls":`)
	p.int(int64(r.Calls))
	if r.Workers > 0 {
		p.raw(`,"workers":`)
		p.int(int64(r.Workers))
	}
	if r.End.IsZero() {
		p.raw(`,"state":"running"`)
	}
	if r.Err != "" {
		p.raw(`,"error":`)
		p.text(r.Err, errMax)
	}
	p.raw("}}")
}

// colours are names of chrome://tracing. Perfetto gives each name of a call a colour of its own.
var colours = [graph.NumStates]string{
	graph.Pending: "bad", graph.Running: "yellow", graph.Cached: "good", graph.Failed: "terrible", graph.Skipped: "grey",
}

// pathColour is that of calls on the critical path.
const pathColour = "rail_response"

func (p *printer) call(l *layout, s *slice, failures map[tried][]int32) {
	span := &l.record.Spans[s.at]
	on, critical := l.onPath[s.at]
	p.event()
	p.raw(`"name":"`)
	p.name(spanName(l, span))
	if p.raw(`","cat":"call`); critical {
		p.raw(",critical")
	}
	p.raw(`"`)
	p.when(s.start, s.end, s.tid)
	if colour := colourOf(span.State, critical); colour != "" {
		p.raw(`,"cname":"`)
		p.raw(colour)
		p.raw(`"`)
	}
	p.raw(`,"args":{"id":`)
	p.uint(uint64(span.Call))
	p.raw(`,"state":"`)
	p.raw(spanState(span.State))
	p.raw(`","run":`)
	p.uint(span.Run)
	p.inputs(l, l.index.at(span.Call))
	if critical {
		p.raw(`,"critical":true,"waited":`)
		p.text(orZero(on.Waited), nameMax)
	}
	if span.State == graph.Failed {
		if text := errorOf(l, span, failures); text != "" {
			p.raw(`,"error":`)
			p.text(text, errMax)
		}
	}
	p.raw("}}")
}

func colourOf(s graph.State, critical bool) string {
	if int(s) < len(colours) && colours[s] != "" {
		return colours[s]
	}
	if critical {
		return pathColour
	}
	return ""
}

// inputsMax is how many inputs of a call are named.
const inputsMax = 8

func (p *printer) inputs(l *layout, node int32) {
	if node < 0 {
		return
	}
	inputs := l.shape.inputsOf(node)
	if len(inputs) == 0 {
		return
	}
	p.raw(`,"inputs":"`)
	for i, id := range inputs {
		if i > 0 {
			p.raw(", ")
		}
		if i == inputsMax {
			p.raw("and " + label.Grouped(len(inputs)-i) + " more")
			break
		}
		if j := l.index.at(id); j >= 0 {
			p.raw(l.shape.nameOf(j))
		}
		p.raw("#")
		p.uint(uint64(id))
	}
	p.raw(`"`)
}

// path writes the critical path as a lane.
func (p *printer) path(l *layout) {
	for _, k := range l.pathSpans {
		s, c := &l.spans[k], l.onPath[k]
		p.event()
		p.raw(`"name":"`)
		p.name(spanName(l, &l.record.Spans[k]))
		p.raw(`","cat":"critical path"`)
		p.when(s.start, s.start+int64(c.Took), 1)
		p.raw(`,"cname":"` + pathColour + `","args":{"id":`)
		p.uint(uint64(l.record.Spans[k].Call))
		p.raw(`,"waited":`)
		p.text(orZero(c.Waited), nameMax)
		p.raw(`,"share":`)
		p.text(percent(c.Took, max(1, l.path.Wall)), nameMax)
		p.raw("}}")
	}
}

// arrows are written after all slices: readers look for the slice that an arrow belongs to when they meet it.
func (p *printer) arrows(l *layout) {
	id := uint64(0)
	for _, to := range l.order {
		from := l.lastInput(to.at)
		if from < 0 {
			continue
		}
		id++
		p.arrow("s", id, l.spans[from].leaves(), l.spans[from].tid)
		p.arrow("f", id, to.start, to.tid)
	}
}

func (p *printer) arrow(phase string, id uint64, at int64, tid int32) {
	p.event()
	p.raw(`"name":"input","cat":"input","ph":"`)
	p.raw(phase)
	if phase == "f" {
		p.raw(`","bp":"e`) // to the slice around, not the next
	}
	p.raw(`","id":`)
	p.uint(id)
	p.raw(`,"ts":`)
	p.micros(at)
	p.raw(`,"pid":1,"tid":`)
	p.int(int64(tid))
	p.raw("}")
}
