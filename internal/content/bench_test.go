package content

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"testing"
	"unsafe"
)

// BenchmarkKey makes a key of two words: their contents, after 32 bytes for the function, and the SHA-256 of all.
func BenchmarkKey(b *testing.B) {
	args := &struct{ x, y int }{1, 2}
	x, y := For[int](), For[int]()
	var function [32]byte
	sum := byte(0)
	b.ReportAllocs()
	for b.Loop() {
		var room [128]byte
		dst := append(room[:0], function[:]...)
		dst, _, _ = x.Append(dst, &args.x)
		dst, _, _ = y.Append(dst, &args.y)
		key := sha256.Sum256(dst)
		sum += key[0]
	}
	if sum == 1 {
		b.Log(sum)
	}
}

type benchRow struct {
	ID    int
	Name  string
	Score float64
	Tags  []string
}

func BenchmarkAppend(b *testing.B) {
	rows := make([]benchRow, 1000)
	points := make([]struct{ X, Y, Z float64 }, 1000)
	gaps := make([]struct {
		A int64
		B int32
	}, 1000)
	table := make(map[string]int)
	for i := range rows {
		rows[i] = benchRow{i, fmt.Sprint("name ", i), 1 / float64(i+1), []string{"a", "b"}}
		table[fmt.Sprint("key ", i)] = i
	}
	list := make([]any, 1000)
	for i := range list {
		list[i] = i
	}
	for _, v := range []any{
		1, "a word",
		struct{ A, B int }{},
		rows[1], &rows[1],
		[1]any{rows[1]},
		make([]byte, 1<<20), make([]float64, 1<<17),
		points, gaps, rows,
		[][]benchRow{rows},
		table, list,
	} {
		t := reflect.TypeOf(v)
		p := reflect.New(t)
		p.Elem().Set(reflect.ValueOf(v))
		w := noRules.Of(t)
		dst, size, _ := w.Append(nil, p.UnsafePointer())
		b.Run(fmt.Sprintf("%v/%d", t, size), func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				dst, _, _ = w.Append(dst[:0], p.UnsafePointer())
			}
		})
	}
}

// BenchmarkSum is what hashing the same bytes takes, to compare with.
func BenchmarkSum(b *testing.B) {
	data := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	for b.Loop() {
		sha256.Sum256(data)
	}
}

func BenchmarkJoin(b *testing.B) {
	names := noRules.Of(reflect.TypeFor[[]string]())
	name := "a name"
	one, _, _ := noRules.Of(reflect.TypeFor[string]()).Append(nil, unsafe.Pointer(&name))
	dst := make([]byte, 0, contentMax)
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = names.AppendJoined(dst[:0], 1000, func(dst []byte, _ int) ([]byte, error) { return append(dst, one...), nil })
	}
}
