// Package viz draws a [graph.Snapshot]: as SVG with a layout of its own, as DOT for Graphviz, as Mermaid for Markdown.
//
//	err := viz.WriteFile("report.svg", lazy.Snapshot(report), viz.Title("quarterly report"))
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
// # When not to use it
//
// For a picture that must be edited or printed in another style, write DOT and let Graphviz lay it out; it is the
// better draughtsman below a few hundred nodes and takes seconds above two thousand.
//
// Labels, previews and errors come from the outside: all text is made printable, cut, and escaped for its format.
// Output is the same, byte for byte, for the same snapshot and options.
package viz
