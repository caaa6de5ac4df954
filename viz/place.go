package viz

import (
	"math"
	"slices"
)

// Room between neighbours in a row.
const (
	gapCards = 28
	gapBends = 12
)

// spacing is the room between two rows: where all edges between them run straight down, and where some curve.
type spacing struct{ straight, curved float64 }

var (
	airy  = spacing{straight: 44, curved: 44}
	dense = spacing{straight: 24, curved: 36} // of the page, which has to fit a window
)

// place finds the positions across, after Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001,
// erratum 2020): align each vertex with a median neighbour above or below, going left or going right, pack the aligned
// blocks, and take the mean of the middle two of the four results. Long edges become straight, calls stand centred over
// their users, and it takes linear time. The blocks are packed over the graph of blocks, in one walk forth and one back,
// instead of by the recursion of the paper, which is as deep as the graph.
func (l *layout) place() {
	marked := l.conflicts()
	var xs [4][]float64
	narrow, width := 0, math.Inf(1)
	var low, high [4]float64
	for i := range xs {
		d := direction{up: i < 2, flip: i%2 == 1}
		root, next := l.align(d, marked)
		xs[i] = l.pack(d, root, next)
		low[i], high[i] = l.extent(xs[i])
		if high[i]-low[i] < width {
			narrow, width = i, high[i]-low[i]
		}
	}
	for i := range xs {
		shift := low[narrow] - low[i]
		if i%2 == 1 {
			shift = high[narrow] - high[i]
		}
		for v := range xs[i] {
			xs[i][v] += shift
		}
	}
	l.across = make([]float64, len(l.layer))
	for v := range l.across {
		four := [4]float64{xs[0][v], xs[1][v], xs[2][v], xs[3][v]}
		slices.Sort(four[:])
		l.across[v] = math.Round((four[1] + four[2]) / 2)
	}
}

// direction is one of the four ways to align: with neighbours above or below, from the left or (flip) from the right.
type direction struct{ up, flip bool }

// conflicts marks edges that cross an edge between two bends. Those are not aligned, so that long edges stay straight.
func (l *layout) conflicts() []bool {
	marked := make([]bool, len(l.src))
	for i := 0; i+1 < len(l.row); i++ {
		low, from := int32(0), 0
		lower := l.row[i+1]
		for p, v := range lower {
			high := int32(len(l.row[i]))
			inner := false
			if up := l.up.of(v); l.isBend(v) && l.isBend(l.src[up[0]]) {
				high, inner = l.pos[l.src[up[0]]], true
			}
			if !inner && p+1 < len(lower) {
				continue
			}
			for ; from <= p; from++ {
				for _, e := range l.up.of(lower[from]) {
					if at := l.pos[l.src[e]]; at < low || at > high {
						marked[e] = true
					}
				}
			}
			low = high
		}
	}
	return marked
}

// align links vertices into vertical blocks: root names the block of a vertex, next the vertex after it, in a ring.
func (l *layout) align(d direction, marked []bool) (root, next []int32) {
	root, next = make([]int32, len(l.layer)), make([]int32, len(l.layer))
	for v := range root {
		root[v], next[v] = int32(v), int32(v)
	}
	near, other := &l.down, l.dst
	if d.up {
		near, other = &l.up, l.src
	}
	for i := range l.row {
		row := l.row[i]
		if !d.up {
			row = l.row[len(l.row)-1-i]
		}
		taken := int32(-1) // how far the row before is aligned already
		for p := range row {
			v := row[d.index(p, len(row))]
			edges := near.of(v)
			for m := (len(edges) - 1) / 2; m <= len(edges)/2 && len(edges) > 0; m++ {
				e := edges[d.index(m, len(edges))]
				w := other[e]
				at := int32(d.index(int(l.pos[w]), len(l.row[l.layer[w]])))
				if next[v] != v || marked[e] || at <= taken {
					continue
				}
				next[w], root[v] = v, root[w]
				next[v] = root[v]
				taken = at
			}
		}
	}
	return root, next
}

func (d direction) index(i, n int) int {
	if d.flip {
		return n - 1 - i
	}
	return i
}

// beside returns the vertex before (step -1) or after (step 1) v in its row, seen in this direction; -1 at the end.
func (l *layout) beside(d direction, v int32, step int) int32 {
	if d.flip {
		step = -step
	}
	row, p := l.row[l.layer[v]], int(l.pos[v])+step
	if p < 0 || p >= len(row) {
		return -1
	}
	return row[p]
}

// apart is the least distance of the centres of two neighbours.
func (l *layout) apart(v, w int32) float64 {
	gap := float64(gapCards)
	if l.isBend(v) || l.isBend(w) {
		gap = gapBends
	}
	return gap + (l.breadth(v)+l.breadth(w))/2
}

// pack moves each block as far to the left as its neighbours allow, then back to the right as far as those on its right
// allow, which draws together what has room.
func (l *layout) pack(d direction, root, next []int32) []float64 {
	x := make([]float64, len(l.layer))
	order := l.blockOrder(d, root, next)
	for _, b := range order {
		l.eachIn(b, next, func(v int32) {
			if left := l.beside(d, v, -1); left >= 0 {
				x[b] = max(x[b], x[root[left]]+l.apart(left, v))
			}
		})
	}
	for _, b := range slices.Backward(order) {
		most := math.Inf(1)
		l.eachIn(b, next, func(v int32) {
			if right := l.beside(d, v, 1); right >= 0 {
				most = min(most, x[root[right]]-l.apart(v, right))
			}
		})
		if !math.IsInf(most, 1) {
			x[b] = max(x[b], most)
		}
	}
	for v := range x {
		x[v] = x[root[v]] // a root's own place stays what it is
	}
	if d.flip {
		for v := range x {
			x[v] = -x[v]
		}
	}
	return x
}

// blockOrder sorts the blocks so that each comes after those on its left (Kahn 1962).
func (l *layout) blockOrder(d direction, root, next []int32) []int32 {
	waits := make([]int32, len(l.layer))
	for v := range waits {
		if l.beside(d, int32(v), -1) >= 0 {
			waits[root[v]]++
		}
	}
	var order []int32
	for v := range waits {
		if root[v] == int32(v) && waits[v] == 0 {
			order = append(order, int32(v))
		}
	}
	for i := 0; i < len(order); i++ {
		l.eachIn(order[i], next, func(v int32) {
			if right := l.beside(d, v, 1); right >= 0 {
				if waits[root[right]]--; waits[root[right]] == 0 {
					order = append(order, root[right])
				}
			}
		})
	}
	return order
}

func (l *layout) eachIn(b int32, next []int32, f func(v int32)) {
	for v := b; ; {
		f(v)
		if v = next[v]; v == b {
			return
		}
	}
}

// extent returns the outermost edges of what is placed.
func (l *layout) extent(x []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for v := range x {
		low = min(low, x[v]-l.breadth(int32(v))/2)
		high = max(high, x[v]+l.breadth(int32(v))/2)
	}
	return low, high
}
