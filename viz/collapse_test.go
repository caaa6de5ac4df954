package viz_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// shape writes a snapshot as "name×count(inputs) …".
func shape(s graph.Snapshot) string {
	name := map[graph.ID]string{}
	var all []string
	for _, n := range s.Nodes {
		name[n.ID] = n.Name
		text := n.Name
		if n.Count > 1 {
			text += fmt.Sprintf("×%d", n.Count)
		}
		var ins []string
		for _, in := range n.Inputs {
			ins = append(ins, name[in])
		}
		if len(ins) > 0 {
			text += "(" + strings.Join(ins, ",") + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// calls builds a snapshot from "name:input,input" words; a name in upper case is a source, a node is meant by its place.
func calls(text string) graph.Snapshot {
	b := &builder{}
	for _, word := range strings.Fields(text) {
		name, inputs, _ := strings.Cut(word, ":")
		n := graph.Node{Name: strings.Trim(name, "_"), State: graph.Done}
		if name == strings.ToUpper(name) {
			n.State = graph.Source
		}
		for _, in := range strings.FieldsFunc(inputs, func(r rune) bool { return r == ',' }) {
			var id graph.ID
			_, _ = fmt.Sscan(in, &id)
			n.Inputs = append(n.Inputs, id)
		}
		b.add(n)
	}
	return b.snapshot()
}

func TestCollapse(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"isolated sources go", "X Y", ""},
		{"constants go", "_ _ f:1 f:2 g:3,4", "f×2 g(f)"},
		{"sources stay", "X f:1", "X f(X)"},
		{"same inputs, one node", "X f:1 f:1 f:1 g:2,3 h:4", "X f×3(X) g(f) h(f)"},
		{"other inputs, two nodes", "a b f:1 f:2", "a b f(a) f(b)"},
		{"sources do not part calls", "X Y f:1 f:2", "X Y f×2(X,Y)"},
		{"same source name, one source", "X X f:1 f:2", "X×2 f×2(X)"},
		{"many sources of the same calls, one source", "A B C D E f:1 f:2 f:3 f:4 f:5 g:6,7,8,9,10", "A …×5 f×5(A …) g(f)"},
		{"input twice, once", "a f:1,1 f:1", "a f×2(a)"},
		{"a short chain stays", "a f:1 f:2 f:3", "a f(a) f(f) f(f)"},
		{"a long chain is one node", "a f:1 f:2 f:3 f:4 f:5 f:6 f:7 f:8 f:9 g:10", "a f×9(a) g(f)"},
		{"a long fold is one node", "a f:1 f:1,2 f:1,3 f:1,4 f:1,5 f:1,6 f:1,7 f:1,8 f:1,9", "a f×9(a)"},
		{
			"f and g in turns are one node",
			"a f:1 g:2 f:3 g:4 f:5 g:6 f:7 g:8 f:9 g:10 f:11 g:12 f:13 g:14 f:15 g:16 f:17 g:18 h:19", "a f + g×18(a) h(f + g)",
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, shape(viz.Collapse(calls(c.in)))) })
	}
}

func TestCollapseWhereParts(t *testing.T) {
	s := calls("a f:1 f:1")
	s.Nodes[1].Where, s.Nodes[2].Where = "a.go:1", "b.go:2"
	require.Equal(t, "a f(a) f(a)", shape(viz.Collapse(s)))
}

func TestCollapseSums(t *testing.T) {
	now := time.Now()
	s := graph.Snapshot{Title: "t", Nodes: []graph.Node{
		{ID: 3, Name: "f", State: graph.Done, Duration: 10 * time.Millisecond, Start: now, Value: "1"},
		{ID: 4, Name: "f", State: graph.Failed, Duration: 20 * time.Millisecond, Start: now.Add(-time.Second), Err: "no"},
		{ID: 5, Name: "f", State: graph.Pending},
		{ID: 6, Name: "g", State: graph.Done, Inputs: []graph.ID{3, 4}, Value: "kept"},
	}}
	got := viz.Collapse(s)
	want := graph.Node{
		ID: 3, Name: "f", State: graph.Failed, Count: 3, Duration: 15 * time.Millisecond, Start: now.Add(-time.Second), Err: "no",
	}
	want.Merged[graph.Done], want.Merged[graph.Failed], want.Merged[graph.Pending] = 1, 1, 1
	require.Equal(t, "t", got.Title)
	require.Equal(t, want, got.Nodes[0])
	require.Equal(t, graph.Node{ID: 6, Name: "g", State: graph.Done, Inputs: []graph.ID{3}, Value: "kept"}, got.Nodes[1])
	again := viz.Collapse(got)
	require.Equal(t, got, again, "collapsing twice is collapsing once")
}

func TestCollapseLarge(t *testing.T) {
	for name, c := range map[string]struct {
		s    graph.Snapshot
		most int
	}{
		"mapreduce": {mapReduce(32_000, 16), 10},
		"chain":     {chain(100_000, "f"), 2},
		"turns":     {chain(100_000, "f", "g", "h"), 2},
		"fan":       {fan(100_000), 3},
		"ladder":    {ladder(100_000), 2},
		"random":    {random(20_000, 3), 20},
	} {
		got := viz.Collapse(c.s)
		require.LessOrEqual(t, len(got.Nodes), c.most, name)
		requireCollapsed(t, c.s, got)
	}
}

// requireCollapsed checks what holds for every collapsed snapshot: a graph in order, no call lost, inputs distinct.
func requireCollapsed(t *testing.T, s, got graph.Snapshot) {
	t.Helper()
	require.NoError(t, got.Check())
	count, want := 0, 0
	seen := map[graph.ID]bool{}
	for _, n := range got.Nodes {
		ins := slices.Clone(n.Inputs)
		slices.Sort(ins)
		require.Len(t, slices.Compact(ins), len(n.Inputs))
		for _, in := range n.Inputs {
			require.True(t, seen[in], "nodes stand after their inputs")
		}
		seen[n.ID] = true
		sum := 0
		for _, k := range n.Merged {
			sum += k
		}
		if n.Count > 1 {
			require.Equal(t, n.Count, sum)
		}
		if n.State != graph.Source {
			count += max(1, n.Count)
		}
	}
	for _, n := range s.Nodes {
		if n.State != graph.Source || len(n.Inputs) > 0 {
			want++
		}
	}
	require.Equal(t, want, count)
}

// FuzzCollapse draws graphs from bytes: each pair is a function and how far back its input lies.
func FuzzCollapse(f *testing.F) {
	f.Add([]byte{0, 0, 1, 1, 1, 1, 2, 1})
	f.Add([]byte(strings.Repeat("\x01\x01\x02\x01\x03\x02", 20)))
	f.Fuzz(func(t *testing.T, program []byte) {
		b := &builder{}
		for i := 0; i+1 < len(program) && i < 2000; i += 2 {
			op, back := program[i], int(program[i+1])
			n := graph.Node{Name: string('f' + rune(op%5)), State: graph.State(1 + op%7)}
			for k := back%16 + 1; k <= len(b.nodes) && k < 200 && len(n.Inputs) < 1+back/64; k *= 2 {
				n.Inputs = append(n.Inputs, graph.ID(len(b.nodes)+1-k))
			}
			b.add(n)
		}
		s := b.snapshot()
		got := viz.Collapse(s)
		requireCollapsed(t, s, got)
		parseSVG(t, draw(t, viz.WriteSVG, got))
		parseSVG(t, draw(t, viz.WriteSVG, s))
	})
}

// Sub(a, b) and Sub(b, a) must not look the same: inputs stay in the order of the arguments.
func TestCollapseKeepsTheOrderOfArguments(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, Name: "f"},
		{ID: 2, Name: "g"},
		{ID: 3, Name: "top", State: graph.Source},
		{ID: 4, Name: "Sub", Inputs: []graph.ID{2, 3, 1}},
	}}
	nodes := viz.Collapse(s).Nodes
	last := nodes[len(nodes)-1]
	require.Equal(t, "Sub", last.Name)
	require.Equal(t, []graph.ID{2, 3, 1}, last.Inputs)
}
