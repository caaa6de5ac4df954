package codec

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/kept"
)

// TestRefused reads bytes that are nearly right.
func TestRefused(t *testing.T) {
	manyBools := append([]byte{0x81, 0x80, 0x08}, make([]byte, 1<<17)...) // 1<<17 + 1, so that many follow
	badBools := bytes.Clone(manyBools)
	badBools[len(badBools)-1] = 2
	for _, c := range []struct {
		why       string
		t         reflect.Type
		good, bad []byte
	}{
		{"a bool of 2", reflect.TypeFor[bool](), []byte{1}, []byte{2}},
		{"a bool of 2 in an array", reflect.TypeFor[[2]bool](), []byte{0, 1}, []byte{0, 2}},
		{"a bool of 2 among many", reflect.TypeFor[[]bool](), manyBools, badBools},
		{"a length in two bytes", reflect.TypeFor[string](), []byte{0}, []byte{0x80, 0}},
		{"a length in two bytes, then more", reflect.TypeFor[[]string](), []byte{3, 0, 0}, []byte{3, 0x80, 0, 0}},
		{"a length of 65 bits", reflect.TypeFor[string](), []byte{0}, []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 2}},
		{
			"a length that is 1 when multiplied by 8", reflect.TypeFor[[]int64](),
			[]byte{2, 0, 0, 0, 0, 0, 0, 0, 0},
			append([]byte{0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20}, make([]byte, 8)...),
		},
		{
			"a pointer of another type", reflect.TypeFor[pair[*int16, *string]](),
			[]byte{1, 7, 7, 1, 0},
			[]byte{1, 7, 7, 2},
		},
		{"a pointer to what has not come", reflect.TypeFor[[]*int8](), []byte{3, 1, 5, 2}, []byte{3, 1, 5, 3}},
		{"a slice within itself", reflect.TypeFor[forks](), []byte{1, 1, 0}, []byte{1, 1, 2}},
		{"a pointer to nothing", reflect.TypeFor[*struct{}](), []byte{1}, []byte{2}},
		{"one key twice", reflect.TypeFor[map[int8]bool](), []byte{1, 2, 1, 1, 2, 1}, []byte{1, 2, 1, 1, 1, 1}},
		{"one key of no size twice", reflect.TypeFor[map[struct{}]struct{}](), []byte{1, 1}, []byte{1, 2}},
		{
			"zeros of two signs", reflect.TypeFor[map[float32]bool](),
			[]byte{1, 1, 0, 0, 0, 0, 1},
			[]byte{1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0x80, 1},
		},
		{"content of blanks", reflect.TypeFor[onlyBlank](), []byte{0}, []byte{1}},
	} {
		t.Run(c.why, func(t *testing.T) {
			for _, bulk := range []bool{true, false} {
				s := newStructural(c.t, bulk)
				require.NoError(t, s.err)
				_, err := s.Decode(bytes.NewReader(append(s.header[:], c.good...)))
				require.NoError(t, err)
				_, err = s.Decode(bytes.NewReader(append(s.header[:], c.bad...)))
				require.ErrorIs(t, err, kept.ErrCorrupt)
				_, err = s.Decode(bare{bytes.NewReader(append(s.header[:], c.bad...))})
				require.ErrorIs(t, err, kept.ErrCorrupt)
			}
		})
	}
}

// TestShapes: types whose bytes could be taken for each other's have headers of their own.
func TestShapes(t *testing.T) {
	seen := make(map[header]reflect.Type)
	for _, typ := range []reflect.Type{
		reflect.TypeFor[struct{ A, B int }](), reflect.TypeFor[struct{ B, A int }](), reflect.TypeFor[struct{ A, B uint }](),
		reflect.TypeFor[struct{ A [2]int }](), reflect.TypeFor[struct{ A *[2]int }](), reflect.TypeFor[[2]int](),
		reflect.TypeFor[[3]int](), reflect.TypeFor[[]int](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](),
		reflect.TypeFor[[]int8](), reflect.TypeFor[named](), reflect.TypeFor[float64](), reflect.TypeFor[[]named](),
		reflect.TypeFor[pair[int, []string]](), reflect.TypeFor[pair[[]string, int]](), reflect.TypeFor[map[int]string](),
		reflect.TypeFor[map[string]int](), reflect.TypeFor[*int](), reflect.TypeFor[**int](), reflect.TypeFor[temperature](),
		reflect.TypeFor[wide](), reflect.TypeFor[struct{ A *int }](), reflect.TypeFor[struct{ AA *int }](),
	} {
		s := newStructural(typ, littleEndian)
		require.NoError(t, s.err)
		require.Nil(t, seen[s.header], typ)
		seen[s.header] = typ
	}
}
