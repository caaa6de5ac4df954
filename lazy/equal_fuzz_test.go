package lazy

import (
	"fmt"
	"iter"
	"math"
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// same is the oracle of equalOf: slow, and obviously right. Both values are addressable, so that it can look at bits.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Float32:
		return bitsOf[uint32](a) == bitsOf[uint32](b) // not Float(), which makes signalling NaNs quiet
	case reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Complex64, reflect.Complex128:
		half := reflect.ArrayOf(2, map[bool]reflect.Type{true: reflect.TypeFor[float32](), false: reflect.TypeFor[float64]()}[a.Type().Size() == 8])
		return same(as(half, a), as(half, b))
	case reflect.String:
		return a.String() == b.String()
	case reflect.Array:
		for k := range a.Len() {
			if !same(a.Index(k), b.Index(k)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for k := range a.NumField() {
			if a.Type().Field(k).Name != "_" && !same(field(a, k), field(b, k)) {
				return false
			}
		}
		return true
	case reflect.Interface:
		switch x, y := a.Elem(), b.Elem(); {
		case !x.IsValid() || !y.IsValid():
			return x.IsValid() == y.IsValid()
		case x.Type() != y.Type() || !x.Type().Comparable():
			return false
		default:
			return same(addressable(x), addressable(y))
		}
	default:
		return a.Equal(b)
	}
}

func bitsOf[T any](v reflect.Value) T { return *(*T)(v.Addr().UnsafePointer()) }

// as is the same memory as another type.
func as(t reflect.Type, v reflect.Value) reflect.Value {
	return reflect.NewAt(t, v.Addr().UnsafePointer()).Elem()
}

// field is field k as though it were exported.
func field(v reflect.Value, k int) reflect.Value {
	f := v.Field(k)
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

func addressable(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

// poke changes the bytes of a value of type t that belong to none of its fields, one after the other.
func poke(t reflect.Type, bytes []byte) iter.Seq[int] {
	used := make([]bool, t.Size())
	cover(t, used)
	return func(yield func(int) bool) {
		for k, isUsed := range used {
			if !isUsed {
				bytes[k] = byte(k) | 0x80
				if !yield(k) {
					return
				}
			}
		}
	}
}

// cover marks the bytes that belong to a value of type t.
func cover(t reflect.Type, used []bool) {
	switch t.Kind() {
	case reflect.Struct:
		for k := range t.NumField() {
			if f := t.Field(k); f.Name != "_" {
				cover(f.Type, used[f.Offset:])
			}
		}
	case reflect.Array:
		for k := range t.Len() {
			cover(t.Elem(), used[uintptr(k)*t.Elem().Size():])
		}
	default:
		for k := range t.Size() {
			used[k] = true
		}
	}
}

// shaper makes types and values of bytes.
type shaper struct{ bytes []byte }

func (s *shaper) next() byte {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return b
}

var leafTypes = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[int32](), reflect.TypeFor[uint64](),
	reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[complex64](), reflect.TypeFor[complex128](),
	reflect.TypeFor[string](), reflect.TypeFor[*int](), reflect.TypeFor[chan int](), reflect.TypeFor[any](),
	reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[struct{}](), reflect.TypeFor[unsafe.Pointer](),
}

// typ makes a comparable type.
func (s *shaper) typ(depth int) reflect.Type {
	b := int(s.next())
	if depth == 0 || b%3 == 0 {
		return leafTypes[b/3%len(leafTypes)]
	}
	if b%3 == 1 {
		return reflect.ArrayOf(b/3%4, s.typ(depth-1))
	}
	fields := make([]reflect.StructField, b/3%6)
	for k := range fields {
		fields[k] = reflect.StructField{Name: fmt.Sprint("F", k), Type: s.typ(depth - 1)}
		if b/18%2 == 1 {
			fields[k].Name, fields[k].PkgPath = fmt.Sprint("f", k), "p"
		}
	}
	return reflect.StructOf(fields)
}

type stringer struct{ n float64 }

func (stringer) String() string { return "" }

type pointerStringer struct{ p *int }

func (pointerStringer) String() string { return "" }

var (
	pointees = new([4]int)
	chans    = [4]chan int{nil, make(chan int), make(chan int), make(chan int)}
	floats   = [8]uint64{0, 1 << 63, 0x7ff8_0000_0000_0001, 0x7ff8_0000_0000_0002, 1, 2, 3, 4}
	floats32 = [8]uint32{0, 1 << 31, 0x7f80_0001, 0x7fc0_0001, 1, 2, 3, 4}
	dynamics = [...]any{
		nil, 0, 1, int8(1), 0.0, negativeZero, quietNaN, otherNaN, "a", "b", &pointees[0], &pointees[1],
		word{&pointees[0]},
		words{p: &pointees[0]},
		[1]any{1},
		[]int(nil),
		struct{}{},
		mixed{name: "m"},
		struct{ f func() }{},
	}
	stringers = [...]fmt.Stringer{nil, stringer{0}, stringer{negativeZero}, pointerStringer{&pointees[0]}, pointerStringer{}, reflect.ValueOf(1)}
)

// fill sets an addressable value to one of few.
func (s *shaper) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for k := range v.NumField() {
			s.fill(field(v, k))
		}
	case reflect.Array:
		for k := range v.Len() {
			s.fill(v.Index(k))
		}
	default:
		s.fillLeaf(v.Addr().Interface(), s.next())
	}
}

func (s *shaper) fillLeaf(at any, b byte) {
	switch p := at.(type) {
	case *bool:
		*p = b&1 != 0
	case *int8:
		*p = int8(b)
	case *uint16:
		*p = uint16(b) << (b % 2 * 8)
	case *int32:
		*p = int32(b) << (b % 4 * 8)
	case *uint64:
		*p = uint64(b) << (b % 8 * 8)
	case *float32:
		*(*uint32)(unsafe.Pointer(p)) = floats32[b%8]
	case *float64:
		*p = math.Float64frombits(floats[b%8])
	case *complex64:
		*(*[2]uint32)(unsafe.Pointer(p)) = [2]uint32{floats32[b%8], floats32[b/8%8]}
	case *complex128:
		*p = complex(math.Float64frombits(floats[b%8]), math.Float64frombits(floats[b/8%8]))
	case *string:
		*p = string([]byte("abcabcabc")[b%3*3 : b%3*3+b/3%4]) // equal ones at different addresses
	case **int:
		*p = &pointees[b%4]
	case *chan int:
		*p = chans[b%4]
	case *any:
		*p = dynamics[int(b)%len(dynamics)]
	case *fmt.Stringer:
		*p = stringers[int(b)%len(stringers)]
	case *unsafe.Pointer:
		*p = unsafe.Pointer(&pointees[b%4])
	}
}

// FuzzEqual makes a type and two values of it from bytes, and compares equalOf with the oracle.
func FuzzEqual(f *testing.F) {
	for k := range 16 {
		f.Add([]byte{byte(3 * k), 1}, []byte{1, 2, 3}, []byte{1, 2, 4})
	}
	f.Add([]byte{14, 3, 12, 27, 36, 30}, []byte{1, 2, 3, 4, 5}, []byte{1, 2, 3, 4, 5})
	f.Add([]byte{17, 3, 7, 14, 3, 12, 7, 36, 27, 0}, []byte{1, 2, 3}, []byte{1, 2, 3, 0})
	f.Add([]byte{35, 3, 9, 3, 12, 18}, []byte{9, 9, 9, 9}, []byte{9, 9, 9, 2})
	f.Fuzz(func(t *testing.T, typ, a, b []byte) {
		s := &shaper{typ}
		typeOfBoth := s.typ(3)
		eq := equalOf(typeOfBoth)
		require.NotNil(t, eq, typeOfBoth)
		x, y := reflect.New(typeOfBoth), reflect.New(typeOfBoth)
		(&shaper{a}).fill(x.Elem())
		(&shaper{b}).fill(y.Elem())
		for range poke(typeOfBoth, unsafe.Slice((*byte)(y.UnsafePointer()), typeOfBoth.Size())) {
		}
		require.Equal(t, same(x.Elem(), y.Elem()), eq(x.UnsafePointer(), y.UnsafePointer()), "%v: %#v, %#v", typeOfBoth, x.Elem(), y.Elem())
		require.Equal(t, same(y.Elem(), x.Elem()), eq(y.UnsafePointer(), x.UnsafePointer()), "%v", typeOfBoth)
		require.Equal(t, same(x.Elem(), x.Elem()), eq(x.UnsafePointer(), x.UnsafePointer()), "%v", typeOfBoth)
	})
}
