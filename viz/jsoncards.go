package viz

import (
	"math"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// Measures of a card of the page, in pixels. The page draws the texts: these are its sizes.
const (
	pageCardMin = 150
	pageCardMax = 300
	pageScale   = 1.1 // the page draws texts up to that much larger than an SVG
)

// pageCard is a group of calls, or one call.
type pageCard struct {
	fn            int32
	name, args    string
	count         int
	source        bool
	stacked       bool // it stands for several: a second card shows behind it
	waiting       bool // none of its calls has run
	style         NodeStyle
	x, y          float64 // of the upper left corner
	width, height float64
}

// add makes the card of node i of m, of which first is the first call.
func (g *pageGroups) add(p *pageData, m *model, i, first int32) {
	n := m.nodes[i]
	if p.opt.noValues {
		n.Value = ""
	}
	look := card{node: &n, look: lookOf(n.State), style: p.opt.styleOf(&n)}
	c := pageCard{
		fn: p.fnOf[first], name: labelOf(&n, look.style), count: max(1, n.Count), source: isSource(&n), style: look.style,
		stacked: look.collapsed(), waiting: look.waiting(),
	}
	if p.opt.noValues && c.source && n.Name == "" && c.style.Label == "" {
		c.name = "…"
	}
	if ins := m.inputs(i); len(ins) > 0 {
		c.args = arguments(ins, func(in int32) string { return p.argument(m, in) })
	}
	c.measure(p.timeRoom(&n))
	g.cards = append(g.cards, c)
}

// argument is how an input is shown in the arguments of its users.
func (p *pageData) argument(m *model, in int32) string {
	if n := &m.nodes[in]; p.opt.noValues && isSource(n) && n.Name == "" {
		return "…"
	}
	return (&picture{model: m}).argument(in)
}

// timeRoom is the room that the time of n wants on its card. The page shows the mean of its function as the record has
// it, which goes on while a live page is open: with a record any time of three digits has room.
func (p *pageData) timeRoom(n *graph.Node) float64 {
	text := label.Duration(n.Duration)
	switch {
	case p.recorded() && !isSource(n):
		return 14 + max(faceSmall.width("888 ms"), faceSmall.width(text))
	case text == "":
		return 0
	}
	return 14 + faceSmall.width(text)
}

// measure makes the card as wide as its first two lines want, within bounds: the page cuts what is longer. It is as
// high as its lines: a name; arguments; of several calls a bar and counts by state, of one its value or its error.
func (c *pageCard) measure(timeRoom float64) {
	w := glyphRoom + faceName.width(c.name)
	if c.count > 1 {
		w += 7 + faceTimes.width("×"+label.Grouped(c.count))
	}
	w += timeRoom
	w = pageScale * (2*padSide + max(w, faceSmall.width(c.args)))
	c.width = 2 * math.Ceil(min(pageCardMax, max(pageCardMin, w))/2)
	c.measureHeight()
}

func (c *pageCard) measureHeight() {
	h := 32.0 + lineHeight
	if c.args != "" {
		h += lineHeight
	}
	switch {
	case c.count > 1:
		h += 12
	case c.source:
		h += 6
	}
	c.height = 2 * math.Ceil(pageScale*h/2)
}
