package content

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestZooDiffers(t *testing.T) {
	seen := make(map[string]string)
	for _, s := range zoo() {
		c := ofAny(t, noRules, s.value)
		require.Empty(t, seen[c], s.name)
		seen[c] = s.name
		require.Equal(t, c, ofAny(t, noRules, s.value), s.name)
	}
	for i, s := range zoo() { // built anew
		require.Equal(t, s.name, seen[ofAny(t, noRules, s.value)], i)
	}
}

// Values of one type differ in interfaces as they do outside.
func TestZooDiffersInInterfaces(t *testing.T) {
	seen := make(map[string]string)
	for _, s := range zoo() {
		c := of(t, s.value)
		require.Empty(t, seen[c], s.name)
		seen[c] = s.name
		require.NotEqual(t, c, ofAny(t, noRules, s.value), s.name)
	}
}

// Where numbers do not stand in memory as in encodings, each is taken by itself.
func TestZooByNumbers(t *testing.T) {
	slow := makeRules(false)
	for _, s := range zoo() {
		require.Equal(t, ofAny(t, noRules, s.value), ofAny(t, slow, s.value), s.name)
	}
}

func TestEncoding(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"int", -2, "\x00\x02\xfe\xff\xff\xff\xff\xff\xff\xff"},
		{"uint16", uint16(0x102), "\x00\x09\x02\x01"},
		{"float", 1.0, "\x00\x0e\x00\x00\x00\x00\x00\x00\xf0\x3f"},
		{"string", "ab", "\x00\x11\x02ab"},
		{"nil slice", []bool(nil), "\x00\x16\x01\x00"},
		{"slice", []bool{true, false}, "\x00\x16\x01\x03\x01\x00"},
		{"array", [2]bool{true, false}, "\x00\x17\x02\x01\x01\x00"},
		{"struct", struct {
			A bool
			_ int
			b int8
		}{true, 7, -1}, "\x00\x19\x02\x01\x03\x01\xff"},
		{"map", map[bool]int8{true: 3, false: 4}, "\x00\x18\x01\x03\x03\x02\x00\x00\x02\x00\x04\x02\x00\x01\x02\x00\x03"},
		{"joined", []string{"a"}, "\x00\x1c\x11\x02\x04\x00\x11\x01a"},
		{"recursive", zooList{nil}, "\x00\x1c\x16\x1b\x00\x02\x06\x00\x1c\x16\x1b\x00\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, fmt.Sprintf("%x", tt.want), fmt.Sprintf("%x", ofAny(t, noRules, tt.value)))
		})
	}
}

type (
	inner  struct{ hidden int }
	outer  struct{ in inner }
	hiding struct {
		Shown int
		deep  map[string][]outer
	}
)

func TestDiffers(t *testing.T) {
	nan := math.Float64frombits(math.Float64bits(math.NaN()) ^ 1)
	tests := []struct {
		name string
		a, b any
	}{
		{"unexported field", outer{inner{1}}, outer{inner{2}}},
		{
			"unexported field far below",
			hiding{1, map[string][]outer{"a": {{}, {inner{1}}}}},
			hiding{1, map[string][]outer{"a": {{}, {inner{2}}}}},
		},
		{"zeros", 0.0, math.Copysign(0, -1)},
		{"zeros in slice", []float64{0}, []float64{math.Copysign(0, -1)}},
		{"zero keys of maps", map[float64]int{0: 1}, map[float64]int{math.Copysign(0, -1): 1}},
		{"zeros in complex", complex(0, 0), complex(0, math.Copysign(0, -1))},
		{"bits of NaN", math.NaN(), nan},
		{"NaN keys", map[float64]int{math.NaN(): 1}, map[float64]int{nan: 1}},
		{"NaN entries", map[float64]int{math.NaN(): 1}, map[float64]int{math.NaN(): 2}},
		{"permuted", []int{1, 2}, []int{2, 1}},
		{"permuted strings", []string{"a", "b"}, []string{"b", "a"}},
		{"permuted array", [2]any{1, 2}, [2]any{2, 1}},
		{"split", []string{"ab", "c"}, []string{"a", "bc"}},
		{"split fields", struct{ A, B string }{"xy", ""}, struct{ A, B string }{"x", "y"}},
		{"split slices", [][]byte{{1}, {2, 3}}, [][]byte{{1, 2}, {3}}},
		{"keys and values", map[string]string{"a": "b"}, map[string]string{"b": "a"}},
		{"exchanged values", map[string]int{"a": 1, "b": 2}, map[string]int{"a": 2, "b": 1}},
		{"nil element", [][]int{nil}, [][]int{{}}},
		{"nil in interface", []any{nil}, []any{(*int)(nil)}},
		{"nil map in struct", struct{ m map[int]int }{}, struct{ m map[int]int }{map[int]int{}}},
		{"pointer to zero", (*int)(nil), new(int)},
		{"types in interfaces", []any{1}, []any{int64(1)}},
		{"names in interfaces", []any{zooInt(1)}, []any{1}},
		{"pointers in interfaces", []any{1}, []any{ptr(1)}},
		{"kinds", int64(1), uint64(1)},
		{"string and bytes", "a", []byte("a")},
		{"array and slice", [1]int{1}, []int{1}},
		{"array and struct", [2]int{1, 2}, struct{ A, B int }{1, 2}},
		{"pointer and value", 1, ptr(1)},
		{"lengths", [][0]int{}, make([][0]int, 1)},
		{"nanoseconds", time.Unix(1, 1).UTC(), time.Unix(1, 2).UTC()},
		{"zones", time.Unix(1, 0).UTC(), time.Unix(1, 0).In(time.FixedZone("UTC", 1))},
		{"names of zones", time.Unix(1, 0).UTC(), time.Unix(1, 0).In(time.FixedZone("GMT", 0))},
		{"last byte of much", strings.Repeat("a", 1<<20), strings.Repeat("a", 1<<20-1) + "b"},
		{"after much", [2]string{strings.Repeat("a", 2000), "b"}, [2]string{strings.Repeat("a", 2000), "c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NotEqual(t, ofAny(t, noRules, tt.a), ofAny(t, noRules, tt.b))
			require.NotEqual(t, of(t, tt.a), of(t, tt.b))
			require.Equal(t, of(t, tt.a), of(t, tt.a))
		})
	}
}

// gap has padding and a blank field, which tests set through memory.
type gap struct {
	A int8
	_ int32
	B int64
}

func filled(fill byte) gap {
	var memory [unsafe.Sizeof(gap{})]byte
	for i := range memory {
		memory[i] = fill
	}
	g := *(*gap)(unsafe.Pointer(&memory))
	g.A, g.B = 1, 2
	return g
}

func TestSame(t *testing.T) {
	shared := &inner{1}
	now := time.Now()
	tests := []struct {
		name string
		a, b any
	}{
		{"shared pointers", []*inner{shared, shared}, []*inner{{1}, {1}}},
		{"blank fields", ptr(filled(0)), ptr(filled(0xff))},
		{"blank fields in slices", []gap{filled(1), filled(2)}, []gap{filled(3), filled(4)}},
		{"capacity", make([]int, 1, 2), make([]int, 1, 9)},
		{"monotonic reading", now, now.Round(0)},
		{"slices of one array", [][]int{{1, 2}, {2}}, func() any { a := []int{1, 2}; return [][]int{a, a[1:]} }()},
		{"signed NaN twice", []float64{math.NaN()}, []float64{math.NaN()}},
		{"maps with NaN", nanMap(1, 2, 3), nanMap(3, 1, 2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, ofAny(t, noRules, tt.a), ofAny(t, noRules, tt.b))
			require.Equal(t, of(t, tt.a), of(t, tt.b))
		})
	}
}

func nanMap(values ...int) map[float64]int {
	m := make(map[float64]int)
	for _, v := range values {
		m[math.NaN()] = v
	}
	return m
}

func TestMapOrder(t *testing.T) {
	keys := rand.Perm(40)
	want := ""
	for range 100 {
		rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		m, set := make(map[string]any), make(map[int]struct{})
		for _, k := range keys {
			m[fmt.Sprint("key ", k)] = map[int]string{k: "a", k + 1: "b"}
			set[k] = struct{}{}
		}
		got := of(t, m) + of(t, set)
		if want == "" {
			want = got
		}
		require.Equal(t, want, got)
	}
}

// The bytes of a value do not depend on where in the encoder's buffer they come.
func TestBufferEdges(t *testing.T) {
	type part struct {
		S string
		N int
		_ int
		M [3]uint16
		C complex128
		U map[int16]string
	}
	slow := makeRules(false)
	seen := make(map[string]int)
	for n := range 2 * bufLen {
		v := struct {
			S string
			P [3]part
			Q []part
		}{strings.Repeat("x", n), [3]part{{N: 1}, {S: "s", U: map[int16]string{1: "a"}}}, []part{{N: n}, {}}}
		c := ofAny(t, noRules, v)
		require.Equal(t, c, ofAny(t, slow, v))
		require.NotContains(t, seen, c)
		seen[c] = n
	}
}

// Contents delimit themselves, so that those of several arguments can stand one after the other.
func TestArguments(t *testing.T) {
	list := func(args ...string) string {
		var all []byte
		for _, a := range args {
			all, _, _ = For[string]().Append(all, &a)
		}
		return string(all)
	}
	require.NotEqual(t, list("x", "y"), list("xy", ""))
	require.NotEqual(t, list("x", "y"), list("y", "x"))
	require.NotEqual(t, list("x"), list("x", ""))
}

// A large map leaves no large memory behind, and does not harm the next one.
func TestLargeMap(t *testing.T) {
	large := make(map[int]string)
	for i := range 5000 {
		large[i] = strings.Repeat("x", i)
	}
	small := map[int]string{1: "a"}
	want := of(t, small)
	require.Equal(t, of(t, large), of(t, maps.Clone(large)))
	require.Equal(t, want, of(t, small))
}

func TestSize(t *testing.T) {
	sizeOf := func(v any) int {
		p := reflect.New(reflect.TypeOf(v))
		p.Elem().Set(reflect.ValueOf(v))
		_, size, err := noRules.Of(reflect.TypeOf(v)).Append(nil, p.UnsafePointer())
		require.NoError(t, err)
		return int(size)
	}
	const word = strconv.IntSize / 8
	require.Equal(t, word, sizeOf(1))
	require.Equal(t, 2*word+5, sizeOf("12345"))
	require.Equal(t, 3*word+800, sizeOf(make([]int64, 100)))
	require.Equal(t, 3*word+100*(2*word+1), sizeOf(slices.Repeat([]string{"a"}, 100)))
	require.Equal(t, word+8, sizeOf(ptr(int64(1))))
	require.Equal(t, 3*word+2*word+8, sizeOf([]any{int64(1)}))
	m := sizeOf(map[int64]string{1: "abcd", 2: "efgh"})
	require.Greater(t, m, word+2*(8+2*word+4))
	require.Less(t, m, 200)
}

func TestNoMemory(t *testing.T) {
	type row struct {
		Name string
		N    int
		Tags []string
	}
	rows := slices.Repeat([]row{{"a name of some length, so that it is hashed", 1, []string{"x", "y"}}}, 100)
	words := struct{ A, B int }{1, 2}
	one, two, all := For[int](), For[struct{ A, B int }](), For[[]row]()
	dst := make([]byte, 0, 128)
	n := testing.AllocsPerRun(100, func() {
		dst, _, _ = one.Append(dst[:0], &words.A)
		dst, _, _ = one.Append(dst, &words.B)
		dst, _, _ = two.Append(dst, &words)
		dst, _, _ = all.Append(dst[:0], &rows)
	})
	if !racing { // the race detector makes pools forget
		require.Zero(t, int(n))
	}
}
