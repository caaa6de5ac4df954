package progress

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// One frame, of 8 workers and 10 functions.
func BenchmarkFrame(b *testing.B) {
	p := New(io.Discard, TTY)
	e := &episode{started: time.Now(), base: p.rec.Now()}
	p.rec.RunStarted(lazy.RunInfo{ID: 1, Start: e.started, Calls: 100_000})
	for i := range 10_000 {
		call := lazy.CallInfo{Run: 1, ID: graph.ID(i + 1), Name: fmt.Sprint("Function", i%10), Worker: i % 8, Start: e.started}
		p.rec.CallStarted(call)
		if i < 9_992 {
			call.End, call.State = e.started.Add(time.Millisecond), graph.Done
			p.rec.CallDone(call)
		}
	}
	d := &display{p: p, e: e, over: make(chan struct{}), shape: make(chan shape, 1)}
	d.shaper.asking = true
	b.ReportAllocs()
	now := time.Now().Add(time.Minute)
	for b.Loop() {
		now = now.Add(frameTime)
		p.screen.frame(d.look(now).frame(100, 24, true), 100)
	}
}
