package trace_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/trace"
)

// A record comes from a recorder; here two calls are written down by hand.
func ExampleWrite() {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	record := graph.Record{
		Start: began,
		Spans: []graph.Span{
			{Call: 1, Run: 1, Name: "Load", Worker: 0, State: graph.Done, Start: 0, End: 1500 * time.Microsecond},
			{Call: 2, Run: 1, Name: "Sum", Worker: 1, State: graph.Done, Start: 1600 * time.Microsecond, End: 2 * time.Millisecond},
		},
	}
	snapshot := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, Name: "Load", State: graph.Done},
		{ID: 2, Name: "Sum", State: graph.Done, Inputs: []graph.ID{1}},
	}}
	if err := trace.Write(os.Stdout, record, snapshot); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"displayTimeUnit":"ms","otherData":{"spans":2,"dropped":0,"start":"2026-03-01T12:00:00Z","critical path":"2 calls, 1.9 ms of 2 ms (95 %)"},"traceEvents":[
	// {"name":"process_name","ph":"M","pid":1,"tid":1,"args":{"name":"dally"}},
	// {"name":"thread_name","ph":"M","pid":1,"tid":1,"args":{"name":"critical path"}},
	// {"name":"thread_sort_index","ph":"M","pid":1,"tid":1,"args":{"sort_index":1}},
	// {"name":"thread_name","ph":"M","pid":1,"tid":2,"args":{"name":"worker 0"}},
	// {"name":"thread_sort_index","ph":"M","pid":1,"tid":2,"args":{"sort_index":2}},
	// {"name":"thread_name","ph":"M","pid":1,"tid":3,"args":{"name":"worker 1"}},
	// {"name":"thread_sort_index","ph":"M","pid":1,"tid":3,"args":{"sort_index":3}},
	// {"name":"Load","cat":"call,critical","ph":"X","ts":0.000,"dur":1500.000,"pid":1,"tid":2,"cname":"rail_response","args":{"id":1,"state":"done","run":1,"critical":true,"waited":"0 s"}},
	// {"name":"Sum","cat":"call,critical","ph":"X","ts":1600.000,"dur":400.000,"pid":1,"tid":3,"cname":"rail_response","args":{"id":2,"state":"done","run":1,"inputs":"Load#1","critical":true,"waited":"100 µs"}},
	// {"name":"Load","cat":"critical path","ph":"X","ts":0.000,"dur":1500.000,"pid":1,"tid":1,"cname":"rail_response","args":{"id":1,"waited":"0 s","share":"75 %"}},
	// {"name":"Sum","cat":"critical path","ph":"X","ts":1600.000,"dur":400.000,"pid":1,"tid":1,"cname":"rail_response","args":{"id":2,"waited":"100 µs","share":"20 %"}},
	// {"name":"input","cat":"input","ph":"s","id":1,"ts":1499.999,"pid":1,"tid":2},
	// {"name":"input","cat":"input","ph":"f","bp":"e","id":1,"ts":1600.000,"pid":1,"tid":3}
	// ]}
}

func ExampleCritical() {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return began.Add(d) }
	// Report <- {Clean <- Load, Prices}
	snapshot := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, Name: "Load", State: graph.Done, Start: at(0), Duration: 1200 * time.Millisecond},
		{ID: 2, Name: "Prices", State: graph.Done, Start: at(0), Duration: 300 * time.Millisecond},
		{ID: 3, Name: "Clean", State: graph.Done, Start: at(1300 * time.Millisecond), Duration: 700 * time.Millisecond, Inputs: []graph.ID{1}},
		{ID: 4, Name: "Report", State: graph.Done, Start: at(2 * time.Second), Duration: 2 * time.Second, Inputs: []graph.ID{2, 3}},
	}}
	path := trace.Critical(snapshot)
	fmt.Printf("%.3f\n", path.Share())
	fmt.Print(strings.ReplaceAll(path.String(), "\n ", "\n|"))
	// Output:
	// 0.975
	// critical path: 3 calls, 3.9 s of 4 s (98 %)
	// |  waited        ran   share
	// |       –      1.2 s    30 %  Load#1
	// |  100 ms     700 ms    18 %  Clean#3
	// |       –        2 s    50 %  Report#4
}

// A snapshot does not time short calls. A record does.
func ExampleTimed() {
	snapshot := graph.Snapshot{Nodes: []graph.Node{
		{ID: 1, Name: "Parse", State: graph.Done},
		{ID: 2, Name: "Sum", State: graph.Done, Inputs: []graph.ID{1}},
	}}
	record := graph.Record{
		Start: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Spans: []graph.Span{
			{Call: 1, Name: "Parse", State: graph.Done, Start: 0, End: 6 * time.Microsecond},
			{Call: 2, Name: "Sum", State: graph.Done, Start: 6 * time.Microsecond, End: 10 * time.Microsecond},
		},
	}
	before, _, _ := strings.Cut(trace.Critical(snapshot).String(), "\n")
	after, _, _ := strings.Cut(trace.Critical(trace.Timed(snapshot, record)).String(), "\n")
	fmt.Println(before)
	fmt.Println(after)
	// Output:
	// critical path: 2 calls, not timed: calls below 20 µs often are not
	// critical path: 2 calls, 10 µs of 10 µs (100 %)
}

// What was slow, and why? Any computation can be asked afterwards.
func ExamplePath() {
	load := lazy.Pure1(func(string) int { time.Sleep(2 * time.Millisecond); return 20 }, lazy.Name("Load"))
	clean := lazy.Pure1(func(n int) int { time.Sleep(time.Millisecond); return n + 1 }, lazy.Name("Clean"))
	report := lazy.Pure1(func(n int) int { time.Sleep(time.Millisecond); return 2 * n }, lazy.Name("Report"))

	r := report(clean(load.Of("data.csv")))
	fmt.Println(r.Get(context.Background()))

	path := trace.Critical(lazy.Snapshot(r)) // fmt.Print(path) tells all of it
	for _, call := range path.Calls {
		fmt.Println(call.Node.Name, call.Took >= time.Millisecond)
	}
	// Output:
	// 42 <nil>
	// Load true
	// Clean true
	// Report true
}

func ExamplePath_Share() {
	path := trace.Path{Wall: 10 * time.Second, Ran: 9 * time.Second}
	fmt.Println(path.Share())
	// Output:
	// 0.9
}
