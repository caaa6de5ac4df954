package record_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// nobody is what it costs to tell anybody.
type nobody struct{}

func (nobody) RunStarted(lazy.RunInfo)   {}
func (nobody) CallStarted(lazy.CallInfo) {}
func (nobody) CallDone(lazy.CallInfo)    {}
func (nobody) RunDone(lazy.RunInfo)      {}

// tellOne tells of a call.
func tellOne(rec lazy.Observer, started, done *lazy.CallInfo, id graph.ID, name string) {
	started.ID, done.ID, started.Name, done.Name = id, id, name, name
	rec.CallStarted(*started)
	rec.CallDone(*done)
}

// Workers tell at once, each of its own calls: what one costs must not grow with their number.
func BenchmarkWorkers(b *testing.B) {
	functions := []string{"Parse", "Count", "Merge"}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			rec := record.New()
			at := time.Now()
			const calls = 1000
			for b.Loop() {
				var group sync.WaitGroup
				for w := range workers {
					group.Go(func() {
						started := lazy.CallInfo{Run: 1, Worker: w, Start: at, State: graph.Running}
						done := lazy.CallInfo{Run: 1, Worker: w, Start: at, End: at.Add(time.Microsecond), State: graph.Done}
						for i := range 100 * calls {
							tellOne(rec, &started, &done, graph.ID(i), functions[i%3])
						}
					})
				}
				group.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(100*calls), "ns/call")
		})
	}
}

// spin works for d.
func spin(d time.Duration) {
	for from := time.Now(); time.Since(from) < d; {
	}
}

// A whole run of calls that take so long, with one worker: with nobody, with an observer that does nothing, with a
// Recorder. The calls are 1,000 that are added up.
func BenchmarkRun(b *testing.B) {
	const n = 1000
	for _, took := range []time.Duration{0, time.Microsecond, 20 * time.Microsecond} {
		work := lazy.Pure1(func(x int) int { spin(took); return x }, lazy.Name("Work"))
		if took == 0 {
			work = lazy.Pure1(func(x int) int { return x }, lazy.Name("Work"))
		}
		sum := lazy.Pure1(func(xs []int) int { return len(xs) }, lazy.Name("Sum"))
		for _, c := range []struct {
			name string
			obs  lazy.Observer
		}{{"alone", nil}, {"nobody", nobody{}}, {"recorder", record.New()}, {"graphs", record.New(record.Graphs())}} {
			b.Run(fmt.Sprintf("%v/%s", took, c.name), func(b *testing.B) {
				s := &lazy.Session{Parallelism: 1}
				if c.obs != nil {
					s.Observer = c.obs
				}
				xs := make([]int, n)
				for b.Loop() {
					if got := lazy.Must(sum(lazy.Gather(work.Each(xs)...)).Get(b.Context(), lazy.In(s))); got != n {
						b.Fatal(got)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/call")
			})
		}
	}
}

// What readers take, of 100,000 calls.
func BenchmarkReaders(b *testing.B) {
	const n = 100_000
	work := lazy.Pure1(func(x int) int { return x }, lazy.Name("Work"))
	sum := lazy.Pure1(func(xs []int) int { return len(xs) }, lazy.Name("Sum"))
	rec := record.New(record.Graphs())
	var last lazy.RunInfo
	total := sum(lazy.Gather(work.Each(make([]int, n))...))
	lazy.Must(total.Get(b.Context(), lazy.Observe(record.Tee(rec, keeper{&last}))))
	going := map[string]*record.Recorder{"shapes": record.New(record.Graphs()), "values": record.New(record.Values())}
	for _, r := range going { // each Graph pictures the run anew, and copies
		r.RunStarted(last)
	}
	for _, c := range []struct {
		name string
		per  float64
		f    func()
	}{
		{"Record", n, func() { rec.Record() }},
		{"Read", n, func() { rec.Read(new(record.Cursor), nil) }},
		{"Now", 1, func() { rec.Now() }},
		{"Graph/copied", 2 * n, func() { rec.Graph() }},
		{"Graph/shapes", 2 * n, func() { going["shapes"].Graph() }},
		{"Graph/values", 2 * n, func() { going["values"].Graph() }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/c.per, "ns/each")
		})
	}
}

type keeper struct{ last *lazy.RunInfo }

func (keeper) RunStarted(lazy.RunInfo)   {}
func (keeper) CallStarted(lazy.CallInfo) {}
func (keeper) CallDone(lazy.CallInfo)    {}
func (k keeper) RunDone(i lazy.RunInfo)  { *k.last = i }

// One call: its start and its end are noted. The clock is the caller's.
func BenchmarkCall(b *testing.B) {
	one, three := []string{"Parse"}, []string{"Parse", "Count", "Merge"}
	for _, c := range []struct {
		name      string
		rec       lazy.Observer
		functions []string
	}{{"nobody", nobody{}, three}, {"one function", record.New(), one}, {"three functions", record.New(), three}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			rec, functions := c.rec, c.functions
			at := time.Now()
			started := lazy.CallInfo{Run: 1, Start: at, State: graph.Running}
			done := lazy.CallInfo{Run: 1, Start: at, End: at.Add(time.Microsecond), State: graph.Done}
			i := 0
			for b.Loop() {
				i++
				id, name := graph.ID(i), functions[i%len(functions)]
				tellOne(rec, &started, &done, id, name)
			}
		})
	}
}
