package viz

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// Option changes how a snapshot is drawn.
type Option func(*options)

// NodeStyle overrides how one node is drawn. Empty fields keep what the node's state gives.
type NodeStyle struct {
	// Label stands in place of the node's name on its card; the arguments of its users keep the name.
	Label string
	// Fill and Stroke are CSS colours, best written #rrggbb: then the text on Fill stays readable on light and dark
	// pages. Anything that cannot be a colour is ignored.
	Fill, Stroke string
}

// limitDefault is the number of nodes above which a picture shows the collapsed graph.
const limitDefault = 2500

// widestDefault is the number of cards side by side above which a picture shows the collapsed graph: they are some
// 30,000 pixels, more than anybody scrolls through.
const widestDefault = 150

type options struct {
	title      string
	constants  bool
	sideways   bool
	limit      int
	widest     int
	style      func(graph.Node) NodeStyle
	attributes [][2]string
	note       string // said in the picture: why it is not what was asked for

	// Of the report page alone.
	record    *graph.Record
	plan      graph.Snapshot // whose reasons are told
	noValues  bool
	taken     time.Time
	facts     [][2]string
	functions *[]string // of a live page, whose events go on with the numbers
	notes     []string
	version   uint64 // of the graph of a live page
}

func newOptions(s graph.Snapshot, opts []Option) *options {
	o := &options{title: s.Title, limit: limitDefault, widest: widestDefault}
	for i, opt := range opts {
		if opt == nil {
			panic(fmt.Sprintf("viz: option %d is nil: want one of this package's", i+1))
		}
		opt(o)
	}
	o.title = label.Clean(o.title, 200)
	return o
}

// Title sets the title above the picture, in place of the snapshot's.
func Title(title string) Option { return func(o *options) { o.title = title } }

// Constants draws unnamed constants as nodes. Without it SVG and Mermaid show them in the arguments of their users.
func Constants() Option { return func(o *options) { o.constants = true } }

// LeftToRight draws the sources at the left and the targets at the right, instead of from top to bottom.
func LeftToRight() Option { return func(o *options) { o.sideways = true } }

// Attr sets an attribute of the whole graph in DOT, such as "nodesep" or "bgcolor". The key must consist of letters and
// underscores; others are ignored. Attr("rankdir", "LR") means [LeftToRight] in every format.
func Attr(key, value string) Option {
	return func(o *options) {
		if key == "rankdir" {
			o.sideways = value == "LR"
		}
		if isKey(key) {
			o.attributes = append(o.attributes, [2]string{key, value})
		}
	}
}

// Style asks f how to draw each node. f is called once a node, in the order of the snapshot, with a copy whose Inputs
// it must not change. Where the graph is collapsed, f is asked about the merged nodes.
func Style(f func(graph.Node) NodeStyle) Option { return func(o *options) { o.style = f } }

// Limit sets the number of nodes above which [WriteSVG] and [WriteMermaid] draw the collapsed graph instead, and say so
// in the picture. The default is 2,500, and 150 side by side; 0 and below mean no limit. [WriteHTML] shows calls one by
// one up to 60, and 8 side by side, or up to the limit that is set.
func Limit(n int) Option { return func(o *options) { o.limit, o.widest = n, 0 } }

// Ran adds what a recorder saw to [WriteHTML] and [WriteJSON]: the timeline, exact totals by function, runs and
// failures. Calls of r that are not in the snapshot stand in these alone.
func Ran(r graph.Record) Option { return func(o *options) { o.record = &r } }

// Why adds the reasons of a plan, taken before the calls ran, to [WriteHTML] and [WriteJSON]: a snapshot taken
// afterwards knows them no more. Calls of the plan that are not in the snapshot are left out.
func Why(plan graph.Snapshot) Option { return func(o *options) { o.plan = plan } }

// Values says whether previews of values are shown, in whatever format; they are unless told otherwise. Without them
// constants are "…" in the arguments of their users. The texts of errors are shown in any case.
func Values(show bool) Option { return func(o *options) { o.noValues = !show } }

// shown is s without the values that are not to be shown.
func (o *options) shown(s graph.Snapshot) graph.Snapshot {
	if !o.noValues {
		return s
	}
	s.Nodes = slices.Clone(s.Nodes)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Value = ""; isSource(n) && n.Name == "" {
			n.Value = "…"
		}
	}
	return s
}

// Taken sets when the data of [WriteHTML] and [WriteJSON] were taken. The default is the latest moment that they tell
// of, so that the same data make the same page. Calls that still run have run until then: give the time of the
// snapshot.
func Taken(at time.Time) Option { return func(o *options) { o.taken = at } }

// Fact sets a line among the facts of [WriteHTML] and [WriteJSON], such as Fact("commit", "4f2a9c1"): it replaces the
// line of that name or comes last. An empty value removes the line.
func Fact(name, value string) Option {
	return func(o *options) { o.facts = append(o.facts, [2]string{name, value}) }
}

// Note adds a sentence to what [WriteHTML] and [WriteJSON] tell above the picture, such as what is missing in it. It is
// cut after 600 characters; an empty one is left out.
func Note(text string) Option {
	return func(o *options) { o.notes = append(o.notes, text) }
}

// Live makes [WriteJSON] write for a page that is told by events how things go on, and names the version of the graph
// that the events will refer to. Functions are numbered in the order of names; those that are not there yet are
// appended, sources too, so that events can go on with the numbers. The names must be distinct; nobody may use the list
// meanwhile. Package viz/live needs this; programs do not.
func Live(version uint64, names *[]string) Option {
	if names == nil {
		panic("viz: Live: names is nil: give it a list, new([]string) to begin with")
	}
	return func(o *options) { o.version, o.functions = version, names }
}

// styleOf returns the overrides for a node, with everything dubious removed.
func (o *options) styleOf(n *graph.Node) NodeStyle {
	if o.style == nil {
		return NodeStyle{}
	}
	st := o.style(*n)
	st.Fill, st.Stroke = colour(st.Fill), colour(st.Stroke)
	return st
}

func isKey(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") == ""
}

// colour returns s if it may stand in a style attribute, else "". Styles are code of the program, but a colour often
// comes from a table elsewhere, and one semicolon would be enough to say anything.
func colour(s string) string {
	for _, r := range s {
		if !strings.ContainsRune("#(),.% -", r) && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') {
			return ""
		}
	}
	if len(s) > 64 || strings.Contains(strings.ToLower(s), "url") {
		return ""
	}
	return s
}
