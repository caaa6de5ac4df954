package viz

import (
	"cmp"
	"slices"
)

// order puts each row into an order with few crossings: depth first to begin with, so that what belongs together stands
// together, then sweeps down and up that sort each row by the mean position of its neighbours in the row before
// (barycentres; Sugiyama et al. 1981). The best order seen wins. Small graphs are polished by exchanging neighbours.
func (l *layout) order() {
	n := len(l.layer)
	l.up, l.down = collect(l.dst, n, nil), collect(l.src, n, nil)
	l.pos = make([]int32, n)
	l.depthFirst()
	size, passes := n+len(l.src), 24
	switch {
	case size > 100_000:
		passes = 2
	case size > 10_000:
		passes = 8
	}
	best, found := l.crossings(), slices.Clone(l.pos)
	for pass, idle := 0, 0; pass < passes && idle < 4 && best > 0; pass++ {
		l.sweep(pass%2 == 0)
		if size <= 3000 {
			l.exchange()
		}
		idle++
		if c := l.crossings(); c < best {
			best, idle = c, 0
			copy(found, l.pos)
		}
	}
	l.restore(found)
	l.sortEdges()
}

// depthFirst fills the rows in the order in which a walk from the first sources meets the vertices. No recursion: the
// walk may be as deep as the graph.
func (l *layout) depthFirst() {
	depth := int32(0)
	for _, at := range l.layer {
		depth = max(depth, at+1)
	}
	l.row = make([][]int32, depth)
	seen := make([]bool, len(l.layer))
	var stack []int32
	for start := range l.blocks {
		if len(l.up.of(int32(start))) > 0 {
			continue
		}
		stack = append(stack, int32(start))
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[v] {
				continue
			}
			seen[v] = true
			at := l.layer[v]
			l.pos[v] = int32(len(l.row[at]))
			l.row[at] = append(l.row[at], v)
			out := l.down.of(v)
			for i := len(out) - 1; i >= 0; i-- {
				stack = append(stack, l.dst[out[i]])
			}
		}
	}
}

// sweep sorts every row by its neighbours in the row above, from the top down; or below, from the bottom up.
func (l *layout) sweep(downward bool) {
	mean := make([]float64, len(l.layer))
	var movable []int32
	for i := 1; i < len(l.row); i++ {
		row, near, other := l.row[i], &l.up, l.src
		if !downward {
			row, near, other = l.row[len(l.row)-1-i], &l.down, l.dst
		}
		movable = movable[:0]
		for _, v := range row {
			edges := near.of(v)
			if len(edges) == 0 {
				continue // keeps its place
			}
			sum := 0
			for _, e := range edges {
				sum += int(l.pos[other[e]])
			}
			mean[v] = float64(sum) / float64(len(edges))
			movable = append(movable, v)
		}
		slices.SortStableFunc(movable, func(a, b int32) int { return cmp.Compare(mean[a], mean[b]) })
		next := 0
		for p, v := range row {
			if len(near.of(v)) > 0 {
				row[p] = movable[next]
				next++
			}
			l.pos[row[p]] = int32(p)
		}
	}
}

func (l *layout) restore(pos []int32) {
	copy(l.pos, pos)
	for v, p := range l.pos {
		l.row[l.layer[v]][p] = int32(v)
	}
}

// sortEdges puts the edges of each vertex into the order of their other ends. Two passes of a counting sort: linear.
func (l *layout) sortEdges() {
	byRow := func(near *rows) []int32 {
		order := make([]int32, 0, len(l.src))
		for _, row := range l.row {
			for _, v := range row {
				order = append(order, near.of(v)...)
			}
		}
		return order
	}
	fromAbove, fromBelow := byRow(&l.down), byRow(&l.up)
	l.up = collect(l.dst, len(l.layer), fromAbove)
	l.down = collect(l.src, len(l.layer), fromBelow)
}

// crossings counts pairs of edges that cross, in time E log V with an accumulator tree (Barth, Jünger and Mutzel,
// "Simple and Efficient Bilayer Cross Counting", 2002).
func (l *layout) crossings() int {
	count := 0
	var tree, ends []int32
	for i := 0; i+1 < len(l.row); i++ {
		leaves := 1
		for leaves < len(l.row[i+1]) {
			leaves *= 2
		}
		tree = append(tree[:0], make([]int32, 2*leaves)...)
		for _, v := range l.row[i] {
			ends = ends[:0]
			for _, e := range l.down.of(v) {
				ends = append(ends, l.pos[l.dst[e]])
			}
			slices.Sort(ends)
			for _, p := range ends {
				for at := int(p) + leaves; at > 0; at /= 2 {
					tree[at]++
					if at%2 == 0 {
						count += int(tree[at+1])
					}
				}
			}
		}
	}
	return count
}

// exchange swaps neighbours in a row where that saves crossings, a few times over. It finds what sorting by means
// cannot see, at a price that only small graphs can pay.
func (l *layout) exchange() {
	for range 3 {
		better := false
		for _, row := range l.row {
			for p := 0; p+1 < len(row); p++ {
				v, w := row[p], row[p+1]
				if l.tangle(v, w) || l.pairCrossings(v, w) <= l.pairCrossings(w, v) {
					continue
				}
				row[p], row[p+1] = w, v
				l.pos[w], l.pos[v] = int32(p), int32(p+1)
				better = true
			}
		}
		if !better {
			return
		}
	}
}

// tangle reports whether two vertices have too many edges to compare each with each.
func (l *layout) tangle(v, w int32) bool {
	degree := func(v int32) int { return len(l.up.of(v)) + len(l.down.of(v)) }
	return degree(v)*degree(w) > 400
}

// pairCrossings counts how often edges of v and w cross when v stands left of w.
func (l *layout) pairCrossings(v, w int32) int {
	count := 0
	for _, a := range l.up.of(v) {
		for _, b := range l.up.of(w) {
			if l.pos[l.src[a]] > l.pos[l.src[b]] {
				count++
			}
		}
	}
	for _, a := range l.down.of(v) {
		for _, b := range l.down.of(w) {
			if l.pos[l.dst[a]] > l.pos[l.dst[b]] {
				count++
			}
		}
	}
	return count
}
