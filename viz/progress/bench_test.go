package progress_test

import (
	"io"
	"testing"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/progress"
	"github.com/dally-go/dally/viz/record"
)

// One call: what a record of it costs, and no more.
func BenchmarkCall(b *testing.B) {
	for name, obs := range map[string]lazy.Observer{
		"record": record.New(record.Spans(0)), "progress": progress.New(io.Discard, progress.TTY),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			now := time.Now()
			started := lazy.CallInfo{Run: 1, ID: 1, Name: "Parse", Start: now, State: graph.Running}
			done := lazy.CallInfo{Run: 1, ID: 1, Name: "Parse", Start: now, End: now.Add(time.Microsecond), State: graph.Done}
			for b.Loop() {
				obs.CallStarted(started)
				obs.CallDone(done)
			}
		})
	}
}

// One Get that is over at once, with nobody, a recorder, and a Progress told of it.
func BenchmarkGet(b *testing.B) {
	inc := lazy.Pure1(func(x int) int { return x + 1 }, lazy.Name("Inc"))
	for name, obs := range map[string]lazy.Observer{
		"nobody": nil, "record": record.New(record.Spans(0)), "progress": progress.New(io.Discard, progress.TTY),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s := &lazy.Session{Observer: obs}
			for b.Loop() {
				if _, err := inc.Of(1).Get(b.Context(), lazy.In(s)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A run of 100,000 calls while it is drawn.
func BenchmarkRun(b *testing.B) {
	const calls = 100_000
	inc := lazy.Pure1(func(x int) int { return x + 1 }, lazy.Name("Inc"))
	for name, obs := range map[string]lazy.Observer{
		"record": record.New(record.Spans(0)), "progress": progress.New(io.Discard, progress.TTY),
	} {
		b.Run(name, func(b *testing.B) {
			s := &lazy.Session{Observer: obs}
			for b.Loop() {
				if _, err := lazy.GetAll(b.Context(), inc.Each(make([]int, calls)), lazy.In(s)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/calls, "ns/call")
		})
	}
}
