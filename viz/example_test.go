package viz_test

import (
	"fmt"
	"os"
	"strings"

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
