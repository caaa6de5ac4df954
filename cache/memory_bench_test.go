package cache

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func BenchmarkMemoryGet(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		m := NewMemory(1 << 40)
		keys := make([]Key, n)
		for i := range keys {
			keys[i] = sha256.Sum256(fmt.Append(nil, i))
			_ = m.Put(context.Background(), NewEntry(&Meta{Key: keys[i], Size: 8, Cost: time.Millisecond}, i), nil)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i++; i >= n {
					i = 0
				}
				if _, err := m.Get(context.Background(), keys[i], nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		var standard sync.Map // To compare with.
		for i := range keys {
			standard.Store(keys[i], i)
		}
		b.Run(fmt.Sprint(n, "/sync.Map"), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i++; i >= n {
					i = 0
				}
				if _, ok := standard.Load(keys[i]); !ok {
					b.Fatal(i)
				}
			}
		})
		b.Run(fmt.Sprint(n, "/parallel"), func(b *testing.B) {
			var start atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				i := int(start.Add(int64(n / 3)))
				for pb.Next() {
					i++
					if _, err := m.Get(context.Background(), keys[i%n], nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func BenchmarkMemoryPut(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			m := NewMemory(int64(n) * (itemSize + 1000))
			meta := make([]Meta, 4*n)
			for i := range meta {
				meta[i] = Meta{Key: sha256.Sum256(fmt.Append(nil, i)), Size: 1000, Cost: time.Duration(1 + i%1000)}
			}
			i := 0
			for b.Loop() {
				if i++; i == len(meta) {
					i = 0
				}
				if err := m.Put(context.Background(), NewEntry(&meta[i], nil), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
