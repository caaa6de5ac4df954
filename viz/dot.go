package viz

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/emicklei/dot"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// This file alone knows emicklei/dot.

// WriteDOT writes s for Graphviz. Every node of the snapshot is drawn, unnamed constants too; node IDs are n and the
// [graph.ID]. Edges go from input to user; an input that is taken twice has one edge. [Limit] does not apply: pass
// [Collapse](s) for a large snapshot, since dot needs seconds from two thousand nodes on.
//
// It returns the error of [graph.Snapshot.Check] for a snapshot that is not a graph, before anything is written, and
// the errors of w.
func WriteDOT(w io.Writer, s graph.Snapshot, opts ...Option) error {
	o := newOptions(s, opts)
	m, err := newModel(o.shown(s))
	if err != nil {
		return err
	}
	g := dot.NewGraph(dot.Directed)
	dotAttributes(g, o)
	drawn := make([]dot.Node, len(m.nodes))
	for i := range m.nodes {
		drawn[i] = dotNode(g, m, int32(i), o)
	}
	last := make([]int, len(m.nodes)) // the latest user that has an edge from here, from 1
	for i := range m.nodes {
		for _, in := range m.inputs(int32(i)) {
			if last[in] == i+1 {
				continue
			}
			last[in] = i + 1
			e := g.Edge(drawn[in], drawn[i])
			if lookOf(m.nodes[i].State).dashed {
				e.Attr("style", "dashed")
			}
		}
	}
	var b bytes.Buffer // the library ignores errors of writing
	g.Write(&b)
	_, err = w.Write(renumber(b.Bytes(), m.nodes))
	return err
}

func dotAttributes(g *dot.Graph, o *options) {
	g.Attr("fontname", "DejaVu Sans")
	if o.title != "" {
		g.Attr("label", dotText(o.title))
		g.Attr("labelloc", "t")
	}
	for _, kv := range o.attributes {
		g.Attr(kv[0], dotText(label.Clean(kv[1], 400)))
	}
	if o.sideways {
		g.Attr("rankdir", "LR")
	}
}

// dotNode adds one node. The library writes no defaults for all nodes, so that each says everything. The key is only
// for its sorting: by position, which is the order of the snapshot.
func dotNode(g *dot.Graph, m *model, i int32, o *options) dot.Node {
	n := &m.nodes[i]
	k, st := lookOf(n.State), o.styleOf(n)
	d := g.Node(fmt.Sprintf("%010d", i))
	d.Attr("label", dotText(dotLabel(n, st)...))
	d.Attr("fontname", "DejaVu Sans")
	d.Attr("fontsize", dot.Literal("11"))
	d.Attr("fontcolor", "#1F2328")
	d.Attr("fillcolor", pick(st.Fill, k.fill))
	d.Attr("color", pick(st.Stroke, k.stroke))
	d.Attr("shape", "box")
	style := "rounded,filled"
	if isSource(n) {
		d.Attr("shape", "cylinder")
		style = "filled"
	}
	if k.dashed {
		style += ",dashed"
	}
	d.Attr("style", style)
	switch {
	case k.double || n.Count > 1:
		d.Attr("peripheries", dot.Literal("2"))
	case k.thick:
		d.Attr("penwidth", dot.Literal("2.5"))
	}
	if n.Where != "" {
		d.Attr("tooltip", dotText(label.Clean(n.Where, 400)))
	}
	return d
}

func pick(first, otherwise string) string {
	if first != "" {
		return first
	}
	return otherwise
}

// dotLabel is glyph, name, ID and time, and below it the value or the error.
func dotLabel(n *graph.Node, st NodeStyle) []string {
	head := lookOf(n.State).glyph + " "
	if name := labelOf(n, st); st.Label == "" && n.Name == "" {
		head += "#" + strconv.FormatUint(uint64(n.ID), 10)
	} else {
		head += name + "#" + strconv.FormatUint(uint64(n.ID), 10)
	}
	if n.Count > 1 {
		head += " ×" + label.Grouped(n.Count)
	}
	if t := label.Duration(n.Duration); t != "" {
		head += " · " + t
	}
	lines := []string{head}
	switch {
	case n.Err != "":
		lines = append(lines, label.Clean(n.Err, labelMax))
	case n.Value != "":
		lines = append(lines, "= "+label.Clean(n.Value, labelMax))
	case n.Reason != "":
		lines = append(lines, label.Clean(n.Reason, labelMax))
	}
	return lines
}

// dotText quotes lines for DOT. The library would use %q, whose \u and \x mean nothing to Graphviz; there only the
// quote must be escaped, a backslash starts an escape in labels, and & starts an HTML entity even in plain ones.
func dotText(lines ...string) dot.Literal {
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`)
	for i, line := range lines {
		lines[i] = quote.Replace(line)
	}
	return dot.Literal(`"` + strings.Join(lines, `\n`) + `"`)
}

// renumber replaces the names n1, n2, … that the library gives nodes in order of making by n and their ID. It looks only
// at what stands at the start of a line before [, ; or ->, and every statement has a line of its own: texts hold no
// line breaks.
func renumber(text []byte, nodes []graph.Node) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for line := range bytes.Lines(text) {
		rest := bytes.TrimLeft(line, "\t ")
		if len(bytes.TrimSpace(rest)) == 0 {
			continue
		}
		out = append(out, line[:len(line)-len(rest)]...)
		for {
			n, width := nodeName(rest)
			if width == 0 {
				break
			}
			out = strconv.AppendUint(append(out, 'n'), uint64(nodes[n-1].ID), 10)
			if rest = rest[width:]; !bytes.HasPrefix(rest, []byte("->")) {
				break
			}
			out, rest = append(out, "->"...), rest[2:]
		}
		out = append(out, rest...)
	}
	return out
}

// nodeName reads n and a number at the start of text; width 0 means that there is none.
func nodeName(text []byte) (n, width int) {
	if len(text) == 0 || text[0] != 'n' {
		return 0, 0
	}
	i := 1
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		n = 10*n + int(text[i]-'0')
		i++
	}
	if i == 1 || i == len(text) || text[i] != '[' && text[i] != ';' && text[i] != '-' {
		return 0, 0
	}
	return n, i
}
