package viz

import "slices"

// unify is rule 3 of [Collapse]: all groups of a big function become one, and whatever then lies on a cycle becomes one.
func (g *groups) unify(big []bool, fns int) *groups {
	n := fns + len(g.fn) // vertices: first the functions, for those that are big, then the groups, for all others
	vertex := func(at int32) int32 {
		if big[g.fn[at]] {
			return g.fn[at]
		}
		return int32(fns) + at
	}
	var users, inputs []int32
	for at, ins := range g.inputs {
		for _, in := range ins {
			if u, v := vertex(in), vertex(int32(at)); u != v {
				users, inputs = append(users, v), append(inputs, u)
			}
		}
	}
	order, count := components(n, collect(users, n, nil), inputs)
	return g.regroup(order, count, vertex)
}

// regroup makes groups of the components that hold any group, in their order, which puts inputs first.
func (g *groups) regroup(component []int32, count int, vertex func(int32) int32) *groups {
	number := make([]int32, count)
	for i := range number {
		number[i] = -1
	}
	for at := range g.fn {
		number[component[vertex(int32(at))]] = 0
	}
	next := int32(0)
	for c := range number {
		if number[c] == 0 {
			number[c] = next
			next++
		}
	}
	by := &groups{of: make([]int32, len(g.fn)), inputs: make([][]int32, next), fn: make([]int32, next)}
	for at := range g.fn {
		by.of[at] = number[component[vertex(int32(at))]]
		by.fn[by.of[at]] = g.fn[at]
	}
	for at, ins := range g.inputs {
		c := by.of[at]
		for _, in := range ins {
			if by.of[in] != c {
				by.inputs[c] = append(by.inputs[c], by.of[in])
			}
		}
	}
	for c := range by.inputs {
		slices.Sort(by.inputs[c])
		by.inputs[c] = slices.Compact(by.inputs[c])
	}
	return by
}

// components numbers the strongly connected components (Tarjan, "Depth-First Search and Linear Graph Algorithms", 1972)
// of a graph whose edges e lead from the vertex that lists e in out to head[e]. A component has a higher number than
// all it leads to; here edges lead to inputs, so inputs come first. The stack of calls is a slice: graphs are deep.
func components(n int, out rows, head []int32) (component []int32, count int) {
	const unseen = 0
	component = make([]int32, n)
	rank, low, next := make([]int32, n), make([]int32, n), make([]int32, n)
	var path, open []int32
	ranks := int32(0)
	for start := range n {
		if rank[start] == unseen {
			path = append(path, int32(start))
		}
		for len(path) > 0 {
			v := path[len(path)-1]
			if rank[v] == unseen {
				ranks++
				rank[v], low[v] = ranks, ranks
				open = append(open, v)
			}
			if edges := out.of(v); int(next[v]) < len(edges) {
				w := head[edges[next[v]]]
				next[v]++
				if rank[w] == unseen {
					path = append(path, w)
				} else {
					low[v] = min(low[v], rank[w]) // rank is out of reach once w is in a component
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				low[path[len(path)-1]] = min(low[path[len(path)-1]], low[v])
			}
			if low[v] < rank[v] {
				continue
			}
			for {
				w := open[len(open)-1]
				open = open[:len(open)-1]
				component[w], rank[w], low[w] = int32(count), int32(n)+1, int32(n)+1
				if w == v {
					break
				}
			}
			count++
		}
	}
	return component, count
}
