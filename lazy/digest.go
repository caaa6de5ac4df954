package lazy

import (
	"hash/maphash"
	"math"
	"reflect"
	"unsafe"
)

// # Digests of memory
//
// The digest of a value tells whether anything was written to the memory that it refers to. It is a sum over the pieces of
// that memory – what a pointer points to, the array of a slice, the entries of a map, the value in an interface –, each
// hashed with its address, and looked at once. So cycles end, what is shared is read once, and the order in which a map
// gives its entries makes no difference. In the hash of a piece a reference is an address: the piece behind it has a
// term of its own. A string is an address and a length, for its bytes cannot be written to.
//
// Functions, channels and unsafe pointers are followed no further than their address.

var digestSeed = maphash.MakeSeed()

// digester adds up the pieces of a value.
type digester struct {
	sum  uint64
	seen map[piece]bool
	todo []reflect.Value // what pointers point to, and slices up to their capacities, whose elements are meant
}

// piece is memory that is looked at once.
type piece struct {
	at  unsafe.Pointer
	n   int
	typ reflect.Type
}

// digest is the digest of the value of type t at p.
func digest(t reflect.Type, p unsafe.Pointer) uint64 {
	d := digester{seen: make(map[piece]bool)}
	d.sum = d.hash(reflect.NewAt(t, p).Elem())
	for len(d.todo) > 0 {
		v := d.todo[len(d.todo)-1]
		d.todo = d.todo[:len(d.todo)-1]
		if v.CanAddr() {
			d.sum += mix(d.hash(v), uint64(v.Addr().Pointer()))
		} else {
			d.sum += mix(d.hashElements(v), uint64(v.Pointer()))
		}
	}
	return d.sum
}

func mix(a, b uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15
	h := (a ^ b*odd) * odd
	return h ^ h>>29
}

// later has v, n values of its type at p, looked at if it has not been.
func (d *digester) later(p unsafe.Pointer, n int, v reflect.Value) {
	at := piece{p, n, v.Type()}
	if !d.seen[at] {
		d.seen[at] = true
		d.todo = append(d.todo, v)
	}
}

// hash is the hash of a value without what it refers to, which is left for later.
func (d *digester) hash(v reflect.Value) uint64 {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		return mix(uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))), uint64(len(s)))
	case reflect.Array, reflect.Struct:
		return d.hashParts(v)
	case reflect.Slice:
		return d.hashSlice(v)
	case reflect.Map:
		d.addMap(v)
		return mix(uint64(v.Len()), uint64(v.Pointer()))
	case reflect.Pointer:
		if !v.IsNil() {
			d.later(v.UnsafePointer(), 1, v.Elem())
		}
		return uint64(v.Pointer())
	case reflect.Interface:
		if v.IsNil() {
			return 1
		}
		return mix(d.hash(v.Elem()), maphash.Comparable(digestSeed, v.Elem().Type()))
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return uint64(v.Pointer())
	default:
		return hashNumber(v)
	}
}

func (d *digester) hashParts(v reflect.Value) (h uint64) {
	if v.CanAddr() && isPlain(v.Type()) {
		return maphash.Bytes(digestSeed, unsafe.Slice((*byte)(v.Addr().UnsafePointer()), v.Type().Size()))
	}
	if v.Kind() == reflect.Array {
		for i := range v.Len() {
			h = mix(h, d.hash(v.Index(i)))
		}
		return h
	}
	for i := range v.NumField() {
		h = mix(h, d.hash(v.Field(i)))
	}
	return h
}

// hashSlice leaves the array for later, with the room behind the end: to append is to write there.
func (d *digester) hashSlice(v reflect.Value) uint64 {
	if n := v.Cap(); n > 0 {
		d.later(v.UnsafePointer(), n, v.Slice(0, n))
	}
	return mix(mix(uint64(v.Pointer()), uint64(v.Len())), uint64(v.Cap()))
}

// hashElements hashes the elements of a slice.
func (d *digester) hashElements(v reflect.Value) (h uint64) {
	if t := v.Type().Elem(); isPlain(t) {
		return maphash.Bytes(digestSeed, unsafe.Slice((*byte)(v.UnsafePointer()), uintptr(v.Len())*t.Size()))
	}
	for i := range v.Len() {
		h = mix(h, d.hash(v.Index(i)))
	}
	return h
}

// addMap adds the entries of a map that was not looked at before.
func (d *digester) addMap(v reflect.Value) {
	at := piece{v.UnsafePointer(), 0, v.Type()}
	if v.IsNil() || d.seen[at] {
		return
	}
	d.seen[at] = true
	for i := v.MapRange(); i.Next(); {
		d.sum += mix(d.hash(i.Key()), d.hash(i.Value()))
	}
}

// isPlain reports whether values of type t are nothing but their bytes.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return isPlain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !isPlain(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.String:
		return false
	default:
		return t.Kind() <= reflect.Complex128
	}
}

func hashNumber(v reflect.Value) uint64 {
	switch {
	case v.CanInt():
		return uint64(v.Int())
	case v.CanUint():
		return v.Uint()
	case v.CanFloat():
		return math.Float64bits(v.Float())
	case v.CanComplex():
		c := v.Complex()
		return mix(math.Float64bits(real(c)), math.Float64bits(imag(c)))
	case v.Kind() == reflect.Bool && v.Bool():
		return 1
	}
	return 0
}
