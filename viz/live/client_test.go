package live_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/record"
)

// columns are the spans of a key or of a delta.
type columns struct {
	Call, Fn, Run, Worker []int64
	State                 string
	Start, Dur            []int64
}

type total struct {
	Fn, Done, Cached, Failed, Skipped, Cancelled, Running int
	Total, Max                                            int64
}

type runRow struct {
	ID         uint64
	Op, Target string
	Start, End int64
	Calls      int
	Workers    int
	Err        string
}

type failureRow struct {
	ID    uint64
	Name  string
	At    int64
	Err   string
	Stack string
}

// keyData is graph.json.
type keyData struct {
	V, Version, Planned, Busy, Workers, Dropped int
	Title, Note                                 string
	Now                                         int64
	Functions                                   []struct{ Name, Where string }
	Facts                                       [][2]string
	Calls                                       struct {
		N     int
		ID    []int64
		State string
		Value map[string]string
		Err   map[string]string
	}
	Spans    columns
	Totals   []total
	Runs     []runRow
	Failures []failureRow
}

// deltaData is the data of an event.
type deltaData struct {
	V, Planned, Busy, Workers, Dropped int
	Now                                int64
	Heap                               uint64
	Spans                              columns
	FunctionsFrom                      *int
	Functions                          []struct{ Name string }
	Running                            [][4]int64
	Totals                             []total
	Runs                               []runRow
	Failures                           []failureRow
}

// page is a client that does what the script of the page does, with the data alone.
type page struct {
	t      testing.TB
	client *http.Client
	url    string
	body   io.Closer
	events *bufio.Reader
	bye    bool

	keys, deltas int
	now          int64
	version      int
	functions    []string
	states       map[int64]graph.State // of the nodes of the graph
	totals       map[string]total
	runs         map[uint64]runRow
	spans        map[[2]int64]graph.State // by call and start
	running      map[int64]bool
	failures     map[failureRow]bool
	planned      int
	dropped      int
	note         string
}

// open listens, then fetches, as the page does. Events that take a minute to come end with the test.
func open(t testing.TB, url string) *page {
	p := newPage(t, url)
	p.connect()
	p.fetch("")
	return p
}

func newPage(t testing.TB, url string) *page {
	p := &page{t: t, client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}, url: url}
	t.Cleanup(p.close)
	return p
}

func (p *page) connect() {
	answer, err := p.client.Get(p.url + "events")
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, answer.StatusCode)
	require.Equal(p.t, "text/event-stream", answer.Header.Get("Content-Type"))
	p.body, p.events = answer.Body, bufio.NewReaderSize(answer.Body, 1<<16)
}

func (p *page) close() {
	if p.body != nil {
		_ = p.body.Close()
	}
	p.client.CloseIdleConnections()
}

func get(t testing.TB, client *http.Client, url string) []byte {
	answer, err := client.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
	return body
}

func (p *page) fetch(query string) {
	var k keyData
	require.NoError(p.t, json.Unmarshal(get(p.t, p.client, p.url+"graph.json"+query), &k))
	require.Equal(p.t, 1, k.Version)
	p.keys++
	p.version, p.now, p.planned, p.dropped, p.note = k.V, k.Now, k.Planned, k.Dropped, k.Note
	p.functions, p.states, p.totals, p.runs = nil, map[int64]graph.State{}, map[string]total{}, map[uint64]runRow{}
	p.spans, p.failures, p.running = map[[2]int64]graph.State{}, map[failureRow]bool{}, map[int64]bool{}
	for _, f := range k.Functions {
		p.functions = append(p.functions, f.Name)
	}
	id := int64(0)
	byPosition := []int64{}
	for i, d := range k.Calls.ID {
		id += d
		byPosition = append(byPosition, id)
		p.states[id] = graph.State(k.Calls.State[i] - '0')
	}
	for i, at := range k.Spans.Call {
		if at >= 0 {
			k.Spans.Call[i] = byPosition[at]
		}
	}
	p.addSpans(&k.Spans, false)
	p.add(k.Totals, k.Runs, k.Failures)
}

func (p *page) addSpans(c *columns, states bool) {
	start := int64(0)
	for i := range c.Start {
		start += c.Start[i]
		state := graph.State(c.State[i] - '0')
		if state != graph.Running {
			p.spans[[2]int64{c.Call[i], start}] = state
		}
		if _, ok := p.states[c.Call[i]]; ok && states {
			p.states[c.Call[i]] = state
		}
		require.Less(p.t, int(c.Fn[i]), len(p.functions))
	}
}

func (p *page) add(totals []total, runs []runRow, failures []failureRow) {
	for _, row := range totals {
		require.Less(p.t, row.Fn, len(p.functions))
		name := p.functions[row.Fn]
		row.Fn = 0
		p.totals[name] = row
	}
	for _, r := range runs {
		p.runs[r.ID] = r
	}
	for _, f := range failures {
		p.failures[f] = true
	}
}

// next handles the next event and returns its name, "" at the end.
func (p *page) next() string {
	name, data := "", ""
	for {
		line, err := p.events.ReadString('\n')
		if err != nil {
			return ""
		}
		line = strings.TrimSuffix(line, "\n")
		if after, ok := strings.CutPrefix(line, "event: "); ok {
			name = after
		} else if after, ok := strings.CutPrefix(line, "data: "); ok {
			data = after
		} else if line == "" && name != "" {
			break
		}
	}
	switch name {
	case "graph":
		var g struct{ Version int }
		require.NoError(p.t, json.Unmarshal([]byte(data), &g))
		p.fetch(fmt.Sprintf("?v=%d", g.Version))
		require.GreaterOrEqual(p.t, p.version, g.Version)
	case "delta":
		var d deltaData
		require.NoError(p.t, json.Unmarshal([]byte(data), &d), data)
		p.delta(&d)
	case "bye":
		p.bye = true
	default:
		p.t.Fatalf("unknown event %q", name)
	}
	return name
}

func (p *page) delta(d *deltaData) {
	p.deltas++
	for i, f := range d.Functions {
		at := *d.FunctionsFrom + i
		require.LessOrEqual(p.t, at, len(p.functions))
		if at == len(p.functions) {
			p.functions = append(p.functions, f.Name)
		}
		require.Equal(p.t, p.functions[at], f.Name)
	}
	ended := map[int64]bool{}
	for _, id := range d.Spans.Call {
		ended[id] = true
	}
	p.addSpans(&d.Spans, true)
	if d.Now < p.now { // older than the key
		p.add(nil, nil, d.Failures)
		return
	}
	p.now = d.Now
	before := p.running
	p.running = map[int64]bool{}
	for _, row := range d.Running {
		p.running[row[0]] = true
		if _, ok := p.states[row[0]]; ok {
			p.states[row[0]] = graph.Running
		}
	}
	for id := range before {
		if !p.running[id] && !ended[id] && p.states[id] == graph.Running {
			p.states[id] = graph.Pending
		}
	}
	p.add(d.Totals, d.Runs, d.Failures)
	p.planned, p.dropped = d.Planned, d.Dropped
}

// sum adds up the totals.
func (p *page) sum() (s total) {
	for _, f := range p.totals {
		s.Done, s.Cached, s.Failed, s.Skipped = s.Done+f.Done, s.Cached+f.Cached, s.Failed+f.Failed, s.Skipped+f.Skipped
		s.Cancelled, s.Running = s.Cancelled+f.Cancelled, s.Running+f.Running
	}
	return s
}

// serve mounts the page at a path of a server.
func serve(t testing.TB, rec *record.Recorder, opts ...live.Option) (url string) {
	mux := http.NewServeMux()
	mux.Handle("/debug/dally/", live.Handler(rec, opts...))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/debug/dally/"
}

func valuesIf(show bool) []live.Option {
	if show {
		return []live.Option{live.Values()}
	}
	return nil
}
