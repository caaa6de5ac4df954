package cache_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func benchmarkLengths(b *testing.B, run func(b *testing.B, length int)) {
	for _, length := range []int{1 << 10, 32 << 10, 64 << 10, 1 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dK", length>>10), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(length))
			run(b, length)
		})
	}
}

func BenchmarkDirGet(b *testing.B) {
	benchmarkLengths(b, func(b *testing.B, length int) {
		s := openDir(b, b.TempDir())
		put(b, s, 1, 1, length)
		for b.Loop() {
			e, err := s.Get(b.Context(), keyOf(1), bytesCodec{})
			require.NoError(b, err)
			_, err = e.Value(b.Context())
			require.NoError(b, err)
		}
	})
}

// BenchmarkDirGetMiss is what a call costs in addition that is not kept.
func BenchmarkDirGetMiss(b *testing.B) {
	s := openDir(b, b.TempDir())
	put(b, s, 1, 1, 10)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = s.Get(b.Context(), keyOf(2), bytesCodec{})
	}
}

// BenchmarkDirPut puts under ever new keys.
func BenchmarkDirPut(b *testing.B) {
	benchmarkLengths(b, func(b *testing.B, length int) {
		s := openDir(b, b.TempDir())
		e := entryOf(1, 1, length)
		n := 0
		for b.Loop() {
			n++
			e.Meta.Key = keyOf(n)
			if err := s.Put(b.Context(), e, bytesCodec{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
