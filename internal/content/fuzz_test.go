package content

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type (
	fuzzStruct struct {
		A int8
		b float64
		_ int32
		C string
		d []uint16
		E any
	}
	fuzzPair struct {
		x, y int16
	}
	fuzzTree struct {
		left, right *fuzzTree
		label       string
	}
	fuzzSum interface{ sum() }
)

func (fuzzPair) sum()  {}
func (*fuzzTree) sum() {}

// Nothing but reflection uses these fields.
var _ = []any{fuzzStruct{b: 0, d: nil}, fuzzPair{x: 0, y: 0}, fuzzTree{left: nil, right: nil, label: ""}}

// fuzzTypes are the types of roots, and of what is in interfaces.
var fuzzTypes = []reflect.Type{
	reflect.TypeFor[int](), reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[float32](),
	reflect.TypeFor[complex128](), reflect.TypeFor[uint64](), reflect.TypeFor[zooInt](), reflect.TypeFor[time.Time](),
	reflect.TypeFor[[]byte](), reflect.TypeFor[[]int](), reflect.TypeFor[[]string](), reflect.TypeFor[[][]string](),
	reflect.TypeFor[[2]any](), reflect.TypeFor[[]any](), reflect.TypeFor[[3]fuzzPair](), reflect.TypeFor[[]fuzzPair](),
	reflect.TypeFor[fuzzStruct](), reflect.TypeFor[[]fuzzStruct](), reflect.TypeFor[*fuzzTree](), reflect.TypeFor[fuzzTree](),
	reflect.TypeFor[map[string]int](), reflect.TypeFor[map[float64]string](), reflect.TypeFor[map[fuzzPair][]fuzzTree](),
	reflect.TypeFor[map[any]any](), reflect.TypeFor[zooTree](), reflect.TypeFor[zooList](), reflect.TypeFor[[]fuzzSum](),
	reflect.TypeFor[zooKeyed](), reflect.TypeFor[[]zooKeyed](), reflect.TypeFor[**zooKeyed](), reflect.TypeFor[struct{}](),
	reflect.TypeFor[[]struct{}](), reflect.TypeFor[[]zooGaps](), reflect.TypeFor[map[bool]map[int8]bool](),
}

// source gives bytes, and zeros when there are no more.
type source []byte

func (s *source) next(n int) int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b) % n
}

var (
	fuzzFloats  = []float64{0, math.Copysign(0, -1), math.NaN(), 1, -1, math.Inf(-1), math.Float64frombits(0xfff8000000000000)}
	fuzzStrings = []string{"", "a", "ab", "b", "\x00", "a string that is longer than what is a content by itself"}
	fuzzZones   = []*time.Location{time.UTC, time.FixedZone("A", 60), time.FixedZone("A", 120), time.FixedZone("B", 60)}
)

// fill sets v, which has an address, to a value made from s. There are few values, so that equal ones are met often.
func fill(v reflect.Value, s *source, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		at := time.Unix(int64(s.next(3)), int64(s.next(2))).In(fuzzZones[s.next(len(fuzzZones))])
		v.Set(reflect.ValueOf(at))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(s.next(2) == 1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(fuzzFloats[s.next(len(fuzzFloats))])
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(fuzzFloats[s.next(len(fuzzFloats))], fuzzFloats[s.next(len(fuzzFloats))]))
	case reflect.String:
		v.SetString(fuzzStrings[s.next(len(fuzzStrings))])
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(s.next(4)) - 2)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(s.next(3)))
	default:
		fillComposite(v, s, depth)
	}
}

func fillComposite(v reflect.Value, s *source, depth int) {
	n := s.next(5) - 1 // -1: nil
	if depth == 0 {
		n = min(n, 0)
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(open(v.Field(i)), s, depth)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), s, depth)
		}
	case reflect.Interface:
		fillInterface(v, s, depth, n)
	case reflect.Pointer:
		if n > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), s, depth-1)
		}
	case reflect.Slice:
		if n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n+s.next(2)))
			for i := range n {
				fill(v.Index(i), s, depth-1)
			}
		}
	case reflect.Map:
		if n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
		}
		for range n {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, s, depth-1)
			fill(value, s, depth-1)
			if key.Comparable() {
				v.SetMapIndex(key, value)
			}
		}
	}
}

func fillInterface(v reflect.Value, s *source, depth, n int) {
	if n < 0 {
		return
	}
	t := fuzzTypes[s.next(len(fuzzTypes))]
	if depth == 0 || v.NumMethod() > 0 {
		t = []reflect.Type{reflect.TypeFor[fuzzPair](), reflect.TypeFor[*fuzzTree]()}[s.next(2)]
	}
	held := reflect.New(t).Elem()
	fill(held, s, depth-1)
	v.Set(held)
}

var (
	slowRules = makeRules(false)
	sameRules = makeRules(littleEndian)
)

// key returns the content of v, which has an address, in all ways that there are.
func key(t testing.TB, v reflect.Value) string {
	w, p := noRules.Of(v.Type()), v.Addr().UnsafePointer()
	out, size, err := w.Append(nil, p)
	require.NoError(t, err)
	for _, r := range []*Rules{slowRules, sameRules} {
		other, otherSize, err := r.Of(v.Type()).Append(nil, p)
		require.NoError(t, err)
		require.Equal(t, out, other)
		require.Equal(t, size, otherSize)
	}
	if w.Joins() {
		n := v.Len()
		if v.IsNil() {
			n = -1
		}
		one := noRules.Of(v.Type().Elem())
		other, err := w.AppendJoined(nil, n, func(dst []byte, i int) ([]byte, error) {
			dst, _, err := one.Append(dst, v.Index(i).Addr().UnsafePointer())
			return dst, err
		})
		require.NoError(t, err)
		require.Equal(t, out, other)
	}
	return string(out)
}

// compare makes values of a type from a and b, and checks that they have the same content if they are equal, and no other.
func compare(t testing.TB, typ byte, a, b []byte) (same bool) {
	rt := fuzzTypes[int(typ)%len(fuzzTypes)]
	va, vb := reflect.New(rt).Elem(), reflect.New(rt).Elem()
	fill(va, (*source)(&a), 4)
	fill(vb, (*source)(&b), 4)
	same = equal(va, vb)
	require.Equal(t, same, key(t, va) == key(t, vb), "%v: %#v, %#v", rt, va, vb)
	x, y := va.Interface(), vb.Interface()
	require.Equal(t, same, of(t, x) == of(t, y), "%v in any: %#v, %#v", rt, va, vb)
	return same
}

func FuzzEqual(f *testing.F) {
	for i := range fuzzTypes {
		f.Add(byte(i), []byte("some bytes"), []byte("some other bytes"))
		f.Add(byte(i), []byte("\x01\x02\x03"), []byte("\x01\x02\x04"))
	}
	f.Fuzz(func(t *testing.T, typ byte, a, b []byte) { compare(t, typ, a[:min(len(a), 64)], b[:min(len(b), 64)]) })
}

func TestEqualAtRandom(t *testing.T) {
	rounds := 20_000
	if testing.Short() {
		rounds = 2_000
	}
	seed := rand.Uint64()
	t.Log("seed ", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	same := 0
	for range rounds {
		a := make([]byte, r.IntN(40))
		for i := range a {
			a[i] = byte(r.Uint32())
		}
		b := append([]byte(nil), a...)
		for range r.IntN(3) {
			if len(b) > 0 {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
		}
		if compare(t, byte(r.Uint32()), a, b) {
			same++
		}
	}
	require.Greater(t, same, rounds/10)
	require.Less(t, same, rounds*9/10)
}
