package viz

import (
	"fmt"
	"math"

	"github.com/dally-go/dally/viz/internal/label"
)

// Up to so many nodes, and so many side by side, the picture shows every call.
const (
	pageCalls = 60
	pageWide  = 8
)

// pageGroups is the picture: cards with their places, edges, and the card of each node.
type pageGroups struct {
	collapsed     bool
	note          string
	of            []int32 // card of each node; -1 for none
	cards         []pageCard
	edges         []pageEdge
	width, height float64
}

func newPageGroups(p *pageData) *pageGroups {
	g := &pageGroups{of: make([]int32, len(p.nodes))}
	for i := range g.of {
		g.of[i] = -1
	}
	if g.separate(p) {
		return g
	}
	g.collapsed = true
	parts, src := partition(p.model)
	most := limitDefault
	if p.opt.widest == 0 {
		most = max(most, p.opt.limit)
	}
	if len(parts.fn)+len(src.first) > most {
		g.byFunction(p, most)
		g.note = fmt.Sprintf("%s nodes would still be %s cards when collapsed: they are shown by function, without edges",
			label.Grouped(len(p.nodes)), label.Grouped(len(parts.fn)+len(src.first)))
		return g
	}
	g.merged(p, parts, src)
	return g
}

// separate gives each node a card of its own, or reports that there are too many.
func (g *pageGroups) separate(p *pageData) bool {
	most, wide := pageCalls, pageWide
	if p.opt.widest == 0 { // the limit was set
		most, wide = p.opt.limit, 0
	}
	n := 0
	for i := range p.nodes {
		if p.opt.constants || !p.hidden(int32(i)) {
			n++
		}
	}
	if most > 0 && n > most || wide > 0 && widest(p.model, p.opt) > wide {
		return false
	}
	for i := range p.nodes {
		if i := int32(i); p.opt.constants || !p.hidden(i) {
			g.of[i] = int32(len(g.cards))
			g.add(p, p.model, i, i)
		}
	}
	g.layOut(p.links(g.of), p.opt.sideways)
	return true
}

// links joins the cards of m, each pair once, in the order of the users. cardOf is the card of each node; -1 for none.
func (m *model) links(cardOf []int32) []link {
	var links []link
	last := make([]int32, len(m.nodes)) // the latest user that has a link from here, from 1
	for i, to := range cardOf {
		for _, in := range m.inputs(int32(i)) {
			if to >= 0 && cardOf[in] >= 0 && last[in] != int32(i)+1 {
				last[in] = int32(i) + 1
				links = append(links, link{cardOf[in], to})
			}
		}
	}
	return links
}

// merged gives each node of the collapsed graph a card.
func (g *pageGroups) merged(p *pageData, parts *groups, src *sources) {
	nodes := assemble(p.model, parts, src)
	small := &model{nodes: nodes}
	small.link()
	first := make([]int32, len(nodes))
	for i := len(p.nodes) - 1; i >= 0; i-- {
		switch {
		case src.of[i] >= 0:
			g.of[i] = src.of[i]
		case parts.of[i] >= 0:
			g.of[i] = int32(len(src.first)) + parts.of[i]
		default:
			continue
		}
		first[g.of[i]] = int32(i)
	}
	cardOf := make([]int32, len(nodes))
	for i := range nodes {
		cardOf[i] = int32(i)
		if i := int32(i); nodes[i].Count > 1 {
			g.add(p, small, i, first[i])
		} else {
			g.add(p, p.model, first[i], first[i]) // its arguments name constants, too
		}
	}
	g.layOut(small.links(cardOf), p.opt.sideways)
}

// layOut places the cards and draws the edges.
func (g *pageGroups) layOut(links []link, sideways bool) {
	blocks := make([]block, len(g.cards))
	for i := range g.cards {
		c := &g.cards[i]
		blocks[i] = block{across: c.width, along: c.height}
		if c.stacked {
			blocks[i] = block{across: c.width + 2*outset, along: c.height + 2*outset, lead: outset}
		}
		if sideways {
			blocks[i].across, blocks[i].along = blocks[i].along, blocks[i].across
		}
	}
	parts, width, height := arrangeParts(blocks, links, dense, sideways)
	g.width, g.height = math.Ceil(width)+2*pageMargin, math.Ceil(height)+2*pageMargin
	for _, pt := range parts {
		pt.x, pt.y = pt.x+pageMargin, pt.y+pageMargin
		for i, at := range pt.cards {
			c := &g.cards[at]
			x, y := pt.centre(i, sideways)
			c.x, c.y = math.Round(x-c.width/2), math.Round(y-c.height/2)
		}
		g.drawEdges(pt, sideways)
	}
}

// byFunction gives each function a card, in rows. Those that come last share one where there are more than most.
func (g *pageGroups) byFunction(p *pageData, most int) {
	cardOf := make([]int32, len(p.fns.names)) // from 1
	others := 0
	for i := range p.nodes {
		if p.hidden(int32(i)) {
			continue
		}
		at := &cardOf[p.fnOf[i]]
		if *at == 0 && len(g.cards) < most {
			g.add(p, p.model, int32(i), int32(i))
			c := &g.cards[len(g.cards)-1]
			c.args, c.count = "", 0
			*at = int32(len(g.cards))
		} else if *at == 0 {
			*at = int32(most)
			others++
		}
		g.of[i] = *at - 1
		g.cards[g.of[i]].count += max(1, p.nodes[i].Count)
	}
	if others > 0 {
		g.cards[most-1].name = label.Grouped(others+1) + " other names"
	}
	g.rows()
}

// rows places the cards in rows, in their order.
func (g *pageGroups) rows() {
	high := 0.0
	for i := range g.cards {
		c := &g.cards[i]
		c.stacked, c.width = c.count > 1, pageCardMax
		c.measureHeight()
		high = max(high, c.height)
	}
	across, down := float64(pageCardMax+gapCards), high+gapCards
	columns := max(1, int(math.Sqrt(1.6*float64(len(g.cards))*down/across)))
	for i := range g.cards {
		c := &g.cards[i]
		c.x, c.y = pageMargin+float64(i%columns)*across, pageMargin+float64(i/columns)*down
		g.width, g.height = max(g.width, c.x+c.width+pageMargin), max(g.height, c.y+high+pageMargin)
	}
}

func (g *pageGroups) write(j *jsonOut) {
	j.key("groups").open('[')
	for i := range g.cards {
		c := &g.cards[i]
		j.open('{').key("fn").int(int64(c.fn)).key("name").str(c.name).key("args").str(c.args).key("count").int(int64(c.count))
		j.key("x").num(c.x).key("y").num(c.y).key("w").num(c.width).key("h").num(c.height).key("source").bool(c.source)
		if c.style.Fill != "" {
			j.key("fill").str(c.style.Fill)
		}
		if c.style.Stroke != "" {
			j.key("stroke").str(c.style.Stroke)
		}
		j.close('}')
	}
	j.close(']').key("edges").open('[')
	for i := range g.edges {
		e := &g.edges[i]
		j.open('{').key("from").int(int64(e.from)).key("to").int(int64(e.to)).key("path").str(e.path)
		j.key("waiting").bool(e.waiting).close('}')
	}
	j.close(']').key("size").open('[').num(g.width).num(g.height).close(']')
}
