package viz

import (
	"io"
	"strconv"
	"strings"

	"github.com/dally-go/dally/graph"
)

// WriteMermaid writes s as a Mermaid flowchart, for Markdown. It draws what [WriteSVG] draws: unnamed constants stand
// in the arguments of their users, and above [Limit] nodes the graph is collapsed. Mermaid itself refuses charts of more
// than 500 edges or 50,000 characters unless its page allows them; Limit(150) keeps most graphs below.
//
// It returns the error of [graph.Snapshot.Check] for a snapshot that is not a graph, before anything is written, and
// the errors of w.
func WriteMermaid(w io.Writer, s graph.Snapshot, opts ...Option) error {
	o := newOptions(s, opts)
	m, err := drawable(o.shown(s), o)
	if err != nil {
		return err
	}
	p := newPicture(m, o)
	if title := strings.TrimSpace(o.title + " " + inBrackets(o.note)); title != "" {
		p.str("---\ntitle: ").str(yamlText(title)).str("\n---\n")
	}
	p.str("flowchart ")
	if o.sideways {
		p.str("LR\n")
	} else {
		p.str("TD\n")
	}
	for i := range p.cards {
		p.mermaidNode(&p.cards[i])
	}
	for _, k := range p.links {
		arrow := " --> n"
		if p.cards[k.to].waiting() {
			arrow = " -.-> n"
		}
		p.str("  n").uint(uint64(p.cards[k.from].node.ID)).str(arrow).uint(uint64(p.cards[k.to].node.ID)).str("\n")
	}
	p.mermaidClasses()
	_, err = w.Write(p.b)
	return err
}

func (p *picture) mermaidNode(c *card) {
	lines := []string{c.look.glyph + " " + c.name}
	if c.times != "" {
		lines[0] += " " + c.times
	}
	if c.time != "" {
		lines[0] += " · " + c.time
	}
	for _, s := range []string{c.args, c.note} {
		if s != "" {
			lines = append(lines, s)
		}
	}
	for i := range lines {
		lines[i] = mermaidText(lines[i])
	}
	open, end := `["`, `"]`
	if c.source() {
		open, end = `[("`, `")]`
	}
	p.str("  n").uint(uint64(c.node.ID)).str(open).str(strings.Join(lines, "<br/>")).str(end)
	p.str(":::").str(known(c.node.State).String()).str("\n")
	if c.style.Fill != "" || c.style.Stroke != "" {
		p.str("  style n").uint(uint64(c.node.ID)).str(" fill:").str(mermaidColour(c.style.Fill, c.look.fill))
		p.str(",stroke:").str(mermaidColour(c.style.Stroke, c.look.stroke)).str("\n")
	}
}

// mermaidColour falls back where a colour holds commas or spaces, which part things in a Mermaid style.
func mermaidColour(s, otherwise string) string {
	if s == "" || strings.ContainsAny(s, ", ()%.") {
		return otherwise
	}
	return s
}

// mermaidClasses defines a class for each state that is drawn.
func (p *picture) mermaidClasses() {
	var drawn [graph.NumStates]bool
	for i := range p.cards {
		drawn[known(p.cards[i].node.State)] = true
	}
	for st, k := range looks {
		if !drawn[st] {
			continue
		}
		p.str("  classDef ").str(graph.State(st).String()).str(" fill:").str(k.fill).str(",stroke:").str(k.stroke)
		p.str(",color:#1F2328")
		switch {
		case k.dashed:
			p.str(",stroke-dasharray:5 4")
		case k.thick, k.double:
			p.str(",stroke-width:3px")
		}
		p.str("\n")
	}
}

// mermaidText escapes every ASCII sign that is no letter, digit, space or plain mark as #number;, Mermaid's way:
// its parser gives meaning to quotes, brackets, backticks and more, and its renderer to HTML and Markdown.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\u2068' || r == '\u2069': // isolates would be seen as text by some renderers
		case r > '~', r == ' ', '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', strings.ContainsRune("=,.:/", r):
			b.WriteRune(r)
		default:
			b.WriteString("#" + strconv.Itoa(int(r)) + ";")
		}
	}
	return b.String()
}

// yamlText quotes s for the front matter. It has passed clean: quote and backslash are all there is to escape.
func yamlText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}
