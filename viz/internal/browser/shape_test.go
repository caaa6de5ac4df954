package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// A hundred thousand calls: the page opens, and draws everything, in reasonable time. The times are told, not judged.
func TestLarge(t *testing.T) {
	b := newTab(t)
	p := wordCount(48_400, 16, 30_000)
	b.openData(p.data(p.end * 2 / 3))
	b.shot("100k-grouped")
	b.fine("100k")
	t.Log("load to first drawing, ms:", eval[float64](b, "performance.getEntriesByName('dally-ready')[0].startTime - performance.getEntriesByType('navigation')[0].responseEnd"))
	b.key("n")
	b.shot("100k-cells")
	b.dark(true)
	b.shot("100k-cells-dark")
	b.dark(false)
	b.fine("100k cells")
	b.search("countwords", "48,400 hits")
	b.shot("100k-search")
	b.key(kb.Enter)
	require.Contains(t, b.text("#panel h2"), "CountWords #")
	b.shot("100k-details")
	b.fine("100k details")
}

// On paper there are all tables, and nothing to click.
func TestPrint(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	b.openData(p.data(p.end))
	b.run(chromedp.Click(chromedp.CSS("#failures button")))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	require.NoError(t, err)
	b.size(1000, 1800)
	b.shot("print")
	for selector, want := range map[string]bool{"#toolbar": false, "#tables": true, "#panel": true, "#lanes": true, "#theme": false} {
		require.Equal(t, want, eval[bool](b, "document.querySelector("+quoted(selector)+").getClientRects().length > 0"), selector)
	}
}

// On a narrow screen the details come over the page; zoomed in, cells show the glyphs of their states.
func TestNarrowDetailsAndZoomedCells(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	b.openData(p.data(p.end * 3 / 4))
	b.size(700, 860)
	b.run(chromedp.Click(chromedp.CSS("#failures button")))
	b.frames()
	b.shot("details-700")
	b.fine("narrow")
	b.key(kb.Escape)
	b.size(1400, 860)
	b.key("n")
	eval[bool](b, `document.getElementById('cells').dispatchEvent(new WheelEvent('wheel', {deltaY: -280, clientX: 300, clientY: 330, bubbles: true, cancelable: true}))`)
	b.frames()
	b.shot("cells-zoomed")
	b.fine("zoomed")
}
