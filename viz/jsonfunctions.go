package viz

import (
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// pageFunctions numbers functions by name, as a record counts them: two functions of one name are one line of the
// table. Sources have the number of their name among them.
type pageFunctions struct {
	names  []string // as they came
	where  []string // of the first call
	calls  []bool   // whether calls have the name
	data   []bool   // whether sources have it
	number map[string]int32
}

// unnamed stands for the name of calls that have none; the empty name is that of constants.
const unnamed = "(unnamed)"

func (f *pageFunctions) of(name string) int32 {
	i, ok := f.number[name]
	if !ok {
		i = int32(len(f.names))
		f.number[name] = i
		f.names, f.where, f.calls = append(f.names, name), append(f.where, ""), append(f.calls, false)
		f.data = append(f.data, false)
	}
	return i
}

// ofCall is the number of a function that has calls.
func (f *pageFunctions) ofCall(name string) int32 {
	if name == "" {
		name = unnamed
	}
	i := f.of(name)
	f.calls[i] = true
	return i
}

// numberFunctions numbers all functions that anything refers to: in the order of the list that was given, of the nodes,
// of the record.
func (p *pageData) numberFunctions() {
	f := &pageFunctions{number: make(map[string]int32)}
	p.fns, p.fnOf = f, make([]int32, len(p.nodes))
	if p.opt.functions != nil {
		for _, name := range *p.opt.functions {
			f.of(name)
		}
	}
	for i := range p.nodes {
		n := &p.nodes[i]
		if isSource(n) {
			p.fnOf[i] = f.of(n.Name)
			f.data[p.fnOf[i]] = true
			continue
		}
		at := f.ofCall(n.Name)
		if p.fnOf[i] = at; f.where[at] == "" {
			f.where[at] = n.Where
		}
	}
	for i := range p.rec.Functions {
		f.ofCall(p.rec.Functions[i].Name)
	}
	if p.opt.functions == nil {
		for i := range p.rec.Spans {
			f.ofCall(p.rec.Spans[i].Name)
		}
	}
	if p.opt.functions != nil {
		known := len(*p.opt.functions)
		*p.opt.functions = append(*p.opt.functions, f.names[min(known, len(f.names)):]...)
	}
}

func (p *pageData) writeFunctions(j *jsonOut) {
	j.key("functions").open('[')
	for i, name := range p.fns.names {
		name = label.Clean(name, labelMax)
		if strings.TrimSpace(name) == "" && p.fns.calls[i] {
			name = unnamed
		}
		j.open('{').key("name").str(name).key("where").str(cleanWhere(p.fns.where[i]))
		if p.fns.data[i] && !p.fns.calls[i] {
			j.key("source").bool(true)
		}
		j.close('}')
	}
	j.close(']')
}

// findTotals takes the totals of the record, or counts the nodes: calls that have a value which they computed as done,
// although it may be stale by now.
func (p *pageData) findTotals() {
	if p.recorded() {
		p.totals = p.rec.Functions
		return
	}
	totals := make([]graph.Function, len(p.fns.names))
	for i := range p.nodes {
		n, t := &p.nodes[i], &totals[p.fnOf[i]]
		if isSource(n) {
			continue
		}
		t.Name = p.fns.names[p.fnOf[i]]
		merged := n.Merged
		if n.Count <= 1 {
			merged = [graph.NumStates]int{}
			merged[known(n.State)] = 1
		}
		ran := 0
		for st, k := range merged {
			if k = max(k, 0); graph.State(st) == graph.Stale && n.Duration > 0 {
				st = int(graph.Done)
			}
			t.Calls[st] += k
			if graph.State(st) == graph.Done || graph.State(st) == graph.Failed {
				ran += k
			}
		}
		t.Calls[graph.Pending] = 0 // here they wait; in a record they were cancelled
		if ran > 0 && n.Duration > 0 {
			t.Total += n.Duration * time.Duration(ran)
			t.Max = max(t.Max, n.Duration)
		}
	}
	for i := range totals {
		if totals[i].Name != "" {
			p.totals = append(p.totals, totals[i])
		}
	}
}

func (p *pageData) writeTotals(j *jsonOut) {
	j.key("totals").open('[')
	for i := range p.totals {
		t := &p.totals[i]
		j.open('{').key("fn").int(int64(p.fns.ofCall(t.Name)))
		j.key("done").int(int64(t.Calls[graph.Done])).key("cached").int(int64(t.Calls[graph.Cached]))
		j.key("failed").int(int64(t.Calls[graph.Failed])).key("skipped").int(int64(t.Calls[graph.Skipped]))
		j.key("cancelled").int(int64(t.Calls[graph.Pending])).key("running").int(int64(t.Calls[graph.Running]))
		j.key("total").int(int64(t.Total)).key("max").int(int64(t.Max)).close('}')
	}
	j.close(']')
}
