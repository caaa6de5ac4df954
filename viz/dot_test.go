package viz_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// dotGraph is what dot -Tjson says.
type dotGraph struct {
	Label   string
	Objects []struct {
		ID          int `json:"_gvid"`
		Name, Label string
		Shape       string
	}
	Edges []struct{ Tail, Head int }
}

// readDOT lets the real dot read text.
func readDOT(t testing.TB, text string) (g dotGraph) {
	t.Helper()
	if _, err := exec.LookPath("dot"); err != nil {
		t.Skip("dot is not installed")
	}
	cmd := exec.Command("dot", "-Tjson")
	cmd.Stdin = strings.NewReader(text)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	require.NoError(t, cmd.Run(), errs.String())
	require.NoError(t, json.Unmarshal(out.Bytes(), &g))
	return g
}

func TestDOTReadBack(t *testing.T) {
	for name, s := range map[string]graph.Snapshot{
		"report": report(), "hostile": hostile(), "random": random(60, 9), "empty": {Title: `a "b" \ & <c>`}, "mapreduce": mapReduce(12, 4),
		"collapsed": viz.Collapse(mapReduce(1000, 16)), "ladder": ladder(20),
	} {
		t.Run(name, func(t *testing.T) {
			g := readDOT(t, draw(t, viz.WriteDOT, s))
			nameOf := map[int]string{}
			var nodes, wantNodes, edges, wantEdges []string
			for _, o := range g.Objects {
				nameOf[o.ID] = o.Name
				nodes = append(nodes, o.Name)
			}
			for _, e := range g.Edges {
				edges = append(edges, nameOf[e.Tail]+"->"+nameOf[e.Head])
			}
			for _, n := range s.Nodes {
				wantNodes = append(wantNodes, fmt.Sprintf("n%d", n.ID))
				for i, in := range n.Inputs {
					if !slices.Contains(n.Inputs[:i], in) {
						wantEdges = append(wantEdges, fmt.Sprintf("n%d->n%d", in, n.ID))
					}
				}
			}
			require.ElementsMatch(t, wantNodes, nodes)
			require.ElementsMatch(t, wantEdges, edges)
		})
	}
}

func TestDOTLabels(t *testing.T) {
	b := &builder{}
	texts := []string{`say "hi"`, `back\slash\n`, "&amp; <b>", `\`, "日本 שלום"}
	for _, s := range texts {
		b.source(s, s)
	}
	g := readDOT(t, draw(t, viz.WriteDOT, b.snapshot(), viz.Title(`R&D "x"`)))
	require.Equal(t, `R&D "x"`, unescape(g.Label))
	for i, o := range g.Objects {
		require.Equal(t, fmt.Sprintf("◆ %s#%d\n= %s", texts[i], i+1, texts[i]), unescape(o.Label))
		require.Equal(t, "cylinder", o.Shape)
	}
}

// unescape reads a label as Graphviz draws it.
func unescape(label string) string {
	return html.UnescapeString(strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(label))
}
