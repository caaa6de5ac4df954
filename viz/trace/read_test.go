package trace_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/trace"
)

// event is an event of the file. Fields that are not here are an error.
type event struct {
	Name  string
	Cat   string
	Ph    string
	Bp    string
	ID    uint64
	Ts    float64
	Dur   float64
	Pid   int
	Tid   int
	Cname string
	Args  struct {
		Name     string
		Sort     int `json:"sort_index"`
		ID       graph.ID
		Run      uint64
		State    string
		Inputs   string
		Error    string
		Critical bool
		Waited   string
		Share    string
		Calls    int
		Workers  int
	}
}

// drawn is a slice as a reader has it. Times are in ns.
type drawn struct {
	event
	start, end int64
	depth      int
}

// file is what a reader has read.
type file struct {
	lanes  []string // by tid - 1
	proc   string
	other  map[string]any
	slices []*drawn
	// arrows go from slice to slice, as a reader binds them; drawnArrows are the same as they stand in the file.
	arrows      [][2]*drawn
	drawnArrows [][2]event
}

func (f *file) lane(d *drawn) string { return f.lanes[d.Tid-1] }

func (f *file) withCat(cats ...string) (found []*drawn) {
	for _, d := range f.slices {
		if slices.Contains(cats, d.Cat) {
			found = append(found, d)
		}
	}
	return found
}

func (f *file) calls() []*drawn { return f.withCat("call", "call,critical") }

func write(t testing.TB, r graph.Record, s graph.Snapshot) *file {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, trace.Write(&b, r, s))
	return read(t, b.Bytes())
}

// read reads a trace the way Perfetto does, and fails where that would drop something: times are cut to ns, events are
// sorted by time and what is longer first, slices of a lane must nest and close only when the next one comes, arrows
// belong to the topmost slice.
func read(t testing.TB, text []byte) *file {
	t.Helper()
	var whole struct {
		DisplayTimeUnit string
		OtherData       map[string]any
		TraceEvents     []event
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&whole))
	require.False(t, d.More())
	f := &file{other: whole.OtherData}
	f.lanes = lanesIn(t, f, whole.TraceEvents)
	events := slices.DeleteFunc(whole.TraceEvents, func(e event) bool { return e.Ph == "M" })
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(cut(a.Ts), cut(b.Ts)), cmp.Compare(sortKey(a), sortKey(b)))
	})
	stacks := map[int][]*drawn{}
	open := map[uint64]*drawn{}
	starts := map[uint64]event{}
	for _, e := range events {
		require.Equal(t, 1, e.Pid)
		require.True(t, e.Tid >= 1 && e.Tid <= len(f.lanes), "lane %d has no name", e.Tid)
		switch e.Ph {
		case "X":
			s := &drawn{event: e, start: cut(e.Ts), end: cut(e.Ts) + cut(e.Dur)}
			require.GreaterOrEqual(t, e.Ts, 0.0)
			require.GreaterOrEqual(t, e.Dur, 0.0)
			stacks[e.Tid] = stacked(t, stacks[e.Tid], s)
			f.slices = append(f.slices, s)
		case "s":
			require.NotContains(t, starts, e.ID, "arrow begins twice")
			require.NotEmpty(t, stacks[e.Tid], "arrow begins nowhere")
			starts[e.ID], open[e.ID] = e, stacks[e.Tid][len(stacks[e.Tid])-1]
		case "f":
			require.Equal(t, "e", e.Bp)
			require.Contains(t, open, e.ID, "arrow ends that did not begin")
			require.NotEmpty(t, stacks[e.Tid])
			require.LessOrEqual(t, starts[e.ID].Ts, e.Ts)
			f.arrows = append(f.arrows, [2]*drawn{open[e.ID], stacks[e.Tid][len(stacks[e.Tid])-1]})
			f.drawnArrows = append(f.drawnArrows, [2]event{starts[e.ID], e})
			delete(open, e.ID)
		default:
			require.Fail(t, "unknown phase", e.Ph)
		}
	}
	require.Empty(t, open, "arrows that do not end")
	return f
}

func lanesIn(t testing.TB, f *file, events []event) []string {
	var lanes []string
	for _, e := range events {
		if e.Ph != "M" {
			continue
		}
		switch e.Name {
		case "process_name":
			require.Empty(t, f.proc)
			f.proc = e.Args.Name
		case "thread_name":
			lanes = append(lanes, e.Args.Name)
			require.Len(t, lanes, e.Tid)
		case "thread_sort_index":
			require.Equal(t, e.Tid, e.Args.Sort)
		default:
			require.Fail(t, "unknown metadata", e.Name)
		}
	}
	require.NotEmpty(t, f.proc)
	sorted := slices.Compact(slices.Sorted(slices.Values(lanes)))
	require.Len(t, sorted, len(lanes), "two lanes of one name")
	return lanes
}

// cut is how readers make ns of µs.
func cut(us float64) int64 { return int64(us * 1000) }

func sortKey(e event) int64 {
	if e.Ph == "X" {
		return math.MaxInt64 - cut(e.Dur)
	}
	return math.MaxInt64
}

func stacked(t testing.TB, stack []*drawn, s *drawn) []*drawn {
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		if top.end > s.start || top.end == s.start && top.start == top.end && s.start == s.end {
			break
		}
		stack = stack[:len(stack)-1]
	}
	for _, below := range stack {
		require.False(t, s.start < below.end && s.end > below.end, "%s %d–%d overlaps %s %d–%d on lane %d",
			below.Name, below.start, below.end, s.Name, s.start, s.end, s.Tid)
	}
	s.depth = len(stack)
	require.Less(t, s.depth, 512, "readers drop what is deeper")
	return append(stack, s)
}
