package viz_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

var update = flag.Bool("update", false, "write the golden files anew")

type writer func(io.Writer, graph.Snapshot, ...viz.Option) error

func draw(t testing.TB, w writer, s graph.Snapshot, opts ...viz.Option) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, w(&b, s, opts...))
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run go test -update if this change is wanted")
}

// element is what of an SVG the tests ask about.
type element struct {
	XMLName  xml.Name
	Class    string    `xml:"class,attr"`
	ID       string    `xml:"data-id,attr"`
	Style    string    `xml:"style,attr"`
	Label    string    `xml:"aria-label,attr"`
	Role     string    `xml:"role,attr"`
	Text     string    `xml:",chardata"`
	Elements []element `xml:",any"`
}

func parseSVG(t testing.TB, svg string) element {
	t.Helper()
	var e element
	require.NoError(t, xml.Unmarshal([]byte(svg), &e))
	require.Equal(t, "svg", e.XMLName.Local)
	return e
}

// cards returns the cards by node ID.
func (e element) cards() map[string]element {
	all := map[string]element{}
	for _, c := range e.Elements {
		if c.ID != "" {
			all[c.ID] = c
		}
	}
	return all
}

func (e element) texts() (all []string) {
	for _, c := range e.Elements {
		if c.XMLName.Local == "text" {
			all = append(all, c.Text)
		}
	}
	return all
}

func (e element) title() string {
	for _, c := range e.Elements {
		if c.XMLName.Local == "title" {
			return c.Text
		}
	}
	return ""
}

func TestGolden(t *testing.T) {
	one := graph.Snapshot{Nodes: []graph.Node{{ID: 7, Name: "x", State: graph.Done, Value: "1"}}}
	for _, c := range []struct {
		name string
		s    graph.Snapshot
		opts []viz.Option
	}{
		{"report", report(), nil},
		{"sideways", report(), []viz.Option{viz.LeftToRight(), viz.Constants(), viz.Title("from left to right")}},
		{"collapsed", viz.Collapse(mapReduce(1000, 16)), nil},
		{"empty", graph.Snapshot{Title: "nothing yet"}, nil},
		{"one", one, nil},
	} {
		golden(t, c.name+".svg", draw(t, viz.WriteSVG, c.s, c.opts...))
		golden(t, c.name+".dot", draw(t, viz.WriteDOT, c.s, c.opts...))
		golden(t, c.name+".mmd", draw(t, viz.WriteMermaid, c.s, c.opts...))
	}
}

func zoo() map[string]graph.Snapshot {
	return map[string]graph.Snapshot{
		"report": report(), "mapreduce": mapReduce(100, 8), "random": random(200, 5), "hostile": hostile(), "empty": {},
		"chain": chain(100, "f"), "fan": fan(100), "ladder": ladder(300), "collapsed": viz.Collapse(mapReduce(1000, 16)),
	}
}

func TestSVGIsWellFormedAndTheSameEachTime(t *testing.T) {
	for name, s := range zoo() {
		for _, opts := range [][]viz.Option{nil, {viz.LeftToRight()}, {viz.Constants()}, {viz.Limit(5)}} {
			svg := draw(t, viz.WriteSVG, s, opts...)
			e := parseSVG(t, svg)
			require.Equal(t, "img", e.Role, name)
			require.Equal(t, e.Label, e.title(), name)
			require.NotContains(t, svg, "\x00")
			require.Equal(t, svg, draw(t, viz.WriteSVG, s, opts...), name)
			require.Equal(t, draw(t, viz.WriteMermaid, s, opts...), draw(t, viz.WriteMermaid, s, opts...), name)
			require.Equal(t, draw(t, viz.WriteDOT, s, opts...), draw(t, viz.WriteDOT, s, opts...), name)
		}
	}
}

func TestSVGCards(t *testing.T) {
	cards := parseSVG(t, draw(t, viz.WriteSVG, report())).cards()
	require.Len(t, cards, 6)
	require.Equal(t, []string{"◆", "path", `= "sales.csv"`}, cards["1"].texts())
	require.Equal(t, []string{"✓", "Clean", "412 ms", `(Load, "NA")`, "= Table 1.1M×8 (79 MB)"}, cards["4"].texts())
	require.Equal(t, []string{"✕", "Totals", "18 ms", "(Clean, region)", "overflow in column “qty”"}, cards["8"].texts())
	require.Equal(t, "Load#2 cached\n= Table 1.2M×8 (84 MB)\nat report.go:12", cards["2"].title())
	all := parseSVG(t, draw(t, viz.WriteSVG, report(), viz.Constants())).cards()
	require.Len(t, all, 9)
	require.Equal(t, []string{"◆", `"NA"`}, all["3"].texts())
}

// Two calls of one function are two cards, whatever else they share.
func TestSVGSameNameTwice(t *testing.T) {
	b := &builder{}
	x := b.source("x", "1")
	b.call("f", graph.Done, 0, x)
	b.call("f", graph.Done, 0, x)
	require.Len(t, parseSVG(t, draw(t, viz.WriteSVG, b.snapshot())).cards(), 3)
}

func TestSVGUnusedConstantIsDrawn(t *testing.T) {
	b := &builder{}
	b.source("", "42")
	require.Equal(t, []string{"◆", "42"}, parseSVG(t, draw(t, viz.WriteSVG, b.snapshot())).cards()["1"].texts())
}

func TestSVGCollapsedCard(t *testing.T) {
	s := viz.Collapse(mapReduce(1000, 16))
	for _, c := range parseSVG(t, draw(t, viz.WriteSVG, s)).cards() {
		if texts := c.texts(); texts[1] == "Parse" {
			require.Equal(t, []string{"✕", "Parse", "×1,000", "31 ms", "(Glob)", "✓ 650", "↻ 92", "▶ 9", "✕ 1", "○ 248"}, texts)
			return
		}
	}
	t.Fatal("no card named Parse")
}

func TestSVGLimit(t *testing.T) {
	s := mapReduce(2000, 16)
	svg := draw(t, viz.WriteSVG, s)
	require.Contains(t, svg, "collapsed: 4,136 nodes drawn as 7, limit 2,500")
	require.Len(t, parseSVG(t, svg).cards(), 7)
	for _, limit := range []int{0, -1, len(s.Nodes)} {
		require.Len(t, parseSVG(t, draw(t, viz.WriteSVG, s, viz.Limit(limit))).cards(), len(s.Nodes)-2)
	}
}

func TestStyle(t *testing.T) {
	s := report()
	opt := viz.Style(func(n graph.Node) viz.NodeStyle {
		if n.Name == "Load" {
			return viz.NodeStyle{Label: "read <it>", Fill: "#ff8800", Stroke: "red;background:url(x)"}
		}
		return viz.NodeStyle{}
	})
	c := parseSVG(t, draw(t, viz.WriteSVG, s, opt)).cards()["2"]
	require.Equal(t, "read <it>", c.texts()[1])
	require.Equal(t, "--f:#ff8800;--ink:#1f2328;--soft:#57606a;--bad:#a31510", c.Style)
	dot := draw(t, viz.WriteDOT, s, opt, viz.Attr("nodesep", "0.5"), viz.Attr("rankdir", "LR"), viz.Attr("a=b;c", "x"))
	require.Contains(t, dot, `read <it>#2`)
	require.Contains(t, dot, `fillcolor="#ff8800"`)
	require.Contains(t, dot, `nodesep="0.5";rankdir="LR"`)
	require.NotContains(t, dot, "a=b")
	require.Contains(t, draw(t, viz.WriteMermaid, s, opt), "style n2 fill:#ff8800,stroke:#8A2BE2")
	require.Equal(t, report(), s, "the snapshot is the caller's")
}

func TestNotAGraph(t *testing.T) {
	node := func(id graph.ID, ins ...graph.ID) graph.Node { return graph.Node{ID: id, Name: "f", Inputs: ins} }
	for name, s := range map[string]graph.Snapshot{
		"missing": {Nodes: []graph.Node{node(1, 2)}},
		"self":    {Nodes: []graph.Node{node(1, 1)}},
		"cycle":   {Nodes: []graph.Node{node(1, 3), node(2, 1), node(3, 2)}},
		"twice":   {Nodes: []graph.Node{node(1), node(1)}},
	} {
		for _, w := range []writer{viz.WriteSVG, viz.WriteDOT, viz.WriteMermaid} {
			var b bytes.Buffer
			require.Equal(t, s.Check(), w(&b, s), name)
			require.Empty(t, b.String())
		}
		require.Equal(t, s, viz.Collapse(s))
	}
}

// A hand-made snapshot may list users before their inputs, and IDs may lie far apart.
func TestAnyOrder(t *testing.T) {
	s := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1 << 60, Name: "c", Inputs: []graph.ID{5, 1 << 40}, State: graph.Done},
		{ID: 5, Name: "b", Inputs: []graph.ID{1 << 40}, State: graph.State(99)},
		{ID: 1 << 40, Name: "a", State: graph.Source},
	}}
	require.Len(t, parseSVG(t, draw(t, viz.WriteSVG, s)).cards(), 3)
	require.Contains(t, draw(t, viz.WriteDOT, s), "n1099511627776->n5")
	require.Len(t, viz.Collapse(s).Nodes, 3)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrors(t *testing.T) {
	for _, w := range []writer{viz.WriteSVG, viz.WriteDOT, viz.WriteMermaid, viz.WriteJSON, viz.WriteHTML} {
		require.EqualError(t, w(brokenWriter{}, report()), "disk full")
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	for ext, start := range map[string]string{
		".svg": "<svg", ".dot": "digraph", ".gv": "digraph", ".mmd": "---\ntitle", ".SVG": "<svg",
		".html": "<!", ".htm": "<!", ".json": `{"version":1,`,
	} {
		path := filepath.Join(dir, "report"+ext)
		require.NoError(t, viz.WriteFile(path, report()))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), start), ext)
	}
	for _, name := range []string{"report.png", "report", "svg"} {
		path := filepath.Join(dir, name)
		require.ErrorContains(t, viz.WriteFile(path, report()), "known are .dot, .gv, .html, .json, .mmd and .svg")
		require.NoFileExists(t, path)
	}
	bad := filepath.Join(dir, "bad.svg")
	require.ErrorContains(t, viz.WriteFile(bad, graph.Snapshot{Nodes: []graph.Node{{ID: 1, Inputs: []graph.ID{1}}}}), "cycle")
	require.NoFileExists(t, bad)
	require.Error(t, viz.WriteFile(filepath.Join(dir, "no", "such", "dir.svg"), report()))
}
