package content

import (
	"crypto/sha256"
	"encoding/binary"
	"reflect"
)

// The bytes of shapes. They are part of every content: a change makes all kept results unfindable.
const (
	shapeBool       = 1
	shapeInt        = 2
	shapeInt8       = 3
	shapeInt16      = 4
	shapeInt32      = 5
	shapeInt64      = 6
	shapeUint       = 7
	shapeUint8      = 8
	shapeUint16     = 9
	shapeUint32     = 10
	shapeUint64     = 11
	shapeUintptr    = 12
	shapeFloat32    = 13
	shapeFloat64    = 14
	shapeComplex64  = 15
	shapeComplex128 = 16
	shapeString     = 17
	shapeTime       = 18
	shapeType       = 19
	shapeInterface  = 20
	shapePointer    = 21 // and what it points to
	shapeSlice      = 22 // and the elements
	shapeArray      = 23 // and the length, and the elements
	shapeMap        = 24 // and the keys, and the values
	shapeStruct     = 25 // and the number of fields, and each
	shapeOwn        = 26 // and the fingerprint of the type
	shapeSeen       = 27 // and the number of the named type that is described already
	shapeJoined     = 28 // and the elements: a slice, of which each element is a content
	shapeHashed     = 29 // and the SHA-256 of a shape
	shapeNone       = 30 // what cannot be encoded: only as the element of zero-length arrays
)

// shapeMax is how long a shape may be, in bytes, to stand before each encoding. It is less than a hash, and leaves room
// for small structs to be their own contents.
const shapeMax = 24

var basicShapes = map[reflect.Kind]byte{
	reflect.Bool: shapeBool,
	reflect.Int:  shapeInt, reflect.Int8: shapeInt8, reflect.Int16: shapeInt16,
	reflect.Int32: shapeInt32, reflect.Int64: shapeInt64,
	reflect.Uint: shapeUint, reflect.Uint8: shapeUint8, reflect.Uint16: shapeUint16,
	reflect.Uint32: shapeUint32, reflect.Uint64: shapeUint64, reflect.Uintptr: shapeUintptr,
	reflect.Float32: shapeFloat32, reflect.Float64: shapeFloat64,
	reflect.Complex64: shapeComplex64, reflect.Complex128: shapeComplex128,
	reflect.String: shapeString, reflect.Interface: shapeInterface,
}

// shape describes how the values of t are encoded. Under one shape, no encoding is the beginning of another one; and no
// shape is the beginning of another one.
func (r *Rules) shape(t reflect.Type) []byte {
	return short((&shaper{rules: r, seen: make(map[reflect.Type]int)}).add(nil, t))
}

// joinedShape is the shape of a slice whose elements are encoded as contents.
func (r *Rules) joinedShape(elem reflect.Type) []byte {
	s := shaper{rules: r, seen: make(map[reflect.Type]int)}
	return short(s.add([]byte{shapeJoined}, elem))
}

func short(shape []byte) []byte {
	if len(shape) <= shapeMax {
		return shape
	}
	sum := sha256.Sum256(shape)
	return append([]byte{shapeHashed}, sum[:]...)
}

// shaper describes one type. seen are the composite types with a name that it has met, numbered in that order: types may
// be recursive, or use others many times over.
type shaper struct {
	rules *Rules
	seen  map[reflect.Type]int
}

func (s *shaper) add(dst []byte, t reflect.Type) []byte {
	switch m := s.rules.meaning(t); m.way {
	case asTime:
		return append(dst, shapeTime)
	case asType:
		return append(dst, shapeType)
	case byOwn:
		sum := fingerprint(t)
		return append(append(dst, shapeOwn), sum[:]...)
	}
	if b, ok := basicShapes[t.Kind()]; ok {
		return append(dst, b)
	}
	if t.Name() != "" {
		if i, ok := s.seen[t]; ok {
			return binary.AppendUvarint(append(dst, shapeSeen), uint64(i))
		}
		s.seen[t] = len(s.seen)
	}
	return s.addComposite(dst, t)
}

func (s *shaper) addComposite(dst []byte, t reflect.Type) []byte {
	switch t.Kind() {
	case reflect.Pointer:
		return s.add(append(dst, shapePointer), t.Elem())
	case reflect.Slice:
		return s.add(append(dst, shapeSlice), t.Elem())
	case reflect.Map:
		return s.add(s.add(append(dst, shapeMap), t.Key()), t.Elem())
	case reflect.Array:
		dst = binary.AppendUvarint(append(dst, shapeArray), uint64(t.Len()))
		return s.add(dst, t.Elem())
	case reflect.Struct:
		return s.addStruct(dst, t)
	}
	return append(dst, shapeNone)
}

func (s *shaper) addStruct(dst []byte, t reflect.Type) []byte {
	n := 0
	var fields []byte
	for i := range t.NumField() {
		if f := t.Field(i); f.Name != "_" {
			fields = s.add(fields, f.Type)
			n++
		}
	}
	return append(binary.AppendUvarint(append(dst, shapeStruct), uint64(n)), fields...)
}
