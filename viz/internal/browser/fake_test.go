package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/dally-go/dally/viz/internal/page"
)

// fake is a live server whose clock the test moves. It tells of a program that was simulated.
type fake struct {
	*httptest.Server
	p *program

	mu      sync.Mutex
	now     int64          // guarded by mu
	version int            // guarded by mu
	refuse  bool           // guarded by mu: answers 503, and ends open streams
	foreign bool           // guarded by mu: the calls of the spans are not in the graph
	clients []chan message // guarded by mu
	asked   []string       // guarded by mu
}

type message struct{ event, data string }

func newFake(t testing.TB, p *program) *fake {
	f := &fake{p: p, version: 1}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _ = page.Write(w, p.title, nil) })
	mux.HandleFunc("GET /graph.json", f.graph)
	mux.HandleFunc("GET /events", f.events)
	mux.HandleFunc("GET /call", f.call)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		f.cut(true)
		f.Close()
	})
	return f
}

func (f *fake) graph(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	refuse, foreign, now, version := f.refuse, f.foreign, f.now, f.version
	f.asked = append(f.asked, r.URL.String())
	f.mu.Unlock()
	if refuse {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	d := f.p.data(now)
	d.V = version
	for i := range d.Spans.Call {
		if foreign {
			d.Spans.Call[i] = -1
		}
	}
	_ = d.write(w)
}

func (f *fake) events(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if f.refuse {
		f.mu.Unlock()
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	c := make(chan message, 10_000)
	f.clients = append(f.clients, c)
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	flush := func() { _ = http.NewResponseController(w).Flush() }
	flush()
	for {
		select {
		case m, ok := <-c:
			if !ok {
				return
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", m.event, m.data)
			flush()
		case <-r.Context().Done():
			return
		}
	}
}

func (f *fake) call(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Query().Get("id"))
	f.mu.Lock()
	f.asked = append(f.asked, r.URL.String())
	f.mu.Unlock()
	fmt.Fprintf(w, `{"id":%d,"name":"asked","state":4,"args":"(x)","value":"the value of call %d","reason":"it was stale","inputs":[],"users":[]}`, n, n)
}

// cut ends all streams; until cut(false) the server refuses everything.
func (f *fake) cut(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = on
	for _, c := range f.clients {
		close(c)
	}
	f.clients = nil
}

func (f *fake) send(event string, data any) {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.clients {
		c <- message{event, string(b)}
	}
}

func (f *fake) connected() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.clients)
}

// moveTo moves the clock, and sends what came to pass.
func (f *fake) moveTo(now int64) {
	f.mu.Lock()
	before := f.now
	f.now = now
	f.mu.Unlock()
	f.send("delta", f.p.delta(before, now))
}

// delta is what the live server sends of the time from before to now.
func (p *program) delta(before, now int64) map[string]any {
	ended := func(t int64) int {
		i, _ := slices.BinarySearchFunc(p.ends, t, func(pos int, t int64) int {
			return int(min(1, max(-1, p.calls[pos].start+p.calls[pos].dur-t-1)))
		})
		for i < len(p.ends) && p.calls[p.ends[i]].start+p.calls[p.ends[i]].dur <= t {
			i++
		}
		return i
	}
	over := slices.Clone(p.ends[ended(before):ended(now)])
	slices.SortStableFunc(over, func(a, b int) int { return int(p.calls[a].start - p.calls[b].start) })
	var s spans
	var state strings.Builder
	last := int64(0)
	failures := []failure{}
	for _, pos := range over {
		c := &p.calls[pos]
		s.Call, s.Fn, s.Run, s.Worker = append(s.Call, id(pos)), append(s.Fn, c.fn), append(s.Run, 1), append(s.Worker, c.worker)
		s.Start, s.Dur = append(s.Start, c.start-last), append(s.Dur, c.dur)
		last = c.start
		state.WriteByte(byte('0' + c.state))
		if c.state == failed {
			failures = append(failures, failure{ID: id(pos), Name: p.functions[c.fn].Name, At: c.start + c.dur, Err: "gzip: invalid header"})
		}
	}
	s.State = state.String()
	running := [][4]int64{}
	for _, pos := range p.order {
		if c := &p.calls[pos]; c.start >= now {
			break
		} else if c.start+c.dur > now {
			running = append(running, [4]int64{int64(id(pos)), int64(c.fn), int64(c.worker), c.start})
		}
	}
	end := int64(-1)
	if now >= p.end {
		end = p.end
	}
	d := map[string]any{
		"v": 1, "now": now, "running": running, "totals": p.totals(now), "planned": len(p.order), "heap": 64 << 20,
		"busy": len(running), "workers": p.workers, "dropped": 0, "failures": failures, "functions": []function{},
		"runs": []run{{ID: 1, Op: "get", Target: "Top", Start: 0, End: end, Calls: len(p.order), Workers: p.workers}},
	}
	if len(over) > 0 {
		d["spans"] = s
	}
	return d
}
