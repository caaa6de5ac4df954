package live

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// pipe is a connection to a client in the time of a bubble. Writes wait while it is stopped, until their deadline.
type pipe struct {
	mu       sync.Mutex
	header   http.Header
	b        bytes.Buffer
	deadline time.Time
	stopped  chan struct{} // closed when it goes on
}

func newPipe() *pipe {
	p := &pipe{header: http.Header{}, stopped: make(chan struct{})}
	close(p.stopped)
	return p
}

func (p *pipe) Header() http.Header { return p.header }
func (p *pipe) WriteHeader(int)     {}
func (p *pipe) FlushError() error   { return nil }

func (p *pipe) SetWriteDeadline(at time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadline = at
	return nil
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	stopped, deadline := p.stopped, p.deadline
	p.mu.Unlock()
	select {
	case <-stopped:
	default:
		select {
		case <-stopped:
		case <-time.After(time.Until(deadline)):
			return 0, errors.New("timeout")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

func (p *pipe) stop() (resume func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := make(chan struct{})
	p.stopped = c
	return func() { close(c) }
}

func (p *pipe) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer p.b.Reset()
	return p.b.String()
}

// listen has h send events into p until ctx ends.
func listen(ctx context.Context, h http.Handler, p *pipe) (ended <-chan struct{}) {
	done := make(chan struct{})
	r := httptest.NewRequestWithContext(ctx, "GET", "http://localhost/events", nil)
	go func() {
		defer close(done)
		h.ServeHTTP(p, r)
	}()
	return done
}

// An idle page hears a comment every 15 s, and how the program does every 2 s. When the last page goes, so does the hub.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		h := newHandler("Handler", record.New(), newOptions(nil))
		ctx, cancel := context.WithCancel(t.Context())
		p := newPipe()
		ended := listen(ctx, h, p)
		time.Sleep(time.Minute + time.Millisecond)
		synctest.Wait()
		said := p.take()
		require.Equal(t, 1, strings.Count(said, ": this is a live page"))
		require.Equal(t, 4, strings.Count(said, ": still here\n\n"))
		require.InDelta(t, 30, strings.Count(said, "event: delta\n"), 5)
		require.Contains(t, said, `"heap":`)
		require.NotContains(t, said, "event: graph")
		cancel()
		<-ended
		require.Nil(t, h.hub.stop)
		require.Empty(t, h.hub.clients)
		require.Nil(t, h.feed.spans)
	})
}

// A client whose connection takes nothing for 20 s is given up.
func TestStoppedClientIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		h := newHandler("Handler", record.New(), newOptions(nil))
		p := newPipe()
		ended := listen(t.Context(), h, p)
		time.Sleep(time.Second)
		p.stop()
		began := time.Now()
		<-ended
		require.InDelta(t, writeMax.Seconds(), time.Since(began).Seconds(), 3)
	})
}

// A client that stops for a while, in which more happens than is kept for it, is told to fetch the graph anew.
func TestStoppedClientBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		rec := record.New()
		h := newHandler("Handler", rec, newOptions(nil))
		ctx, cancel := context.WithCancel(t.Context())
		p := newPipe()
		ended := listen(ctx, h, p)
		_, err := h.feed.fetch(ctx, 0)
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.NotContains(t, p.take(), "event: graph")
		resume := p.stop()
		time.Sleep(5 * time.Second)
		h.feed.log.clear() // as if 8 MB had come
		resume()
		time.Sleep(time.Second)
		synctest.Wait()
		require.Contains(t, p.take(), "event: graph\ndata: {\"version\":2}\n\n")
		k, usable := h.feed.lastKey()
		require.True(t, usable)
		require.Equal(t, 2, k.version)
		cancel()
		<-ended
	})
}

// What is dear is done seldom: keys take their share of the time while runs go on, and come at once when they are over.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(record.New(), newOptions(nil))
		f.perCall = time.Millisecond
		n := record.Now{Active: 1, Planned: 1000}
		now := time.Now()
		wait := spread(time.Second)
		require.False(t, f.due(&n, now), "not before it is known for how long the run goes on")
		require.False(t, f.due(&n, now.Add(wait-1)))
		require.True(t, f.due(&n, now.Add(wait)))
		n.Active = 0
		require.True(t, f.due(&n, now), "nothing runs that it could slow")

		f.key = &key{made: now, cost: 10 * time.Second}
		f.key.zipCost.Store(int64(time.Second))
		require.False(t, f.due(&n, now.Add(spread(11*time.Second)-1)))
		require.True(t, f.due(&n, now.Add(spread(11*time.Second))))
		f.pictured = 1000
		require.False(t, f.due(&n, now.Add(time.Hour)), "nothing has changed")
		f.changed = true
		require.True(t, f.due(&n, now.Add(time.Hour)), "states at the end of a run")
		n.Active, f.changed = 1, false
		require.False(t, f.due(&n, now.Add(time.Hour)))
		f.overrun = true
		f.due(&n, now.Add(time.Hour))
		require.True(t, f.due(&n, now.Add(2*time.Hour)))
	})
}

// Where more spans come at once than a frame may have, the frame has totals alone, and a key tells of the spans.
func TestOverrun(t *testing.T) {
	defer func(was int) { frameMax = was }(frameMax)
	frameMax = 100
	rec := record.New()
	f := newFeed(rec, newOptions(nil))
	id := lazy.Pure1(func(x int) int { return x }, lazy.Name("Id"))
	run := func(n int) {
		ds := make([]lazy.Data[int], n)
		for i := range ds {
			ds[i] = id.Of(i)
		}
		_, err := lazy.GetAll(t.Context(), ds, lazy.In(&lazy.Session{Observer: rec}))
		require.NoError(t, err)
	}
	_, err := f.fetch(t.Context(), 0)
	require.NoError(t, err)
	seq := f.log.end()
	run(100)
	f.advance()
	frames, _, ok := f.log.read(seq)
	require.True(t, ok)
	require.Len(t, frames, 1)
	require.Contains(t, string(frames[0]), `"spans":`)
	run(101)
	n := f.advance()
	run(1)
	f.advance()
	frames, _, _ = f.log.read(seq + 1)
	require.Len(t, frames, 2)
	for _, frame := range frames {
		require.NotContains(t, string(frame), `"spans":`, "nor what comes after it, before there is a key")
		require.Contains(t, string(frame), `"totals":`)
	}
	require.True(t, f.overrun)
	k := f.makeKey(&n, true)
	require.Len(t, f.spans, 202)
	require.Contains(t, string(k.json), `"done":201`)
	require.False(t, f.overrun)
	require.Equal(t, 2, k.version)
	require.Equal(t, f.log.end(), k.seq, "after the event that tells of it")
}

// A log keeps frames up to its bound, and knows what it has no more.
func TestLog(t *testing.T) {
	var l frameLog
	require.True(t, l.has(0))
	frames, more, ok := l.read(0)
	require.True(t, ok)
	require.Empty(t, frames)
	l.add([]byte("a"))
	<-more
	l.add([]byte("b"))
	frames, _, ok = l.read(1)
	require.True(t, ok)
	require.Equal(t, [][]byte{[]byte("b")}, frames)
	_, _, ok = l.read(3)
	require.False(t, ok)
	l.add(make([]byte, logMax+1)) // one that is too large stays alone
	require.False(t, l.has(1))
	require.True(t, l.has(2))
	require.EqualValues(t, 3, l.end())
	l.clear()
	require.True(t, l.has(3))
	require.False(t, l.has(2))
	for i := range 40 {
		l.add([]byte{byte(i)})
	}
	seq := uint64(3)
	for i := 0; i < 40; {
		frames, _, ok = l.read(seq)
		require.True(t, ok)
		for _, frame := range frames {
			require.Equal(t, []byte{byte(i)}, frame)
			i++
		}
		seq += uint64(len(frames))
	}
}

// The merge agrees with a plain stable sort.
func TestSortByStart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	byStart := func(a, b graph.Span) int { return int(a.Start - b.Start) }
	for range 500 {
		spans := make([]graph.Span, r.IntN(60))
		start, sequence := 0, 1+r.IntN(30)
		for i := range spans {
			if start += r.IntN(3); r.IntN(sequence) == 0 {
				start = r.IntN(20)
			}
			spans[i] = graph.Span{Call: graph.ID(i), Start: time.Duration(start)}
		}
		want := slices.Clone(spans)
		slices.SortStableFunc(want, byStart)
		sortByStart(spans)
		require.Equal(t, want, spans)

		more := spans[:r.IntN(len(spans)+1)]
		both := append(slices.Clone(spans), more...)
		slices.SortStableFunc(both, byStart)
		require.Equal(t, both, merged(spans, more))
	}
}

// What has ended since it was listed does not run; what runs again does.
func TestStillRunning(t *testing.T) {
	running := []graph.Span{{Call: 1, Run: 1, Start: 5}, {Call: 65, Run: 1, Start: 6}, {Call: 2, Run: 1, Start: 9}, {Call: 2, Run: 2, Start: 9}}
	ended := []graph.Span{{Call: 1, Run: 1, Start: 5, End: 7}, {Call: 2, Run: 1, Start: 1, End: 2}, {Call: 129, Run: 1}}
	require.Equal(t, []graph.Span{running[1], running[2], running[3]}, stillRunning(slices.Clone(running), ended))
	require.Empty(t, stillRunning(nil, ended))
}

// A graph that cannot be drawn, or cannot even be taken, leaves the rest of the page.
func TestTrouble(t *testing.T) {
	rec := record.New()
	f := newFeed(rec, newOptions(nil))
	f.snap = graph.Snapshot{Nodes: []graph.Node{{ID: 1, Inputs: []graph.ID{9}}}}
	n := rec.Now()
	body := string(f.encode(&n, ""))
	require.Contains(t, body, "the graph is not shown: ")
	require.Empty(t, f.snap.Nodes)
	f.rec = nil
	_, trouble := f.picture()
	require.Contains(t, trouble, "for a panic while it was taken")
}

// Ever new clients leave nothing behind, whenever they come and go.
func TestComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		h := newHandler("Handler", record.New(), newOptions(nil))
		r := rand.New(rand.NewPCG(3, 4))
		var all sync.WaitGroup
		for range 20 {
			from, stay := time.Duration(r.IntN(1000))*time.Millisecond, time.Duration(r.IntN(300))*time.Millisecond
			all.Go(func() {
				time.Sleep(from)
				ctx, cancel := context.WithTimeout(t.Context(), stay)
				defer cancel()
				<-listen(ctx, h, newPipe())
			})
		}
		all.Wait()
		require.Nil(t, h.hub.stop)
		require.Zero(t, h.feed.watches)
	})
}

// Who asks for data without listening to events leaves nothing behind for long.
func TestDataWithoutPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		h := newHandler("Handler", record.New(), newOptions(nil))
		for _, what := range []string{"graph.json", "call?id=1", "graph.json"} {
			h.ServeHTTP(newPipe(), httptest.NewRequest("GET", "http://localhost/"+what, nil))
			k, _ := h.feed.lastKey()
			require.NotNil(t, k, what)
			time.Sleep(servedFor - 1)
			k, _ = h.feed.lastKey()
			require.NotNil(t, k, "others may ask")
			time.Sleep(2 * time.Nanosecond)
			synctest.Wait()
			k, _ = h.feed.lastKey()
			require.Nil(t, k, what)
		}
		h.ServeHTTP(newPipe(), httptest.NewRequest("GET", "http://localhost/graph.json", nil))
		ctx, cancel := context.WithCancel(t.Context())
		ended := listen(ctx, h, newPipe())
		time.Sleep(2 * servedFor)
		k, _ := h.feed.lastKey()
		require.NotNil(t, k, "a page is open")
		cancel()
		<-ended
		k, _ = h.feed.lastKey()
		require.Nil(t, k)
	})
}

// A page whose request was on the way when its server's Shutdown began does not keep it waiting.
func TestJoinAfterShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		h := newHandler("Handler", record.New(), newOptions(nil))
		server := &http.Server{}
		first, ok := h.hub.join(server)
		require.True(t, ok)
		require.NoError(t, server.Shutdown(t.Context()))
		<-first.bye
		late, ok := h.hub.join(server)
		require.True(t, ok)
		<-late.bye
		other, ok := h.hub.join(&http.Server{})
		require.True(t, ok)
		select {
		case <-other.bye:
			require.Fail(t, "of another server")
		default:
		}
		for _, c := range []*client{first, late, other} {
			h.hub.leave(c)
		}
	})
}
