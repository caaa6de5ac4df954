package record_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// tell has a worker run n calls, in runs of 50.
func tell(rec *record.Recorder, worker, writer, n int) {
	for i := range n {
		at := time.Now()
		run, id := uint64(writer*n+i/50+1), graph.ID(writer*n+i+1)
		if i%50 == 0 {
			rec.RunStarted(lazy.RunInfo{ID: run, Start: at, Calls: 50})
		}
		rec.CallStarted(lazy.CallInfo{Run: run, ID: id, Name: names[i%len(names)], Worker: worker, Start: at})
		if i%7 == 0 {
			runtime.Gosched()
		}
		end := lazy.CallInfo{
			Run: run, ID: id, Name: names[i%len(names)], Worker: worker - i%3%2, Start: at, End: time.Now(), State: endings[i%4],
		}
		if end.State == graph.Failed {
			end.Err = fmt.Errorf("no %d", i)
		}
		rec.CallDone(end)
		if i%50 == 49 {
			rec.RunDone(lazy.RunInfo{ID: run, Start: at, End: time.Now(), Calls: 50})
		}
	}
}

// Readers of all kinds look at what several workers write, two of them with the same number. Every span is read once,
// or was lost.
func TestReadersAndWriters(t *testing.T) {
	leak.Check(t)
	const writers = 5
	calls := 5000
	if testing.Short() {
		calls = 1000
	}
	for _, keep := range []int{0, 10, 1500, 1 << 20} {
		rec := record.New(record.Spans(keep), record.Graphs())
		var over atomic.Bool
		var writing, reading sync.WaitGroup
		for writer := range writers {
			writing.Go(func() { tell(rec, writer%4, writer, calls) })
		}
		for range 2 {
			reading.Go(func() { readAll(t, rec, &over, writers*calls, keep >= writers*calls) })
		}
		reading.Go(func() { lookAt(t, rec, &over) })
		writing.Wait()
		over.Store(true)
		reading.Wait()
		got, now := rec.Record(), rec.Now()
		require.Equal(t, writers*calls, len(got.Spans)+got.Dropped)
		require.Equal(t, []int{writers * calls, writers * calls, 0, 0}, []int{now.Ended(), now.Planned, now.Active, len(now.Running)})
	}
}

func readAll(t *testing.T, rec *record.Recorder, over *atomic.Bool, want int, all bool) {
	var c record.Cursor
	seen := map[graph.ID]bool{}
	lost := 0
	for last := false; !last; {
		last = over.Load()
		spans, missed := rec.Read(&c, nil)
		lost += missed
		for _, s := range spans {
			if seen[s.Call] || s.End < s.Start || s.Name != names[(int(s.Call)-1)%len(names)] {
				t.Errorf("read twice, or torn: %+v", s)
			}
			seen[s.Call] = true
		}
		runtime.Gosched()
	}
	if len(seen)+lost != want || all && lost > 0 {
		t.Errorf("%d read, %d lost, of %d", len(seen), lost, want)
	}
}

func lookAt(t *testing.T, rec *record.Recorder, over *atomic.Bool) {
	var c record.Cursor
	for last := 0; !over.Load(); {
		now := rec.Now()
		if ended := now.Ended(); ended < last || ended+len(now.Running) > now.Planned {
			t.Errorf("%d ended, then %d, %d run of %d", last, ended, len(now.Running), now.Planned)
		} else {
			last = ended
		}
		rec.Record()
		rec.Runs(time.Now())
		rec.Failures(5)
		rec.Graph()
		rec.Skip(&c)
		runtime.Gosched()
	}
}
