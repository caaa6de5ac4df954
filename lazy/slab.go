package lazy

import (
	"sync/atomic"
	"unsafe"
)

// The forms a node can have: see node.go. The header comes first, so that a pointer to the form is one to the header.
type (
	form0[R any] struct {
		node
		val R
	}
	form1[R any] struct {
		node
		in  [1]*node
		val R
	}
	form2[R any] struct {
		node
		in  [2]*node
		val R
	}
	form3[R any] struct {
		node
		in  [3]*node
		val R
	}
	form4[R any] struct {
		node
		in  [4]*node
		val R
	}
	formMany[R any] struct {
		node
		in  []*node
		val R
	}
	// formSource is the form of a value that was given. It brings its own description of its type, for there is no
	// function to know it.
	formSource[R any] struct {
		node
		typ  valueType
		name string
		val  R
	}
)

// lastID is the number of nodes recorded so far. One counter for all: that numbers tell the order of recording is worth
// the 5 ns to whoever reads a picture.
var lastID atomic.Uint64

// slabs hands out nodes of one form. Nodes lie in slabs because one malloc per node costs several times as much as
// recording a call, and the collector as much again. The price: a slab keeps all its nodes while a handle to one of
// them is alive. Slabs are therefore sized such that at most about a 1/slabShare of what a function ever recorded can be
// kept that way, and a full slab is not referred to from here.
type slabs[F any] struct {
	current atomic.Pointer[slab[F]]
	made    atomic.Int64 // forms in all slabs so far
}

type slab[F any] struct {
	used  atomic.Int32
	forms []F
}

const (
	slabShare = 8
	slabBytes = 4096 - 64
	slabMax   = 32
)

// take returns a zero form. It takes no lock.
func (s *slabs[F]) take() *F {
	if b := s.current.Load(); b != nil {
		i := int(b.used.Add(1))
		if i < len(b.forms) {
			return &b.forms[i-1]
		}
		s.current.CompareAndSwap(b, nil) // the last one, or past it
		if i == len(b.forms) {
			return &b.forms[i-1]
		}
	}
	return s.grow()
}

// grow makes a slab and takes its first form. When two goroutines do so at once, one slab serves on and the other's
// rest is lost.
func (s *slabs[F]) grow() *F {
	var f F
	n := int(s.made.Load() / slabShare)
	n = max(1, min(n, slabMax, slabBytes/int(unsafe.Sizeof(f))))
	s.made.Add(int64(n))
	forms := make([]F, n)
	register(&forms[0], n)
	if n > 1 {
		b := &slab[F]{forms: forms}
		b.used.Store(1)
		s.current.CompareAndSwap(nil, b)
	}
	return &forms[0]
}

// newMeta describes a new node with k inputs and its value at the given offset.
func newMeta(offset uintptr, k int) uint64 {
	return lastID.Add(1)<<16 | uint64(offset)<<8 | uint64(k)
}

// sourceOf makes the node of a value that was given.
func sourceOf[R any](name string, v R) *formSource[R] {
	n := &formSource[R]{typ: typeOf[R]{}, name: name, val: v}
	n.fn = sourceFunction
	n.meta = newMeta(unsafe.Offsetof(n.val), 0)
	n.word.Store(stateSource)
	return n
}

// source is a formSource without its value, as far as it is the same for all types.
type source struct {
	node
	typ  valueType
	name string
}

func (n *node) source() *source { return (*source)(unsafe.Pointer(n)) }
