package viz

import "github.com/dally-go/dally/graph"

// look is how a state is drawn. The colours keep their order of lightness for the common kinds of colour blindness, and
// the glyph says the same without colour.
type look struct {
	glyph                 string
	fill, stroke          string // on light pages
	darkFill, darkStroke  string
	dashed, double, thick bool
}

var looks = [graph.NumStates]look{
	graph.Source:  {glyph: "◆", fill: "#E4E8EC", stroke: "#424A53", darkFill: "#2D333B", darkStroke: "#ADBAC7"},
	graph.Pending: {glyph: "○", fill: "#FFFFFF", stroke: "#818B98", darkFill: "#0D1117", darkStroke: "#768390", dashed: true},
	graph.Running: {glyph: "▶", fill: "#FFF0B8", stroke: "#B58900", darkFill: "#3B2F05", darkStroke: "#F5C542", thick: true},
	graph.Cached:  {glyph: "↻", fill: "#EADCFD", stroke: "#8A2BE2", darkFill: "#2A1650", darkStroke: "#A66BFF"},
	graph.Done:    {glyph: "✓", fill: "#CFEBFA", stroke: "#0079B8", darkFill: "#06283D", darkStroke: "#6CC8FF"},
	graph.Failed:  {glyph: "✕", fill: "#FFD9D2", stroke: "#A31510", darkFill: "#4A1210", darkStroke: "#F0503C", double: true},
	graph.Skipped: {glyph: "–", fill: "#F6F8FA", stroke: "#818B98", darkFill: "#161B22", darkStroke: "#768390", dashed: true},
	graph.Stale:   {glyph: "≈", fill: "#E7EFD8", stroke: "#56722B", darkFill: "#202B10", darkStroke: "#A5C76B"},
}

// lookOf never fails: a state that a hand-made snapshot made up looks pending.
func lookOf(s graph.State) *look { return &looks[known(s)] }

func known(s graph.State) graph.State {
	if int(s) >= graph.NumStates {
		return graph.Pending
	}
	return s
}

// barOrder is the order of states in the bar of a collapsed node: what is over first, what is to come last.
var barOrder = [...]graph.State{
	graph.Done, graph.Cached, graph.Source, graph.Running, graph.Failed, graph.Skipped, graph.Stale, graph.Pending,
}
