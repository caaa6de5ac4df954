package viz

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dally-go/dally/viz/internal/label"
)

// card draws one card around its centre.
func (p *picture) card(c *card, x, y float64) {
	p.str(`<g class="c k`).int(int(known(c.node.State)))
	if c.look.dashed && !c.waiting() {
		p.str(" o")
	}
	p.str(`" data-id="`).uint(uint64(c.node.ID))
	p.str(`" transform="translate(`).num(float64(int(x - c.width/2))).str(" ").num(float64(int(y - c.height/2))).str(`)"`)
	p.cardStyle(c.style)
	p.str("><title>").esc(c.tooltip()).str("</title>")
	p.border(c)
	base := 20.0
	if c.source() {
		base += 6
	}
	p.text("g", padSide, base).str(c.look.glyph).str("</text>")
	p.text("n", padSide+glyphRoom, base).esc(c.name).str("</text>")
	if c.times != "" {
		p.text("x", c.timesAt, base).str(c.times).str("</text>")
	}
	if c.time != "" {
		p.text("r", c.width-padSide, base).str(c.time).str("</text>")
	}
	if c.args != "" {
		base += lineHeight
		p.text("m", padSide, base).esc(c.args).str("</text>")
	}
	if c.note != "" {
		base += lineHeight
		p.text(c.noteClass, padSide, base).esc(c.note).str("</text>")
	}
	if c.collapsed() {
		p.bar(c, base+9)
		p.countText(c, base+29)
	}
	p.str("</g>\n")
}

// border draws the outline: a cylinder for a source, a second frame for a failure, a card behind for a stack.
func (p *picture) border(c *card) {
	if c.source() {
		p.cylinder(c.width, c.height)
		return
	}
	switch {
	case c.collapsed():
		p.rect("b", outset, outset, c.width, c.height)
	case c.look.double:
		p.rect("d", -outset, -outset, c.width+2*outset, c.height+2*outset)
	}
	p.rect("b", 0, 0, c.width, c.height)
}

func (p *picture) rect(class string, x, y, w, h float64) {
	p.str(`<rect class="`).str(class).str(`" `)
	if x != 0 {
		p.str(`x="`).num(x).str(`" y="`).num(y).str(`" `)
	}
	p.str(`width="`).num(w).str(`" height="`).num(h).str(`" rx="9"/>`)
}

// cylinder draws the sign for stored data: two bent lids and straight sides.
func (p *picture) cylinder(w, h float64) {
	arc := func(sweep string, x, y float64) {
		p.str("A").num(w / 2).str(" 6 0 0 ").str(sweep).str(" ").num(x).str(" ").num(y)
	}
	p.str(`<path class="b" d="M0 6`)
	arc("1", w, 6)
	p.str("V").num(h - 6)
	arc("1", 0, h-6)
	p.str("ZM").num(w).str(" 6") // the front of the lid, in the same sense: the fill stays whole
	arc("1", 0, 6)
	p.str(`"/>`)
}

// bar draws the shares of the states of a collapsed node; what has not run is the empty part of the track.
func (p *picture) bar(c *card, y float64) {
	track := c.width - 2*padSide
	p.str(`<rect class="t" x="12" y="`).num(y).str(`" width="`).num(track).str(`" height="6"/>`)
	total := 0
	for _, k := range c.node.Merged {
		total += max(k, 0)
	}
	sum := 0
	for _, st := range barOrder {
		k := c.node.Merged[st]
		if k <= 0 || looks[st].dashed {
			continue
		}
		from := track * float64(sum) / float64(total)
		sum += k
		width := max(1, track*float64(sum)/float64(total)-from) // a single failure among thousands must show
		p.str(`<rect class="f k`).int(int(st)).str(`" x="`).num(padSide + min(from, track-1)).str(`" y="`).num(y)
		p.str(`" width="`).num(width).str(`" height="6"/>`)
	}
}

func (p *picture) countText(c *card, y float64) {
	for _, line := range c.counts {
		for _, k := range line {
			p.str(`<text class="`)
			if c.style.Fill == "" {
				p.str("g s k").int(int(k.state))
			} else {
				p.str("m") // the colours of the states are made for their own fill
			}
			p.str(`" x="`).num(padSide + k.x).str(`" y="`).num(y).str(`">`)
			p.str(k.text).str("</text>")
		}
		y += lineHeight
	}
}

// tooltip is everything that is known about the node, in lines.
func (c *card) tooltip() string {
	n := c.node
	var b strings.Builder
	b.WriteString(labelOf(n, NodeStyle{}))
	if c.collapsed() {
		b.WriteString(" ×" + label.Grouped(n.Count))
	} else {
		b.WriteString("#" + strconv.FormatUint(uint64(n.ID), 10))
	}
	b.WriteString(" " + n.State.String())
	if n.Duration > 0 && c.collapsed() {
		b.WriteString(", mean time " + label.Duration(n.Duration))
	} else if n.Duration > 0 {
		b.WriteString(", " + label.Duration(n.Duration))
	}
	for _, line := range []struct{ label, text string }{
		{"= ", n.Value}, {"error: ", n.Err}, {"", n.Reason}, {"at ", n.Where},
	} {
		if line.text != "" {
			b.WriteString("\n" + line.label + label.Clean(line.text, 400))
		}
	}
	return b.String()
}

// cardStyle overrides the colours of one card. Where the fill is known, the text on it is dark or light accordingly, on
// light pages and on dark ones.
func (p *picture) cardStyle(st NodeStyle) {
	if st.Fill == "" && st.Stroke == "" {
		return
	}
	p.str(` style="`)
	if st.Fill != "" {
		p.str("--f:").str(st.Fill)
		if light, ok := lightness(st.Fill); ok && light > 0.5 {
			p.str(";--ink:#1f2328;--soft:#57606a;--bad:#a31510")
		} else if ok {
			p.str(";--ink:#f0f6fc;--soft:#c9d1d9;--bad:#ffb3a8")
		}
	}
	if st.Stroke != "" {
		p.str(";--s:").str(st.Stroke)
	}
	p.str(`"`)
}

// lightness returns how light a colour #rgb or #rrggbb looks, from 0 to 1 (Rec. 709 weights).
func lightness(s string) (float64, bool) {
	if len(s) == 4 {
		s = string([]byte{s[0], s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	if len(s) != 7 || s[0] != '#' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return 0, false
	}
	return (0.2126*float64(v>>16) + 0.7152*float64(v>>8&255) + 0.0722*float64(v&255)) / 255, true
}

// The writing of attributes and text, by appending to one buffer: at 100,000 cards fmt would take most of the time.

func (p *picture) str(s string) *picture { p.b = append(p.b, s...); return p }

func (p *picture) num(v float64) *picture { p.b = number(p.b, v); return p }

func (p *picture) int(v int) *picture { p.b = strconv.AppendInt(p.b, int64(v), 10); return p }

func (p *picture) uint(v uint64) *picture { p.b = strconv.AppendUint(p.b, v, 10); return p }

func (p *picture) text(class string, x, y float64) *picture {
	return p.str(`<text class="`).str(class).str(`" x="`).num(x).str(`" y="`).num(y).str(`">`)
}

// esc writes text for XML, in content as in attributes. What comes here has passed clean; a line break may stand in it.
func (p *picture) esc(s string) *picture {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '&':
			p.b = append(p.b, "&amp;"...)
		case '<':
			p.b = append(p.b, "&lt;"...)
		case '>':
			p.b = append(p.b, "&gt;"...)
		case '"':
			p.b = append(p.b, "&quot;"...)
		case '\n':
			p.b = append(p.b, "&#10;"...)
		default:
			p.b = append(p.b, s[i])
		}
	}
	return p
}

// lines wraps s at spaces to the given width; a word that is wider is cut.
func (f *face) lines(s string, width float64) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if next := line + " " + word; line != "" && f.width(next) <= width {
			line = next
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line, _ = f.cut(word, width)
	}
	if utf8.RuneCountInString(line) > 0 {
		lines = append(lines, line)
	}
	return lines
}
