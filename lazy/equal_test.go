package lazy

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// equal compares two values by the comparer of their type.
func equal[T any](t *testing.T, a, b T) bool {
	eq := equalOf(reflect.TypeFor[T]())
	require.NotNil(t, eq)
	return eq(unsafe.Pointer(&a), unsafe.Pointer(&b))
}

// check requires that a and b are equal or not, both ways, and each equal to itself.
func check[T any](t *testing.T, want bool, a, b T) {
	t.Helper()
	require.Equal(t, want, equal(t, a, b), "%#v, %#v", a, b)
	require.Equal(t, want, equal(t, b, a), "%#v, %#v", b, a)
	require.True(t, equal(t, a, a), "%#v", a)
}

var (
	negativeZero = math.Copysign(0, -1)
	quietNaN     = math.Float64frombits(0x7ff8_0000_0000_0001)
	otherNaN     = math.Float64frombits(0x7ff8_0000_0000_0002)
	signalling   = math.Float32frombits(0x7f80_0001)
)

func TestEqualNumbers(t *testing.T) {
	check(t, true, 1, 1)
	check(t, false, int64(1), 1<<40)
	check(t, false, int8(1), -1)
	check(t, false, uint16(1), 0x101)
	check(t, false, int32(1), 1<<24)
	check(t, false, true, false)
	check(t, false, uintptr(1), 2)
	check(t, false, 0, negativeZero)
	check(t, true, negativeZero, negativeZero)
	check(t, true, quietNaN, quietNaN)
	check(t, false, quietNaN, otherNaN)
	check(t, true, signalling, signalling)
	check(t, false, float32(0), float32(negativeZero))
	check(t, true, complex(1, quietNaN), complex(1, quietNaN))
	check(t, false, complex(1, 0), complex(1, negativeZero))
	check(t, false, complex64(complex(1, 0)), complex64(complex(negativeZero, 0)))
}

func TestEqualStringsAndPointers(t *testing.T) {
	a, b := 7, 7
	check(t, true, "ab", string([]byte{'a', 'b'}))
	check(t, false, "ab", "ac")
	check(t, false, "ab", "abc")
	check(t, true, "", string([]byte(nil)))
	check(t, true, &a, &a)
	check(t, false, &a, &b) // identity: what they point to is not looked at
	check(t, false, &a, nil)
	check(t, true, unsafe.Pointer(&a), unsafe.Pointer(&a))
	c, d := make(chan int), make(chan int)
	check(t, true, c, c)
	check(t, false, c, d)
}

type (
	inner struct {
		small int8
		big   int64
	}
	mixed struct {
		inner
		X, Y  float32
		name  string
		a, b  uint8
		_     [3]uint8
		last  [2]inner
		Empty struct{}
		any
	}
	word  struct{ p *int }
	words struct {
		_ struct{}
		p *int
	}
)

func TestEqualStructs(t *testing.T) {
	base := mixed{inner: inner{1, 2}, X: 3, name: "n", a: 4, any: 5}
	change := []func(*mixed){
		func(m *mixed) { m.small++ },
		func(m *mixed) { m.big++ },
		func(m *mixed) { m.X++ },
		func(m *mixed) { m.Y = float32(negativeZero) },
		func(m *mixed) { m.name += "n" },
		func(m *mixed) { m.a++ },
		func(m *mixed) { m.b++ },
		func(m *mixed) { m.last[0].small++ },
		func(m *mixed) { m.last[1].big++ },
		func(m *mixed) { m.any = "5" },
		func(m *mixed) { m.any = nil },
	}
	check(t, true, base, base)
	for k, f := range change {
		other := base
		f(&other)
		require.False(t, equal(t, base, other), "change %d", k)
	}
	check(t, true, struct{}{}, struct{}{})
	check(t, true, [0]string{}, [0]string{})
	check(t, true, [2]string{"a", "b"}, [2]string{"a", "b"})
	check(t, false, [2]string{"a", "b"}, [2]string{"a", "c"})
	check(t, false, [9]uint16{8: 1}, [9]uint16{8: 2})
	check(t, false, [2][2]any{{1: 0.0}}, [2][2]any{{1: negativeZero}})
}

func TestEqualInterfaces(t *testing.T) {
	a, b := 7, 7
	check[any](t, true, nil, nil)
	check[any](t, false, nil, 0)
	check[any](t, true, 1, 1)
	check[any](t, false, 1, int64(1))
	check[any](t, true, quietNaN, quietNaN)
	check[any](t, false, 0.0, negativeZero)
	check[any](t, true, "ab", string([]byte{'a', 'b'}))
	check[any](t, true, &a, &a)
	check[any](t, false, &a, &b)
	check[any](t, true, word{&a}, word{&a})
	check[any](t, false, word{&a}, word{&b})
	check[any](t, true, words{p: &a}, words{p: &a})
	check[any](t, false, words{p: &a}, words{p: &b})
	check[any](t, true, [1]word{{&a}}, [1]word{{&a}})
	check[any](t, false, [1]*int{&a}, [1]*int{&b})
	check[any](t, true, struct{}{}, struct{}{})
	check[any](t, true, [1]any{inner{1, 2}}, [1]any{inner{1, 2}})
	check[error](t, true, nil, nil)
	check[error](t, false, nil, io.EOF)
	check(t, true, io.EOF, io.EOF)
	check(t, false, errors.New("a"), errors.New("a"))
	check[fmt.Stringer](t, true, reflect.ValueOf(&a), reflect.ValueOf(&a))
	check[fmt.Stringer](t, false, reflect.ValueOf(&a), reflect.ValueOf(&b))
}

// What cannot be compared is no reason to panic inside an interface: it is different, even from itself.
func TestEqualNotComparable(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[[]int](),
		reflect.TypeFor[map[int]int](),
		reflect.TypeFor[func()](),
		reflect.TypeFor[[0]func()](),
		reflect.TypeFor[[2][]int](),
		reflect.TypeFor[struct{ s []int }](),
		reflect.TypeFor[struct{ _ [0]func() }](),
		reflect.TypeFor[Pair[int, map[int]int]](),
	} {
		require.Nil(t, equalOf(typ), typ)
	}
	s := []int{1}
	require.False(t, equal[any](t, s, s))
	require.False(t, equal[any](t, func() {}, 1))
	require.False(t, equal[any](t, struct{ s []int }{s}, struct{ s []int }{s}))
	require.False(t, equal(t, [1]any{s}, [1]any{s}))
	require.True(t, equal[any](t, struct{ x any }{1}, struct{ x any }{1}))
}

// Padding and blank fields may hold anything.
func TestEqualSkipsPadding(t *testing.T) {
	type padded struct {
		a int8
		b int32
		c int8
		_ int8
		d string
		e int16
	}
	eq := equalOf(reflect.TypeFor[padded]())
	a, b := padded{a: 1, b: 2, c: 3, d: "d", e: 4}, padded{a: 1, b: 2, c: 3, d: "d", e: 4}
	bytes := (*[unsafe.Sizeof(b)]byte)(unsafe.Pointer(&b))
	for k := range poke(reflect.TypeFor[padded](), bytes[:]) {
		require.True(t, eq(unsafe.Pointer(&a), unsafe.Pointer(&b)), "byte %d", k)
	}
	b.e++
	require.False(t, eq(unsafe.Pointer(&a), unsafe.Pointer(&b)))
}

// Neighbouring plain fields are one part of memory.
func TestEqualParts(t *testing.T) {
	type pieces struct {
		A, B uint32
		C    [3]uint64
		D    string
		E, F int8
	}
	const text = unsafe.Sizeof("")
	for _, tt := range []struct {
		typ  reflect.Type
		want []part // whatever compares them
	}{
		{reflect.TypeFor[int64](), []part{{0, 8, nil}}},
		{reflect.TypeFor[pieces](), []part{{0, 32, nil}, {32, text, nil}, {32 + text, 2, nil}}},
		{reflect.TypeFor[Pair[int16, int32]](), []part{{0, 2, nil}, {4, 4, nil}}},
		{reflect.TypeFor[[3]Pair[int32, float32]](), []part{{0, 24, nil}}},
		{reflect.TypeFor[[2]Pair[int16, int32]](), []part{{0, 16, nil}}},
		{reflect.TypeFor[struct{}](), nil},
	} {
		parts := partsOf(nil, tt.typ, 0)
		for k := range parts {
			parts[k].equal = nil
		}
		require.Equal(t, tt.want, parts, tt.typ)
	}
}

func BenchmarkEqual(b *testing.B) {
	bench(b, "int", 1, 1)
	bench(b, "float64", 1.5, 1.5)
	bench(b, "string", "some words", string([]byte("some words")))
	bench(b, "pair", MakePair(1, 2.5), MakePair(1, 2.5))
	bench(b, "mixed", mixed{name: "n"}, mixed{name: "n"})
	bench[any](b, "any", 1, 1)
	bench(b, "4KiB", [512]int{}, [512]int{})
}

func bench[T any](b *testing.B, name string, x, y T) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		eq := equalOf(reflect.TypeFor[T]())
		for b.Loop() {
			if !eq(unsafe.Pointer(&x), unsafe.Pointer(&y)) {
				b.Fatal("not equal")
			}
		}
	})
}
