// Package viz draws a [graph.Snapshot]: as SVG with a layout of its own, as DOT for Graphviz, as Mermaid for Markdown,
// and as a report of what ran, one HTML page that goes into a browser or onto a ticket.
//
//	err := viz.WriteFile("report.svg", lazy.Snapshot(report), viz.Title("quarterly report"))
//	err = viz.WriteFile("report.html", lazy.Snapshot(report), viz.Ran(record))
//
// # What is drawn
//
// Every call is a card: a glyph for its state, its name, how long it took, its arguments, and its value or its error.
// Edges go from input to user. An input that is taken twice has one edge; the arguments name it twice. Calls that have
// not run are dashed, a failed call has a double border, so that a picture can be read without colour. One SVG serves
// light and dark pages.
//
// Unnamed constants are written into the arguments of their users; [Constants] draws them as nodes. DOT always draws
// every node of the snapshot.
//
// # Large graphs
//
// [Collapse] merges calls that do the same to the same inputs; 68,000 calls of a map-reduce become a handful. WriteSVG
// and WriteMermaid do so by themselves above [Limit] nodes and say so in the picture. The layout takes time almost
// linear in nodes and edges. Measured on two shared cores: 2,000 calls 15 to 20 ms, a chain or a fan of 100,000 calls 0.1
// to 0.4 s, 100,000 calls with one to three random inputs each 1.4 to 2 s. Merging 68,000 calls of a map-reduce takes 7 ms.
//
// # The report
//
// [WriteHTML] writes one file that needs no network. It shows the picture, of which every call can be found and asked
// for its arguments, times, value and error; functions with their counts and times; a timeline; failures; facts about
// the run. [WriteJSON] writes the data of the page alone. Options tell it more than a snapshot knows: [Ran] what a
// recorder saw, [Why] the reasons of a plan, [Fact] what else belongs onto the ticket.
//
// Without a record the timeline is made of the nodes' own times: the last run of each call, without its worker, and
// only of calls that were timed. A page holds previews of values, unless [Values] says otherwise, and the texts and
// stacks of errors; of files it names the last directory alone. It holds no arguments of the command line and no
// environment.
//
// Functions are told apart by name, as records count them; two functions of one name share a line of the table. A page
// of 100,000 calls of a map-reduce has 2.3 MB, with 73,000 spans 5.4 MB. It is written in pieces while the data are
// walked. Measured on two shared cores: those 100,000 calls take 31 to 35 ms, of which collapsing and laying out are
// 10, with as many spans 50 to 57 ms; 100,000 random calls 119 to 125 ms, of which collapsing is most.
//
// # When not to use it
//
// For a picture that must be edited or printed in another style, write DOT and let Graphviz lay it out; it is the
// better draughtsman below a few hundred nodes and takes seconds above two thousand.
//
// Labels, previews and errors come from the outside: all text is made printable, cut, and escaped for its format.
// Output is the same, byte for byte, for the same snapshot and options; a page also names the program, its Go version
// and the machine, unless [Fact] sets these.
package viz
