package viz_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

func BenchmarkWriteSVG(b *testing.B) {
	for _, c := range []struct {
		name string
		s    graph.Snapshot
	}{
		{"report", report()},
		{"random/2000", random(2000, 1)},
		{"random/100000", random(100_000, 1)},
		{"chain/100000", chain(100_000, "f")},
		{"fan/100000", fan(100_000)},
		{"ladder/100000", ladder(100_000)},
		{"mapreduce/100000", mapReduce(48_000, 16)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, viz.WriteSVG(io.Discard, c.s, viz.Limit(0)))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.s.Nodes)), "ns/node")
		})
	}
}

func BenchmarkCollapse(b *testing.B) {
	for _, c := range []struct {
		name string
		s    graph.Snapshot
	}{
		{"mapreduce/68000", mapReduce(32_000, 16)},
		{"chain/100000", chain(100_000, "f")},
		{"turns/100000", chain(100_000, "f", "g")},
		{"random/100000", random(100_000, 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = len(viz.Collapse(c.s).Nodes)
			}
			b.ReportMetric(float64(n), "left")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.s.Nodes)), "ns/node")
		})
	}
}

func BenchmarkWriteDOT(b *testing.B) {
	s := random(100_000, 1)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, viz.WriteDOT(io.Discard, s))
	}
}

func BenchmarkWriteJSON(b *testing.B) {
	chained, rec := mapReduce(48_400, 16), graph.Record{Start: begin}
	for i, n := range chained.Nodes {
		rec.Spans = append(rec.Spans, graph.Span{
			Call: n.ID, Name: n.Name, Worker: i % 16, State: graph.Done, Start: time.Duration(i) * 1000, End: time.Duration(i+16) * 1000,
		})
	}
	for _, c := range []struct {
		name string
		s    graph.Snapshot
		opts []viz.Option
	}{
		{"report", report(), nil},
		{"mapreduce/100000", chained, nil},
		{"mapreduce+record/100000", chained, []viz.Option{viz.Ran(rec)}},
		{"chain/100000", chain(100_000, "f"), nil},
		{"random/100000", random(100_000, 1), nil},
		{"names/100000", manyNames(100_000), nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, viz.WriteJSON(io.Discard, c.s, c.opts...))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.s.Nodes)), "ns/node")
		})
	}
}
