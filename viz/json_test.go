package viz_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// page is the data of a page, decoded. Tests read it with unknown fields refused: a new field wants a test.
type page struct {
	Version          int
	V                uint64
	Title, Taken     string
	Start            float64
	Now              int64
	Collapsed        bool
	Facts            [][2]string
	Note             string
	Functions        []pageFunction
	Groups           []pageGroup
	Edges            []pageEdge
	Size             [2]float64
	Calls            pageCalls
	Spans            pageSpans
	Totals           []pageTotal
	Runs             []pageRun
	Failures         []pageFailure
	Workers, Dropped int
}

type (
	pageFunction struct {
		Name, Where string
		Source      bool
	}
	pageGroup struct {
		Fn           int
		Name, Args   string
		Count        int
		X, Y, W, H   float64
		Source       bool
		Fill, Stroke string
	}
	pageEdge struct {
		From, To int
		Path     string
		Waiting  bool
	}
	pageCalls struct {
		N                                int
		ID                               []int64
		Fn, Group                        []int
		State                            string
		Start, Dur                       []int64
		Worker, Inputs, In               []int
		Value, Err, Stack, Reason, Where map[int]string
		Merged                           map[int][graph.NumStates]int
	}
	pageSpans struct {
		Call, Fn, Run, Worker []int
		State                 string
		Start, Dur            []int64
	}
	pageTotal struct {
		Fn, Done, Cached, Failed, Skipped, Cancelled, Running int
		Total, Max                                            time.Duration
	}
	pageRun struct {
		ID             uint64
		Op, Target     string
		Start, End     int64
		Calls, Workers int
		Err            string
	}
	pageFailure struct {
		Call       int
		Name       string
		ID         uint64
		At         int64
		Run        int
		Err, Stack string
	}
)

func decode(t testing.TB, text string) *page {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	p := &page{}
	require.NoError(t, d.Decode(p))
	require.Equal(t, 1, p.Version)
	return p
}

// pageOf writes and decodes, and wants the same bytes a second time.
func pageOf(t testing.TB, s graph.Snapshot, opts ...viz.Option) *page {
	t.Helper()
	text := draw(t, viz.WriteJSON, s, opts...)
	require.Equal(t, text, draw(t, viz.WriteJSON, s, opts...))
	require.NotContains(t, text, "<")
	return decode(t, text)
}

// sums adds up what is written as differences.
func sums(v []int64) []int64 {
	out, sum := make([]int64, len(v)), int64(0)
	for i := range v {
		sum += v[i]
		out[i] = sum
	}
	return out
}

// begin is when the records of the tests begin.
var begin = time.Date(2026, 11, 22, 3, 0, 0, 123_456_000, time.UTC)

// dressed gives nodes what a run leaves in them.
func dressed(s graph.Snapshot, seed uint64) graph.Snapshot {
	r := rand.New(rand.NewPCG(seed, 3))
	s.Nodes = slices.Clone(s.Nodes)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.State == graph.Source {
			continue
		}
		n.Where = []string{"", "main.go:12", "/home/me/secret/app/main.go:40"}[r.IntN(3)]
		switch {
		case n.State == graph.Pending || n.State == graph.Skipped || r.IntN(4) == 0:
		case r.IntN(9) == 0:
			n.Start = begin.Add(-time.Duration(r.IntN(1e9))) // before the record
		default:
			n.Start = begin.Add(time.Duration(r.IntN(1e9)))
		}
		if n.State == graph.Failed {
			n.Err = "no such file"
		}
		if n.State.HasValue() && r.IntN(2) == 0 {
			n.Value = "42"
		}
		if n.State == graph.Pending && r.IntN(2) == 0 {
			n.Reason = "has no value yet"
		}
	}
	return s
}

// recordOf makes up a record of the calls of s, and of others. Its spans are in order, but for those that still run.
func recordOf(s graph.Snapshot, seed uint64) graph.Record {
	r := rand.New(rand.NewPCG(seed, 4))
	rec := graph.Record{Start: begin}
	for i := range 1 + r.IntN(4) {
		run := graph.Run{ID: uint64(10 + i), Op: "get", Target: "Top#9", Start: begin.Add(time.Duration(i) * time.Second), Calls: 7, Workers: 1 + r.IntN(8)}
		if i < 3 {
			run.End = run.Start.Add(time.Duration(r.IntN(2e9)))
		}
		rec.Runs = append(rec.Runs, run)
	}
	counts := map[string]*graph.Function{}
	at := time.Duration(-1000)
	var running []graph.Span
	for range r.IntN(3*len(s.Nodes) + 5) {
		at += time.Duration(r.IntN(1e6))
		sp := graph.Span{Call: graph.ID(1 << 40), Run: uint64(9 + r.IntN(5)), Name: "Gone", Worker: r.IntN(4) - 1, Start: at}
		if len(s.Nodes) > 0 && r.IntN(5) > 0 {
			n := &s.Nodes[r.IntN(len(s.Nodes))]
			if n.State == graph.Source {
				continue
			}
			sp.Call, sp.Name = n.ID, n.Name
		}
		sp.State = []graph.State{graph.Done, graph.Failed, graph.Cached, graph.Skipped, graph.Pending, graph.Running}[r.IntN(6)]
		f := counts[sp.Name]
		if f == nil {
			f = &graph.Function{Name: sp.Name}
			counts[sp.Name] = f
		}
		f.Calls[sp.State]++
		if sp.State == graph.Running {
			running = append(running, sp)
			continue
		}
		sp.End = sp.Start + time.Duration(r.IntN(1e7))
		f.Total, f.Max = f.Total+sp.Duration(), max(f.Max, sp.Duration())
		rec.Spans = append(rec.Spans, sp)
		if sp.State == graph.Failed {
			rec.Failures = append(rec.Failures, graph.Failure{
				Call: sp.Call, Run: sp.Run, Name: sp.Name, At: sp.End, Err: "boom", Stack: "goroutine 7 [running]:\nmain.f()\n\t/home/me/app/main.go:12 +0x1d\n",
			})
		}
	}
	rec.Spans = append(rec.Spans, running...)
	for _, f := range counts {
		rec.Functions = append(rec.Functions, *f)
	}
	slices.SortFunc(rec.Functions, func(a, b graph.Function) int { return strings.Compare(a.Name, b.Name) })
	return rec
}

// positions are the places of nodes by ID.
func positions(s graph.Snapshot) map[graph.ID]int {
	at := map[graph.ID]int{}
	for i := range s.Nodes {
		at[s.Nodes[i].ID] = i
	}
	return at
}

func programs(t *testing.T, test func(t *testing.T, s graph.Snapshot, rec graph.Record, seed uint64)) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		s := dressed(random(int(seed*seed)/3, seed), seed)
		if seed%5 == 4 {
			s = dressed(mapReduce(20*int(seed), 3+int(seed%7)), seed)
		}
		test(t, s, recordOf(s, seed), seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestJSONCallsAgreeWithTheSnapshot(t *testing.T) {
	programs(t, func(t *testing.T, s graph.Snapshot, rec graph.Record, seed uint64) {
		for _, opts := range [][]viz.Option{nil, {viz.Ran(rec)}} {
			p := pageOf(t, s, opts...)
			c := &p.Calls
			require.Equal(t, len(s.Nodes), c.N)
			ids, at, in := sums(c.ID), positions(s), 0
			for i, n := range s.Nodes {
				require.EqualValues(t, n.ID, ids[i])
				require.Equal(t, n.Name, p.Functions[c.Fn[i]].Name)
				require.EqualValues(t, n.State, c.State[i]-'0')
				require.Equal(t, n.Value, c.Value[i])
				require.Equal(t, n.Err, c.Err[i])
				require.Equal(t, n.Reason, c.Reason[i])
				require.Equal(t, len(n.Inputs), c.Inputs[i])
				for _, id := range n.Inputs {
					require.Equal(t, at[id], c.In[in])
					in++
				}
				where, own := c.Where[i]
				if !own {
					where = p.Functions[c.Fn[i]].Where
				}
				if n.State != graph.Source && n.Where != "" {
					require.Equal(t, strings.TrimPrefix(n.Where, "/home/me/secret/"), where)
				}
			}
			require.Len(t, c.In, in)
			require.Len(t, c.State, c.N)
		}
	})
}

func TestJSONFunctionsAreDistinct(t *testing.T) {
	programs(t, func(t *testing.T, s graph.Snapshot, rec graph.Record, _ uint64) {
		p := pageOf(t, s, viz.Ran(rec))
		calls, seen := map[string]bool{}, map[string]bool{}
		for i := range s.Nodes {
			calls[s.Nodes[i].Name] = calls[s.Nodes[i].Name] || s.Nodes[i].State != graph.Source
		}
		for _, f := range rec.Functions {
			calls[f.Name] = true
		}
		for _, f := range p.Functions {
			require.False(t, seen[f.Name], f.Name)
			seen[f.Name] = true
			require.Equal(t, !calls[f.Name], f.Source, f.Name)
		}
		require.Equal(t, len(calls), len(seen))
	})
}

// lastSpan is what a call's times are told from, found the slow way.
func lastSpan(rec graph.Record, id graph.ID) (last graph.Span, ok bool) {
	for _, sp := range rec.Spans {
		if sp.Call == id && sp.State != graph.Skipped && (!ok || sp.Start >= last.Start) {
			last, ok = sp, true
		}
	}
	return last, ok
}

func TestJSONTimesAreOfTheLastRunning(t *testing.T) {
	programs(t, func(t *testing.T, s graph.Snapshot, rec graph.Record, _ uint64) {
		p := pageOf(t, s, viz.Ran(rec), viz.Taken(begin.Add(time.Minute)))
		require.EqualValues(t, time.Minute, p.Now)
		c := &p.Calls
		known := func(column []int64, i int, missing int64) int64 {
			if column == nil {
				return missing
			}
			return column[i]
		}
		for i, n := range s.Nodes {
			start, dur, worker := int64(-1), int64(n.Duration), -1
			if sp, ok := lastSpan(rec, n.ID); ok {
				start, dur, worker = int64(max(0, sp.Start)), int64(sp.End-sp.Start), sp.Worker
				if sp.State == graph.Running {
					dur = int64(time.Minute - sp.Start)
				}
			} else if !n.Start.IsZero() {
				start = max(-1, n.Start.Sub(begin).Nanoseconds())
				if n.State == graph.Running && dur == 0 {
					dur = int64(time.Minute - n.Start.Sub(begin))
				}
			}
			require.Equal(t, start, known(c.Start, i, -1))
			require.Equal(t, dur, known(c.Dur, i, 0))
			if c.Worker != nil {
				require.Equal(t, worker, c.Worker[i])
			} else {
				require.Equal(t, -1, worker)
			}
		}
	})
}

func TestJSONSpansAreThoseOfTheRecordInOrder(t *testing.T) {
	programs(t, func(t *testing.T, s graph.Snapshot, rec graph.Record, _ uint64) {
		p := pageOf(t, s, viz.Ran(rec), viz.Taken(begin.Add(time.Minute)))
		want := slices.Clone(rec.Spans)
		for i := range want {
			if want[i].State == graph.Running {
				want[i].End = time.Minute
			}
			if d := want[i].Duration(); want[i].Start < 0 {
				want[i].Start, want[i].End = 0, d
			}
		}
		slices.SortStableFunc(want, func(a, b graph.Span) int { return int(a.Start - b.Start) })
		at, runs := positions(s), map[uint64]int{}
		for i, r := range rec.Runs {
			runs[r.ID] = i
		}
		starts := sums(p.Spans.Start)
		require.Len(t, starts, len(want))
		for i, sp := range want {
			require.EqualValues(t, sp.Start, starts[i])
			require.EqualValues(t, sp.Duration(), p.Spans.Dur[i])
			require.EqualValues(t, sp.State, p.Spans.State[i]-'0')
			require.Equal(t, sp.Worker, p.Spans.Worker[i])
			require.Equal(t, sp.Name, p.Functions[p.Spans.Fn[i]].Name)
			require.Equal(t, orMissing(at, sp.Call), p.Spans.Call[i])
			require.Equal(t, orMissing(runs, sp.Run), p.Spans.Run[i])
		}
	})
}

func orMissing[K comparable](at map[K]int, k K) int {
	if i, ok := at[k]; ok {
		return i
	}
	return -1
}

func TestJSONTotalsAgree(t *testing.T) {
	programs(t, func(t *testing.T, s graph.Snapshot, rec graph.Record, _ uint64) {
		p := pageOf(t, s, viz.Ran(rec))
		require.Len(t, p.Totals, len(rec.Functions))
		for i, f := range rec.Functions {
			require.Equal(t, pageTotal{
				p.Totals[i].Fn, f.Calls[graph.Done], f.Calls[graph.Cached], f.Calls[graph.Failed], f.Calls[graph.Skipped],
				f.Calls[graph.Pending], f.Calls[graph.Running], f.Total, f.Max,
			}, p.Totals[i])
			require.Equal(t, f.Name, p.Functions[p.Totals[i].Fn].Name)
		}

		want := map[string]pageTotal{}
		for _, n := range s.Nodes {
			f, ran := want[n.Name], n.State == graph.Done || n.State == graph.Failed || n.State == graph.Stale && n.Duration > 0
			switch n.State {
			case graph.Source:
				continue
			case graph.Cached:
				f.Cached++
			case graph.Failed:
				f.Failed++
			case graph.Skipped:
				f.Skipped++
			case graph.Running:
				f.Running++
			}
			if ran {
				f.Total, f.Max = f.Total+n.Duration, max(f.Max, n.Duration)
			}
			if ran && n.State != graph.Failed {
				f.Done++
			}
			want[n.Name] = f
		}
		got := map[string]pageTotal{}
		for _, f := range pageOf(t, s).Totals {
			name := p.Functions[f.Fn].Name
			f.Fn = 0
			got[name] = f
		}
		require.Equal(t, want, got)
	})
}

func TestJSONFailures(t *testing.T) {
	programs(t, func(t *testing.T, s graph.Snapshot, rec graph.Record, _ uint64) {
		p := pageOf(t, s, viz.Ran(rec))
		at, of := positions(s), map[int]bool{}
		for i, f := range rec.Failures {
			got := p.Failures[i]
			of[got.Call] = true
			require.Equal(t, orMissing(at, f.Call), got.Call)
			require.EqualValues(t, f.Call, got.ID)
			require.EqualValues(t, max(0, f.At), got.At)
			require.Equal(t, []string{f.Name, f.Err, "goroutine 7 [running]:\nmain.f()\n    app/main.go:12 +0x1d"}, []string{got.Name, got.Err, got.Stack})
		}
		more := p.Failures[len(rec.Failures):]
		for i, n := range s.Nodes {
			if n.State == graph.Failed && !of[i] {
				require.Equal(t, i, more[0].Call)
				require.Equal(t, n.Err, more[0].Err)
				more = more[1:]
			}
		}
		require.Empty(t, more)
	})
}
