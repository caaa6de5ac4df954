package viz_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// constant reports whether a node is shown in arguments only.
func constant(s graph.Snapshot, i int) bool {
	n := &s.Nodes[i]
	return n.State == graph.Source && n.Name == "" && len(n.Inputs) == 0
}

// requirePicture wants groups to be a partition of the calls, edges to be those between the calls, and all in its
// place.
func requirePicture(t *testing.T, s graph.Snapshot, p *page, edges bool) {
	t.Helper()
	count, at := make([]int, len(p.Groups)), positions(s)
	used := map[int]bool{}
	want := map[[2]int]bool{}
	for i, g := range p.Calls.Group {
		n := &s.Nodes[i]
		for _, id := range n.Inputs {
			in := at[id]
			used[in] = true
			if from := p.Calls.Group[in]; from >= 0 && g >= 0 && from != g {
				want[[2]int{from, g}] = true
			}
		}
		if g >= 0 {
			count[g] += max(1, n.Count)
			require.True(t, !p.Groups[g].Source || n.State == graph.Source)
		}
	}
	for i, g := range p.Calls.Group {
		if g < 0 {
			n := &s.Nodes[i]
			require.True(t, n.State == graph.Source && len(n.Inputs) == 0, "only sources are left out")
			require.True(t, constant(s, i) || p.Collapsed && !used[i])
		}
	}
	for i, g := range p.Groups {
		require.Equal(t, g.Count, count[i], g.Name)
		require.GreaterOrEqual(t, g.X, 0.0)
		require.GreaterOrEqual(t, g.Y, 0.0)
		require.LessOrEqual(t, g.X+g.W, p.Size[0])
		require.LessOrEqual(t, g.Y+g.H, p.Size[1])
		for _, h := range p.Groups[:i] {
			apart := g.X+g.W <= h.X || h.X+h.W <= g.X || g.Y+g.H <= h.Y || h.Y+h.H <= g.Y
			if !apart {
				t.Fatalf("%v is over %v", g, h)
			}
		}
	}
	got, trunks := map[[2]int]bool{}, map[int][][2]float64{}
	for _, e := range p.Edges {
		require.False(t, got[[2]int{e.From, e.To}], "twice")
		got[[2]int{e.From, e.To}] = true
		requireEnds(t, p, e, trunks)
	}
	if edges {
		require.Equal(t, want, got)
	}
}

// points are the points of a path, ends and controls.
func (e pageEdge) points(t *testing.T) (points [][2]float64) {
	t.Helper()
	v := strings.FieldsFunc(e.Path, func(r rune) bool { return strings.ContainsRune("MLCQ ", r) })
	for i := 0; i+1 < len(v); i += 2 {
		x, err := strconv.ParseFloat(v[i], 64)
		require.NoError(t, err, e.Path)
		y, err := strconv.ParseFloat(v[i+1], 64)
		require.NoError(t, err, e.Path)
		points = append(points, [2]float64{x, y})
	}
	return points
}

// requireEnds wants a path to lead to the border of its card: from the border of another, or from the trunk that an
// edge of that other one has drawn. A stack has 4 pixels behind it.
func requireEnds(t *testing.T, p *page, e pageEdge, trunks map[int][][2]float64) {
	t.Helper()
	points := e.points(t)
	first, last := points[0], points[len(points)-1]
	a, b := p.Groups[e.From], p.Groups[e.To]
	text := fmt.Sprintf("%s: %+v %+v", e.Path, a, b)
	require.InDelta(t, b.X+b.W/2, last[0], b.W/2, text)
	require.InDelta(t, b.Y, last[1], 0.5, text)
	if y := first[1] - a.Y - a.H; y <= 4.5 {
		require.InDelta(t, 2, y, 2.5, text)
		require.InDelta(t, a.X+a.W/2, first[0], a.W/2, text)
	} else {
		require.True(t, along(first, trunks[e.From]), text)
	}
	trunks[e.From] = append(trunks[e.From], points...)
}

// along reports whether a point lies on a straight line between two points.
func along(at [2]float64, points [][2]float64) bool {
	for i := 1; i < len(points); i++ {
		u, v := points[i-1], points[i]
		if u[0] == at[0] && v[0] == at[0] && u[1]-0.1 <= at[1] && at[1] <= v[1]+0.1 {
			return true
		}
	}
	return false
}

func TestJSONPicture(t *testing.T) {
	zoo := zoo()
	zoo["many names"] = manyNames(300)
	seeds := uint64(3)
	if !testing.Short() {
		zoo["mapreduce/20000"], seeds = mapReduce(10_000, 16), 12
	}
	for seed := range seeds {
		zoo["random/"+strconv.Itoa(int(seed))] = random(int(seed)*5+3, seed)
		zoo["more random/"+strconv.Itoa(int(seed))] = random(int(seed)*100+3, seed)
	}
	for name, s := range zoo {
		for _, opts := range [][]viz.Option{nil, {viz.Values(false)}, {viz.Limit(1000)}, {viz.Limit(3)}} {
			if !t.Run(name, func(t *testing.T) { requirePicture(t, s, pageOf(t, s, opts...), true) }) {
				return
			}
		}
	}
}

// manyNames is n calls of as many functions, each of the one before and of the first.
func manyNames(n int) graph.Snapshot {
	b := &builder{}
	at := b.source("x", "1")
	for i := range n {
		at = b.call(fmt.Sprintf("f%d", i), graph.Done, 0, 1, at)
	}
	return b.snapshot()
}

func TestJSONDrawsLinksBesideTheGraph(t *testing.T) {
	s := ladder(3000)
	p := pageOf(t, s, viz.Limit(0))
	links := map[[2]graph.ID]bool{}
	for _, n := range s.Nodes {
		for _, in := range n.Inputs {
			links[[2]graph.ID{in, n.ID}] = true
		}
	}
	trunks := map[int][][2]float64{}
	for _, e := range p.Edges {
		require.True(t, links[[2]graph.ID{graph.ID(e.From + 1), graph.ID(e.To + 1)}])
		requireEnds(t, p, e, trunks)
	}
	require.Len(t, p.Edges, len(links))
}

func TestJSONShowsCallsOneByOneWhereThereAreFew(t *testing.T) {
	for _, c := range []struct {
		name      string
		s         graph.Snapshot
		opts      []viz.Option
		collapsed bool
		groups    int
	}{
		{"few", report(), nil, false, 6},
		{"with constants", report(), []viz.Option{viz.Constants()}, false, 9},
		{"59 deep and a source", chain(59, "f"), nil, false, 60},
		{"60 deep and a source", chain(60, "f"), nil, true, 2},
		{"8 wide", fan(8), nil, false, 10},
		{"9 wide", fan(9), nil, true, 3},
		{"limit set", fan(9), []viz.Option{viz.Limit(100)}, false, 11},
		{"limit set low", fan(8), []viz.Option{viz.Limit(5)}, true, 3},
		{"no limit", fan(3000), []viz.Option{viz.Limit(0)}, false, 3002},
		{"nothing", graph.Snapshot{}, nil, false, 0},
	} {
		p := pageOf(t, c.s, c.opts...)
		require.Equal(t, c.collapsed, p.Collapsed, c.name)
		require.Len(t, p.Groups, c.groups, c.name)
		require.Empty(t, p.Note, c.name)
	}
}

func TestJSONByFunctionWhereCollapsedIsTooLarge(t *testing.T) {
	s := manyNames(2600)
	s.Nodes = append(s.Nodes, graph.Node{ID: 9000, Name: "f7", State: graph.Done}, graph.Node{ID: 9001, Name: "f2599", State: graph.Failed})
	p := pageOf(t, s)
	require.True(t, p.Collapsed)
	require.Len(t, p.Groups, 2500)
	require.Empty(t, p.Edges)
	require.Contains(t, p.Note, "2,603 nodes would still be 2,603 cards when collapsed: they are shown by function, without edges")
	requirePicture(t, s, p, false)
	require.Equal(t, pageGroup{Name: "f7", Count: 2}, pageGroup{Name: p.Groups[8].Name, Count: p.Groups[8].Count})
	last := p.Groups[2499]
	require.Equal(t, "102 other names", last.Name) // 2,600 functions and x are 2,601 names
	require.Equal(t, 103, last.Count)
}

func TestJSONGroupsAreCollapsesNodes(t *testing.T) {
	for seed := range uint64(10) {
		s := random(400, seed)
		p := pageOf(t, s)
		nodes := viz.Collapse(s).Nodes
		require.Len(t, p.Groups, len(nodes))
		for i, n := range nodes {
			require.Equal(t, n.Name, p.Groups[i].Name)
			require.Equal(t, max(1, n.Count), p.Groups[i].Count)
		}
	}
}

func TestJSONOfACollapsedSnapshotCountsItsCalls(t *testing.T) {
	s := mapReduce(1000, 16)
	whole, p := pageOf(t, s), pageOf(t, viz.Collapse(s))
	merged := map[string]int{}
	for i, n := range viz.Collapse(s).Nodes {
		if n.Count > 1 {
			require.Equal(t, n.Merged, p.Calls.Merged[i])
		}
		merged[n.Name] += max(1, n.Count)
	}
	require.Equal(t, 1000, merged["Parse"])
	several := graph.Node{ID: 1, Name: "f", State: graph.Done, Start: begin, Duration: 5, Count: 2, Merged: [graph.NumStates]int{graph.Done: 2}}
	require.Empty(t, pageOf(t, graph.Snapshot{Nodes: []graph.Node{several}}).Spans.Call, "several calls are no line of the timeline")
	require.Equal(t, names(whole, func(f pageTotal) [4]int { return [4]int{f.Done, f.Cached, f.Failed, f.Running} }),
		names(p, func(f pageTotal) [4]int { return [4]int{f.Done, f.Cached, f.Failed, f.Running} }))
}

func names[V any](p *page, of func(pageTotal) V) map[string]V {
	all := map[string]V{}
	for _, f := range p.Totals {
		all[p.Functions[f.Fn].Name] = of(f)
	}
	return all
}

func TestJSONStyles(t *testing.T) {
	style := viz.Style(func(n graph.Node) viz.NodeStyle {
		if n.Name == "Load" {
			return viz.NodeStyle{Label: "load it", Fill: "#ffdd88", Stroke: `red"><script>`}
		}
		return viz.NodeStyle{}
	})
	p := pageOf(t, report(), style)
	require.Equal(t, []string{"load it", "#ffdd88", ""}, []string{p.Groups[1].Name, p.Groups[1].Fill, p.Groups[1].Stroke})
	require.Equal(t, "(Load, \"NA\")", p.Groups[2].Args)
}

func TestJSONDrawsEachTrunkOnce(t *testing.T) {
	s := manyNames(30)
	for i := 10; i < len(s.Nodes); i++ {
		s.Nodes[i].State = graph.Pending
	}
	p := pageOf(t, s, viz.Limit(0))
	var waiting, ran [][2]float64
	for _, e := range p.Edges {
		points := e.points(t)
		if e.From != 0 {
			continue
		}
		for i := 1; i < len(points); i++ {
			if u, v := points[i-1], points[i]; u[0] == v[0] && v[1]-u[1] > 60 {
				if e.Waiting {
					waiting = append(waiting, [2]float64{u[1], v[1]})
				} else {
					ran = append(ran, [2]float64{u[1], v[1]})
				}
			}
		}
	}
	require.Len(t, ran, 1, "the trunk is solid as far as calls have run")
	require.Len(t, waiting, 1, "and dashed from there")
	require.InDelta(t, ran[0][1], waiting[0][0], 60)
}

func TestJSONSideways(t *testing.T) {
	p := pageOf(t, report(), viz.LeftToRight())
	for _, e := range p.Edges {
		a, b := p.Groups[e.From], p.Groups[e.To]
		require.Less(t, a.X+a.W, b.X)
	}
}
