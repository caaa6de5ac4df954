package lazy

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkMapAgainstLoop compares the ways to call one function of about 50 ns for a million elements with what one
// writes by hand: a chunk per core. All are made in turn, in one process, after their answers have been compared; the
// metrics are medians, as multiples of the loop's.
func BenchmarkMapAgainstLoop(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	xs := make([]uint64, 1_000_000)
	for i := range xs {
		xs[i] = uint64(i)
	}
	spin := lcg(32)
	f := Pure1(spin, Name("Spin"))
	g := Wrap1(func(_ context.Context, x uint64) (uint64, error) { return spin(x), nil }, Name("SpinOrFail"))
	ctx := context.Background()
	var want []uint64
	ways := []struct {
		unit string
		run  func() []uint64
	}{
		{"loop-ms", func() []uint64 { return chunked(xs, spin, runtime.GOMAXPROCS(0)) }},
		{"Map(Pure1)", func() []uint64 { return Must(Map(f, Const(xs)).Get(ctx)) }},
		{"Map(Wrap1)", func() []uint64 { return Must(Map(g, Const(xs)).Get(ctx)) }},
		{"Each", func() []uint64 { runtime.KeepAlive(f.Each(xs)); return want }},
		{"Each+GetAll", func() []uint64 { return Must(GetAll(ctx, f.Each(xs))) }},
	}
	want = ways[0].run()
	took := make([][]float64, len(ways))
	for b.Loop() {
		for k, way := range ways {
			began := time.Now()
			have := way.run()
			took[k] = append(took[k], float64(time.Since(began)))
			if !slices.Equal(have, want) {
				b.Fatalf("%s differs from the loop", way.unit)
			}
		}
	}
	loop := median(took[0])
	b.ReportMetric(loop/1e6, "loop-ms")
	for k, way := range ways[1:] {
		b.ReportMetric(median(took[k+1])/loop, way.unit)
	}
}

// BenchmarkEachAgainstOf compares Each with a call of Of for each element, in turn in one process.
func BenchmarkEachAgainstOf(b *testing.B) {
	xs := make([]uint64, 100_000)
	f := Pure1(lcg(1))
	var each, of []float64
	for b.Loop() {
		began := time.Now()
		calls := f.Each(xs)
		each = append(each, float64(time.Since(began)))
		runtime.KeepAlive(calls)
		calls = make([]Data[uint64], len(xs))
		began = time.Now()
		for i, x := range xs {
			calls[i] = f.Of(x)
		}
		of = append(of, float64(time.Since(began)))
		runtime.KeepAlive(calls)
	}
	n := float64(len(xs))
	b.ReportMetric(median(each)/n, "Each-ns/call")
	b.ReportMetric(median(of)/n, "Of-ns/call")
	b.ReportMetric(median(each)/median(of), "ratio")
}

// lcg returns a function of so many steps that depend on one another, of about 1.5 ns each.
func lcg(steps int) func(uint64) uint64 {
	return func(x uint64) uint64 {
		for range steps {
			x = x*6364136223846793005 + 1442695040888963407
		}
		return x
	}
}

// chunked calls f for all elements, a chunk per worker.
func chunked(xs []uint64, f func(uint64) uint64, workers int) []uint64 {
	vs := make([]uint64, len(xs))
	var wg sync.WaitGroup
	for w := range workers {
		lo, hi := len(xs)*w/workers, len(xs)*(w+1)/workers
		wg.Go(func() {
			for i := lo; i < hi; i++ {
				vs[i] = f(xs[i])
			}
		})
	}
	wg.Wait()
	return vs
}
