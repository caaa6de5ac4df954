package content

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"strings"
	"syscall"
	"time"
)

type (
	zooInt    int
	zooString string
	zooPlain  struct {
		A, B int64
		c    float64
	}
	zooGaps struct {
		A int8
		B int64
		_ int32
		C bool
	}
	zooWord struct {
		A int
		B uint
	}
	zooMixed struct {
		Name  string
		plain zooPlain
		Tags  []string
		Next  *zooMixed
		Any   any
	}
	zooKeyed struct{ key string }
	zooTree  map[string]zooTree
	zooList  []zooList
	zooLarge struct{ A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z string }
)

func (k zooKeyed) CacheKey() []byte { return []byte(k.key) }

// specimen is a value with a name.
type specimen struct {
	name  string
	value any
}

func (k zooMixed) String() string { panic("nobody asks") }

// zoo returns the same values each time. All differ.
func zoo() []specimen {
	long := strings.Repeat("0123456789", 200)
	numbers := make([]int32, 1000)
	words := make([]int, 1000)
	gaps := make([]zooGaps, 100)
	for i := range numbers {
		numbers[i], words[i] = int32(i*i), -i
		gaps[i%100].A = int8(i)
	}
	table := make(map[int]string)
	for i := range 40 {
		table[i*i-100] = fmt.Sprint("value ", i)
	}
	values := []any{
		true, int(-2), int8(-2), int16(-2), int32(-2), int64(-2), uint(2), uint8(2), uint16(2), uint32(2), uint64(2),
		float32(1.5), float64(1.5), math.Copysign(0, -1), 0.0, math.NaN(), math.Inf(1), complex64(1 + 2i), complex(1, -2),
		"", "a", long, long[:38], long[:39], long[:40],
		[]byte(nil),
		[]byte{},
		[]byte("a"), []byte(long),
		[0]int{},
		[3]uint16{1, 2, 3},
		[]int(nil),
		[]int{},
		words, numbers,
		zooPlain{1, 2, 3},
		zooPlain{1, 2, 4},
		zooGaps{A: 1, B: 2, C: true},
		[]zooGaps{{A: 1}},
		gaps,
		zooWord{1, 2},
		[]zooWord{{1, 2}},
		[][]int{{1}, nil, {}},
		[]string{"ab", "c"},
		[]string{"a", "bc"},
		[]string(nil),
		[]string{},
		map[string]int(nil),
		map[string]int{},
		table,
		map[float64]int{math.NaN(): 1, 0: 2},
		map[zooPlain][]string{{A: 1}: {"x"}},
		zooTree{"a": {"b": nil, "c": {}}},
		zooList{nil, {}, {nil}},
		(*int)(nil), ptr(5), ptr(ptr(5)),
		zooMixed{Name: "n", plain: zooPlain{A: 1}, Tags: []string{"t"}, Next: &zooMixed{Any: 1}, Any: zooInt(1)},
		[]any{nil, 1, int64(1), zooInt(1), "1", zooString("1"), []int{1}, ptr(1), map[string]any{"k": 1.5}},
		[]error{nil, errors.New("x"), &fs.PathError{Op: "open", Path: "p", Err: syscall.Errno(2)}},
		time.Unix(1e9, 5).UTC(), time.Unix(1e9, 5).In(time.FixedZone("here", 3600)),
		time.Time{},
		[]reflect.Type{nil, reflect.TypeFor[zooPlain](), reflect.TypeFor[[]zooMixed]()},
		zooKeyed{"k"},
		&zooKeyed{"k"},
		[]any{zooKeyed{long}, &zooKeyed{long}},
		zooLarge{A: "a"},
		zooLarge{Z: "a"},
		struct{}{},
		struct{ A, b int }{1, 2},
		struct{ _, b int }{0, 2},
	}
	specimens := make([]specimen, len(values))
	for i, v := range values {
		specimens[i] = specimen{fmt.Sprintf("%02d %T", i, v), v}
	}
	return specimens
}
