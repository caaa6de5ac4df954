package trace_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

func TestCallsWithoutAWorkerShareAsFewLanesAsCanBe(t *testing.T) {
	for seed := range uint64(seeds(t, 400)) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		r, s := wild(rnd, 5, 1+rnd.IntN(80))
		for i := range r.Spans {
			r.Spans[i].Worker, r.Spans[i].State = -1, graph.Done
		}
		f := write(t, r, s)
		most, lanes := 0, map[string]bool{}
		for _, a := range f.calls() {
			lanes[f.lane(a)] = true
			require.True(t, strings.HasPrefix(f.lane(a), "blocking"))
			over := 0
			for _, b := range f.calls() {
				if b.start <= a.start && a.start < b.end && b.end > b.start && (a.end > a.start || b.start < a.start) {
					over++
				}
			}
			if a.end == a.start {
				over++ // it stands on the others, and needs a place itself
			}
			most = max(most, over)
		}
		require.Len(t, lanes, most, "seed %d", seed)
	}
}

func TestLanes(t *testing.T) {
	span := func(call graph.ID, worker int, from, to time.Duration) graph.Span {
		return graph.Span{Call: call, Run: 1, Name: "F", Worker: worker, State: graph.Done, Start: from, End: to}
	}
	for _, c := range []struct {
		name  string
		spans []graph.Span
		want  map[graph.ID]string
		depth map[graph.ID]int
	}{
		{
			"one after the other, end to start",
			[]graph.Span{span(1, 0, 0, 1001), span(2, 0, 1001, 2007), span(3, 0, 2007, 2007), span(4, 0, 2007, 3000)},
			map[graph.ID]string{1: "worker 0", 2: "worker 0", 3: "worker 0", 4: "worker 0"},
			map[graph.ID]int{3: 1}, // readers put what takes no time into what starts with it
		},
		{
			"a Get inside of a call, with the same start and the same end",
			[]graph.Span{span(2, 3, 5, 7), span(1, 3, 5, 20), span(3, 3, 7, 20)},
			map[graph.ID]string{1: "worker 3", 2: "worker 3", 3: "worker 3"},
			map[graph.ID]int{2: 1, 3: 1},
		},
		{
			"one over the end of the other",
			[]graph.Span{span(1, 0, 0, 10), span(2, 0, 5, 15), span(3, 0, 12, 14), span(4, 0, 15, 16)},
			map[graph.ID]string{1: "worker 0", 2: "worker 0, overlapping 1", 3: "worker 0", 4: "worker 0"},
			nil,
		},
		{
			"no worker",
			[]graph.Span{span(1, -1, 0, 10), span(2, -1, 5, 15), span(3, -1, 10, 11), span(4, -7, 15, 16)},
			map[graph.ID]string{1: "blocking", 2: "blocking 2", 3: "blocking", 4: "blocking"},
			nil,
		},
		{
			"workers in order of their numbers",
			[]graph.Span{span(1, 11, 0, 10), span(2, 2, 5, 15), span(3, math.MaxInt, 10, 11)},
			map[graph.ID]string{1: "worker 11", 2: "worker 2", 3: "worker 9223372036854775807"},
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := write(t, graph.Record{Start: start, Spans: c.spans}, graph.Snapshot{})
			require.True(t, slices.IsSortedFunc(f.lanes, func(a, b string) int { return cmp.Compare(len(a), len(b)) }),
				"lanes stand in order: %q", f.lanes)
			for _, d := range f.calls() {
				require.Equal(t, c.want[d.Args.ID], f.lane(d), "call %d", d.Args.ID)
				require.Equal(t, c.depth[d.Args.ID], d.depth, "call %d", d.Args.ID)
			}
		})
	}
}

// A thousand calls, each waiting in a Get for the next, and thousands at one moment: readers drop what is too deep.
func TestDepthIsBounded(t *testing.T) {
	var r graph.Record
	for i := range time.Duration(1000) {
		r.Spans = append(r.Spans, graph.Span{Call: 1, Name: "Deep", State: graph.Done, Start: i, End: 5000 - i})
	}
	for _, worker := range []int{-1, 0} {
		for _, state := range []graph.State{graph.Cached, graph.Done} {
			for range 1000 {
				r.Spans = append(r.Spans, graph.Span{Call: 2, Name: "Flat", Worker: worker, State: state, Start: 6000, End: 6000})
			}
		}
	}
	require.Len(t, write(t, r, graph.Snapshot{}).calls(), 5000)
}
