package viz

import (
	"cmp"
	"math"
	"slices"
)

// part is a connected piece of the picture: its cards by number, laid out on their own. Pieces without edges are one
// card and need no layout.
type part struct {
	cards         []int32 // ascending; the layout numbers them from 0
	lay           *layout
	low, high     float64 // across
	along         float64
	x, y          float64 // in the picture
	width, height float64
}

const gapParts = 36

// arrangeParts lays out each connected part and packs the parts onto shelves, tallest first, so that a thousand small
// graphs make a page instead of a line. It returns the parts and the size of the whole.
func arrangeParts(blocks []block, links []link, rows spacing, sideways bool) (parts []*part, width, height float64) {
	parts = connected(len(blocks), links)
	local := make([]int32, len(blocks))
	for _, p := range parts {
		for i, c := range p.cards {
			local[c] = int32(i)
		}
	}
	owned := linksByPart(parts, links, local)
	area, widest := 0.0, 900.0
	for i, p := range parts {
		p.layOut(blocks, owned[i], rows)
		p.width, p.height = p.high-p.low, p.along
		if sideways {
			p.width, p.height = p.height, p.width
		}
		area += (p.width + gapParts) * (p.height + gapParts)
		widest = max(widest, p.width)
	}
	return parts, shelve(parts, max(widest, math.Sqrt(1.6*area))), bottom(parts)
}

func (p *part) layOut(blocks []block, links []link, rows spacing) {
	if len(p.cards) == 1 {
		b := blocks[p.cards[0]]
		p.low, p.high, p.along = -b.across/2, b.across/2, b.along
		return
	}
	own := make([]block, len(p.cards))
	for i, c := range p.cards {
		own[i] = blocks[c]
	}
	p.lay = newLayout(own, links, rows)
	p.low, p.high = p.lay.extent(p.lay.across)
	p.along = p.lay.end[len(p.lay.end)-1]
	if len(p.lay.express) > 0 {
		p.high += laneWidth * float64(min(lanes, len(p.lay.express))+1)
	}
}

// centre is where card number i of the part stands.
func (p *part) centre(i int, sideways bool) (x, y float64) {
	across, along := 0.0, p.along/2
	if p.lay != nil {
		at := p.lay.layer[i]
		across, along = p.lay.across[i], (p.lay.top[at]+p.lay.end[at])/2
	}
	across -= p.low
	if sideways {
		across, along = along, across
	}
	return p.x + across, p.y + along
}

// shelve places the parts from left to right on shelves of at most the given width and returns the width used.
func shelve(parts []*part, most float64) (width float64) {
	order := slices.Clone(parts)
	slices.SortStableFunc(order, func(a, b *part) int { return cmp.Compare(b.height, a.height) })
	x, y, shelf := 0.0, 0.0, 0.0
	for _, p := range order {
		if x > 0 && x+p.width > most {
			x, y = 0, y+shelf+gapParts
			shelf = 0
		}
		p.x, p.y = x, y
		width, shelf = max(width, x+p.width), max(shelf, p.height)
		x += p.width + gapParts
	}
	return width
}

func bottom(parts []*part) (y float64) {
	for _, p := range parts {
		y = max(y, p.y+p.height)
	}
	return y
}

// connected finds the connected parts, in the order of their first cards, with union by root and path halving.
func connected(n int, links []link) []*part {
	root := make([]int32, n)
	for i := range root {
		root[i] = int32(i)
	}
	find := func(v int32) int32 {
		for root[v] != v {
			root[v] = root[root[v]]
			v = root[v]
		}
		return v
	}
	for _, k := range links {
		a, b := find(k.from), find(k.to)
		root[max(a, b)] = min(a, b)
	}
	var parts []*part
	number := make([]int32, n)
	for i := range n {
		r := find(int32(i))
		if r == int32(i) { // the first card of its part
			number[r] = int32(len(parts))
			parts = append(parts, &part{})
		}
		p := parts[number[r]]
		p.cards = append(p.cards, int32(i))
	}
	return parts
}

// linksByPart numbers the links by the cards of their part and keeps their order.
func linksByPart(parts []*part, links []link, local []int32) [][]link {
	of := make([]int32, len(local))
	for i, p := range parts {
		for _, c := range p.cards {
			of[c] = int32(i)
		}
	}
	owned := make([][]link, len(parts))
	for _, k := range links {
		i := of[k.to]
		owned[i] = append(owned[i], link{local[k.from], local[k.to]})
	}
	return owned
}
