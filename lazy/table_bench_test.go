package lazy

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkTable measures tables and writers, in nanoseconds per assignment or call. See writes_batch.go.
func BenchmarkTable(b *testing.B) {
	const n = 1000
	ctx := context.Background()
	work := func(x int) int { return x + 1 }
	inc := Pure1(work)
	write := Write1(func(_ context.Context, v *View[int, int], i int) error { v.Set(i, v.At(i)+1); return nil })
	chain := Write1(func(_ context.Context, v *View[int, int], _ int) error { v.Set(0, v.At(0)+1); return nil })
	per := func(name string, n int, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/call")
		})
	}
	per("handles by hand", n, func() {
		ds := make([]Data[int], n)
		for i := range n {
			ds[i] = inc.Of(i)
		}
		Must(GetAll(ctx, ds))
	})
	per("handles in a table", n, func() {
		var t Table[int, int]
		for i := range n {
			t.Set(i, inc.Of(i))
		}
		Must(t.Map(ctx))
	})
	per("writes of own keys", n, func() {
		t := TableOf(make([]int, n))
		for i := range n {
			write.Of(t, i)
		}
		Must(Slice(ctx, t))
	})
	per("writes of one key", n, func() {
		t := TableOf(make([]int, n))
		for i := range n {
			chain.Of(t, i)
		}
		Must(Slice(ctx, t))
	})
	for _, size := range []int{10, 100_000} {
		t := TableOf(make([]int, size))
		per(fmt.Sprintf("write one, read one of %d", size), 1, func() {
			write.Of(t, 3)
			Must(t.Get(ctx, 3))
		})
	}
}
