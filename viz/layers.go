package viz

import (
	"cmp"
	"slices"
)

// The layout is that of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures"
// (1981), in four steps: layers (this file), order within layers, places within layers, curves.
//
// "Across" is the direction within a layer, "along" the direction of the edges. From top to bottom that is x and y; from
// left to right it is y and x, and only the pen that draws the curves knows.

// link is an edge from an input to a user, by number.
type link struct{ from, to int32 }

// block is the room a card needs. lead is as much of along as lies before the border that edges go to.
type block struct{ across, along, lead float64 }

// layout places one connected graph. Vertices below len(blocks) are cards; the others are bends: where an edge crosses a
// layer that its ends are not in. All edges out of one card share their bends, like the branches of a tree: a source
// that a thousand calls take is then one line a layer instead of a thousand, and bends are bounded by cards × layers.
type layout struct {
	blocks  []block
	rows    spacing
	links   []link  // of the drawn graph
	layer   []int32 // of every vertex
	last    []int32 // of every card: the deepest layer its bends reach; its own layer if it has none
	bend    []int32 // of every card: its first bend, the others follow
	express []link  // links that are too long for bends, see bends; sorted by input

	src, dst []int32 // edges of the layered graph, each from one layer to the next
	up, down rows    // edges into and out of each vertex, in order of the other end
	row      [][]int32
	pos      []int32 // of every vertex in its row

	across   []float64 // centre of every vertex
	top, end []float64 // of every layer, along
}

// rows holds a list for each vertex, one after another in a single array.
type rows struct{ first, item []int32 }

func (r *rows) of(v int32) []int32 { return r.item[r.first[v]:r.first[v+1]] }

// collect lists the numbers 0…len(keys)-1 by key, in the order that visit gives, or from 0 on where it is nil.
func collect(keys []int32, n int, visit []int32) rows {
	r := rows{first: make([]int32, n+2), item: make([]int32, len(keys))}
	for _, k := range keys {
		r.first[k+2]++
	}
	for i := 2; i < len(r.first); i++ {
		r.first[i] += r.first[i-1]
	}
	for i := range keys {
		e := int32(i)
		if visit != nil {
			e = visit[i]
		}
		r.item[r.first[keys[e]+1]] = e
		r.first[keys[e]+1]++
	}
	r.first = r.first[:n+1]
	return r
}

// newLayout lays out a connected graph whose links go from lower to higher numbers.
func newLayout(blocks []block, links []link, rows spacing) *layout {
	l := &layout{blocks: blocks, links: links, rows: rows}
	l.assignLayers()
	l.bends(l.longest())
	l.order()
	l.place()
	l.bands()
	return l
}

// assignLayers gives each card the layer after the last of its inputs, the longest path from a source, and then moves
// those down to their first user that pull more edges long than short by staying: sources and what hangs only on them.
func (l *layout) assignLayers() {
	n := len(l.blocks)
	l.layer = make([]int32, n)
	ins, outs := make([]int32, n), make([]int32, n)
	for _, k := range l.links {
		l.layer[k.to] = max(l.layer[k.to], l.layer[k.from]+1)
		ins[k.to]++
		outs[k.from]++
	}
	anchors := make([]int32, n) // inputs that are held in place by others
	near := make([]int32, n)    // layer of the nearest user
	for i := range near {
		near[i] = int32(n)
	}
	for _, k := range l.links {
		if ins[k.from] > 0 && outs[k.from] > 1 {
			anchors[k.to]++
		}
	}
	for i := len(l.links) - 1; i >= 0; { // links are sorted by user; users come down before their inputs are asked
		to := l.links[i].to
		if outs[to] > 0 && (anchors[to] == 0 || ins[to] < outs[to]) {
			l.layer[to] = near[to] - 1
		}
		for ; i >= 0 && l.links[i].to == to; i-- {
			near[l.links[i].from] = min(near[l.links[i].from], l.layer[to])
		}
	}
	for i := range n {
		if ins[i] == 0 && outs[i] > 0 {
			l.layer[i] = near[i] - 1
		}
	}
}

// longest returns the span in layers up to which links get bends. A chain of 100,000 calls with links across could want
// billions; as many as four a card and link are granted, and the span is halved until that is enough.
func (l *layout) longest() int32 {
	span := int32(0)
	for _, k := range l.links {
		span = max(span, l.layer[k.to]-l.layer[k.from])
	}
	reach := make([]int32, len(l.blocks))
	for ; span > 1; span /= 2 {
		clear(reach)
		wanted := 0
		for _, k := range l.links {
			if d := l.layer[k.to] - l.layer[k.from]; d <= span && d-1 > reach[k.from] {
				wanted += int(d - 1 - reach[k.from])
				reach[k.from] = d - 1
			}
		}
		if wanted <= 4*(len(l.blocks)+len(l.links))+1000 {
			break
		}
	}
	return max(span, 1)
}

// bends makes the layered graph: every edge joins neighbouring layers. Links that span more than the given number of
// layers are left out and become express: they run beside the graph.
func (l *layout) bends(span int32) {
	l.last = slices.Clone(l.layer)
	for _, k := range l.links {
		if l.layer[k.to]-l.layer[k.from] <= span {
			l.last[k.from] = max(l.last[k.from], l.layer[k.to]-1)
		}
	}
	l.bend = make([]int32, len(l.blocks))
	l.reserve()
	for card := range l.blocks {
		l.bend[card] = int32(len(l.layer))
		for at := l.layer[card] + 1; at <= l.last[card]; at++ {
			v := int32(len(l.layer))
			l.edge(l.stop(int32(card), at-1), v)
			l.layer = append(l.layer, at)
		}
	}
	for _, k := range l.links {
		if l.layer[k.to]-l.layer[k.from] > span {
			l.express = append(l.express, k)
		} else {
			l.edge(l.stop(k.from, l.layer[k.to]-1), k.to)
		}
	}
	slices.SortStableFunc(l.express, func(a, b link) int { return cmp.Compare(a.from, b.from) })
}

// reserve makes room for the bends and edges to come.
func (l *layout) reserve() {
	bends := 0
	for card, last := range l.last {
		bends += int(last - l.layer[card])
	}
	l.layer = slices.Grow(l.layer, bends)
	l.src, l.dst = make([]int32, 0, bends+len(l.links)), make([]int32, 0, bends+len(l.links))
}

func (l *layout) edge(from, to int32) {
	l.src = append(l.src, from)
	l.dst = append(l.dst, to)
}

// stop is the vertex at which the edges of a card pass a layer: the card in its own, a bend in those below.
func (l *layout) stop(card, layer int32) int32 {
	if layer == l.layer[card] {
		return card
	}
	return l.bend[card] + layer - l.layer[card] - 1
}

func (l *layout) isBend(v int32) bool { return int(v) >= len(l.blocks) }

// breadth is the room a vertex takes in its row.
func (l *layout) breadth(v int32) float64 {
	if l.isBend(v) {
		return 2
	}
	return l.blocks[v].across
}
