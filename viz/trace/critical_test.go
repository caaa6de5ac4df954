package trace_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/trace"
)

// chain is a path as the naive search finds it: calls from the last to the first.
type chain []*graph.Node

// ended returns the end of the last timed call, and how many untimed ones came after it.
func (c chain) ended() (end time.Time, more int) {
	for _, n := range c {
		if !n.Start.IsZero() {
			return n.Start.Add(n.Duration), more
		}
		more++
	}
	return time.Time{}, more
}

func (c chain) began() time.Time {
	for _, n := range c {
		if !n.Start.IsZero() {
			return n.Start
		}
	}
	return time.Time{}
}

func (c chain) after(d chain) bool {
	e, m := c.ended()
	f, n := d.ended()
	return e.After(f) || e.Equal(f) && m > n
}

// naive builds the whole chain of every node from those of its inputs, with nothing kept but the chains.
func naive(s graph.Snapshot) (best chain) {
	chains := map[graph.ID]chain{}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		cancelled := n.State == graph.Pending && !n.Start.IsZero()
		if n.State == graph.Source || n.State == graph.Skipped || n.State == graph.Pending && !cancelled {
			continue
		}
		var clear, overlapping chain
		for _, in := range n.Inputs {
			c := chains[in]
			end, _ := c.ended()
			switch {
			case c == nil:
			case n.Start.IsZero() || !end.After(n.Start):
				if clear == nil || c.after(clear) {
					clear = c
				}
			case !c.began().After(n.Start):
				if overlapping == nil || c.after(overlapping) {
					overlapping = c
				}
			}
		}
		if clear == nil {
			clear = overlapping
		}
		chains[n.ID] = append(chain{n}, clear...)
		if best == nil || !best.after(chains[n.ID]) {
			best = chains[n.ID]
		}
	}
	return best
}

func TestCriticalAgreesWithTheNaiveSearch(t *testing.T) {
	for seed := range uint64(seeds(t, 3000)) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		var s graph.Snapshot
		if seed%2 == 0 {
			var r graph.Record
			r, s = tame(rnd, 1+rnd.IntN(40), 1+rnd.IntN(4))
			s = trace.Timed(s, r)
		} else {
			s = someGraph(rnd, 1+rnd.IntN(12))
			for i := range s.Nodes {
				n := &s.Nodes[i]
				n.State = graph.State(rnd.IntN(graph.NumStates))
				if rnd.IntN(3) > 0 {
					n.Start, n.Duration = start.Add(time.Duration(rnd.IntN(50))), time.Duration(rnd.IntN(20))
				}
			}
		}
		for i := range s.Nodes { // some are not timed
			if rnd.IntN(4) == 0 {
				s.Nodes[i].Start, s.Nodes[i].Duration = time.Time{}, 0
			}
		}
		if seed%3 == 0 { // IDs that are far apart
			for i := range s.Nodes {
				s.Nodes[i].ID *= 1 << 40
				for k := range s.Nodes[i].Inputs {
					s.Nodes[i].Inputs[k] *= 1 << 40
				}
			}
		}
		checkPath(t, s, trace.Critical(s), seed)
	}
}

func checkPath(t *testing.T, s graph.Snapshot, p trace.Path, seed uint64) {
	t.Helper()
	var want, got []graph.ID
	for _, n := range naive(s) {
		want = append([]graph.ID{n.ID}, want...)
	}
	var ran, waited time.Duration
	untimed := 0
	for _, c := range p.Calls {
		got = append(got, c.Node.ID)
		require.GreaterOrEqual(t, c.Took, time.Duration(0))
		require.GreaterOrEqual(t, c.Waited, time.Duration(0))
		require.LessOrEqual(t, c.Took, c.Node.Duration)
		ran, waited = ran+c.Took, waited+c.Waited
		if c.Node.Duration == 0 && c.Node.State != graph.Cached && c.Node.State != graph.Running {
			untimed++
		}
	}
	require.Equal(t, want, got, "seed %d", seed)
	require.Equal(t, ran, p.Ran)
	require.Equal(t, untimed, p.Untimed)
	require.Equal(t, p.Wall, ran+waited, "seed %d: the path must tell where all the time went", seed)
	require.True(t, p.Share() >= 0 && p.Share() <= 1)
	require.LessOrEqual(t, strings.Count(p.String(), "\n"), 2+16+17)
}

func node(id graph.ID, name string, from, took time.Duration, inputs ...graph.ID) graph.Node {
	n := graph.Node{ID: id, Name: name, State: graph.Done, Inputs: inputs}
	if from >= 0 {
		n.Start, n.Duration = start.Add(from), took
	}
	return n
}

const never = -1 // a call that was not timed

func TestCritical(t *testing.T) {
	source := graph.Node{ID: 1, Name: "in", State: graph.Source}
	for _, c := range []struct {
		name  string
		nodes []graph.Node
		want  string
	}{
		{"nothing", nil, "critical path: no call has run\n"},
		{"a source only", []graph.Node{source}, "critical path: no call has run\n"},
		{
			"d <- {b, c} <- a, c is slower",
			[]graph.Node{
				source, node(2, "a", 0, 10*ms, 1), node(3, "b", 10*ms, 20*ms, 2), node(4, "c", 15*ms, 25*ms, 2), node(5, "d", 41*ms, 9*ms, 3, 4),
			},
			`
critical path: 3 calls, 44 ms of 50 ms (88 %)
   waited        ran   share
        –      10 ms    20 %  a#2
     5 ms      25 ms    50 %  c#4
     1 ms       9 ms    18 %  d#5
`,
		},
		{
			"what was not timed is gone through, and said",
			[]graph.Node{node(2, "a", 0, 10*ms), node(3, "b", never, 0, 2), node(4, "c", 11*ms, 9*ms, 3), node(5, "d", never, 0, 4)},
			`
critical path: 4 calls, 19 ms of 20 ms (95 %), 2 not timed
   waited        ran   share
        –      10 ms    50 %  a#2
        –          –       –  b#3 (not timed)
     1 ms       9 ms    45 %  c#4
        –          –       –  d#5 (not timed)
`,
		},
		{
			"nothing was timed: the longest chain",
			[]graph.Node{node(1, "a", never, 0), node(2, "b", never, 0), node(3, "b", never, 0, 2), node(4, "c", never, 0, 1, 3)},
			`
critical path: 3 calls, not timed: calls below 20 µs often are not
   waited        ran   share
        –          –       –  b#2 (not timed)
        –          –       –  b#3 (not timed)
        –          –       –  c#4 (not timed)
`,
		},
		{
			"states that are worth a word",
			[]graph.Node{
				{ID: 1, Name: "a", State: graph.Cached},
				{ID: 2, Name: "b", State: graph.Failed, Inputs: []graph.ID{1}, Start: start, Duration: ms},
				{ID: 3, Name: "s", State: graph.Skipped, Inputs: []graph.ID{2}, Start: start.Add(time.Hour)},
				{ID: 4, Name: "r", State: graph.Running, Inputs: []graph.ID{2}, Start: start.Add(2 * ms)},
			},
			`
critical path: 3 calls, 1 ms of 2 ms (50 %)
   waited        ran   share
        –          –       –  a#1 cached
        –       1 ms    50 %  b#2 failed
     1 ms          –       –  r#4 running
`,
		},
		{
			"an input that has run again since was not waited for",
			[]graph.Node{node(1, "new", 30*ms, 5*ms), node(2, "old", 0, 10*ms), node(3, "top", 10*ms, 90*ms, 1, 2)},
			`
critical path: 2 calls, 100 ms of 100 ms (100 %)
   waited        ran   share
        –      10 ms    10 %  old#2
        –      90 ms    90 %  top#3
`,
		},
		{
			"two clocks differ a little: no moment counts twice",
			[]graph.Node{node(1, "a", 0, 10*ms+100), node(2, "b", 10*ms, 10*ms, 1)},
			`
critical path: 2 calls, 20 ms of 20 ms (100 %)
   waited        ran   share
        –      10 ms    50 %  a#1
        –      10 ms    50 %  b#2
`,
		},
		{
			"text from outside, and shares that are nearly nothing and nearly all",
			[]graph.Node{node(1, "evil\x1b[31m\nname", 0, 1), node(2, "\xff", 1, time.Hour, 1)},
			`
critical path: 2 calls, 1h 00m of 1h 00m (100 %)
   waited        ran   share
        –       1 ns    <1 %  evil␛[31m name#1
        –     1h 00m   >99 %  ` + "\ufffd#2\n",
		},
		{
			"inputs that are unknown, after their users, or the node itself",
			[]graph.Node{node(1, "a", 0, ms, 9, 2, 1), node(2, "b", ms, ms, 1, 1)},
			`
critical path: 2 calls, 2 ms of 2 ms (100 %)
   waited        ran   share
        –       1 ms    50 %  a#1
        –       1 ms    50 %  b#2
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := trace.Critical(graph.Snapshot{Nodes: c.nodes})
			require.Equal(t, strings.TrimPrefix(c.want, "\n"), p.String())
		})
	}
}

func steps(n int, name func(i int) string) graph.Snapshot {
	s := graph.Snapshot{Nodes: make([]graph.Node, n)}
	inputs := make([]graph.ID, n)
	for i := range s.Nodes {
		inputs[i] = graph.ID(i)
		s.Nodes[i] = node(graph.ID(i+1), name(i), time.Duration(i)*ms, time.Duration(1+i%7)*ms/10, inputs[i:i+1]...)
	}
	return s
}

func TestLongPathsAreFolded(t *testing.T) {
	s := steps(10_000, func(int) string { return "Step" })
	s.Nodes[0].Name, s.Nodes[9_999].Name = "Load", "Sum"
	s.Nodes[77].Duration = 0
	require.Equal(t, `critical path: 10,000 calls, 4 s of 10 s (40 %), 1 not timed
   waited        ran   share
        –     0.1 ms    <1 %  Load#1
      6 s        4 s    40 %  Step ×9,998 (1 not timed)
   0.7 ms     0.4 ms    <1 %  Sum#10000
`, strings.NewReplacer("100 µs", "0.1 ms", "400 µs", "0.4 ms", "700 µs", "0.7 ms").Replace(trace.Critical(s).String()))
}

func TestPathsOfManyNamesTellTheLongestCalls(t *testing.T) {
	s := steps(1000, func(i int) string { return fmt.Sprint("F", i%2) })
	for i := range 10 {
		s.Nodes[100*i+5].Duration = 900 * time.Microsecond
	}
	lines := strings.Split(strings.TrimSpace(trace.Critical(s).String()), "\n")
	named, rest := 0, 0
	for _, l := range lines[2:] {
		if strings.Contains(l, "… ") {
			rest++
		} else {
			named++
		}
	}
	require.Equal(t, 16, named)
	require.LessOrEqual(t, rest, 17)
	for i := range 10 {
		require.Contains(t, strings.Join(lines, "\n"), fmt.Sprintf("F1#%d", 100*i+6))
	}
}

// The graph may be as deep as memory allows: nothing recurses.
func TestCriticalOfAMillionCallsInARow(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	p := trace.Critical(steps(n, func(int) string { return "Step" }))
	require.Len(t, p.Calls, n)
	require.Equal(t, 3, strings.Count(p.String(), "\n"))
}

func TestTimed(t *testing.T) {
	s := graph.Snapshot{Title: "t", Nodes: []graph.Node{node(1, "a", 5, 5), node(2, "b", 5, 5, 1), node(3, "c", never, 0, 2)}}
	r := graph.Record{Start: start.Add(time.Hour), Spans: []graph.Span{
		{Call: 2, State: graph.Done, Start: 3 * ms, End: 4 * ms},
		{Call: 3, State: graph.Failed, Start: 4 * ms, End: 5 * ms},
		{Call: 3, State: graph.Done, Start: 6 * ms, End: 8 * ms},
		{Call: 3, State: graph.Skipped, Start: 9 * ms, End: 9 * ms},
		{Call: 4, State: graph.Done, Start: 9 * ms, End: 10 * ms},
		{Call: 2, State: graph.Running, Start: 9 * ms},
	}}
	got := trace.Timed(s, r)
	hour := start.Add(time.Hour)
	require.Equal(t, "t", got.Title)
	require.Equal(t, start.Add(5), got.Nodes[0].Start, "not in the record")
	require.Equal(t, hour.Add(9*ms), got.Nodes[1].Start)
	require.Zero(t, got.Nodes[1].Duration, "it runs")
	require.Equal(t, hour.Add(6*ms), got.Nodes[2].Start)
	require.Equal(t, 2*ms, got.Nodes[2].Duration)
	require.Equal(t, start.Add(5), s.Nodes[1].Start, "the snapshot that was given stays as it was")
	got = trace.Timed(s, graph.Record{Spans: []graph.Span{{Call: 1, State: graph.Done, End: 7}}})
	require.True(t, got.Nodes[0].Start.Equal(time.Unix(0, 0)))
}
