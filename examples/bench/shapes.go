package main

import "math/rand/v2"

// ops is what a computation is built of. T is a number, and the functions compute; or T is a handle, and they record.
// So a shape is written once, as straight-line code, and what is compared is the same.
type ops[T any] struct {
	given func(v uint64) T
	one   func(a T) T
	two   func(a, b T) T
	three func(a, b, c T) T
}

// shape builds a computation of about n calls and returns what is wanted of it.
type shape[T any] struct {
	name  string
	build func(n int, o ops[T]) []T
}

func shapes[T any]() []shape[T] {
	return []shape[T]{
		{"chain", chain[T]},
		{"fan", fan[T]},
		{"tree", tree[T]},
		{"wavefront", wavefront[T]},
		{"random", random[T]},
		{"stencil", stencil[T]},
	}
}

func shapeNames() []string {
	var names []string
	for _, s := range shapes[int]() {
		names = append(names, s.name)
	}
	return names
}

// shapeOf returns the shape with a name that shapeNames has.
func shapeOf[T any](name string) shape[T] {
	for _, s := range shapes[T]() {
		if s.name == name {
			return s
		}
	}
	return shape[T]{}
}

// chain: each call takes the one before.
func chain[T any](n int, o ops[T]) []T {
	v := o.given(1)
	for range n {
		v = o.one(v)
	}
	return []T{v}
}

// fan: calls that have nothing to do with each other.
func fan[T any](n int, o ops[T]) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = o.one(o.given(uint64(i)))
	}
	return all
}

// tree: a reduction, two by two.
func tree[T any](n int, o ops[T]) []T {
	level := fan((n+1)/2, o)
	for len(level) > 1 {
		next := level[:0]
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, o.two(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		level = next
	}
	return level
}

// wavefront: cells of a square, each from its left and its upper neighbour, as in the alignment of two texts.
func wavefront[T any](n int, o ops[T]) []T {
	side := side(n)
	row := make([]T, side)
	for i := range row {
		row[i] = o.given(uint64(i))
	}
	for i := range side {
		left := o.given(uint64(i))
		for j := range row {
			left = o.two(left, row[j])
			row[j] = left
		}
	}
	return row[side-1:]
}

// random: each call takes any two of the thousand before it.
func random[T any](n int, o ops[T]) []T {
	const back = 1000
	rnd := rand.New(rand.NewPCG(1, 2))
	all := []T{o.given(1), o.given(2)}
	for range n {
		from := max(0, len(all)-back)
		a, b := from+rnd.IntN(len(all)-from), from+rnd.IntN(len(all)-from)
		all = append(all, o.two(all[a], all[b]))
	}
	return all[max(0, len(all)-back):]
}

// stencil: steps of a simulation on a ring, each cell from itself and its neighbours in the step before.
func stencil[T any](n int, o ops[T]) []T {
	side := side(n)
	now, next := make([]T, side), make([]T, side)
	for i := range now {
		now[i] = o.given(uint64(i))
	}
	for range side {
		for i := range now {
			next[i] = o.three(now[(i+side-1)%side], now[i], now[(i+1)%side])
		}
		now, next = next, now
	}
	return now
}

// side is the side of a square of at most n cells.
func side(n int) int {
	s := 1
	for (s+1)*(s+1) <= n {
		s++
	}
	return s
}
