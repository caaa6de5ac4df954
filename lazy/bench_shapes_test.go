package lazy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// The calls that benchmarks record are trivial: what is measured is the library.
var (
	benchInc  = Pure1(func(a int) int { return a + 1 }, Name("Inc"))
	benchAdd  = Pure2(func(a, b int) int { return a + b }, Name("Add"))
	benchAdd3 = Pure3(func(a, b, c int) int { return a + b + c }, Name("Add3"))
)

// shape records about n calls and returns the last. plain computes the same without the library.
type shape struct {
	name   string
	record func(n int) Data[int]
	plain  func(n int) int
}

var shapes = []shape{
	{"chain", benchChain, func(n int) (v int) {
		for range n {
			v++
		}
		return v
	}},
	{"fan", benchFan, func(n int) (v int) {
		for i := range n {
			v += i + 1
		}
		return v
	}},
	{"tree", benchTree, func(n int) (v int) {
		for range (n + 1) / 2 {
			v++
		}
		return v
	}},
	{"wavefront", benchWavefront, func(n int) int { return plainWavefront(side(n)) }},
	{"random", benchRandom, plainRandom},
	{"stencil", benchStencil, func(n int) int { return plainStencil(side(n)) }},
}

// side is the length of a square of n.
func side(n int) (s int) {
	for s = 1; s*s < n; s++ {
	}
	return s
}

func benchChain(n int) Data[int] { // d <- c <- … <- a
	d := Const(0)
	for range n {
		d = benchInc(d)
	}
	return d
}

func benchFan(n int) Data[int] { // d <- {a, b, c, …}
	ds := make([]Data[int], n)
	for i := range ds {
		ds[i] = benchInc.Of(i)
	}
	return benchSum(Gather(ds...))
}

var benchSum = Pure1(func(vs []int) (sum int) {
	for _, v := range vs {
		sum += v
	}
	return sum
}, Name("Sum"))

func benchTree(n int) Data[int] { // pairs of pairs
	ds := make([]Data[int], (n+1)/2)
	zero := Const(0)
	for i := range ds {
		ds[i] = benchInc(zero)
	}
	return Reduce(benchAdd, ds...)
}

func benchWavefront(n int) Data[int] { // d[i][j] <- {d[i-1][j], d[i][j-1]}
	one := Const(1)
	row := make([]Data[int], side(n))
	for j := range row {
		row[j] = one
	}
	for range row {
		left := one
		for j := range row {
			left = benchAdd(row[j], left)
			row[j] = left
		}
	}
	return row[len(row)-1]
}

func plainWavefront(s int) int {
	row := make([]int, s)
	for j := range row {
		row[j] = 1
	}
	for range row {
		left := 1
		for j := range row {
			left += row[j]
			row[j] = left
		}
	}
	return row[s-1]
}

func benchRandom(n int) Data[int] { // three inputs from anywhere before
	r := rand.New(rand.NewPCG(1, 1))
	ds := make([]Data[int], n)
	for i := range ds {
		if i < 3 {
			ds[i] = Const(i)
			continue
		}
		ds[i] = benchAdd3(ds[i-1], ds[r.IntN(i)], ds[r.IntN(i)])
	}
	return ds[n-1]
}

func plainRandom(n int) int {
	r := rand.New(rand.NewPCG(1, 1))
	vs := make([]int, n)
	for i := range vs {
		vs[i] = i
		if i >= 3 {
			vs[i] = vs[i-1] + vs[r.IntN(i)] + vs[r.IntN(i)]
		}
	}
	return vs[n-1]
}

func benchStencil(n int) Data[int] { // d[t][j] <- {d[t-1][j-1], d[t-1][j], d[t-1][j+1]}, on a ring
	s := side(n)
	old, row := make([]Data[int], s), make([]Data[int], s)
	for j := range old {
		old[j] = Const(j)
	}
	for range s {
		for j := range row {
			row[j] = benchAdd3(old[(j+s-1)%s], old[j], old[(j+1)%s])
		}
		old, row = row, old
	}
	return benchSum(Gather(old...))
}

func plainStencil(s int) (sum int) {
	old, row := make([]int, s), make([]int, s)
	for j := range old {
		old[j] = j
	}
	for range s {
		for j := range row {
			row[j] = old[(j+s-1)%s] + old[j] + old[(j+1)%s]
		}
		old, row = row, old
	}
	for _, v := range old {
		sum += v
	}
	return sum
}

// perNode runs f under b and reports what it cost per node.
func perNode(b *testing.B, n int, f func()) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		f()
	}
	runtime.ReadMemStats(&after)
	nodes := float64(b.N) * float64(n)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/nodes, "ns/node")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/nodes, "B/node")
	b.ReportMetric(0, "ns/op") // says nothing across sizes
}

func BenchmarkShapes(b *testing.B) {
	ctx := context.Background()
	for _, s := range shapes {
		for _, n := range []int{1_000, 100_000, 1_000_000} {
			want := s.plain(n)
			get := func(b *testing.B, workers int) {
				session := &Session{Parallelism: workers}
				perNode(b, n, func() {
					if v, err := s.record(n).Get(ctx, In(session)); err != nil || v != want {
						b.Fatal(v, err)
					}
				})
			}
			name := fmt.Sprintf("%s/n=%d/", s.name, n)
			sink := 0
			b.Run(name+"plain", func(b *testing.B) { perNode(b, n, func() { sink += s.plain(n) }) })
			b.Run(name+"record", func(b *testing.B) { perNode(b, n, func() { s.record(n) }) })
			b.Run(name+"serial", func(b *testing.B) { get(b, 1) })
			b.Run(name+"two", func(b *testing.B) { get(b, 2) })
		}
	}
}

// A handle that has its value answers.
func BenchmarkCleanGet(b *testing.B) {
	b.ReportAllocs()
	ctx := context.Background()
	d := benchChain(1000)
	if _, err := d.Get(ctx); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := d.Get(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// One call is recorded.
func BenchmarkRecord(b *testing.B) {
	b.ReportAllocs()
	d := Const(1)
	var last Data[int]
	for b.Loop() {
		last = benchAdd(d, d)
	}
	runtime.KeepAlive(last)
}

// Calls are recorded, each on the one before, and forced a thousand at a time: ns/op is what a step of x = step(x) costs.
func BenchmarkMaxTrace(b *testing.B) {
	defer SetMaxTrace(SetMaxTrace(1000))
	b.ReportAllocs()
	x := Const(1)
	for b.Loop() {
		x = benchInc(x)
	}
	runtime.KeepAlive(x)
}

// One call is recorded and got.
func BenchmarkRecordGet(b *testing.B) {
	b.ReportAllocs()
	ctx := context.Background()
	d := Const(1)
	for b.Loop() {
		if _, err := benchAdd(d, d).Get(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
