package viz

// pageEdge is an edge between two cards of the page.
type pageEdge struct {
	from, to int32
	path     string // SVG; it ends at the border of the card
	waiting  bool
}

// brush draws the edges of one part of the page's picture, each as a path of its own.
type brush struct {
	*pen
	*part
	cards []pageCard // of the whole picture
	edges []pageEdge
}

// drawEdges draws the edges of one part, in the order of their inputs.
func (g *pageGroups) drawEdges(pt *part, sideways bool) {
	if pt.lay == nil {
		return
	}
	l := pt.lay
	b := &brush{part: pt, cards: g.cards, edges: g.edges, pen: &pen{sideways: sideways, waiting: make([]bool, len(pt.cards))}}
	b.out, b.in = l.ports()
	b.dx, b.dy = pt.x-pt.low, pt.y
	if sideways {
		b.dx, b.dy = pt.x, pt.y-pt.low
	}
	express := 0
	beside := pt.high - laneWidth*float64(min(lanes, len(l.express))+1)
	for i := range pt.cards {
		from := int32(i)
		for _, e := range l.down.of(from) {
			if l.isBend(l.dst[e]) {
				b.trunk(from, b.out[e])
			} else {
				b.leaf(from, e, l.layer[from], l.layer[from], b.out[e])
			}
		}
		for ; express < len(l.express) && l.express[express].from == from; express++ {
			l.drawExpress(express, beside, b.pen)
			b.finish(from, l.express[express].to)
		}
	}
	g.edges = b.edges
}

// trunk draws the edges of a card that run through bends, which they share: each stretch is drawn once, for two strokes
// over each other look bolder than one. The farthest edge to what has run draws the way up to where it leaves, solid;
// the farthest of the others goes on from there, dashed; the rest begin where they leave the trunk. x is where the
// trunk leaves the card.
func (b *brush) trunk(from int32, x float64) {
	l := b.lay
	solid, farthest := int32(-1), int32(-1)
	for at := l.layer[from] + 1; at <= l.last[from]; at++ {
		for _, e := range l.down.of(l.stop(from, at)) {
			if v := l.dst[e]; !l.isBend(v) {
				if farthest = e; !b.cards[b.part.cards[v]].waiting {
					solid = e
				}
			}
		}
	}
	reach, done := l.layer[from], [2]int32{-1, -1}
	for i, e := range [...]int32{solid, farthest} {
		if e < 0 {
			continue
		}
		if at := l.layer[l.dst[e]] - 1; at > reach {
			b.leaf(from, e, reach, at, x)
			reach, done[i] = at, e
		}
	}
	for at := l.layer[from] + 1; at <= l.last[from]; at++ {
		for _, e := range l.down.of(l.stop(from, at)) {
			if e != done[0] && e != done[1] && !l.isBend(l.dst[e]) {
				b.leaf(from, e, at, at, x)
			}
		}
	}
}

// leaf draws an edge that leaves the trunk in row at, with the trunk from row begin on: from the card, if that stands
// there. x is where the trunk leaves the card. Where the trunk runs straight no point is written: a source that all
// calls of a long chain take has as many edges as there are rows.
func (b *brush) leaf(from, e, begin, at int32, x float64) {
	l, path := b.lay, &b.solid
	y := l.far(from)
	if begin > l.layer[from] {
		x, y = l.across[l.stop(from, begin)], l.end[begin]
	}
	b.to(path, 'M', x, y)
	for row := begin + 1; row <= at; row++ {
		if next := l.across[l.stop(from, row)]; x != next {
			b.to(path, 'L', x, l.end[row-1])
			b.curve(path, x, l.end[row-1], next, l.top[row])
			x = next
		}
	}
	if at > begin {
		y = l.end[at]
	}
	l.arrive(e, at, y, path, b.pen)
	b.finish(from, l.dst[e])
}

// finish keeps what the pen has drawn, up to the tip of its head.
func (b *brush) finish(from, to int32) {
	b.to(&b.solid, 'L', b.tipX, b.tip)
	e := pageEdge{from: b.part.cards[from], to: b.part.cards[to], path: string(b.solid)}
	e.waiting = b.cards[e.to].waiting
	b.edges = append(b.edges, e)
	b.solid, b.heads = b.solid[:0], b.heads[:0]
}
