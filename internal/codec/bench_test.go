package codec

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"reflect"
	"testing"
)

// record is a result of usual size: five fields, one of them ten structs.
type record struct {
	Name  string
	Count int
	Mean  float64
	Rows  []small
	Tags  []string
}

func benchRecord() record {
	return record{Name: "north", Count: 12, Mean: 3.5, Rows: make([]small, 10), Tags: []string{"a", "b"}}
}

// benchValues are what the benchmarks write and read.
func benchValues() []any {
	words := make(map[string]int)
	for i := range 1000 {
		words[fmt.Sprint(i)] = i
	}
	n := 1
	for range 1000 {
		n++
	}
	rows := make([]row, 1000)
	pointers := make([]*row, 1000)
	for i := range rows {
		rows[i] = row{Name: "row", Score: 1, N: i}
		pointers[i] = &rows[i]
	}
	return []any{n, "a short string", benchRecord(), rows, pointers, words}
}

func BenchmarkEncode(b *testing.B) {
	for _, v := range benchValues() {
		b.Run(fmt.Sprintf("%T/ours", v), func(b *testing.B) {
			c, _ := ForType(reflect.TypeOf(v))
			b.ReportAllocs()
			for b.Loop() {
				_ = c.Encode(io.Discard, v)
			}
		})
		b.Run(fmt.Sprintf("%T/gob", v), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = gob.NewEncoder(io.Discard).Encode(v)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, v := range benchValues() {
		b.Run(fmt.Sprintf("%T/ours", v), func(b *testing.B) {
			c, _ := ForType(reflect.TypeOf(v))
			data := encoded(b, c, v)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.Decode(bytes.NewReader(data))
			}
		})
		b.Run(fmt.Sprintf("%T/gob", v), func(b *testing.B) {
			var buf bytes.Buffer
			_ = gob.NewEncoder(&buf).Encode(v)
			b.ReportAllocs()
			for b.Loop() {
				_ = gob.NewDecoder(bytes.NewReader(buf.Bytes())).DecodeValue(reflect.New(reflect.TypeOf(v)))
			}
		})
	}
}

// BenchmarkLarge writes 64 MB to nowhere, which costs nothing and so is not told, and copies them; reads them with and
// without a length; and copies them without a codec, to compare.
func BenchmarkLarge(b *testing.B) {
	const size = 64 << 20
	for _, v := range []any{make([]byte, size), make([]float64, size/8)} {
		c, _ := ForType(reflect.TypeOf(v))
		data := encoded(b, c, v)
		name := fmt.Sprintf("%T/", v)
		run := func(what string, f func()) {
			b.Run(name+what, func(b *testing.B) {
				b.SetBytes(size)
				for b.Loop() {
					f()
				}
			})
		}
		into := make([]byte, len(data))
		run("copy", func() { copy(into, data) })
		run("make+copy", func() { copy(make([]byte, len(data)), data) })
		run("encode", func() { _ = c.Encode(&filler{into}, v) })
		run("decode", func() { _, _ = c.Decode(bytes.NewReader(data)) })
		run("decode without length", func() { _, _ = c.Decode(bare{bytes.NewReader(data)}) })
	}
}

// filler copies what is written to it.
type filler struct{ into []byte }

func (f *filler) Write(p []byte) (int, error) {
	n := copy(f.into, p)
	f.into = f.into[n:]
	return n, nil
}
