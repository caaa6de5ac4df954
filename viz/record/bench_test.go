package record_test

import (
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
				started.ID, done.ID, started.Name, done.Name = id, id, name, name
				rec.CallStarted(started)
				rec.CallDone(done)
			}
		})
	}
}
