package viz

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

const (
	pageMargin = 20
	pageMin    = 320 // so that a title has room over a small graph
	pageLegend = 560 // up to this width the page grows with its legend
	rowLegend  = 20

	argumentMax = 32 // runes of one argument
)

// WriteSVG draws s as one self-contained SVG for light and dark pages. Each call is a card, each source a cylinder;
// hovering over a card tells its full name, where it was wrapped, its value and its error. Above [Limit] nodes it
// draws [Collapse](s) and says so under the title.
//
// It returns the error of [graph.Snapshot.Check] for a snapshot that is not a graph, before anything is written, and
// the errors of w.
func WriteSVG(w io.Writer, s graph.Snapshot, opts ...Option) error {
	o := newOptions(s, opts)
	m, err := drawable(o.shown(s), o)
	if err != nil {
		return err
	}
	p := newPicture(m, o)
	_, err = w.Write(p.svg())
	return err
}

// drawable returns the model of what is drawn: the snapshot, or what it collapses to.
func drawable(s graph.Snapshot, o *options) (*model, error) {
	m, err := newModel(s)
	if err != nil || o.limit <= 0 {
		return m, err
	}
	n := 0
	for i := range m.nodes {
		if o.constants || !m.hidden(int32(i)) {
			n++
		}
	}
	wide := o.widest > 0 && widest(m, o) > o.widest
	if n <= o.limit && !wide {
		return m, nil
	}
	small := collapse(m)
	o.note = fmt.Sprintf("collapsed: %s nodes drawn as %s, limit %s", label.Grouped(n), label.Grouped(len(small)), label.Grouped(o.limit))
	if n <= o.limit {
		o.note = fmt.Sprintf("collapsed: %s nodes drawn as %s, too many side by side", label.Grouped(n), label.Grouped(len(small)))
	}
	return newModel(graph.Snapshot{Nodes: small})
}

// widest is about how many cards would stand side by side: those whose longest way from a source is equally long.
func widest(m *model, o *options) int {
	depth := make([]int32, len(m.nodes))
	count := make(map[int32]int)
	most := 0
	for i := range m.nodes {
		if !o.constants && m.hidden(int32(i)) {
			continue
		}
		for _, in := range m.inputs(int32(i)) {
			if o.constants || !m.hidden(in) {
				depth[i] = max(depth[i], depth[in]+1)
			}
		}
		count[depth[i]]++
		most = max(most, count[depth[i]])
	}
	return most
}

// picture is everything that is needed to write an SVG.
type picture struct {
	*model
	opt    *options
	cards  []card
	links  []link // by number of card, sorted by user
	counts [graph.NumStates]int
	calls  int
	b      []byte
}

func newPicture(m *model, o *options) *picture {
	p := &picture{model: m, opt: o, cards: make([]card, 0, len(m.nodes)), links: make([]link, 0, len(m.input))}
	number := make([]int32, len(m.nodes)) // of the card, from 1; 0: not drawn
	for i := range m.nodes {
		if i := int32(i); o.constants || !m.hidden(i) {
			p.cards = append(p.cards, newCard(m, i, o, p.argument))
			number[i] = int32(len(p.cards))
			p.count(&m.nodes[i])
		}
	}
	last := make([]int32, len(m.nodes)) // the latest user that has a link from here, from 1
	for i := range m.nodes {
		for _, in := range m.inputs(int32(i)) {
			if number[in] > 0 && number[i] > 0 && last[in] != int32(i)+1 {
				last[in] = int32(i) + 1
				p.links = append(p.links, link{number[in] - 1, number[i] - 1})
			}
		}
	}
	return p
}

func (p *picture) count(n *graph.Node) {
	if n.Count <= 1 {
		p.counts[known(n.State)]++
		p.calls++
		return
	}
	for st, c := range n.Merged {
		p.counts[st] += c
	}
	p.calls += n.Count
}

// argument is how an input is shown in the arguments of its users: calls and named sources by name, constants by value.
func (p *picture) argument(in int32) string {
	n := &p.nodes[in]
	if !isSource(n) || n.Name != "" {
		return label.Clean(labelOf(n, NodeStyle{}), argumentMax)
	}
	if text := strings.TrimSpace(label.Clean(n.Value, argumentMax)); text != "" {
		return text
	}
	return "…"
}

// svg writes the picture.
func (p *picture) svg() []byte {
	o := p.opt
	blocks := make([]block, len(p.cards))
	for i := range p.cards {
		c := &p.cards[i]
		blocks[i] = block{across: c.width + 2*c.margin(), along: c.height + 2*c.margin()}
		if o.sideways {
			blocks[i].across, blocks[i].along = blocks[i].along, blocks[i].across
		}
		if c.collapsed() {
			blocks[i].lead = outset // the stack shows only behind
		}
	}
	parts, width, height := arrangeParts(blocks, p.links, airy, o.sideways)
	w := math.Ceil(max(width, min(p.legendWidth(), pageLegend), pageMin)) + 2*pageMargin
	title, _ := faceTitle.cut(o.title, w-2*pageMargin)
	legend, top := p.legend(title != "", w-2*pageMargin)
	left := float64(int((w - width) / 2))
	for _, pt := range parts {
		pt.x, pt.y = pt.x+left, pt.y+top
	}
	p.b = make([]byte, 0, 6000+500*len(p.cards)+150*len(p.links))
	p.open(w, top+height+pageMargin)
	if title != "" {
		p.str(`<text class="h" x="20" y="28">`).esc(label.Isolate(title)).str("</text>\n")
	}
	p.str(legend)
	p.edges(parts)
	for _, pt := range parts {
		for i, c := range pt.cards {
			x, y := pt.centre(i, o.sideways)
			p.card(&p.cards[c], x, y)
		}
	}
	return append(p.b, "</svg>\n"...)
}

// open writes the head of the document. Size, name for screen readers, style.
func (p *picture) open(w, h float64) {
	p.str(`<svg xmlns="http://www.w3.org/2000/svg" class="dally" role="img" width="`).num(w).str(`" height="`).num(h)
	p.str(`" viewBox="0 0 `).num(w).str(" ").num(h).str(`" aria-label="`).esc(p.summary()).str("\">\n<title>")
	p.esc(p.summary()).str("</title>\n").str(styleSheet).str("\n")
}

// summary tells in words what the picture shows.
func (p *picture) summary() string {
	var b strings.Builder
	if b.WriteString(p.opt.title); p.opt.title == "" {
		b.WriteString("graph of calls")
	}
	fmt.Fprintf(&b, ": %s nodes", label.Grouped(p.calls))
	sep := ": "
	for st, n := range p.counts {
		if n > 0 {
			fmt.Fprintf(&b, "%s%s %s", sep, label.Grouped(n), graph.State(st))
			sep = ", "
		}
	}
	return b.String()
}

// legendWidth is the width of a legend in one line.
func (p *picture) legendWidth() float64 {
	w := 0.0
	for st, n := range p.counts {
		if n > 0 {
			w += legendItem(st, n) + legendGap
		}
	}
	return w
}

const legendGap = 18

func legendItem(st, n int) float64 {
	return 14 + faceSmall.width(graph.State(st).String()+" "+label.Grouped(n))
}

// legend writes the counts by state, wrapped to the given width, and the notes, and returns where the graph begins.
func (p *picture) legend(titled bool, width float64) (svg string, top float64) {
	q := picture{}
	y := 28.0
	if titled {
		y = 47
	}
	x := float64(pageMargin)
	for st, n := range p.counts {
		if n <= 0 {
			continue
		}
		text := graph.State(st).String() + " " + label.Grouped(n)
		w := legendItem(st, n)
		if x > pageMargin && x+w > pageMargin+width {
			x, y = pageMargin, y+rowLegend
		}
		q.str(`<g class="k`).int(st).str(`"><text class="g s" x="`).num(x).str(`" y="`).num(y).str(`">`)
		q.str(looks[st].glyph).str(`</text><text class="m" x="`).num(x + 14).str(`" y="`).num(y).str(`">`)
		q.str(text).str("</text></g>\n")
		x += w + legendGap
	}
	note := p.opt.note
	if len(p.cards) == 0 {
		note, y = "there is nothing to draw", y-rowLegend
	}
	for _, line := range faceSmall.lines(note, width) {
		y += rowLegend
		q.str(`<text class="m" x="20" y="`).num(y).str(`">`).esc(line).str("</text>\n")
	}
	return string(q.b), y + 15
}

// edges draws all edges below all cards: per card one path of solid and one of dashed ones, and all heads together.
func (p *picture) edges(parts []*part) {
	if len(p.links) == 0 {
		return
	}
	pen := &pen{sideways: p.opt.sideways, heads: make([]byte, 0, 20*len(p.links))}
	p.str("<g class=\"l\">\n")
	for _, pt := range parts {
		if pt.lay == nil {
			continue
		}
		pen.waiting = pen.waiting[:0]
		for _, c := range pt.cards {
			pen.waiting = append(pen.waiting, p.cards[c].waiting())
		}
		pen.out, pen.in = pt.lay.ports()
		pen.dx, pen.dy = pt.x-pt.low, pt.y
		if pen.sideways {
			pen.dx, pen.dy = pt.x, pt.y-pt.low
		}
		p.partEdges(pt, pen)
	}
	p.str("</g>\n<path class=\"a\" d=\"").str(string(pen.heads)).str("\"/>\n")
}

func (p *picture) partEdges(pt *part, pen *pen) {
	express := 0
	beside := pt.high - laneWidth*float64(min(lanes, len(pt.lay.express))+1)
	for i, c := range pt.cards {
		pen.solid, pen.dashed = pen.solid[:0], pen.dashed[:0]
		pt.lay.drawEdges(int32(i), pen)
		for ; express < len(pt.lay.express) && pt.lay.express[express].from == int32(i); express++ {
			pt.lay.drawExpress(express, beside, pen)
		}
		id := uint64(p.cards[c].node.ID)
		if len(pen.solid) > 0 {
			p.str(`<path data-from="`).uint(id).str(`" d="`).str(string(pen.solid)).str("\"/>\n")
		}
		if len(pen.dashed) > 0 {
			p.str(`<path class="w" data-from="`).uint(id).str(`" d="`).str(string(pen.dashed)).str("\"/>\n")
		}
	}
}
