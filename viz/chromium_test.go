package viz_test

import (
	"context"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz"
)

// measure writes into the page which texts leave their card or picture, or run into the next text of their line.
const measure = `
const out = [];
let texts = 0;
function check(t, x0, y0, x1, y1, what) {
  const b = t.getBBox();
  texts++;
  if (b.width > 0 && (b.x < x0 - 0.5 || b.x + b.width > x1 + 0.5 || b.y < y0 - 3 || b.y + b.height > y1 + 3))
    out.push(what + ' ' + JSON.stringify(t.textContent) + ' ' + [b.x, b.y, b.x + b.width, b.y + b.height] + ' not in ' + [x0, y0, x1, y1]);
  return b;
}
for (const svg of document.querySelectorAll('svg')) {
  const v = svg.viewBox.baseVal;
  for (const t of svg.querySelectorAll(':scope > text, :scope > g:not(.c) > text')) check(t, 0, 0, v.width, v.height, 'head');
  for (const g of svg.querySelectorAll('.c')) {
    const bs = g.querySelectorAll('.b'), c = bs[bs.length - 1].getBBox(), line = {};
    for (const t of g.querySelectorAll('text')) {
      const b = check(t, c.x + 4, c.y, c.x + c.width - 4, c.y + c.height, 'card');
      const y = t.getAttribute('y');
      if (line[y] && line[y] > b.x + 0.5) out.push('overlap before ' + JSON.stringify(t.textContent));
      line[y] = b.x + b.width;
    }
    const m = g.transform.baseVal[0].matrix;
    if (m.e < 0 || m.f < 0 || m.e + c.width > v.width || m.f + c.height > v.height) out.push('card outside ' + g.textContent);
  }
}
document.getElementById('out').textContent = 'texts ' + texts + '\n' + out.join('\n');
`

// inChromium lays out the given pictures in a real browser and returns what measure has found.
func inChromium(t *testing.T, font string, svgs ...string) string {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	text := "<!doctype html><meta charset=utf-8><style>svg.dally{font-family:" + font + " !important}</style>" +
		strings.Join(svgs, "\n") + "<pre id=out></pre><script>" + measure + "</script>"
	require.NoError(t, os.WriteFile(page, []byte(text), 0o666))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--dump-dom", "file://"+page).Output()
	require.NoError(t, err)
	_, found, ok := strings.Cut(string(out), `<pre id="out">`)
	require.True(t, ok, "no result in the page")
	found, _, _ = strings.Cut(found, "</pre>")
	return html.UnescapeString(found)
}

// The width table holds: in a real browser no text leaves its card, whichever of the fonts is there.
func TestNothingOverflows(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	var svgs []string
	for _, s := range []graph.Snapshot{
		report(), hostile(), random(60, 3), viz.Collapse(mapReduce(1000, 16)),
		{Title: "empty"},
		everyState(), alphabets(),
		{Title: strings.Repeat("a long title ", 40), Nodes: report().Nodes[:2]},
	} {
		svgs = append(svgs, draw(t, viz.WriteSVG, s), draw(t, viz.WriteSVG, s, viz.LeftToRight(), viz.Constants(), viz.Limit(9)))
	}
	for _, font := range []string{"'DejaVu Sans'", "'Liberation Sans'"} {
		found := inChromium(t, font, svgs...)
		count, problems, _ := strings.Cut(found, "\n")
		require.NotEqual(t, "texts 0", count)
		require.Empty(t, problems, font)
	}
}

// everyState is one merged node with large counts in every state: the widest line of counts there is.
func everyState() graph.Snapshot {
	n := graph.Node{ID: 1, Name: "Everything", State: graph.Running, Duration: 65 * time.Second}
	for st := range n.Merged {
		n.Merged[st] = 123_456
		n.Count += 123_456
	}
	few := n
	few.ID, few.Name, few.Inputs = 2, "F", []graph.ID{1}
	return graph.Snapshot{Nodes: []graph.Node{n, few}}
}

// alphabets has a card for every 12 printable characters that the fonts of a browser may be asked for.
func alphabets() graph.Snapshot {
	b := &builder{title: "alphabets"}
	for _, r := range [][2]rune{
		{' ', '~'},
		{0xa0, 0x24f},
		{0x250, 0x2af},
		{0x370, 0x52f},
		{0x531, 0x58f},
		{0x5d0, 0x5ea},
		{0x620, 0x6ff},
		{0x904, 0x939},
		{0xe01, 0xe4f},
		{0x10d0, 0x10ff},
		{0x1e00, 0x1eff},
		{0x2010, 0x2027},
		{0x2030, 0x205e},
		{0x2070, 0x218f},
		{0x2190, 0x23ff},
		{0x2400, 0x27bf},
		{0x4e00, 0x4e40},
		{0x3041, 0x30ff},
		{0xfb00, 0xfbff},
		{0xff01, 0xff5e},
		{0x1d400, 0x1d7ff},
		{0x1f300, 0x1f64f},
	} {
		for at := r[0]; at <= r[1]; at += 12 {
			var text strings.Builder
			for c := at; c < at+12 && c <= r[1]; c++ {
				text.WriteRune(c)
			}
			b.call(text.String(), graph.Failed, 0)
			b.nodes[len(b.nodes)-1].Err = text.String()
		}
	}
	return b.snapshot()
}
