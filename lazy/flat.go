package lazy

import "unsafe"

// This file makes many constants at once: the arguments of Each and Outer. A constant by itself is a malloc of 80 bytes
// for a word, with its type and a name; of many the type is in a function that they share, and up to 64 of them lie in one
// slab, as calls do. They are kept as long as one of them is, which is what happens to the calls that take them anyway.

// constants makes constants of values, in order, as they are asked for.
type constants[T any] struct {
	f    *constFunction[T] // nil: they are too few
	vs   []T               // those that are left
	slab []formConst[T]
	size int // of slabs
}

// constantsOf returns what makes constants of vs.
func constantsOf[T any](vs []T) constants[T] {
	c := constants[T]{vs: vs, size: min(len(vs)/slabShare, slabMax, slabBytes/int(unsafe.Sizeof(formConst[T]{})))}
	if c.size > 1 && maxTrace.Load() == 0 {
		c.f = builtin("const", func() *constFunction[T] {
			return &constFunction[T]{function{plain: true, given: true, typ: typeOf[T]{}}}
		})
	}
	return c
}

// constFunction stands in constants of one type.
type constFunction[T any] struct{ function }

// next makes the next one.
func (c *constants[T]) next() Data[T] {
	v := c.vs[0]
	c.vs = c.vs[1:]
	if c.f == nil {
		return Const(v)
	}
	if len(c.slab) == 0 {
		c.slab = make([]formConst[T], min(c.size, len(c.vs)+1))
	}
	n := &c.slab[0]
	c.slab = c.slab[1:]
	n.val = v
	n.fn = &c.f.function
	n.meta = newMeta(unsafe.Offsetof(n.val), 0)
	n.word.Store(stateSource)
	return Data[T]{n: &n.node}
}

// consts makes a constant of each element.
func consts[T any](vs []T) []Data[T] {
	c := constantsOf(vs)
	ds := make([]Data[T], len(vs))
	for i := range ds {
		ds[i] = c.next()
	}
	return ds
}
