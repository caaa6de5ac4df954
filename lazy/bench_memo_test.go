package lazy

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/internal/kept"
)

var benchNames atomic.Int64

func benchName() Option { return Name(fmt.Sprintf("bench %d", benchNames.Add(1))) }

// BenchmarkMemoKey makes the key of a call with two words as its arguments, and looks it up in memory.
func BenchmarkMemoKey(b *testing.B) {
	f := Pure2(func(x, y int) int { return x + y }, benchName(), Memo())
	s := &Session{Cache: cache.NewMemory(1 << 20)}
	d := f.Of(1, 2)
	if _, err := d.Get(context.Background(), In(s)); err != nil {
		b.Fatal(err)
	}
	x := &execution{node: f.Of(1, 2).n}
	m := x.node.fn.memo
	var key kept.Key
	b.Run("key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			hashed, err := x.appendHashed(make([]byte, 0, keyRoom))
			if err != nil {
				b.Fatal(err)
			}
			key = keyOf(hashed)
		}
	})
	b.Run("key and hit", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			hashed, _ := x.appendHashed(make([]byte, 0, keyRoom))
			e, err := s.Cache.Get(context.Background(), keyOf(hashed), m.codec)
			if err != nil || e.Meta.Key != key {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkMemoGet records a call and gets it: from memory, and by running it.
func BenchmarkMemoGet(b *testing.B) {
	plain := Pure2(func(x, y int) int { return x + y })
	memo := Pure2(func(x, y int) int { return x + y }, benchName(), Memo())
	s := &Session{Cache: cache.NewMemory(1 << 20)}
	for name, f := range map[string]Func2[int, int, int]{"run": plain, "hit": memo} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v, err := f.Of(1, 2).Get(context.Background(), In(s)); v != 3 || err != nil {
					b.Fatal(v, err)
				}
			}
		})
	}
}

// BenchmarkMemoGraph gets a graph of 10,000 calls behind each other's results, of which none, the leaves or all are
// Memo; what is kept is found in memory. ns/node.
func BenchmarkMemoGraph(b *testing.B) {
	const leaves = 5000
	leaf, sum := func(x int) int { return x }, func(x, y int) int { return x + y }
	for _, row := range []struct {
		name      string
		cache     bool
		leaf, all []Option
	}{
		{"no cache", false, nil, nil},
		{"all Memo, no cache", false, []Option{benchName(), Memo()}, []Option{benchName(), Memo()}},
		{"nothing Memo", true, nil, nil},
		{"leaves Memo", true, []Option{benchName(), Memo()}, nil},
		{"all Memo", true, []Option{benchName(), Memo()}, []Option{benchName(), Memo()}},
	} {
		b.Run(row.name, func(b *testing.B) {
			defer NeverChanged()()
			s := &Session{}
			if row.cache {
				s.Cache = cache.NewMemory(64 << 20)
			}
			l, a := Pure1(leaf, again(row.leaf)...), Pure2(sum, again(row.all)...)
			b.ReportAllocs()
			for b.Loop() {
				if v, err := ladder(l, a, leaves).Get(context.Background(), In(s)); v != leaves*(leaves-1)/2 || err != nil {
					b.Fatal(v, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(2*leaves), "ns/node")
		})
	}
}

// again is the options under a new name, for a benchmark may be run several times.
func again(opts []Option) []Option {
	if opts == nil {
		return nil
	}
	return []Option{benchName(), Memo()}
}

// ladder adds up the leaves one after another.
func ladder(l Func1[int, int], a Func2[int, int, int], leaves int) Data[int] {
	d := l.Of(0)
	for i := 1; i < leaves; i++ {
		d = a(d, l.Of(i))
	}
	return d
}
