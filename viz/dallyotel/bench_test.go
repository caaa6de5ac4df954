package dallyotel_test

import (
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/dallyotel"
)

// One call that is told of: below the threshold, and one that is noted.
func BenchmarkCall(b *testing.B) {
	at := time.Now()
	for _, c := range []struct {
		name       string
		took, more time.Duration
	}{{"short", time.Microsecond, 0}, {"long, dropped", time.Second, -1}, {"long, kept", time.Second, 1}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			o := dallyotel.New(sdk.NewTracerProvider())
			o.RunStarted(lazy.RunInfo{ID: 1})
			i := 0
			for b.Loop() {
				i++
				end := at.Add(c.took + c.more*time.Duration(i))
				done := lazy.CallInfo{Run: 1, ID: graph.ID(i), Name: "Parse", Start: at, End: end, State: graph.Done}
				o.CallStarted(done)
				o.CallDone(done)
			}
		})
	}
}

// A run of one call, and one of 1,000 long ones of which all have spans.
func BenchmarkRun(b *testing.B) {
	at := time.Now()
	for name, calls := range map[string]int{"no span below": 0, "1000 spans": 1000} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			o := dallyotel.New(sdk.NewTracerProvider())
			id := uint64(0)
			for b.Loop() {
				id++
				o.RunStarted(lazy.RunInfo{ID: id, Op: "get", Target: "Report#7", Start: at})
				for c := range calls {
					o.CallDone(lazy.CallInfo{Run: id, ID: graph.ID(c), Name: "Parse", Start: at, End: at.Add(time.Second), State: graph.Done})
				}
				o.RunDone(lazy.RunInfo{ID: id, Op: "get", Target: "Report#7", Start: at, End: at.Add(time.Second)})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*max(calls, 1)), "ns/span")
		})
	}
}

// What observing costs a whole run of cheap calls, against the same run without.
func BenchmarkGet(b *testing.B) {
	one := lazy.Pure1(func(x int) int { return x + 1 }, lazy.Name("One"))
	const calls = 10_000
	observers := map[string]lazy.Observer{"without": nil, "nobody": nobody{}, "with": dallyotel.New(sdk.NewTracerProvider())}
	for name, o := range observers {
		b.Run(name, func(b *testing.B) {
			in := lazy.In(&lazy.Session{Observer: o})
			for b.Loop() {
				lazy.Must(lazy.GetAll(b.Context(), one.Each(make([]int, calls)), in))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*calls), "ns/call")
		})
	}
}

// nobody is what it costs to tell anybody.
type nobody struct{}

func (nobody) RunStarted(lazy.RunInfo)   {}
func (nobody) CallStarted(lazy.CallInfo) {}
func (nobody) CallDone(lazy.CallInfo)    {}
func (nobody) RunDone(lazy.RunInfo)      {}
