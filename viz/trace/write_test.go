package trace_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/trace"
)

var update = flag.Bool("update", false, "write testdata anew")

const ms = time.Millisecond

// seeds is how many random records a test goes through.
func seeds(t *testing.T, n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func TestEverySpanStandsOnceOnALaneOfItsWorker(t *testing.T) {
	for seed := range uint64(seeds(t, 600)) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r, s := wild(rnd, 1+rnd.IntN(20), rnd.IntN(120))
		f := write(t, r, s)
		zero, end := bounds(r)
		var want, got []string
		for _, span := range r.Spans {
			to, worker := span.End, "without"
			if span.State == graph.Running {
				to = end
			}
			if span.Worker >= 0 {
				worker = fmt.Sprint(span.Worker)
			}
			want = append(want, spanText(worker, span.Call, span.Run, int64(span.Start-zero), int64(max(to, span.Start)-zero)))
		}
		for _, c := range f.calls() {
			worker, is := strings.CutPrefix(f.lane(c), "worker ")
			if !is {
				worker = "without"
			}
			worker, _, _ = strings.Cut(worker, ",")
			got = append(got, spanText(worker, c.Args.ID, c.Args.Run, c.start, c.end))
		}
		require.ElementsMatch(t, want, got, "seed %d", seed)
		require.Len(t, f.withCat("run"), len(r.Runs), "seed %d", seed)
	}
}

func spanText(worker string, call graph.ID, run uint64, start, end int64) string {
	return fmt.Sprint(worker, ": ", call, " run ", run, " ", start, "–", end)
}

// bounds are the first and the last moment of all; the first is 0 unless something was before.
func bounds(r graph.Record) (zero, end time.Duration) {
	for _, run := range r.Runs {
		zero, end = min(zero, run.Start.Sub(r.Start)), max(end, run.Start.Sub(r.Start))
		if !run.End.IsZero() {
			end = max(end, run.End.Sub(r.Start))
		}
	}
	for _, span := range r.Spans {
		zero, end = min(zero, span.Start), max(end, span.Start, span.End)
	}
	return zero, end
}

// expected returns the arrows, as span numbers, by looking at all spans for each.
func expected(r graph.Record, s graph.Snapshot) (arrows [][2]int) {
	inputs := map[graph.ID][]graph.ID{}
	for _, n := range s.Nodes {
		inputs[n.ID] = n.Inputs
	}
	known := func(id graph.ID) bool { _, ok := inputs[id]; return ok }
	for k, to := range r.Spans {
		if to.State == graph.Cached || to.State == graph.Skipped {
			continue
		}
		best := -1
		for _, in := range inputs[to.Call] {
			last, lastSame := -1, -1
			for m, from := range r.Spans {
				valued := from.State == graph.Done || from.State == graph.Cached
				if from.Call != in || !known(in) || !valued || max(from.End, from.Start) > to.Start {
					continue
				}
				if last < 0 || from.End >= r.Spans[last].End {
					last = m
				}
				if from.Run == to.Run && (lastSame < 0 || from.End >= r.Spans[lastSame].End) {
					lastSame = m
				}
			}
			if lastSame >= 0 {
				last = lastSame
			}
			if last >= 0 && (best < 0 || r.Spans[last].End > r.Spans[best].End) {
				best = last
			}
		}
		if best >= 0 {
			arrows = append(arrows, [2]int{best, k})
		}
	}
	return arrows
}

func TestArrowsComeFromTheInputThatEndedLast(t *testing.T) {
	for seed := range uint64(seeds(t, 600)) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		r, s := wild(rnd, 1+rnd.IntN(12), rnd.IntN(60))
		if seed%2 == 0 {
			r, s = tame(rnd, 1+rnd.IntN(60), 1+rnd.IntN(4))
		}
		for i := range r.Spans { // so that a slice tells its span
			r.Spans[i].Name = fmt.Sprint("span ", i)
		}
		f := write(t, r, s)
		at := map[string]*drawn{}
		for _, c := range f.calls() {
			at[c.Name] = c
		}
		want := expected(r, s)
		require.Len(t, f.drawnArrows, len(want), "seed %d", seed)
		slices.SortFunc(f.drawnArrows, func(a, b [2]event) int { return cmp.Compare(a[0].ID, b[0].ID) })
		for i, a := range f.drawnArrows {
			var found bool
			for _, w := range want {
				from, to := at[fmt.Sprint("span ", w[0])], at[fmt.Sprint("span ", w[1])]
				ts := cut(a[0].Ts)
				if a[1].Tid == to.Tid && cut(a[1].Ts) == to.start && a[0].Tid == from.Tid && from.start <= ts && ts <= from.end {
					found = true
					break
				}
			}
			require.True(t, found, "seed %d: arrow %d", seed, i)
		}
	}
}

// Where no two slices of a lane start at one moment, a reader binds each arrow to the right slices.
func TestReadersBindArrowsToTheRightSlices(t *testing.T) {
	for seed := range uint64(seeds(t, 400)) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		r, s := tame(rnd, 1+rnd.IntN(80), 1+rnd.IntN(4))
		if seed%2 == 0 {
			r, s = wild(rnd, 1+rnd.IntN(20), rnd.IntN(80))
		}
		for i := range r.Spans {
			r.Spans[i].Name = fmt.Sprint("span ", i)
			r.Spans[i].Start = r.Spans[i].Start*1000 + time.Duration(i)
			if r.Spans[i].State != graph.Running {
				r.Spans[i].End = max(r.Spans[i].End*1000, r.Spans[i].Start)
			}
		}
		var want, got []string
		for _, a := range expected(r, s) {
			want = append(want, fmt.Sprint("span ", a[0], " → span ", a[1]))
		}
		for _, a := range write(t, r, s).arrows {
			got = append(got, a[0].Name+" → "+a[1].Name)
		}
		require.ElementsMatch(t, want, got, "seed %d", seed)
	}
}

func TestCriticalPathHasALane(t *testing.T) {
	for seed := range uint64(seeds(t, 400)) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		r, s := tame(rnd, 1+rnd.IntN(60), 1+rnd.IntN(4))
		if seed%2 == 0 {
			r, s = wild(rnd, 1+rnd.IntN(20), rnd.IntN(80))
		}
		f := write(t, r, s)
		zero, _ := bounds(r)
		path := trace.Critical(trace.Timed(s, r))
		var want, lane []string
		for _, c := range path.Calls {
			if !c.Node.Start.IsZero() { // those of the snapshot that are not in the record have no slice
				want = append(want, fmt.Sprint(c.Node.ID, " ", int64(c.Node.Start.Sub(start)-zero), "+", int64(c.Took)))
			}
		}
		for _, d := range f.withCat("critical path") {
			require.Equal(t, "critical path", f.lane(d))
			lane = append(lane, fmt.Sprint(d.Args.ID, " ", d.start, "+", d.end-d.start))
		}
		require.ElementsMatch(t, want, lane, "seed %d", seed)
		marked := f.withCat("call,critical")
		require.Len(t, marked, len(want), "seed %d", seed)
		for _, d := range marked {
			require.True(t, d.Args.Critical)
			require.True(t, slices.ContainsFunc(want, func(w string) bool {
				return strings.HasPrefix(w, fmt.Sprint(d.Args.ID, " ", d.start, "+"))
			}), "seed %d", seed)
		}
	}
}

func TestStatesAreSaid(t *testing.T) {
	r := graph.Record{
		Start: start, Dropped: 68204,
		Runs: []graph.Run{
			{ID: 7, Op: "get", Target: "Report#7", Start: start, End: start.Add(9 * ms), Calls: 5, Workers: 4, Err: "it broke"},
			{ID: 8, Op: "run", Start: start.Add(9 * ms)},
		},
		Spans: []graph.Span{
			{Call: 1, Run: 7, Name: "Cached", Worker: -1, State: graph.Cached, Start: ms, End: ms},
			{Call: 2, Run: 7, Name: "Failed", State: graph.Failed, Start: ms, End: 2 * ms},
			{Call: 2, Run: 7, Name: "Failed", State: graph.Failed, Start: 3 * ms, End: 4 * ms},
			{Call: 3, Run: 7, Name: "Skipped", Worker: -1, State: graph.Skipped, Start: 5 * ms, End: 5 * ms},
			{Call: 4, Run: 7, Name: "Cancelled", Worker: 1, State: graph.Pending, Start: ms, End: 5 * ms},
			{Call: 6, Run: 7, Name: "OnlyNode", Worker: 1, State: graph.Failed, Start: 5 * ms, End: 6 * ms},
			{Call: 5, Run: 8, Name: "Running", State: graph.Running, Start: 6 * ms},
		},
		Failures: []graph.Failure{
			{Call: 2, Run: 7, At: 2 * ms, Err: "first"}, {Call: 2, Run: 7, At: 4 * ms, Err: "second"}, {Call: 2, Run: 8, Err: "other"},
		},
	}
	f := write(t, r, graph.Snapshot{Nodes: []graph.Node{{ID: 6, Name: "OnlyNode", State: graph.Failed, Err: "from the node"}}})
	require.Equal(t, "dally (68,204 older calls were dropped)", f.proc)
	require.EqualValues(t, 68204, f.other["dropped"])
	require.Equal(t, "2026-03-01T12:00:00Z", f.other["start"])
	var got []string
	for _, d := range f.calls() {
		got = append(got, strings.Join([]string{d.Name, d.Args.State, d.Args.Error, f.lane(d), fmt.Sprint(d.end - d.start)}, "|"))
	}
	require.ElementsMatch(t, []string{
		"Cached|cached||not run: cached, skipped|0",
		"Failed|failed|first|worker 0|1000000",
		"Failed|failed|second|worker 0|1000000",
		"Skipped|skipped||not run: cached, skipped|0",
		"Cancelled|cancelled||worker 1|4000000",
		"OnlyNode|failed|from the node|worker 1|1000000",
		"Running|running||worker 0|3000000",
	}, got)
	runs := f.withCat("run")
	require.Equal(t, "get Report#7", runs[0].Name)
	require.Equal(t, "it broke", runs[0].Args.Error)
	require.Equal(t, 4, runs[0].Args.Workers)
	require.Equal(t, "running", runs[1].Args.State)
}

func TestInputsAreNamedUpToEight(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{{ID: 1, State: graph.Source}, {ID: 2, Name: `a"b`, State: graph.Source}}}
	top := graph.Node{ID: 3, Name: "Top", State: graph.Done, Inputs: []graph.ID{1, 2, 99}}
	s.Nodes = append(s.Nodes, top)
	r := graph.Record{Spans: []graph.Span{{Call: 3, State: graph.Done, End: 5}}}
	require.Equal(t, `#1, a"b#2, #99`, write(t, r, s).calls()[0].Args.Inputs)
	require.Equal(t, "Top", write(t, r, s).calls()[0].Name)
	s.Nodes[2].Inputs = make([]graph.ID, 10_000)
	require.Equal(t, "#0, #0, #0, #0, #0, #0, #0, #0, and 9,992 more", write(t, r, s).calls()[0].Args.Inputs)
}

func TestNothing(t *testing.T) {
	f := write(t, graph.Record{}, graph.Snapshot{})
	require.Empty(t, f.slices)
	require.Equal(t, "no call has run", f.other["critical path"])
}

// A record without a start, as somebody may make by hand: runs stand where their spans are.
func TestRecordWithoutAStart(t *testing.T) {
	r := graph.Record{
		Runs:  []graph.Run{{ID: 1, Op: "get", Start: start, End: start.Add(ms)}, {ID: 2, Op: "get"}},
		Spans: []graph.Span{{Call: 1, Run: 1, Start: 5, End: 10}, {Call: 2, Run: 1, Start: 2, End: 6}},
	}
	runs := write(t, r, graph.Snapshot{}).withCat("run")
	require.EqualValues(t, 2, runs[1].start)
	require.EqualValues(t, 10, runs[1].end)
}

func TestTimesOutsideOfReason(t *testing.T) {
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 1, math.MaxInt64} {
		for _, e := range []time.Duration{math.MinInt64, -1, 0, 1, math.MaxInt64} {
			r := graph.Record{Start: start, Runs: []graph.Run{{Start: start.Add(e), End: start.Add(d)}}}
			r.Spans = []graph.Span{{Call: 1, State: graph.Done, Start: d, End: e}, {Call: 2, State: graph.Failed, Start: e, End: d}}
			r.Failures = []graph.Failure{{Call: 2, At: d}}
			s := graph.Snapshot{Nodes: []graph.Node{{ID: 1, State: graph.Done}, {ID: 2, State: graph.Done, Inputs: []graph.ID{1}}}}
			var b bytes.Buffer
			require.NoError(t, trace.Write(&b, r, s))
			require.NotContains(t, b.String(), `:-`)
			require.NotEmpty(t, trace.Critical(trace.Timed(s, r)).String())
		}
	}
}

func TestErrorsOfTheWriter(t *testing.T) {
	r, s := tame(rand.New(rand.NewPCG(1, 1)), 3000, 2)
	broken := errors.New("disk full")
	for limit := range 4 {
		w := &failing{left: limit, err: broken}
		require.ErrorIs(t, trace.Write(w, r, s), broken)
		require.Zero(t, w.after, "it went on writing")
	}
}

type failing struct {
	left, after int
	err         error
}

func (w *failing) Write(b []byte) (int, error) {
	if w.left--; w.left < -1 {
		w.after++
	}
	if w.left < 0 {
		return 0, w.err
	}
	return len(b), nil
}

type lying struct{}

func (lying) Write(b []byte) (int, error) { return len(b) / 2, nil }

func TestAWriterThatWritesLess(t *testing.T) {
	r, s := example()
	require.ErrorIs(t, trace.Write(lying{}, r, s), io.ErrShortWrite)
}

func TestNilWriterPanicsWithTheFix(t *testing.T) {
	require.PanicsWithValue(t, "trace: Write: w is nil: give it a file, a buffer, or io.Discard", func() {
		_ = trace.Write(nil, graph.Record{}, graph.Snapshot{})
	})
}

func TestGolden(t *testing.T) {
	r, s := example()
	var b, again bytes.Buffer
	require.NoError(t, trace.Write(&b, r, s))
	require.NoError(t, trace.Write(&again, r, s))
	require.Equal(t, b.String(), again.String())
	const name = "testdata/small.json"
	if *update {
		require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// example is a computation of five calls on two workers.
func example() (graph.Record, graph.Snapshot) {
	s := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, State: graph.Source, Value: "2026"},
		{ID: 2, Name: "Load", State: graph.Done, Inputs: []graph.ID{1}},
		{ID: 3, Name: "Fetch", State: graph.Done, Inputs: []graph.ID{1}},
		{ID: 4, Name: "Prices", State: graph.Cached, Inputs: []graph.ID{1}},
		{ID: 5, Name: "Join", State: graph.Done, Inputs: []graph.ID{2, 3, 4}},
		{ID: 6, Name: "Report", State: graph.Failed, Inputs: []graph.ID{5}, Err: "no paper"},
	}}
	r := graph.Record{
		Start: start,
		Runs:  []graph.Run{{ID: 1, Op: "get", Target: "Report#6", Start: start, End: start.Add(100 * ms), Calls: 5, Workers: 2, Err: "no paper"}},
		Spans: []graph.Span{
			{Call: 4, Run: 1, Name: "Prices", Worker: -1, State: graph.Cached, Start: ms, End: ms},
			{Call: 2, Run: 1, Name: "Load", Worker: 0, State: graph.Done, Start: 2 * ms, End: 30 * ms},
			{Call: 3, Run: 1, Name: "Fetch", Worker: -1, State: graph.Done, Start: 2 * ms, End: 52 * ms},
			{Call: 5, Run: 1, Name: "Join", Worker: 1, State: graph.Done, Start: 53 * ms, End: 90*ms + 1},
			{Call: 6, Run: 1, Name: "Report", Worker: 1, State: graph.Failed, Start: 90*ms + 1, End: 100 * ms},
		},
		Failures: []graph.Failure{{Call: 6, Run: 1, Name: "Report", At: 100 * ms, Err: "no paper"}},
	}
	return r, s
}
