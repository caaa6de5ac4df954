package viz_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// small is Add(Square(2), Square(3)) after it has run.
var small = graph.Snapshot{Nodes: []graph.Node{
	{ID: 1, State: graph.Source, Value: "2"},
	{ID: 2, State: graph.Source, Value: "3"},
	{ID: 3, Name: "Square", State: graph.Done, Inputs: []graph.ID{1}, Value: "4"},
	{ID: 4, Name: "Square", State: graph.Done, Inputs: []graph.ID{2}, Value: "9"},
	{ID: 5, Name: "Add", State: graph.Pending, Inputs: []graph.ID{3, 4}},
}}

func ExampleWriteMermaid() {
	_ = viz.WriteMermaid(os.Stdout, small)
	// Output:
	// flowchart TD
	//   n3["✓ Square<br/>#40;2#41;<br/>= 4"]:::done
	//   n4["✓ Square<br/>#40;3#41;<br/>= 9"]:::done
	//   n5["○ Add<br/>#40;Square, Square#41;"]:::pending
	//   n3 -.-> n5
	//   n4 -.-> n5
	//   classDef pending fill:#FFFFFF,stroke:#818B98,color:#1F2328,stroke-dasharray:5 4
	//   classDef done fill:#CFEBFA,stroke:#0079B8,color:#1F2328
}

func ExampleWriteSVG() {
	var b strings.Builder
	err := viz.WriteSVG(&b, small, viz.Title("a sum of squares"))
	fmt.Println(err, strings.Contains(b.String(), `aria-label="a sum of squares: 3 nodes: 1 pending, 2 done"`))
	// Output: <nil> true
}

func ExampleWriteDOT() {
	var b strings.Builder
	err := viz.WriteDOT(&b, small, viz.Attr("nodesep", "0.4"))
	fmt.Println(err, strings.Count(b.String(), "->"), "edges")
	// Output: <nil> 4 edges
}

func ExampleCollapse() {
	for _, n := range viz.Collapse(small).Nodes {
		fmt.Println(n.Name, max(n.Count, 1), n.State, n.Inputs)
	}
	// Output:
	// Square 2 done []
	// Add 1 pending [3]
}

func ExampleStyle() {
	slow := viz.Style(func(n graph.Node) viz.NodeStyle {
		if n.Name == "Square" {
			return viz.NodeStyle{Label: "x²", Fill: "#ffdd88"}
		}
		return viz.NodeStyle{}
	})
	_ = viz.WriteMermaid(os.Stdout, graph.Snapshot{Nodes: small.Nodes[:3]}, slow, viz.LeftToRight(), viz.Constants())
	// Output:
	// flowchart LR
	//   n1[("◆ 2")]:::source
	//   n2[("◆ 3")]:::source
	//   n3["✓ x²<br/>#40;2#41;<br/>= 4"]:::done
	//   style n3 fill:#ffdd88,stroke:#0079B8
	//   n1 --> n3
	//   classDef source fill:#E4E8EC,stroke:#424A53,color:#1F2328
	//   classDef done fill:#CFEBFA,stroke:#0079B8,color:#1F2328
}

func ExampleWriteFile() {
	fmt.Println(viz.WriteFile("report.png", small))
	// Output: viz: write report.png: unknown format ".png"; known are .dot, .gv, .html, .json, .mmd and .svg
}

func ExampleWriteFile_report() {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	err = viz.WriteFile(filepath.Join(dir, "report.html"), small, viz.Ran(seen), viz.Fact("commit", "4f2a9c1"))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleTitle() {
	var b strings.Builder
	_ = viz.WriteMermaid(&b, graph.Snapshot{Title: "of the snapshot"}, viz.Title("my title"))
	fmt.Print(b.String())
	// Output:
	// ---
	// title: "my title"
	// ---
	// flowchart TD
}

func ExampleLeftToRight() {
	var b strings.Builder
	_ = viz.WriteMermaid(&b, small, viz.LeftToRight())
	line, _, _ := strings.Cut(b.String(), "\n")
	fmt.Println(line)
	// Output: flowchart LR
}

func ExampleConstants() {
	for _, opts := range [][]viz.Option{nil, {viz.Constants()}} {
		var b strings.Builder
		_ = viz.WriteSVG(&b, small, opts...)
		fmt.Println(strings.Count(b.String(), "data-id"), "cards")
	}
	// Output:
	// 3 cards
	// 5 cards
}

func ExampleAttr() {
	var b strings.Builder
	_ = viz.WriteDOT(&b, graph.Snapshot{}, viz.Attr("rankdir", "LR"), viz.Attr("bgcolor", "transparent"))
	fmt.Println(b.String())
	// Output:
	// digraph  {
	// 	bgcolor="transparent";fontname="DejaVu Sans";rankdir="LR";
	// }
}

func ExampleLimit() {
	var b strings.Builder
	_ = viz.WriteMermaid(&b, small, viz.Limit(2))
	fmt.Println(strings.Split(b.String(), "\n")[1])
	// Output: title: "(collapsed: 3 nodes drawn as 2, limit 2)"
}

func ExampleWriteHTML() {
	f, err := os.CreateTemp("", "report*.html")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	fmt.Println(viz.WriteHTML(f, small, viz.Title("a sum of squares")), f.Close())
	// Output: <nil> <nil>
}

// data is the part of a page that the examples look at.
func data(opts ...viz.Option) (page struct {
	Now       time.Duration
	Facts     [][2]string
	Note      string
	Functions []struct{ Name string }
	Calls     struct{ Value, Reason map[string]string }
	Spans     struct{ Fn []int }
},
) {
	var b strings.Builder
	if err := viz.WriteJSON(&b, small, opts...); err != nil {
		panic(err)
	}
	if err := json.Unmarshal([]byte(b.String()), &page); err != nil {
		panic(err)
	}
	return page
}

func ExampleWriteJSON() {
	var b strings.Builder
	err := viz.WriteJSON(&b, small)
	fmt.Println(err, strings.Contains(b.String(), `"state":"00441"`))
	// Output: <nil> true
}

// seen is what a recorder saw of small.
var seen = graph.Record{
	Start: noon,
	Runs:  []graph.Run{{ID: 1, Op: "get", Target: "Add#5", Start: noon, End: noon.Add(40 * time.Millisecond), Workers: 2}},
	Spans: []graph.Span{
		{Call: 3, Run: 1, Name: "Square", State: graph.Done, End: 30 * time.Millisecond},
		{Call: 4, Run: 1, Name: "Square", Worker: 1, State: graph.Done, End: 34 * time.Millisecond},
	},
	Functions: []graph.Function{{Name: "Square", Calls: [graph.NumStates]int{graph.Done: 2}, Total: 64 * time.Millisecond}},
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func ExampleRan() {
	page := data(viz.Ran(seen))
	fmt.Println(len(page.Spans.Fn), "spans")
	for _, f := range page.Facts {
		if f[0] == "wall time" || f[0] == "calls at once" {
			fmt.Println(f[0]+":", f[1])
		}
	}
	// Output:
	// 2 spans
	// wall time: 40 ms
	// calls at once: 1.6 on average
}

func ExampleWhy() {
	plan := graph.Snapshot{Nodes: []graph.Node{{ID: 5, Name: "Add", State: graph.Pending, Reason: "has no value yet"}}}
	fmt.Println(data(viz.Why(plan)).Calls.Reason)
	// Output: map[4:has no value yet]
}

func ExampleValues() {
	fmt.Println(data().Calls.Value)
	fmt.Println(data(viz.Values(false)).Calls.Value)
	// Output:
	// map[0:2 1:3 2:4 3:9]
	// map[]
}

func ExampleTaken() {
	page := data(viz.Ran(graph.Record{Start: noon}), viz.Taken(noon.Add(time.Minute)))
	fmt.Println(page.Now)
	// Output: 1m0s
}

func ExampleFact() {
	facts := data(viz.Fact("commit", "4f2a9c1"), viz.Fact("program", "")).Facts
	fmt.Println(facts[len(facts)-1])
	// Output: [commit 4f2a9c1]
}

func ExampleNote() {
	fmt.Println(data(viz.Note("the graphs of earlier runs were not kept")).Note)
	// Output: the graphs of earlier runs were not kept
}

func ExampleLive() {
	names := []string{"Add"} // has number 0 on the page since the version before
	page := data(viz.Live(2, &names), viz.Ran(graph.Record{Start: noon}))
	fmt.Printf("%q %d spans\n", names, len(page.Spans.Fn))
	// Output: ["Add" "" "Square"] 0 spans
}
