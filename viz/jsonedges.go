package viz

// pageEdge is an edge between two cards of the page. It has a path of its own, so that the page can light it up; those
// out of one card run together as far as they go the same way.
type pageEdge struct {
	from, to int32
	path     string // SVG; it ends at the border of the card
	waiting  bool
}

// drawEdges draws the edges of one part, in the order of their inputs.
func (g *pageGroups) drawEdges(pt *part, sideways bool) {
	if pt.lay == nil {
		return
	}
	l := pt.lay
	pn := &pen{sideways: sideways, waiting: make([]bool, len(pt.cards))}
	pn.out, pn.in = l.ports()
	pn.dx, pn.dy = pt.x-pt.low, pt.y
	if sideways {
		pn.dx, pn.dy = pt.x, pt.y-pt.low
	}
	express := 0
	beside := pt.high - laneWidth*float64(min(lanes, len(l.express))+1)
	for i := range pt.cards {
		from := int32(i)
		for _, e := range l.down.of(from) {
			if v := l.dst[e]; !l.isBend(v) {
				pn.to(&pn.solid, 'M', pn.out[e], l.far(from))
				l.arrive(e, l.layer[from], l.far(from), &pn.solid, pn)
				g.edge(pt, from, v, pn)
				continue
			}
			for at := l.layer[from] + 1; at <= l.last[from]; at++ {
				g.branches(pt, from, at, pn.out[e], pn)
			}
		}
		for ; express < len(l.express) && l.express[express].from == from; express++ {
			l.drawExpress(express, beside, pn)
			g.edge(pt, from, l.express[express].to, pn)
		}
	}
}

// branches draws the edges of a card that leave its trunk at a layer; x is where the trunk leaves the card.
func (g *pageGroups) branches(pt *part, from, at int32, x float64, pn *pen) {
	l := pt.lay
	for _, e := range l.down.of(l.stop(from, at)) {
		v := l.dst[e]
		if l.isBend(v) {
			continue
		}
		l.drawWay(from, at, x, pn)
		l.arrive(e, at, l.end[at], &pn.solid, pn)
		g.edge(pt, from, v, pn)
	}
}

// drawWay draws the trunk of a card from the card to a layer. Where it runs straight no point is written: a source that
// all calls of a long chain take has as many edges as layers.
func (l *layout) drawWay(card, to int32, x float64, p *pen) {
	path := &p.solid
	p.to(path, 'M', x, l.far(card))
	for at := l.layer[card] + 1; at <= to; at++ {
		if y := l.across[l.stop(card, at)]; x != y {
			p.to(path, 'L', x, l.end[at-1])
			p.curve(path, x, l.end[at-1], y, l.top[at])
			x = y
		}
	}
}

// edge keeps what the pen has drawn, up to the tip of its head.
func (g *pageGroups) edge(pt *part, from, to int32, pn *pen) {
	pn.to(&pn.solid, 'L', pn.tipX, pn.tip)
	e := pageEdge{from: pt.cards[from], to: pt.cards[to], path: string(pn.solid)}
	e.waiting = g.cards[e.to].waiting
	g.edges = append(g.edges, e)
	pn.solid, pn.heads = pn.solid[:0], pn.heads[:0]
}
