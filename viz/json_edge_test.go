package viz_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// plain takes away the facts that differ from machine to machine.
func plain(opts ...viz.Option) []viz.Option {
	for _, name := range []string{"program", "dally", "revision", "Go", "machine"} {
		opts = append(opts, viz.Fact(name, ""))
	}
	return opts
}

// wordCount is a run of the design's graph, small.
func wordCount() (graph.Snapshot, graph.Record) {
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	b := &builder{title: "word count"}
	glob := b.call("Glob", graph.Done, ms(39), b.source("", `"logs/*.gz"`))
	one, two := b.call("Parse", graph.Done, ms(55), glob), b.call("Parse", graph.Failed, ms(12), glob)
	b.call("Merge", graph.Skipped, 0, one, two)
	s := b.snapshot()
	for i, n := range []int{0, 0, 40, 41, 0} {
		if s.Nodes[i].Duration > 0 {
			s.Nodes[i].Start = begin.Add(ms(n))
		}
		if i > 0 {
			s.Nodes[i].Where = "count/main.go:12"
		}
	}
	s.Nodes[3].Err = "b.gz: unexpected EOF"
	return s, graph.Record{
		Start: begin,
		Runs:  []graph.Run{{ID: 3, Op: "get", Target: "Merge#5", Start: begin, End: begin.Add(ms(96)), Calls: 4, Workers: 2, Err: "Parse#4: b.gz: unexpected EOF"}},
		Spans: []graph.Span{
			{Call: 2, Run: 3, Name: "Glob", Worker: 0, State: graph.Done, Start: 0, End: ms(39)},
			{Call: 3, Run: 3, Name: "Parse", Worker: 0, State: graph.Done, Start: ms(40), End: ms(95)},
			{Call: 4, Run: 3, Name: "Parse", Worker: 1, State: graph.Failed, Start: ms(41), End: ms(53)},
			{Call: 5, Run: 3, Name: "Merge", Worker: -1, State: graph.Skipped, Start: ms(95), End: ms(95)},
		},
		Functions: []graph.Function{
			{Name: "Glob", Calls: [graph.NumStates]int{graph.Done: 1}, Total: ms(39), Max: ms(39)},
			{Name: "Merge", Calls: [graph.NumStates]int{graph.Skipped: 1}},
			{Name: "Parse", Calls: [graph.NumStates]int{graph.Done: 1, graph.Failed: 1}, Total: ms(67), Max: ms(55)},
		},
		Failures: []graph.Failure{{Call: 4, Run: 3, Name: "Parse", At: ms(53), Err: "b.gz: unexpected EOF"}},
	}
}

func TestJSONGolden(t *testing.T) {
	s, rec := wordCount()
	golden(t, "wordcount.json", draw(t, viz.WriteJSON, s, plain(viz.Ran(rec))...))
	golden(t, "wordcount-nodes.json", draw(t, viz.WriteJSON, s, plain()...))
}

func TestJSONTimes(t *testing.T) {
	s, rec := wordCount()
	p := pageOf(t, s, viz.Ran(rec))
	require.Equal(t, "2026-11-22T03:00:00Z", p.Taken)
	require.Equal(t, float64(begin.UnixMicro())/1000, p.Start)
	require.EqualValues(t, 96*time.Millisecond, p.Now, "the end of the run")
	p = pageOf(t, s)
	require.Equal(t, float64(begin.UnixMicro())/1000, p.Start, "the first start")
	require.EqualValues(t, 95*time.Millisecond, p.Now, "the last end")
	p = pageOf(t, s, viz.Taken(begin.Add(time.Hour)))
	require.Equal(t, "2026-11-22T04:00:00Z", p.Taken)
	require.EqualValues(t, time.Hour, p.Now)
	p = pageOf(t, s, viz.Ran(rec), viz.Taken(begin.Add(-time.Hour)))
	require.EqualValues(t, 0, p.Now, "never before the start")
	p = pageOf(t, report(), viz.Taken(begin))
	require.Equal(t, "2026-11-22T03:00:00Z", p.Taken, "nothing has a time")
	p = pageOf(t, report())
	require.Equal(t, []any{"", 0.0}, []any{p.Taken, p.Start})
	old := graph.Snapshot{Nodes: []graph.Node{{ID: 1, Name: "f", State: graph.Done, Start: time.UnixMicro(-1_500_001), Duration: 1}}}
	require.Equal(t, -1500.001, pageOf(t, old).Start)
}

func TestJSONOfLittle(t *testing.T) {
	_, rec := wordCount()
	one := graph.Snapshot{Nodes: []graph.Node{{ID: 7, Name: "x", State: graph.Done}}}
	for name, s := range map[string]graph.Snapshot{"nothing": {}, "one": one} {
		for _, opts := range [][]viz.Option{nil, {viz.Ran(graph.Record{})}, {viz.Ran(rec)}, {viz.Ran(rec), viz.Live(1, new([]string))}} {
			p := pageOf(t, s, opts...)
			require.Equal(t, len(s.Nodes), p.Calls.N, name)
			require.Len(t, p.Groups, len(s.Nodes))
			if len(opts) == 1 {
				require.Equal(t, make([]int, len(p.Spans.Call)), add(p.Spans.Call, 1), "no call is known")
			}
		}
	}
}

func add(v []int, n int) []int {
	out := make([]int, len(v))
	for i := range v {
		out[i] = v[i] + n
	}
	return out
}

func TestJSONRunsThatGoOn(t *testing.T) {
	rec := graph.Record{Start: begin, Dropped: 12_000, Runs: []graph.Run{
		{ID: 1, Op: "get", Target: "A#1", Start: begin.Add(-time.Second), End: begin.Add(2 * time.Second), Workers: 4},
		{ID: 2, Op: "run", Target: "B#2", Start: begin.Add(time.Second), Workers: 2},
	}}
	rec.Functions = []graph.Function{{Name: "f", Calls: [graph.NumStates]int{graph.Done: 3, graph.Cached: 1}, Total: 9 * time.Second}}
	p := pageOf(t, graph.Snapshot{}, viz.Ran(rec), viz.Taken(begin.Add(6*time.Second)))
	require.Equal(t, []int64{0, 2e9, 1e9, -1}, []int64{p.Runs[0].Start, p.Runs[0].End, p.Runs[1].Start, p.Runs[1].End})
	require.Equal(t, 4, p.Workers)
	require.Equal(t, 12_000, p.Dropped)
	require.Contains(t, p.Note, "the oldest 12,000 spans were dropped")
	facts := factsOf(p)
	require.Equal(t, "6 s", facts["wall time"])
	require.Equal(t, "1.5 on average", facts["calls at once"])
	require.Equal(t, "1 of 4 (25 %)", facts["cached"])
}

func TestJSONWallTimeCountsRunsWithinRunsOnce(t *testing.T) {
	rec := graph.Record{Start: begin}
	for i, r := range [][2]int{{0, 6}, {1, 2}, {3, 4}, {5, 7}, {9, 10}} {
		rec.Runs = append(rec.Runs, graph.Run{
			ID: uint64(i), Start: begin.Add(time.Duration(r[0]) * time.Second), End: begin.Add(time.Duration(r[1]) * time.Second),
		})
	}
	require.Equal(t, "8 s", factsOf(pageOf(t, graph.Snapshot{}, viz.Ran(rec)))["wall time"])
}

func TestJSONCountsTheRecordsCallsWhereThereIsNoSnapshot(t *testing.T) {
	_, rec := wordCount()
	require.Equal(t, "4", factsOf(pageOf(t, graph.Snapshot{}, viz.Ran(rec)))["calls"])
}

func factsOf(p *page) map[string]string {
	facts := map[string]string{}
	for _, f := range p.Facts {
		facts[f[0]] = f[1]
	}
	return facts
}

func TestJSONFacts(t *testing.T) {
	s, rec := wordCount()
	p := pageOf(t, s, viz.Ran(rec), viz.Fact("commit", "4f2a9c1"), viz.Fact("calls", "a few"), viz.Fact("sources", ""), viz.Fact("none", ""))
	facts := factsOf(p)
	require.Equal(t, []string{"commit", "4f2a9c1"}, p.Facts[len(p.Facts)-1][:])
	require.Equal(t, "a few", facts["calls"])
	require.NotContains(t, facts, "sources")
	require.NotContains(t, facts, "none")
	require.Equal(t, "96 ms", facts["wall time"])
	require.Equal(t, "106 ms", facts["time in calls"])
	require.Equal(t, "1.1 on average", facts["calls at once"])
	require.Equal(t, "2", facts["workers"])
	require.Equal(t, runtime.Version(), facts["Go"])
	require.Contains(t, facts["machine"], runtime.GOOS+"/"+runtime.GOARCH)
	require.Equal(t, filepath.Base(os.Args[0]), facts["program"])
	text := draw(t, viz.WriteJSON, s, viz.Ran(rec))
	dir, err := os.Getwd()
	require.NoError(t, err)
	for _, secret := range append([]string{dir, filepath.Dir(os.Args[0])}, os.Args[1:]...) {
		require.NotContains(t, text, secret)
	}

	// Where runs may have been forgotten, how many calls ran at once is not known.
	rec.Runs = slices.Repeat(rec.Runs, 1000)
	require.NotContains(t, factsOf(pageOf(t, s, viz.Ran(rec))), "calls at once")
	_, rec = wordCount()
	rec.Runs = nil
	require.NotContains(t, factsOf(pageOf(t, s, viz.Ran(rec))), "calls at once")
}

func TestJSONValues(t *testing.T) {
	s := report()
	secret := []string{"sales.csv", "NA", "1.2M", "0.05", "region"}
	shown, hidden := draw(t, viz.WriteJSON, s), draw(t, viz.WriteJSON, s, viz.Values(false), viz.Constants())
	for _, text := range secret {
		require.Contains(t, shown, text)
		require.NotContains(t, hidden, text)
		require.NotContains(t, draw(t, viz.WriteJSON, s, viz.Values(false), viz.Limit(2)), text)
	}
	p := decode(t, hidden)
	require.Equal(t, "values are not shown", p.Note)
	require.Equal(t, "…", p.Groups[2].Name)
	require.Equal(t, "(Load, …)", p.Groups[3].Args)
	require.Contains(t, hidden, "overflow in column", "errors are shown")
}

func TestJSONWhy(t *testing.T) {
	s, _ := wordCount()
	plan := graph.Snapshot{Nodes: []graph.Node{
		{ID: 3, Reason: "has no value yet"}, {ID: 4, Reason: "an input has changed"}, {ID: 99, Reason: "of another"}, {ID: 2},
	}}
	s.Nodes[3].Reason = "its own"
	require.Equal(t, map[int]string{2: "has no value yet", 3: "its own"}, pageOf(t, s, viz.Why(plan)).Calls.Reason)
	plan.Nodes = append(plan.Nodes, plan.Nodes[0]) // not a graph: nothing to go by
	require.Equal(t, map[int]string{3: "its own"}, pageOf(t, s, viz.Why(plan)).Calls.Reason)
}

func TestJSONLiveNumbersFunctionsForGood(t *testing.T) {
	s, rec := wordCount()
	list := []string{"Merge", "gone", "Parse"}
	p := decode(t, draw(t, viz.WriteJSON, s, viz.Ran(rec), viz.Live(7, &list)))
	require.EqualValues(t, 7, p.V)
	require.Equal(t, []string{"Merge", "gone", "Parse", "", "Glob"}, list)
	require.Len(t, p.Spans.Call, len(rec.Spans))
	require.Empty(t, p.Note)
	require.NotEmpty(t, p.Calls.Worker, "calls know their last running")
	for i, f := range p.Functions {
		require.Equal(t, list[i], f.Name)
		require.Equal(t, f.Name == "", f.Source)
	}
	for i, n := range s.Nodes {
		require.Equal(t, n.Name, list[p.Calls.Fn[i]])
	}
	before := slices.Clone(list)
	rec.Functions = append(rec.Functions, graph.Function{Name: "New"})
	draw(t, viz.WriteJSON, s, viz.Ran(rec), viz.Live(8, &list))
	require.Equal(t, append(before, "New"), list)
	require.PanicsWithValue(t, "viz: Live: names is nil: give it a list, new([]string) to begin with", func() { viz.Live(1, nil) })
}

func TestJSONSourcesAndCallsOfOneName(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, Name: "path", State: graph.Source},
		{ID: 2, Name: "path", State: graph.Done, Inputs: []graph.ID{1}},
		{ID: 3, State: graph.Source, Value: "1"},
		{ID: 4, State: graph.Done, Inputs: []graph.ID{3}},
		{ID: 5, Name: "\t", State: graph.Done},
	}}
	p := pageOf(t, s)
	require.Equal(t, []pageFunction{{Name: "path"}, {Name: "", Source: true}, {Name: "(unnamed)"}, {Name: "(unnamed)"}}, p.Functions)
	require.Equal(t, []int{0, 0, 1, 2, 3}, p.Calls.Fn)
	require.Equal(t, "#4", p.Groups[2].Name)
}

func TestJSONRefusesWhatIsNoGraph(t *testing.T) {
	for want, nodes := range map[string][]graph.Node{
		"same ID":             {{ID: 1, Name: "a"}, {ID: 1, Name: "b"}},
		"not in the snapshot": {{ID: 1, Name: "a", Inputs: []graph.ID{2}}},
		"cycle":               {{ID: 1, Name: "a", Inputs: []graph.ID{2}}, {ID: 2, Name: "b", Inputs: []graph.ID{1}}},
	} {
		for _, w := range []writer{viz.WriteJSON, viz.WriteHTML} {
			var b bytes.Buffer
			err := w(&b, graph.Snapshot{Nodes: nodes})
			require.ErrorContains(t, err, want)
			require.Equal(t, graph.Snapshot{Nodes: nodes}.Check(), err)
			require.Zero(t, b.Len(), "before anything is written")
		}
	}
}

func TestJSONPutsNodesInOrder(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, Name: "b", Inputs: []graph.ID{math.MaxInt64}, State: graph.Done}, {ID: math.MaxInt64, Name: "a", State: 200},
	}}
	p := pageOf(t, s)
	require.Equal(t, []int64{math.MaxInt64, 1}, sums(p.Calls.ID))
	require.Equal(t, "14", p.Calls.State, "what is no state is pending")
	require.Equal(t, []int{0}, p.Calls.In)
}

func TestJSONHostileTexts(t *testing.T) {
	s := hostile()
	rec := graph.Record{Start: begin}
	for i, text := range hostileTexts() {
		id := s.Nodes[4*i+2].ID // the failed call
		rec.Runs = append(rec.Runs, graph.Run{ID: uint64(i), Op: text, Target: text, Start: begin, Err: text})
		rec.Spans = append(rec.Spans, graph.Span{Call: id, Run: uint64(i), Name: text, Worker: -5, State: 99, Start: time.Duration(i), End: math.MaxInt64})
		rec.Functions = append(rec.Functions, graph.Function{Name: text})
		rec.Failures = append(rec.Failures, graph.Failure{Call: id, Name: text, Err: text, Stack: text + "\n\t" + strings.Repeat(text+"\n", 100)})
	}
	for _, opts := range [][]viz.Option{{viz.Ran(rec), viz.Fact("<b>\x00", "</script>")}, {viz.Ran(rec), viz.Limit(0)}, {viz.Limit(2)}} {
		text := draw(t, viz.WriteJSON, s, opts...)
		requireVisible(t, text)
		p := decode(t, text)
		for _, f := range p.Functions {
			require.LessOrEqual(t, utf8.RuneCountInString(f.Name), 121)
			requireLine(t, f.Name)
		}
		for _, texts := range []map[int]string{p.Calls.Value, p.Calls.Err, p.Calls.Reason, p.Calls.Where} {
			for text := range maps.Values(texts) {
				require.LessOrEqual(t, utf8.RuneCountInString(text), 601)
				requireLine(t, text)
			}
		}
		require.Greater(t, len(p.Calls.Err), len(hostileTexts())/2)
		for _, f := range p.Failures {
			require.LessOrEqual(t, strings.Count(f.Stack, "\n"), 65)
		}
	}
}

func requireLine(t *testing.T, text string) {
	t.Helper()
	requireVisible(t, text)
	require.NotContains(t, text, "\n")
}

func TestHTMLHoldsTheData(t *testing.T) {
	s, rec := wordCount()
	s.Title, s.Nodes[3].Err = "</title><script>alert(1)</script><!--", "</script><!-- <script>"
	html := draw(t, viz.WriteHTML, s, viz.Ran(rec))
	require.Equal(t, html, draw(t, viz.WriteHTML, s, viz.Ran(rec)))
	require.NotContains(t, html, "<script>alert")
	require.NotContains(t, html, "</script><!--")
	const open = `<script type="application/json" id="data">`
	_, data, ok := strings.Cut(html, open)
	require.True(t, ok)
	data, _, ok = strings.Cut(data, "</script>")
	require.True(t, ok)
	p := decode(t, data)
	require.Equal(t, s.Title, p.Title)
	require.Equal(t, s.Nodes[3].Err, p.Calls.Err[3])
	require.Contains(t, draw(t, viz.WriteHTML, graph.Snapshot{}), "<title>graph of calls</title>")
}

// full is a writer with room for n bytes. It counts how often it is written to afterwards.
type full struct{ n, late int }

func (f *full) Write(b []byte) (int, error) {
	if f.n < len(b) {
		f.late++
		return 0, errors.New("disk full")
	}
	f.n -= len(b)
	return len(b), nil
}

func TestJSONStopsAtAnError(t *testing.T) {
	s := random(20_000, 1)
	size := len(draw(t, viz.WriteJSON, s))
	for _, room := range []int{0, 40_000, size / 2, size - 1} {
		w := &full{n: room}
		require.EqualError(t, viz.WriteJSON(w, s), "disk full")
		require.Equal(t, 1, w.late)
	}
}

// largest is a writer that remembers the longest piece.
type largest struct{ n int }

func (l *largest) Write(b []byte) (int, error) { l.n = max(l.n, len(b)); return len(b), nil }

func TestJSONIsWrittenInPieces(t *testing.T) {
	var w largest
	require.NoError(t, viz.WriteJSON(io.Writer(&w), random(30_000, 2)))
	require.Less(t, w.n, 64<<10)
}

// FuzzJSON reads bytes as a graph and a record of it, in any order, and asks for a picture that holds and for columns
// of one length.
func FuzzJSON(f *testing.F) {
	f.Add([]byte("a graph of some calls that take one another"), uint8(0))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 255, 254, 253, 128, 64, 32, 16}, uint8(7))
	f.Add(bytes.Repeat([]byte{9, 200, 31}, 60), uint8(3))
	f.Fuzz(func(t *testing.T, program []byte, how uint8) {
		if len(program) > 300 {
			return
		}
		s, rec := graph.Snapshot{}, graph.Record{Start: begin}
		for i, c := range program {
			n := graph.Node{ID: graph.ID(1000 - i), Name: string(rune('a' + c%11)), State: graph.State(c % 9), Duration: time.Duration(c)}
			for k := c / 50; k > 0 && i > 0; k-- {
				n.Inputs = append(n.Inputs, s.Nodes[(int(c)*int(k)*7+i)%i].ID)
			}
			if c%13 == 0 {
				n.Name, n.State, n.Inputs = "", graph.Source, nil
			}
			if c%5 == 0 {
				n.Start = begin.Add(time.Duration(c) - 100)
			}
			s.Nodes = append(s.Nodes, n)
			rec.Spans = append(rec.Spans, graph.Span{Call: n.ID + graph.ID(c%3), Name: n.Name, State: n.State, Start: time.Duration(c), End: time.Duration(i)})
		}
		if how&1 != 0 {
			slices.Reverse(s.Nodes)
		}
		var opts []viz.Option
		if how&2 != 0 {
			opts = append(opts, viz.Ran(rec))
		}
		if how&4 != 0 {
			opts = append(opts, viz.Limit(int(how)/8))
		}
		p := pageOf(t, s, opts...)
		for _, column := range []int{len(p.Calls.ID), len(p.Calls.Fn), len(p.Calls.Group), len(p.Calls.State), len(p.Calls.Inputs)} {
			require.Equal(t, len(s.Nodes), column)
		}
		if how&2 != 0 {
			for _, column := range []int{len(p.Spans.Call), len(p.Spans.Fn), len(p.Spans.Run), len(p.Spans.Start), len(p.Spans.State)} {
				require.Equal(t, len(rec.Spans), column)
			}
		}
		byID := positions(s)
		nodes := make([]graph.Node, 0, len(s.Nodes))
		for _, id := range sums(p.Calls.ID) {
			nodes = append(nodes, s.Nodes[byID[graph.ID(id)]])
		}
		requirePicture(t, graph.Snapshot{Nodes: nodes}, p, true)
	})
}
