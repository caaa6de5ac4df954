package viz

import (
	"strconv"
	"strings"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// Measures of a card, in pixels. Text of one line stands 16 apart; widths come from the face tables.
const (
	padSide    = 12
	glyphRoom  = 18
	lineHeight = 16
	innerMin   = 80
	innerMax   = 250
	outset     = 4 // of the second border of failed cards and of the cards stacked behind a collapsed one
	labelMax   = 120
)

// card is a node made ready for drawing: every text cleaned and cut to the width it has.
type card struct {
	node          *graph.Node
	look          *look
	style         NodeStyle
	name, times   string
	time          string
	timesAt       float64
	args          string
	note          string // the value, the error, or the reason why it would run
	noteClass     string
	counts        [][]stateCount // of a collapsed node, in lines
	width, height float64        // of its border
}

type stateCount struct {
	state graph.State
	text  string
	x     float64
}

func (c *card) source() bool { return c.node.State == graph.Source && !c.collapsed() }

func (c *card) collapsed() bool { return c.node.Count > 1 }

// waiting reports whether the node has not run, so that nothing has come to it. Of a collapsed node: no call has.
func (c *card) waiting() bool {
	if !c.collapsed() {
		return c.look.dashed
	}
	for st, k := range c.node.Merged {
		if k > 0 && !looks[st].dashed {
			return false
		}
	}
	return true
}

// margin is the room outside the border that belongs to the card.
func (c *card) margin() float64 {
	if c.look.double || c.collapsed() {
		return outset
	}
	return 0
}

// newCard makes the card of node i. arg gives the text by which an input is shown.
func newCard(m *model, i int32, o *options, arg func(int32) string) card {
	n := &m.nodes[i]
	c := card{node: n, look: lookOf(n.State), style: o.styleOf(n)}
	inner := c.headline(n)
	inner = max(inner, c.body(n, m.inputs(i), arg))
	if c.collapsed() {
		inner = max(inner, c.countLines(n))
	}
	c.width = float64(int(max(innerMin, inner)+2*padSide+1.99)) / 2
	c.width = 2 * float64(int(c.width)) // even, so that centres are whole pixels
	c.height = c.layHeight()
	return c
}

// headline fills name, ×count and time, and returns the width they need.
func (c *card) headline(n *graph.Node) float64 {
	c.name = labelOf(n, c.style)
	if c.time = label.Duration(n.Duration); n.State == graph.Cached {
		c.time = "cached"
	}
	used := float64(glyphRoom)
	if c.time != "" {
		used += faceSmall.width(c.time) + 14
	}
	if c.collapsed() {
		c.times = "×" + label.Grouped(n.Count)
		used += faceTimes.width(c.times) + 7
	}
	name, w := faceName.cut(c.name, innerMax-used)
	c.name = name
	c.timesAt = padSide + glyphRoom + w + 7
	return used + w
}

// labelOf is what a node is called: by its style or its name; a constant by its value; or by its ID.
func labelOf(n *graph.Node, st NodeStyle) string {
	texts := [...]string{st.Label, n.Name, ""}
	if isSource(n) {
		texts[2] = n.Value
	}
	for _, s := range texts {
		if s = strings.TrimSpace(label.Clean(s, labelMax)); s != "" {
			return s
		}
	}
	return "#" + strconv.FormatUint(uint64(n.ID), 10)
}

// body fills the lines below the headline and returns the width they need.
func (c *card) body(n *graph.Node, inputs []int32, arg func(int32) string) float64 {
	args := ""
	if len(inputs) > 0 {
		args = arguments(inputs, arg)
	}
	var wArgs, wNote float64
	c.args, wArgs = faceSmall.cut(args, innerMax)
	note := ""
	switch {
	case n.Err != "":
		note, c.noteClass = label.Clean(n.Err, labelMax), "e"
	case n.Value != "" && (n.Name != "" || c.style.Label != "" || !isSource(n)):
		note, c.noteClass = "= "+label.Clean(n.Value, labelMax), "v"
	case n.Value == "" && n.Reason != "":
		note, c.noteClass = label.Clean(n.Reason, labelMax), "m"
	}
	if c.collapsed() {
		note = ""
	}
	c.note, wNote = faceSmall.cut(note, innerMax)
	return max(wArgs, wNote)
}

// arguments writes "(load, "NA", x ×3)". It stops where no card could show more.
func arguments(inputs []int32, arg func(int32) string) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := 0; i < len(inputs); {
		if b.Len() > 4*labelMax {
			b.WriteString("…")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		text, run := arg(inputs[i]), 1
		for i+run < len(inputs) && (inputs[i+run] == inputs[i] || arg(inputs[i+run]) == text) {
			run++
		}
		b.WriteString(label.Isolate(text))
		if run > 2 {
			b.WriteString(" ×" + label.Grouped(run))
		} else {
			for range run - 1 {
				b.WriteString(", " + label.Isolate(text))
			}
		}
		i += run
	}
	b.WriteByte(')')
	return b.String()
}

// countLines lays out the counts by state, in as many lines as it takes, and returns the width they need.
func (c *card) countLines(n *graph.Node) float64 {
	var line []stateCount
	x, widest := 0.0, 0.0
	for _, st := range barOrder {
		if n.Merged[st] <= 0 {
			continue
		}
		text := lookOf(st).glyph + " " + label.Grouped(n.Merged[st])
		w := faceSmall.width(text)
		if len(line) > 0 && x+w > innerMax {
			c.counts = append(c.counts, line)
			line, x = nil, 0
		}
		line = append(line, stateCount{st, text, x})
		widest = max(widest, x+w)
		x += w + 14
	}
	c.counts = append(c.counts, line)
	return widest
}

func (c *card) layHeight() float64 {
	h := 32.0
	if c.args != "" {
		h += lineHeight
	}
	if c.note != "" {
		h += lineHeight
	}
	if c.source() {
		h += 6 // the lid
	}
	if c.collapsed() {
		h += 12 + lineHeight*float64(len(c.counts))
	}
	return h
}
