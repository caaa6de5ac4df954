package shape

import "math/rand/v2"

var shapes = []struct {
	name  string
	build func(b *builder, n int)
}{
	{"chain", chain},
	{"fan", fan},
	{"tree", tree},
	{"wavefront", wavefront},
	{"random", random},
	{"stencil", stencil},
}

// Names are the shapes that there are.
func Names() []string {
	names := make([]string, len(shapes))
	for i, s := range shapes {
		names[i] = s.name
	}
	return names
}

// manySources is how many sources the shapes have that would do with one: enough that calls differ, so few that
// recording them does not count.
const manySources = 64

// chain: each call takes the one before.
func chain(b *builder, n int) {
	v := b.sources(1)[0]
	for range n {
		v = b.call(v)
	}
}

// fan: calls that have nothing to do with each other.
func fan(b *builder, n int) { fanned(b, n) }

func fanned(b *builder, n int) []int32 {
	from := b.sources(min(n, manySources))
	all := make([]int32, n)
	for i := range all {
		all[i] = b.call(from[i%len(from)])
	}
	return all
}

// tree: a fan, then two by two until one is left.
func tree(b *builder, n int) {
	level := fanned(b, (n+1)/2)
	for len(level) > 1 {
		next := level[:0]
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, b.call(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		level = next
	}
}

// wavefront: cells of a square, each from its left and its upper neighbour, as in the alignment of two texts.
func wavefront(b *builder, n int) {
	s := side(n)
	from := b.sources(2 * s)
	row := from[:s]
	for i := range s {
		left := from[s+i]
		for j := range row {
			left = b.call(left, row[j])
			row[j] = left
		}
	}
}

// random: each call takes any three nodes before it, which lie anywhere in memory.
func random(b *builder, n int) {
	rnd := rand.New(rand.NewPCG(1, 2))
	b.sources(min(n, manySources))
	for range n {
		before := b.nodes()
		b.call(rnd.Int32N(before), rnd.Int32N(before), rnd.Int32N(before))
	}
}

// stencil: steps of a simulation on a ring, each cell from itself and its neighbours in the step before.
func stencil(b *builder, n int) {
	s := side(n)
	now, next := b.sources(s), make([]int32, s)
	for range s {
		for i := range now {
			next[i] = b.call(now[(i+s-1)%s], now[i], now[(i+1)%s])
		}
		now, next = next, now
	}
}

// side is the side of the largest square of at most n cells.
func side(n int) int {
	s := 1
	for (s+1)*(s+1) <= n {
		s++
	}
	return s
}
