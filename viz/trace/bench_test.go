package trace_test

import (
	"io"
	"math/rand/v2"
	"testing"

	"github.com/dally-go/dally/viz/trace"
)

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct {
		name           string
		calls, workers int
	}{{"1e3", 1000, 4}, {"1e5", 100_000, 8}} {
		b.Run(c.name, func(b *testing.B) {
			r, s := tame(rand.New(rand.NewPCG(1, 1)), c.calls, c.workers)
			var written counter
			b.ReportAllocs()
			for b.Loop() {
				written = 0
				if err := trace.Write(&written, r, s); err != nil {
					b.Fatal(err)
				}
			}
			spans := float64(len(r.Spans))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
			b.ReportMetric(float64(written)/spans, "written/span")
		})
	}
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return io.Discard.Write(p)
}

func BenchmarkCritical(b *testing.B) {
	r, s := tame(rand.New(rand.NewPCG(1, 1)), 100_000, 8)
	s = trace.Timed(s, r)
	b.ReportAllocs()
	for b.Loop() {
		trace.Critical(s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(s.Nodes)), "ns/call")
}
