package live

import (
	"context"
	"testing"
	"time"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// BenchmarkKey is what it takes to picture 100,000 calls.
func BenchmarkKey(b *testing.B) {
	rec := record.New(record.Graphs())
	step := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Step"))
	row := make([]lazy.Data[int], 1000)
	for i := range row {
		row[i] = lazy.Const(i)
	}
	for range 100 {
		next := make([]lazy.Data[int], len(row))
		for i := range next {
			next[i] = step(row[i], row[(i+1)%len(row)])
		}
		row = next
	}
	if _, err := lazy.Gather(row...).Get(context.Background(), lazy.In(&lazy.Session{Observer: rec})); err != nil {
		b.Fatal(err)
	}
	f := newFeed(rec, newOptions(nil))
	n := f.advance()
	var graph, all, zip time.Duration
	for b.Loop() {
		t0 := time.Now()
		f.picture()
		t1 := time.Now()
		k := f.makeKey(&n, true)
		t2 := time.Now()
		b.SetBytes(int64(len(k.json)))
		k.gzipped()
		graph, all, zip = graph+t1.Sub(t0), all+t2.Sub(t1), zip+time.Since(t2)
	}
	b.ReportMetric(float64(graph.Milliseconds())/float64(b.N), "graph-ms")
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "key-ms")
	b.ReportMetric(float64(zip.Milliseconds())/float64(b.N), "gzip-ms")
}
