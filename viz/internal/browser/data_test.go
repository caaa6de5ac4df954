package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
)

// The data of the page, as its script reads them.
type (
	pageData struct {
		Version   int         `json:"version"`
		V         int         `json:"v,omitempty"`
		Title     string      `json:"title"`
		Start     float64     `json:"start"`
		Now       int64       `json:"now"`
		Facts     [][2]string `json:"facts"`
		Note      string      `json:"note"`
		Functions []function  `json:"functions"`
		Groups    []group     `json:"groups"`
		Edges     []edge      `json:"edges"`
		Size      [2]int      `json:"size"`
		Calls     calls       `json:"calls"`
		Spans     spans       `json:"spans"`
		Totals    []totals    `json:"totals"`
		Runs      []run       `json:"runs"`
		Failures  []failure   `json:"failures"`
		Dropped   int         `json:"dropped"`
	}
	function struct {
		Name  string `json:"name"`
		Where string `json:"where"`
	}
	group struct {
		Fn     int    `json:"fn"`
		Name   string `json:"name"`
		Args   string `json:"args"`
		Count  int    `json:"count"`
		X      int    `json:"x"`
		Y      int    `json:"y"`
		W      int    `json:"w"`
		H      int    `json:"h"`
		Source bool   `json:"source"`
	}
	edge struct {
		From    int    `json:"from"`
		To      int    `json:"to"`
		Path    string `json:"path"`
		Waiting bool   `json:"waiting"`
	}
	calls struct {
		N      int            `json:"n"`
		ID     []int          `json:"id"`
		Fn     []int          `json:"fn"`
		Group  []int          `json:"group"`
		State  string         `json:"state"`
		Start  []int64        `json:"start"`
		Dur    []int64        `json:"dur"`
		Worker []int          `json:"worker"`
		Inputs []int          `json:"inputs"`
		In     []int          `json:"in"`
		Value  map[int]string `json:"value"`
		Err    map[int]string `json:"err"`
		Stack  map[int]string `json:"stack"`
		Reason map[int]string `json:"reason"`
	}
	spans struct {
		Call   []int   `json:"call"`
		Fn     []int   `json:"fn"`
		Run    []int   `json:"run"`
		Worker []int   `json:"worker"`
		State  string  `json:"state"`
		Start  []int64 `json:"start"`
		Dur    []int64 `json:"dur"`
	}
	totals struct {
		Fn      int   `json:"fn"`
		Done    int   `json:"done"`
		Cached  int   `json:"cached"`
		Failed  int   `json:"failed"`
		Skipped int   `json:"skipped"`
		Running int   `json:"running"`
		Total   int64 `json:"total"`
		Max     int64 `json:"max"`
	}
	run struct {
		ID      int    `json:"id"`
		Op      string `json:"op"`
		Target  string `json:"target"`
		Start   int64  `json:"start"`
		End     int64  `json:"end"`
		Calls   int    `json:"calls"`
		Workers int    `json:"workers"`
		Err     string `json:"err"`
	}
	failure struct {
		Call  *int   `json:"call,omitempty"`
		ID    int    `json:"id"`
		Name  string `json:"name"`
		At    int64  `json:"at"`
		Run   int    `json:"run"`
		Err   string `json:"err"`
		Stack string `json:"stack"`
	}
)

// States, by the digit of the data.
const (
	source = iota
	pending
	running
	cached
	done
	failed
	skipped
)

// call is one call of a program that was simulated: when it ran, on which of the workers, and how it came out.
type call struct {
	fn, group, worker, state int
	start, dur               int64
	inputs                   []int
	value                    string
}

// program is a word count of some files: Glob, Parse and CountWords of each, a tree of Merge, Top. It ran on workers
// workers; at any moment the page's data can be told.
type program struct {
	title     string
	functions []function
	groups    []group
	calls     []call // by position; the ID is ID(position)
	order     []int  // positions in order of their start
	ends      []int  // positions in order of their end
	workers   int
	end       int64
}

const fanIn = 16

// wordCount simulates the program. If bad is not negative, the CountWords of that file fails.
func wordCount(files, workers, bad int) *program {
	p := &program{title: "word count", workers: workers, functions: []function{
		{"Glob", "main.go:31"},
		{"Parse", "main.go:38"},
		{"CountWords", "main.go:52"},
		{"Merge", "main.go:66"},
		{"Top", "main.go:80"},
		{"", ""},
	}}
	rnd := rand.New(rand.NewPCG(7, uint64(files)))
	free := make([]int64, workers)
	glob := p.call(free, 0, "Glob", `("logs/*.gz")`, done, 39e6, p.constant(`"logs/*.gz"`))
	scale := int64(55e6)
	if files > 10_000 {
		scale = 2_500_000
	}
	var parsed, counted []int
	for range files {
		st, d := done, scale/2+rnd.Int64N(scale)
		if rnd.IntN(8) == 0 {
			st, d = cached, 20e3
		}
		parsed = append(parsed, p.call(free, 1, "Parse", "(file)", st, d, glob))
	}
	for i, in := range parsed {
		st := done
		if i == bad {
			st = failed
		}
		counted = append(counted, p.call(free, 2, "CountWords", "(parse)", st, scale/3+rnd.Int64N(scale/2), in))
	}
	level := counted
	for len(level) > 1 {
		var next []int
		g := len(p.groups)
		for in := range slices.Chunk(level, fanIn) {
			at := p.call(free, 3, "Merge", "(counts ×16)", done, scale/9+rnd.Int64N(scale/9), in...)
			if len(next) > 0 && p.calls[at].group != g {
				panic("the groups of a level")
			}
			next = append(next, at)
		}
		level = next
	}
	p.call(free, 4, "Top", "(merge, n=10)", done, scale/5, append(slices.Clone(level), p.constant("10"))...)
	p.layOut()
	p.sort()
	return p
}

// constant is a source that the picture does not show.
func (p *program) constant(value string) int {
	p.calls = append(p.calls, call{fn: 5, group: -1, worker: -1, state: source, start: -1, value: value})
	return len(p.calls) - 1
}

// call runs on the worker that is free first, after its inputs; after a failure it is skipped.
func (p *program) call(free []int64, fn int, name, args string, state int, dur int64, inputs ...int) int {
	c := call{fn: fn, state: state, dur: dur, inputs: inputs}
	from := int64(0)
	for _, in := range inputs {
		if i := p.calls[in]; i.state == failed || i.state == skipped {
			c.state, c.dur = skipped, 0
		} else if i.state != source {
			from = max(from, i.start+i.dur)
		}
	}
	c.group = slices.IndexFunc(p.groups, func(g group) bool { return g.Fn == fn && fn != 3 })
	if last := len(p.groups) - 1; fn == 3 && last >= 0 && p.groups[last].Fn == 3 && p.calls[inputs[0]].group != last {
		c.group = last // the same level of the tree
	}
	if c.group < 0 {
		c.group = len(p.groups)
		p.groups = append(p.groups, group{Fn: fn, Name: name, Args: args})
	}
	p.groups[c.group].Count++
	for w := range free {
		if free[w] < free[c.worker] {
			c.worker = w
		}
	}
	c.start = max(from, free[c.worker])
	free[c.worker] = c.start + c.dur
	p.end = max(p.end, c.start+c.dur)
	p.calls = append(p.calls, c)
	return len(p.calls) - 1
}

func (p *program) layOut() {
	for i := range p.groups {
		g := &p.groups[i]
		g.W, g.H = 250, 76
		g.X, g.Y = 20, 20+i*108
	}
}

func (p *program) sort() {
	for i, c := range p.calls {
		if c.state != source {
			p.order = append(p.order, i)
		}
	}
	p.ends = slices.Clone(p.order)
	slices.SortStableFunc(p.order, func(a, b int) int { return int(p.calls[a].start - p.calls[b].start) })
	slices.SortStableFunc(p.ends, func(a, b int) int {
		return int(p.calls[a].start + p.calls[a].dur - p.calls[b].start - p.calls[b].dur)
	})
}

// id: IDs start at 1, and leave one out here and there.
func id(pos int) int { return pos + 1 + pos/50 }

// at is the state of a call at a moment.
func (c *call) at(now int64) int {
	switch {
	case c.state == source || c.start+c.dur <= now:
		return c.state
	case c.start < now:
		return running
	}
	return pending
}

const startUnix = 1763780400123.25

// data is what the page gets at a moment.
func (p *program) data(now int64) *pageData {
	d := &pageData{
		Version: 1, Title: p.title, Start: startUnix, Now: now, Functions: p.functions, Groups: p.groups,
		Facts: [][2]string{{"Go", "go1.26.8"}, {"machine", "linux/amd64, 2 CPUs"}, {"program", "wordcount"}, {"command", "wordcount -n 10 logs/*.gz"}},
		Size:  [2]int{294, 40 + len(p.groups)*108 - 32},
		Edges: []edge{}, Failures: []failure{},
	}
	for i := 1; i < len(p.groups); i++ {
		d.Edges = append(d.Edges, edge{i - 1, i, fmt.Sprintf("M145 %dV%d", p.groups[i-1].Y+76, p.groups[i].Y), false})
	}
	end := int64(-1)
	if now >= p.end {
		end = p.end
	}
	d.Runs = []run{{ID: 1, Op: "get", Target: "Top#" + fmt.Sprint(id(len(p.calls)-1)), Start: 0, End: end, Calls: len(p.order), Workers: p.workers}}
	p.fillCalls(d, now)
	p.fillSpans(d, now)
	d.Totals = p.totals(now)
	return d
}

func (p *program) fillCalls(d *pageData, now int64) {
	k := &d.Calls
	k.N = len(p.calls)
	k.Value, k.Err, k.Stack, k.Reason = map[int]string{}, map[int]string{}, map[int]string{}, map[int]string{}
	var state strings.Builder
	for i := range p.calls {
		c := &p.calls[i]
		st := c.at(now)
		state.WriteByte(byte('0' + st))
		k.ID = append(k.ID, id(i)-max(0, id(i-1))*min(1, i))
		k.Fn, k.Group = append(k.Fn, c.fn), append(k.Group, c.group)
		k.Inputs, k.In = append(k.Inputs, len(c.inputs)), append(k.In, c.inputs...)
		start, dur, worker := int64(-1), int64(0), -1
		if st != pending && st != source {
			start, worker = c.start, c.worker
			if st != running {
				dur = c.dur
			}
		}
		k.Start, k.Dur, k.Worker = append(k.Start, start), append(k.Dur, dur), append(k.Worker, worker)
		switch {
		case c.value != "":
			k.Value[i] = c.value
		case st == failed:
			k.Err[i] = fmt.Sprintf("logs/part-%05d.gz: gzip: invalid header", i)
			k.Stack[i] = "goroutine 41 [running]:\nmain.CountWords({0xc000012345, 0x21})\n\t/src/main.go:58 +0x1a4"
			d.Failures = append(d.Failures, failure{Call: &i, ID: id(i), Name: p.functions[c.fn].Name, At: c.start + c.dur, Err: k.Err[i], Stack: k.Stack[i]})
		case st == pending:
			k.Reason[i] = "has no value yet"
		}
	}
	k.State = state.String()
}

func (p *program) fillSpans(d *pageData, now int64) {
	var state strings.Builder
	last := int64(0)
	s := &d.Spans
	for _, i := range p.order {
		c := &p.calls[i]
		st := c.at(now)
		if st == pending || st == skipped {
			continue
		}
		state.WriteByte(byte('0' + st))
		dur := c.dur
		if st == running {
			dur = 0
		}
		s.Call, s.Fn, s.Run, s.Worker = append(s.Call, i), append(s.Fn, c.fn), append(s.Run, 0), append(s.Worker, c.worker)
		s.Start, s.Dur = append(s.Start, c.start-last), append(s.Dur, dur)
		last = c.start
	}
	s.State = state.String()
	if s.Call == nil {
		*s = spans{Call: []int{}, Fn: []int{}, Run: []int{}, Worker: []int{}, Start: []int64{}, Dur: []int64{}}
	}
}

func (p *program) totals(now int64) []totals {
	list := make([]totals, len(p.functions))
	if last := len(list) - 1; p.functions[last].Name == "" {
		list = list[:last] // constants do not run
	}
	for i := range list {
		list[i].Fn = i
	}
	for _, i := range p.order {
		c := &p.calls[i]
		t := &list[c.fn]
		switch c.at(now) {
		case done, failed:
			t.Total += c.dur
			t.Max = max(t.Max, c.dur)
			if c.state == done {
				t.Done++
			} else {
				t.Failed++
			}
		case cached:
			t.Cached++
		case skipped:
			t.Skipped++
		case running:
			t.Running++
		}
	}
	return list
}

func (d *pageData) write(w io.Writer) error { return json.NewEncoder(w).Encode(d) }
