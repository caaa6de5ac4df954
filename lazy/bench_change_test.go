package lazy

import (
	"context"
	"testing"
)

// pyramid is a triangle of sums: row k has k+1 cells; the lowest row, of n cells, is sources. 49 of 1,225 calls are before
// the top and behind a cell of the lowest row's end.
func pyramid(n int) (sources []Data[int], top Data[int]) {
	add := Pure2(func(a, b int) int { return a + b })
	sources = consts(make([]int, n))
	row := sources
	for len(row) > 1 {
		next := make([]Data[int], len(row)-1)
		for i := range next {
			next[i] = add(row[i], row[i+1])
		}
		row = next
	}
	return sources, row[0]
}

func BenchmarkSet(b *testing.B) {
	s := Const(0)
	d := Pure1(func(x int) int { return x })(s)
	_, _ = d.Get(context.Background())
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		s.Set(i)
	}
}

func BenchmarkStep49(b *testing.B) {
	ctx := context.Background()
	sources, top := pyramid(50)
	_, _ = top.Get(ctx)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		sources[0].Set(i)
		if _, err := top.Get(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
