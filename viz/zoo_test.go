package viz_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
)

// This file holds the snapshots that the tests draw.

// report is the graph of the design pictures.
//
//	Report <- {FitModel <- {Clean, alpha}, Totals <- {Clean, by}};  Clean <- {Load <- path, drop}
func report() graph.Snapshot {
	return graph.Snapshot{Title: "quarterly report", Nodes: []graph.Node{
		{ID: 1, Name: "path", State: graph.Source, Value: `"sales.csv"`},
		{ID: 2, Name: "Load", State: graph.Cached, Inputs: []graph.ID{1}, Value: "Table 1.2M×8 (84 MB)", Where: "report.go:12"},
		{ID: 3, State: graph.Source, Value: `"NA"`},
		{ID: 4, Name: "Clean", State: graph.Done, Inputs: []graph.ID{2, 3}, Value: "Table 1.1M×8 (79 MB)", Duration: 412 * time.Millisecond},
		{ID: 5, State: graph.Source, Value: "0.05"},
		{ID: 6, Name: "FitModel", State: graph.Running, Inputs: []graph.ID{4, 5}, Duration: 3200 * time.Millisecond},
		{ID: 7, State: graph.Source, Value: "region"},
		{ID: 8, Name: "Totals", State: graph.Failed, Inputs: []graph.ID{4, 7}, Err: "overflow in column “qty”", Duration: 18 * time.Millisecond},
		{ID: 9, Name: "Report", State: graph.Pending, Inputs: []graph.ID{6, 8}},
	}}
}

// mapReduce is n files, parsed and counted, merged in a tree of the given width.
func mapReduce(n, width int) graph.Snapshot {
	b := &builder{title: "map-reduce"}
	glob := b.call("Glob", graph.Cached, 0, b.source("", `"logs/*.gz"`))
	var counts []graph.ID
	for i := range n {
		parse, count := graph.Done, graph.Done
		switch {
		case i%1000 == 999:
			parse, count = graph.Failed, graph.Skipped
		case i > 3*n/4:
			parse, count = graph.Pending, graph.Pending
		case i > 3*n/4-9:
			parse, count = graph.Running, graph.Pending
		case i%8 == 7:
			parse = graph.Cached
		}
		p := b.call("Parse", parse, time.Duration(20+i%23)*time.Millisecond, glob)
		counts = append(counts, b.call("CountWords", count, 4*time.Millisecond, p))
	}
	for len(counts) > 1 {
		var next []graph.ID
		for len(counts) > 0 {
			k := min(width, len(counts))
			next = append(next, b.call("Merge", graph.Pending, 0, counts[:k]...))
			counts = counts[k:]
		}
		counts = next
	}
	b.call("Top", graph.Pending, 0, counts[0], b.source("", "10"))
	return b.snapshot()
}

// random is n calls that take up to three of the calls before them, mostly near ones.
func random(n int, seed uint64) graph.Snapshot {
	r := rand.New(rand.NewPCG(seed, 1))
	b := &builder{title: fmt.Sprintf("%d random calls", n)}
	names := strings.Fields("Load Parse Clean Join Split Fit Score Rank Plot Merge Normalise Sum")
	for i := range n {
		if i < 3 || r.IntN(15) == 0 {
			b.source(fmt.Sprintf("file%d.csv", i), `"…"`)
			continue
		}
		var ins []graph.ID
		for range 1 + r.IntN(3) {
			ins = append(ins, graph.ID(max(1, i-r.IntN(12))))
		}
		st := graph.State(1 + r.IntN(graph.NumStates-1))
		b.call(names[r.IntN(len(names))], st, time.Duration(r.IntN(5_000_000_000)), ins...)
	}
	return b.snapshot()
}

// chain is f(f(f(x))), n deep, over the given function names in turns.
func chain(n int, names ...string) graph.Snapshot {
	b := &builder{}
	at := b.source("x", "1")
	for i := range n {
		at = b.call(names[i%len(names)], graph.Done, 0, at)
	}
	return b.snapshot()
}

// fan is one source with n users and one call that takes them all.
func fan(n int) graph.Snapshot {
	b := &builder{}
	x := b.source("x", "1")
	var all []graph.ID
	for range n {
		all = append(all, b.call("Work", graph.Done, time.Millisecond, x))
	}
	b.call("Gather", graph.Pending, 0, all...)
	return b.snapshot()
}

// ladder has links of every length: each call takes the one before and one from anywhere.
func ladder(n int) graph.Snapshot {
	r := rand.New(rand.NewPCG(7, 7))
	b := &builder{}
	at := b.source("x", "1")
	for i := range n {
		at = b.call("Step", graph.Done, 0, at, graph.ID(1+r.IntN(i+1)))
	}
	return b.snapshot()
}

// hostile has the worst texts in every field.
func hostile() graph.Snapshot {
	b := &builder{title: "<script>alert(1)</script> & \"quotes\" \x00\n\u202e abc"}
	for _, s := range hostileTexts() {
		src := b.source(s, s)
		c := b.source("", s)
		n := b.call(s, graph.Failed, time.Hour+time.Minute, src, c)
		b.nodes[n-1].Err, b.nodes[n-1].Where, b.nodes[n-1].Reason = s, s, s
		d := b.call(s, graph.Done, 0, n, n, n, src, c)
		b.nodes[d-1].Value = s
	}
	return b.snapshot()
}

func hostileTexts() []string {
	return []string{
		`say "hi" \ 'there' \`, "line one\nline two\r\n\ttab", "nul\x00 bell\x07 esc\x1b[31m del\x7f", "bad \xff\xfe utf8 \xc3",
		`</text><script>alert("x")</script><!-- & &amp; ]]>`, "\u202eevil\u202c \u2066iso\u2069 \ufeffbom\u200b", "שלום עולם, مرحبا بالعالم",
		"Z\u0300\u0301\u0302\u0303\u0304a\u0305\u0306\u0307lgo" + strings.Repeat("\u0300", 40), "日本語の名前 한국어 中文字符處理", "👩‍👩‍👧‍👦 🏳️‍🌈 🎉🎉🎉 ☃️",
		strings.Repeat("W", 10_000), strings.Repeat("wide 世界 ", 1500), strings.Repeat("m.", 60), "`code` [a](b) {x} |p| <b> %% ;end #35; #quot;",
		"", " ", "\u3164\u115f", "\ufffd\ufffe\uffff\U0010ffff\U000e0001", "﷽﷽﷽﷽ 𒐫𒐫𒐫 ⸻⸻", "@@@@ %%%% MMMM ŴŴŴŴ ЩЩЩЩ ЮЮЮ ½½½ ®©™",
		"Ǆ Ŵ æ œ ĳ ﬃ 𝕎𝕎𝕎 ‱‱‱ ₧₧ Ⅷ ㎒ กำ देवनागरी ไทย ქართული հայ", "flowchart TD; n1-->n2", "->[label=\"x\"];n1->n2",
	}
}

type builder struct {
	title string
	nodes []graph.Node
}

func (b *builder) add(n graph.Node) graph.ID {
	n.ID = graph.ID(len(b.nodes) + 1)
	b.nodes = append(b.nodes, n)
	return n.ID
}

func (b *builder) source(name, value string) graph.ID {
	return b.add(graph.Node{Name: name, State: graph.Source, Value: value})
}

func (b *builder) call(name string, st graph.State, d time.Duration, inputs ...graph.ID) graph.ID {
	if st == graph.Pending || st == graph.Running || st == graph.Skipped {
		d = 0
	}
	return b.add(graph.Node{Name: name, State: st, Duration: d, Inputs: inputs})
}

func (b *builder) snapshot() graph.Snapshot { return graph.Snapshot{Title: b.title, Nodes: b.nodes} }
