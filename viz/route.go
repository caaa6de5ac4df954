package viz

import (
	"math"
	"slices"
	"strconv"
)

const (
	headLength = 8
	laneWidth  = 10
	lanes      = 8
)

// bands gives each row its room along: as much as its deepest card, and a gap below that grows with how far its edges
// run across, so that wide fans stay readable.
func (l *layout) bands() {
	l.top, l.end = make([]float64, len(l.row)), make([]float64, len(l.row))
	at := 0.0
	for i, row := range l.row {
		deep, far := 0.0, 0.0
		straight := true
		for _, v := range row {
			if !l.isBend(v) {
				deep = max(deep, l.blocks[v].along)
			}
			for _, e := range l.down.of(v) {
				far = max(far, math.Abs(l.across[l.dst[e]]-l.across[v]))
			}
			straight = straight && len(l.down.of(v)) <= 1
		}
		l.top[i], l.end[i] = at, at+deep
		gap := l.rows.curved
		if straight && far < 1 && len(l.express) == 0 && (i+1 == len(l.row) || l.single(l.row[i+1])) {
			gap = l.rows.straight
		}
		at += deep + gap + min(140, max(0, far-160)/8)
	}
}

// single reports whether no vertex of a row has two edges from above: these would end side by side.
func (l *layout) single(row []int32) bool {
	return !slices.ContainsFunc(row, func(v int32) bool { return len(l.up.of(v)) > 1 })
}

// near is where the room of a card begins along, far where it ends; cards stand in the middle of their row.
func (l *layout) near(card int32) float64 {
	at := l.layer[card]
	return (l.top[at] + l.end[at] - l.blocks[card].along) / 2
}

func (l *layout) far(card int32) float64 { return l.near(card) + l.blocks[card].along }

// port is where across the k-th of n edges touches a card: spread around the middle in the order of the other ends.
func (l *layout) port(card int32, k, n int) float64 {
	if n == 1 {
		return l.across[card]
	}
	room := l.blocks[card].across
	step := min(22, (room-2*min(16, room/4))/float64(n-1))
	return l.across[card] + (float64(k)-float64(n-1)/2)*step
}

// ports returns for each edge where it leaves its input and where it enters its user. An end that is alone at its card
// slides a little where that makes the edge straight.
func (l *layout) ports() (out, in []float64) {
	out, in = make([]float64, len(l.src)), make([]float64, len(l.src))
	for e := range l.src {
		out[e], in[e] = l.across[l.src[e]], l.across[l.dst[e]]
	}
	for v := range int32(len(l.blocks)) {
		above, below := l.up.of(v), l.down.of(v)
		for k, e := range above {
			in[e] = l.port(v, k, len(above))
		}
		for k, e := range below {
			out[e] = l.port(v, k, len(below))
		}
	}
	for e := range l.src {
		u, v := l.src[e], l.dst[e]
		switch d := math.Abs(out[e] - in[e]); {
		case !l.isBend(v) && len(l.up.of(v)) == 1 && d <= l.slide(v):
			in[e] = out[e]
		case !l.isBend(u) && len(l.down.of(u)) == 1 && d <= l.slide(u):
			out[e] = in[e]
		}
	}
	return out, in
}

func (l *layout) slide(card int32) float64 { return min(16, l.blocks[card].across/4) }

// pen draws curves in the coordinates of the picture. Solid edges lead to calls that have run or run now, dashed ones to
// calls that wait.
type pen struct {
	sideways             bool
	dx, dy               float64
	solid, dashed, heads []byte
	out, in              []float64 // from ports
	waiting              []bool    // by card
	tipX, tip            float64   // of the latest head: across, along
}

func (p *pen) path(dashed bool) *[]byte {
	if dashed {
		return &p.dashed
	}
	return &p.solid
}

// to appends points, given as pairs across, along, with a command before the first.
func (p *pen) to(path *[]byte, command byte, points ...float64) {
	b := append(*path, command)
	for i := 0; i < len(points); i += 2 {
		x, y := points[i], points[i+1]
		if p.sideways {
			x, y = y, x
		}
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(number(b, x+p.dx), ' ')
		b = number(b, y+p.dy)
	}
	*path = b
}

// number appends v with at most one decimal.
func number(b []byte, v float64) []byte {
	tenths := int64(math.Round(v * 10))
	if tenths < 0 {
		b, tenths = append(b, '-'), -tenths
	}
	b = strconv.AppendInt(b, tenths/10, 10)
	if tenths%10 != 0 {
		b = append(b, '.', byte('0'+tenths%10))
	}
	return b
}

// curve bends from (x, a) to (y, b), leaving and arriving along. Curves lie in the gaps between rows, where no card is;
// across a row edges run straight. They may begin 12 pixels inside a row: there a curve less than 300 across has moved
// by less than 15, and the next card is farther away.
func (p *pen) curve(path *[]byte, x, a, y, b float64) {
	if x == y {
		p.to(path, 'L', y, b)
		return
	}
	p.to(path, 'C', x, (a+b)/2, y, (a+b)/2, y, b)
}

func (p *pen) head(x, tip float64) {
	p.tipX, p.tip = x, tip
	p.to(&p.heads, 'M', x, tip)
	if p.sideways {
		p.heads = append(p.heads, "l-8-4v8z"...)
	} else {
		p.heads = append(p.heads, "l-4-8h8z"...)
	}
}

// drawEdges draws all edges out of a card.
func (l *layout) drawEdges(card int32, p *pen) {
	for _, e := range l.down.of(card) {
		v := l.dst[e]
		if l.isBend(v) {
			l.drawTrunk(card, p.out[e], p)
			continue
		}
		path := p.path(p.waiting[v])
		p.to(path, 'M', p.out[e], l.far(card))
		l.arrive(e, l.layer[card], l.far(card), path, p)
	}
}

// arrive draws the last piece of an edge: from where the path stands in row at to the user of e. from is where along
// the card ends that it comes from, or the row.
func (l *layout) arrive(e, at int32, from float64, path *[]byte, p *pen) {
	v, x, y := l.dst[e], p.out[e], p.in[e]
	tip := l.near(v) + l.blocks[v].lead
	if x != y {
		a, b := l.end[at], l.top[at+1]-headLength
		if math.Abs(x-y) < 300 { // a gentle curve may begin and end beside taller cards, see below
			a, b = max(from, a-12), min(tip-headLength, b+12)
		}
		p.to(path, 'L', x, a)
		p.curve(path, x, a, y, b)
	}
	p.to(path, 'L', y, tip-headLength)
	p.head(y, tip)
}

// drawTrunk draws the bends of a card and the branches from them. The trunk is solid as far as anything beyond is.
func (l *layout) drawTrunk(card int32, x float64, p *pen) {
	first, last := l.layer[card]+1, l.last[card]
	solid := first - 1
	for at := last; at >= first && solid < first; at-- {
		for _, e := range l.down.of(l.stop(card, at)) {
			if v := l.dst[e]; !l.isBend(v) && !p.waiting[v] {
				solid = at
			}
		}
	}
	from := l.far(card)
	for at := first; at <= last; at++ {
		b := l.stop(card, at)
		path := p.path(at > solid)
		if at == first || at == solid+1 {
			p.to(path, 'M', x, from)
		}
		if x != l.across[b] {
			p.to(path, 'L', x, l.end[at-1])
		}
		p.curve(path, x, l.end[at-1], l.across[b], l.top[at])
		x, from = l.across[b], l.end[at]
		p.to(path, 'L', x, from)
	}
	for at := first; at <= last; at++ {
		b := l.stop(card, at)
		for _, e := range l.down.of(b) {
			if v := l.dst[e]; !l.isBend(v) {
				path := p.path(p.waiting[v])
				p.to(path, 'M', l.across[b], l.end[at])
				l.arrive(e, at, l.end[at], path, p)
			}
		}
	}
}

// drawExpress draws the k-th express link: through the gap below its input to a lane beside the graph, along it, and
// back through the gap above its user.
func (l *layout) drawExpress(k int, beside float64, p *pen) {
	const r = 6 // of the corners
	e := l.express[k]
	lane := beside + laneWidth*float64(k%lanes+1)
	x, y := l.across[e.from]+l.blocks[e.from].across/2-r-2, l.across[e.to]+l.blocks[e.to].across/2-r-2
	tip := l.near(e.to) + l.blocks[e.to].lead
	a, b := l.end[l.layer[e.from]]+l.rows.curved/2, l.top[l.layer[e.to]]-l.rows.curved/2
	path := p.path(p.waiting[e.to])
	p.to(path, 'M', x, l.far(e.from))
	p.to(path, 'L', x, a-r)
	p.to(path, 'Q', x, a, x+r, a)
	p.to(path, 'L', lane-r, a)
	p.to(path, 'Q', lane, a, lane, a+r)
	p.to(path, 'L', lane, b-r)
	p.to(path, 'Q', lane, b, lane-r, b)
	p.to(path, 'L', y+r, b)
	p.to(path, 'Q', y, b, y, b+r)
	p.to(path, 'L', y, tip-headLength)
	p.head(y, tip)
}
