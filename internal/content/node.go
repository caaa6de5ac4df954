package content

import (
	"math"
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// walkFunc gives e the encoding of the value at p, without a shape.
type walkFunc func(e *encoder, p unsafe.Pointer) *UnkeyableError

// node is how values of one type are walked, wherever they are. It is complete before a walker that leads to it is used,
// and not changed then.
type node struct {
	typ  reflect.Type
	size uintptr
	walk walkFunc
	// raw says that the memory of a value is its encoding.
	raw bool
}

// nodeLocked compiles the node of t. A type that is part of itself, by way of a pointer, slice or map, meets its own node
// while that has no walk yet. Rules.mu is held.
func (r *Rules) nodeLocked(t reflect.Type) *node {
	if n, ok := r.nodes[t]; ok {
		return n
	}
	n := &node{typ: t, size: t.Size()}
	r.nodes[t] = n
	switch m := r.meaning(t); m.way {
	case byOwn:
		n.walk = walkOwn(t, m.own)
	case asTime:
		n.walk = walkTime
	case asType:
		n.walk = walkType(t)
	default:
		r.compileLocked(n)
	}
	return n
}

// compileLocked gives a node its walk, by kind. Rules.mu is held.
func (r *Rules) compileLocked(n *node) {
	switch t := n.typ; t.Kind() {
	case reflect.String:
		n.walk = walkString
	case reflect.Interface:
		n.walk = r.walkInterface(n)
	case reflect.Pointer:
		n.walk = walkPointer(n, r.nodeLocked(t.Elem()))
	case reflect.Slice:
		n.walk = walkSlice(n, r.nodeLocked(t.Elem()))
	case reflect.Map:
		n.walk = walkMap(n, r.nodeLocked(t.Key()), r.nodeLocked(t.Elem()))
	case reflect.Array:
		if t.Len() == 0 {
			n.raw = true
			n.walk = walkNothing
			return
		}
		elem := r.nodeLocked(t.Elem())
		n.raw = elem.raw
		n.walk = walkArray(elem, t.Len())
	case reflect.Struct:
		n.walk, n.raw = r.structLocked(t)
	default:
		var width uintptr
		n.walk, width = walkNumber(t.Kind())
		n.raw = r.raw && width == n.size
	}
}

// walkNumber returns how numbers of a kind are walked, and how many bytes they take in encodings.
func walkNumber(kind reflect.Kind) (walk walkFunc, width uintptr) {
	switch kind {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return walk8, 1
	case reflect.Int16, reflect.Uint16:
		return walk16, 2
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return walk32, 4
	case reflect.Int64, reflect.Uint64, reflect.Float64:
		return walk64, 8
	case reflect.Int:
		return walkInt, 8
	case reflect.Uint, reflect.Uintptr:
		return walkUint, 8
	case reflect.Complex64:
		return walkComplex64, 8
	default:
		return walkComplex128, 16
	}
}

func walkNothing(*encoder, unsafe.Pointer) *UnkeyableError { return nil }

func walk8(e *encoder, p unsafe.Pointer) *UnkeyableError {
	e.byte(*(*byte)(p))
	return nil
}

func walk16(e *encoder, p unsafe.Pointer) *UnkeyableError {
	e.uint16(*(*uint16)(p))
	return nil
}

func walk32(e *encoder, p unsafe.Pointer) *UnkeyableError {
	e.uint32(*(*uint32)(p))
	return nil
}

func walk64(e *encoder, p unsafe.Pointer) *UnkeyableError {
	e.uint64(*(*uint64)(p))
	return nil
}

func walkInt(e *encoder, p unsafe.Pointer) *UnkeyableError {
	e.uint64(uint64(*(*int)(p)))
	return nil
}

func walkUint(e *encoder, p unsafe.Pointer) *UnkeyableError {
	e.uint64(uint64(*(*uint)(p)))
	return nil
}

func walkComplex64(e *encoder, p unsafe.Pointer) *UnkeyableError {
	c := *(*complex64)(p)
	e.uint32(math.Float32bits(real(c)))
	e.uint32(math.Float32bits(imag(c)))
	return nil
}

func walkComplex128(e *encoder, p unsafe.Pointer) *UnkeyableError {
	c := *(*complex128)(p)
	e.uint64(math.Float64bits(real(c)))
	e.uint64(math.Float64bits(imag(c)))
	return nil
}

func walkString(e *encoder, p unsafe.Pointer) *UnkeyableError {
	s := *(*string)(p)
	e.text(s)
	e.size += int64(len(s))
	return nil
}

// walkTime leaves out the monotonic reading. A zone is taken as its name and what it says at this instant: what it
// knows of other times is no part of the value.
func walkTime(e *encoder, p unsafe.Pointer) *UnkeyableError {
	t := *(*time.Time)(p)
	zone, offset := t.Zone()
	e.uint64(uint64(t.Unix()))
	e.uint32(uint32(t.Nanosecond()))
	e.uint32(uint32(offset))
	e.text(zone)
	e.text(t.Location().String())
	return nil
}

// walkType returns how a reflect.Type is walked: t is that, or the type of the pointers in it.
func walkType(t reflect.Type) walkFunc {
	return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
		if !e.present(*(*unsafe.Pointer)(p) != nil) {
			return nil
		}
		print := fingerprint(reflect.NewAt(t, p).Elem().Interface().(reflect.Type))
		e.bytes(print[:])
		return nil
	}
}

// index returns the step of a path to an element.
func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
