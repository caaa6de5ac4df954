package viz_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// FuzzLabels puts one text into every field of a small graph and asks each format to hold.
func FuzzLabels(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		s := graph.Snapshot{Title: a, Nodes: []graph.Node{
			{ID: 1, Name: a, State: graph.Source, Value: b},
			{ID: 2, State: graph.Source, Value: a},
			{ID: 3, Name: b, State: graph.Failed, Inputs: []graph.ID{1, 2, 1}, Err: a, Where: b, Reason: a},
			{ID: 4, Name: a, State: graph.Done, Inputs: []graph.ID{3}, Value: b, Where: a},
		}}
		style := viz.Style(func(graph.Node) viz.NodeStyle { return viz.NodeStyle{Label: b, Fill: a, Stroke: b} })
		for _, opts := range [][]viz.Option{nil, {style, viz.Attr(a, b), viz.Attr("comment", a), viz.Constants()}} {
			svg := draw(t, viz.WriteSVG, s, opts...)
			parseSVG(t, svg)
			dot := draw(t, viz.WriteDOT, s, opts...)
			require.Equal(t, 3, strings.Count(dot, "\n\tn1->n3")+strings.Count(dot, "\n\tn2->n3")+strings.Count(dot, "\n\tn3->n4"))
			mermaid := draw(t, viz.WriteMermaid, s, opts...)
			for _, text := range []string{svg, dot, mermaid} {
				requireVisible(t, text)
			}
		}
	})
}

// requireVisible wants valid UTF-8 without controls other than line breaks, tabs and the isolates that viz itself sets.
func requireVisible(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	for _, r := range text {
		if r != '\n' && r != '\t' && r != '\u2068' && r != '\u2069' && !unicode.IsPrint(r) {
			t.Fatalf("%U in %q", r, text)
		}
	}
}
