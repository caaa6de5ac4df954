package lazy

import (
	"runtime"
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
	// formConst is the form of one of many values that were given at once: see flat.go.
	formConst[R any] struct {
		node
		val R
	}
	// formSource is the form of another value that was given. It brings its own description of its type, for there is no
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
// recording a call, and the collector as much again. The price: a slab keeps all its nodes, and what they depend on,
// while a handle to one of them is alive. Slabs are therefore sized such that at most about a 1/slabShare of what a
// function ever recorded can be kept that way.
//
// That alone would not do where some handle is always alive, as in a server: a graph that begins in one slab and ends in
// the next ties the two together, and the living one would keep the slabs of all graphs before it. So no slab is filled on
// after a garbage collection. Only a graph that was being recorded at that moment ties what was before to what comes. Nor
// is a slab referred to from then on, other than by handles: what was recorded last, and dropped, goes with the collection
// after that. (To refer to it weakly from the beginning cost 8 ns a call.)
type slabs[F any] struct{ filling }

// filling is what slabs have in common.
type filling struct {
	current atomic.Pointer[slab]
	made    atomic.Int64 // forms in all slabs so far; less if they were not filled
	listed  atomic.Bool  // it is in collections.filling
	next    *filling     // in that list. Written by who has listed it, before
}

// slab is the slab that is being filled.
type slab struct {
	used  atomic.Int32
	n     int32
	first *node
}

// collections is what is done after each garbage collection, from the first slab on.
var collections struct {
	begun   atomic.Bool
	filling atomic.Pointer[filling] // those that may have a current slab
}

// afterCollection drops the slabs that are being filled, after each garbage collection. It is the finalizer of an object
// that nobody refers to. (Of a cleanup, Go 1.26 may lose sight when GOMAXPROCS is lowered before it is run; the slabs were
// then never dropped again.)
func afterCollection(**node) {
	for f := collections.filling.Swap(nil); f != nil; {
		next := f.next
		f.drop()
		f = next
	}
	runtime.SetFinalizer(new(*node), afterCollection) // a pointer: small objects without may never be finalized
}

// list has f's slab dropped after the next collection.
func (f *filling) list() {
	if f.listed.Load() || f.listed.Swap(true) {
		return
	}
	for {
		f.next = collections.filling.Load()
		if collections.filling.CompareAndSwap(f.next, f) {
			return
		}
	}
}

// drop drops the slab that is being filled.
func (f *filling) drop() {
	f.listed.Store(false)                                            // before: whoever makes a slab from now on lists f again
	if b := f.current.Swap(nil); b != nil && b.used.Load() < b.n/2 { // so little is recorded from one to the next
		f.made.Store(f.made.Load() / 2)
	}
}

const (
	slabShare = 8
	slabBytes = 4096 - 64
	slabMax   = 1 << placeBits
)

// take returns a zero form. It takes no lock.
func (s *slabs[F]) take() *F {
	if maxTrace.Load() > 0 {
		return new(F) // a slab of one, which Dump does not know: see maxtrace.go
	}
	b := s.current.Load()
	if b == nil {
		return s.grow()
	}
	i := b.used.Add(1)
	if i >= b.n {
		s.current.CompareAndSwap(b, nil) // the last one, or past it
		if i > b.n {
			return s.grow()
		}
	}
	var f *F
	n := (*node)(unsafe.Add(unsafe.Pointer(b.first), uintptr(i-1)*unsafe.Sizeof(*f)))
	n.meta = uint64(i-1) << placeShift
	return (*F)(unsafe.Pointer(n))
}

// grow makes a slab and takes its first form. When two goroutines do so at once, one slab serves on and the other's
// rest is lost.
func (s *slabs[F]) grow() *F {
	if !collections.begun.Load() && !collections.begun.Swap(true) {
		afterCollection(nil)
	}
	var f F
	n := int(s.made.Load() / slabShare)
	n = max(1, min(n, slabMax, slabBytes/int(unsafe.Sizeof(f))))
	s.made.Add(int64(n))
	forms := make([]F, n)
	register(&forms[0], n)
	if n > 1 {
		b := &slab{n: int32(n), first: (*node)(unsafe.Pointer(&forms[0]))}
		b.used.Store(1)
		s.current.CompareAndSwap(nil, b)
		s.list()
	}
	return &forms[0]
}

// newMeta describes a new node with k inputs and its value at the given offset.
func newMeta(offset uintptr, k int) uint64 {
	return lastID.Add(1)<<idShift | uint64(offset)<<offsetShift | uint64(k)
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

// isSource reports whether n was given its value.
func (n *node) isSource() bool { return n.fn.given }

func (n *node) source() *source { return (*source)(unsafe.Pointer(n)) }
