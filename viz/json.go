package viz

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// WriteJSON writes the data of the page that [WriteHTML] makes: the picture laid out, all calls in columns, spans,
// totals by function, runs, failures and facts. Its form may change with each version of this package; "version" tells.
//
// It returns the error of [graph.Snapshot.Check] for a snapshot that is not a graph, before anything is written, and
// the errors of w.
func WriteJSON(w io.Writer, s graph.Snapshot, opts ...Option) error {
	p, err := newPageData(s, newOptions(s, opts))
	if err != nil {
		return err
	}
	return p.write(w)
}

// pageData is all that the page shows, made ready: what needs to be known before the first byte is written.
type pageData struct {
	*model
	opt    *options
	rec    *graph.Record // an empty one where there is none
	at     *index        // of the calls, by ID
	fns    *pageFunctions
	fnOf   []int32 // function of each node
	runAt  map[uint64]int32
	ran    []int32 // of each node: the span that tells when it last ran; -1 for none
	spans  []pageSpan
	groups *pageGroups
	totals []graph.Function // of the functions that have any, in their order
	failed []pageFailure

	base time.Time     // from which times count; zero if there are none
	now  time.Duration // from base
}

func newPageData(s graph.Snapshot, o *options) (*pageData, error) {
	m, err := newModel(s)
	if err != nil {
		return nil, err
	}
	p := &pageData{model: m, opt: o, rec: o.record}
	if p.rec == nil {
		p.rec = &graph.Record{}
	}
	p.at, _ = newIndex(m.nodes)
	p.runAt = make(map[uint64]int32, len(p.rec.Runs))
	for i := range p.rec.Runs {
		p.runAt[p.rec.Runs[i].ID] = int32(i)
	}
	p.numberFunctions()
	p.findTimes()
	p.findSpans()
	p.findTotals()
	p.findFailures()
	p.groups = newPageGroups(p)
	return p, nil
}

// recorded reports whether there is a record, be it of nothing.
func (p *pageData) recorded() bool { return p.opt.record != nil }

// findTimes finds the moment from which times count and the latest that is told of.
func (p *pageData) findTimes() {
	p.base = p.rec.Start
	if p.base.IsZero() {
		for i := range p.nodes {
			if at := p.nodes[i].Start; !at.IsZero() && (p.base.IsZero() || at.Before(p.base)) {
				p.base = at
			}
		}
	}
	if p.base.IsZero() {
		p.base = p.opt.taken
	}
	if !p.opt.taken.IsZero() {
		p.now = max(0, p.opt.taken.Sub(p.base))
		return
	}
	for i := range p.nodes {
		if n := &p.nodes[i]; !n.Start.IsZero() {
			p.now = max(p.now, n.Start.Sub(p.base)+n.Duration)
		}
	}
	for i := range p.rec.Spans {
		p.now = max(p.now, p.rec.Spans[i].Start, p.rec.Spans[i].End)
	}
	for i := range p.rec.Failures {
		p.now = max(p.now, p.rec.Failures[i].At)
	}
	for i := range p.rec.Runs {
		if end := p.rec.Runs[i].End; !end.IsZero() {
			p.now = max(p.now, end.Sub(p.base))
		}
	}
}

// write writes the data.
func (p *pageData) write(w io.Writer) error {
	j := newJSONOut(w)
	j.open('{').key("version").int(1).key("title").str(p.opt.title)
	if p.opt.functions != nil {
		j.key("v").uint(p.opt.version)
	}
	taken := ""
	if !p.base.IsZero() {
		taken = p.base.Add(p.now).UTC().Format(time.RFC3339)
	}
	j.key("taken").str(taken).key("start").value()
	j.b = appendMillis(j.b, p.base)
	j.key("now").int(int64(p.now)).key("collapsed").bool(p.groups.collapsed)
	j.key("facts").open('[')
	for _, f := range p.facts() {
		j.open('[').str(f[0]).str(f[1]).close(']')
	}
	j.close(']').key("note").str(p.note())
	p.writeFunctions(j)
	p.groups.write(j)
	p.writeCalls(j)
	p.writeSpans(j)
	p.writeTotals(j)
	p.writeRuns(j)
	p.writeFailures(j)
	if n := p.workers(); n > 0 {
		j.key("workers").int(int64(n))
	}
	j.key("dropped").int(int64(p.rec.Dropped)).close('}')
	j.b = append(j.b, '\n')
	j.flush()
	return j.err
}

// appendMillis writes t as milliseconds of Unix time with three decimals, which is all that a float64 holds; 0 for the
// zero time.
func appendMillis(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, '0')
	}
	micro := t.UnixMicro()
	if micro < 0 {
		b, micro = append(b, '-'), -micro
	}
	return fmt.Appendf(b, "%d.%03d", micro/1000, micro%1000)
}

// note tells what the page does not show as one would expect.
func (p *pageData) note() string {
	var notes []string
	if p.groups.note != "" {
		notes = append(notes, p.groups.note)
	}
	if p.opt.noValues {
		notes = append(notes, "values are not shown")
	}
	for _, n := range p.opt.notes {
		if n = label.Clean(n, errMax); n != "" {
			notes = append(notes, n)
		}
	}
	if d := p.rec.Dropped; d > 0 {
		notes = append(notes, "the oldest "+label.Grouped(d)+" spans were dropped: the timeline begins late, totals count all calls")
	}
	if n := p.outside(); n > 0 {
		notes = append(notes, label.Grouped(n)+" of "+label.Grouped(len(p.spans))+" spans are of calls whose graphs were not kept: totals count all calls")
	}
	return strings.Join(notes, "; ")
}

// outside is how many spans are of calls that the snapshot does not have, if it has any. A live page will be told of them.
func (p *pageData) outside() (n int) {
	if p.opt.functions != nil || len(p.nodes) == 0 {
		return 0
	}
	for i := range p.spans {
		if p.spans[i].call < 0 {
			n++
		}
	}
	return n
}
