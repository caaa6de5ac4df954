package browser

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// looksRight opens the page and requires, in windows of several sizes, light and dark, that no text overflows.
func looksRight(b *tab, name string, d *pageData, widths ...int64) {
	b.t.Helper()
	b.openData(d)
	for _, w := range widths {
		b.size(w, 860)
		b.shot(fmt.Sprintf("%s-%d", name, w))
		b.fine(fmt.Sprint(name, " ", w))
	}
	b.size(1400, 860)
	b.dark(true)
	require.Equal(b.t, "rgb(13, 17, 23)", eval[string](b, "getComputedStyle(document.body).backgroundColor"))
	b.shot(name + "-dark")
	b.dark(false)
}

func TestLooks(t *testing.T) {
	b := newTab(t)
	big, small := wordCount(1000, 16, 286), wordCount(4, 2, -1)
	looksRight(b, "2070", big.data(big.end*3/4), 1400, 1000, 700, 420)
	looksRight(b, "12", small.data(small.end), 1400)
	looksRight(b, "1", one(), 1400, 420)
	looksRight(b, "none", &pageData{Version: 1, Title: "nothing"}, 1400)
	looksRight(b, "hostile", hostile(), 1400, 1000, 700, 420)
	looksRight(b, "outside", outside(small), 1400)
}

// outside is the page of a snapshot without a record: no call has a worker.
func outside(p *program) *pageData {
	d := p.data(p.end)
	d.Runs = nil
	for i := range d.Calls.Worker {
		d.Calls.Worker[i] = -1
	}
	for i := range d.Spans.Worker {
		d.Spans.Worker[i] = -1
	}
	return d
}

func one() *pageData {
	p := &program{title: "one call", workers: 1, functions: []function{{"Load", "main.go:12"}}, groups: []group{{Name: "Load", Args: "()", Count: 1, W: 150, H: 64, X: 20, Y: 20}}}
	p.calls = []call{{fn: 0, group: 0, state: done, dur: 412e6, value: "[]string len 3"}}
	p.sort()
	p.end = 412e6
	d := p.data(p.end)
	d.Size = [2]int{190, 104}
	return d
}

// hostile has names, errors and values that want to break the page.
func hostile() *pageData {
	long := strings.Repeat("AVeryLongFunctionNameWithoutASingleSpace", 8)
	evil := `</script><script>document.title='owned'</script><img src=x onerror="document.title='owned'">`
	p := wordCount(20, 3, 7)
	p.title = evil + long
	p.functions[1].Name, p.functions[1].Where = long, "/a/very/long/path/"+long+".go:1234567"
	p.functions[2].Name = evil
	p.functions[3].Name = "שלום עולם \u2067مرحبا 日本語の長い名前"
	for i := range p.groups {
		p.groups[i].Name, p.groups[i].Args = p.functions[p.groups[i].Fn].Name, "("+evil+long+")"
	}
	d := p.data(p.end)
	d.Note = "previews are off " + evil + long
	d.Facts = append(d.Facts, [2]string{long, evil}, [2]string{"empty", ""})
	for i := range d.Calls.Err {
		d.Calls.Err[i] = evil + "\n" + long
		d.Calls.Stack[i] = strings.Repeat(long+"\n", 50)
		d.Calls.Value[i] = "{{title}} {{data}} " + evil
	}
	for i := range d.Failures {
		d.Failures[i].Name, d.Failures[i].Err = evil, evil+long
	}
	d.Runs[0].Err, d.Runs[0].Target = evil+long, long
	return d
}

func TestHostileTextStaysText(t *testing.T) {
	b := newTab(t)
	d := hostile()
	b.openData(d)
	require.NotEqual(t, "owned", eval[string](b, "document.title"))
	require.Equal(t, d.Title, b.text("#title"))
	b.run(chromedp.Click(chromedp.CSS("#failures button")))
	b.frames()
	b.shot("hostile-details")
	b.fine("details")
	require.Equal(t, d.Calls.Err[*d.Failures[0].Call], b.text("#panel pre.bad"))
	require.Zero(t, eval[int](b, "document.querySelectorAll('img').length"))
	require.NotEqual(t, "owned", eval[string](b, "document.title"))
}

// The numbers of the page are those of the data.
func TestCounts(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	for _, now := range []int64{p.end / 4, p.end * 3 / 4, p.end} {
		d := p.data(now)
		b.openData(d)
		var n [8]int
		for _, c := range p.calls {
			if c.group >= 0 {
				n[c.at(now)]++
			}
		}
		over := n[done] + n[cached] + n[failed] + n[skipped]
		require.Equal(t, grouped(over)+" / "+grouped(len(p.order)), b.number("finished"))
		require.Equal(t, grouped(n[failed]), b.number("failed"))
		for st, want := range n {
			require.Equal(t, grouped(want), b.text(fmt.Sprintf("#legend li[data-state='%d'] b", st)))
		}
		rows := eval[[][]string](b, "[...document.querySelectorAll('#functions tbody tr')].map(tr => [...tr.children].map(td => td.textContent))")
		require.Len(t, rows, 5)
		byName := map[string][]string{}
		for _, r := range rows {
			byName[r[0]] = r
		}
		for _, tot := range d.Totals {
			row, planned := byName[p.functions[tot.Fn].Name], 0
			for _, g := range p.groups {
				if g.Fn == tot.Fn {
					planned += g.Count
				}
			}
			require.Equal(t, grouped(tot.Done+tot.Cached+tot.Failed+tot.Skipped)+"/"+grouped(planned), row[1])
			require.Equal(t, orDash(tot.Cached), row[5])
			require.Equal(t, orDash(tot.Failed), row[6])
		}
		require.Equal(t, len(d.Failures), eval[int](b, "document.querySelectorAll('#failures button').length"))
		require.Contains(t, b.text("#timeinfo"), " spans")
		b.fine("counts")
	}
}

func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func orDash(n int) string {
	if n == 0 {
		return "–"
	}
	return grouped(n)
}

func TestDetails(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	b.openData(p.data(p.end))
	b.run(chromedp.Click(chromedp.CSS("#failures button")))
	b.frames()
	b.shot("details")
	b.fine("details")
	text := b.text("#panel")
	for _, want := range []string{"CountWords #1314", "✕ failed", "gzip: invalid header", "goroutine 41", "Parse #", "Merge #", "main.go:52"} {
		require.Contains(t, text, want)
	}
	require.Equal(t, 1, eval[int](b, "document.querySelectorAll('.card.selected').length"))
	b.run(chromedp.Click(chromedp.CSS("#panel .link")))
	b.frames()
	require.Contains(t, b.text("#panel h2"), "Parse #", "the first input")
	require.Contains(t, b.text("#panel"), "Glob #")
	b.key(kb.Backspace)
	require.Contains(t, b.text("#panel h2"), "CountWords #1314")
	b.key(kb.Escape)
	require.True(t, eval[bool](b, "document.getElementById('panel').hidden"))
	require.True(t, eval[bool](b, "document.activeElement.classList.contains('failure')"), "the focus goes back")
	b.fine("closed")
}

func TestGroupListsItsCalls(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	b.openData(p.data(p.end))
	eval[bool](b, "document.querySelectorAll('.card')[2].focus(), true")
	b.key(kb.Enter)
	b.shot("list")
	b.fine("list")
	require.Contains(t, b.text("#panel h2"), "CountWords ×1,000")
	require.Less(t, eval[int](b, "document.querySelectorAll('#panel .row').length"), 60, "only rows in sight")
	require.Equal(t, "#1", eval[string](b, "document.querySelector('#panel .row .id').textContent.slice(0, 2)"))
	b.run(chromedp.Click(chromedp.CSS("#panel .chip.s5")))
	b.frames()
	require.Equal(t, 1, eval[int](b, "document.querySelectorAll('#panel .row').length"))
	b.run(chromedp.Click(chromedp.CSS("#panel .row")))
	b.frames()
	require.Contains(t, b.text("#panel h2"), "CountWords #1314")
	b.key(kb.Backspace)
	require.Equal(t, 1, eval[int](b, "document.querySelectorAll('#panel .row').length"), "the filter is kept")
	b.fine("back")
}

func TestSearch(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	b.openData(p.data(p.end))
	for _, c := range []struct{ text, hits string }{
		{"countwords", "1,000 hits"},
		{"#1314", "1 hit"},
		{"INVALID header", "1 hit"},
		{"failed:", "1 hit"},
		{"no such thing", "no hit"},
		{"#999999", "no hit"},
	} {
		b.search(c.text, c.hits)
	}
	b.search("merge", "68 hits")
	require.Equal(t, 3, eval[int](b, "document.querySelectorAll('.card.hit').length"))
	require.Equal(t, 4, eval[int](b, "document.querySelectorAll('.card.dim').length"))
	b.shot("search")
	b.key(kb.Enter)
	require.Equal(t, "1 / 68", b.text("#hits"))
	b.key(kb.Enter)
	require.Equal(t, "2 / 68", b.text("#hits"))
	require.Contains(t, b.text("#panel h2"), "Merge #")
	b.fine("search")
	b.key(kb.Escape, kb.Escape)
	require.Empty(t, b.text("#hits"))
	require.Zero(t, eval[int](b, "document.querySelectorAll('.card.dim').length"))
}

// search types a text into the search field and waits for the number of hits.
func (b *tab) search(text, hits string) {
	b.t.Helper()
	b.key("/")
	eval[bool](b, "document.getElementById('search').select(), document.activeElement.id === 'search'")
	b.run(chromedp.KeyEvent(text))
	b.until(`document.getElementById('hits').textContent === ` + quoted(hits))
	b.frames()
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestSorting(t *testing.T) {
	b := newTab(t)
	p := wordCount(100, 4, -1)
	b.openData(p.data(p.end))
	names := func() string {
		b.frames()
		return strings.Join(eval[[]string](b, "[...document.querySelectorAll('#functions tbody .name')].map(e => e.textContent)"), " ")
	}
	require.Equal(t, "Parse CountWords Merge Glob Top", names())
	b.run(chromedp.Click(chromedp.CSS("#functions th[data-key=name] button")))
	require.Equal(t, "CountWords Glob Merge Parse Top", names())
	b.key(kb.Enter) // the focus has stayed on the button
	require.Equal(t, "Top Parse Merge Glob CountWords", names())
	require.Equal(t, "descending", eval[string](b, "document.querySelector('th[data-key=name]').getAttribute('aria-sort')"))
}

// Everything can be done with keys.
func TestKeys(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	b.openData(p.data(p.end))
	b.key("?")
	require.True(t, eval[bool](b, "document.getElementById('help').open"))
	b.shot("help")
	b.fine("help")
	b.key(kb.Escape)
	require.False(t, eval[bool](b, "document.getElementById('help').open"))
	b.key("n")
	require.False(t, eval[bool](b, "document.getElementById('cells').hidden"))
	eval[bool](b, "document.getElementById('cells').focus(), true")
	b.key(kb.ArrowRight, kb.ArrowRight, kb.ArrowRight, kb.Enter)
	require.Contains(t, b.text("#panel h2"), "Parse #")
	b.shot("cells-selected")
	b.key(kb.Escape)
	eval[bool](b, "document.getElementById('lanes').focus(), true")
	b.key(kb.ArrowRight, kb.ArrowRight, kb.ArrowDown, kb.Enter)
	require.Contains(t, b.text("#panel h2"), "Parse #")
	b.key("+", "+", "+")
	b.shot("timeline-zoomed")
	b.key("f", kb.Escape, "g", "+", "-", "f", "t")
	require.Equal(t, "dark", eval[string](b, "document.documentElement.dataset.theme"))
	b.key("t") // the next test begins with what the system wants
	require.Zero(t, eval[int](b, "localStorage.length"))
	require.True(t, eval[bool](b, "document.getElementById('panel').hidden"))
	// The tab key reaches each part.
	eval[bool](b, "document.activeElement.blur(), true")
	seen := map[string]bool{}
	for range 60 {
		b.run(chromedp.KeyEvent(kb.Tab))
		seen[eval[string](b, "(e => e.id || e.closest('[id]')?.id || '')(document.activeElement)")] = true
	}
	for _, part := range []string{"theme", "mode-cards", "search", "world", "legend", "functions", "failures", "runs", "lanes"} {
		require.True(t, seen[part], part)
	}
	b.fine("keys")
}

// The wheel zooms about the pointer, a drag pans, and neither counts as a click.
func TestPointer(t *testing.T) {
	b := newTab(t)
	p := wordCount(1000, 16, 286)
	b.openData(p.data(p.end))
	scale := "document.getElementById('world').getAttribute('transform')"
	before := eval[string](b, scale)
	eval[bool](b, `document.getElementById('cards').dispatchEvent(new WheelEvent('wheel', {deltaY: -200, clientX: 400, clientY: 300, bubbles: true, cancelable: true}))`)
	b.frames()
	zoomed := eval[string](b, scale)
	require.NotEqual(t, before, zoomed)
	b.run(chromedp.MouseEvent("mousePressed", 200, 300, chromedp.ButtonLeft), chromedp.MouseEvent("mouseMoved", 260, 340, chromedp.ButtonLeft),
		chromedp.MouseEvent("mouseMoved", 300, 360, chromedp.ButtonLeft), chromedp.MouseEvent("mouseReleased", 300, 360, chromedp.ButtonLeft))
	b.frames()
	require.NotEqual(t, zoomed, eval[string](b, scale))
	require.True(t, eval[bool](b, "document.getElementById('panel').hidden"))
	b.key("f")
	at := eval[[]float64](b, "(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelectorAll('.card')[1].getBoundingClientRect())")
	b.run(chromedp.MouseClickXY(at[0], at[1]))
	b.frames()
	require.Contains(t, b.text("#panel h2"), "Parse ×1,000")
	b.key(kb.Escape, "n")
	cells := eval[[]float64](b, "(r => [r.x, r.y])(document.getElementById('cells').getBoundingClientRect())")
	b.run(chromedp.MouseEvent("mouseMoved", cells[0]+20, cells[1]+60))
	b.frames()
	b.shot("cells-hover")
	require.False(t, eval[bool](b, "document.getElementById('tip').hidden"))
	b.run(chromedp.MouseClickXY(cells[0]+20, cells[1]+60))
	b.frames()
	require.Contains(t, b.text("#panel h2"), "Parse #")
	lanes := eval[[]float64](b, "(r => [r.x, r.y])(document.getElementById('lanes').getBoundingClientRect())")
	b.run(chromedp.MouseClickXY(lanes[0]+900, lanes[1]+20))
	b.frames()
	require.Contains(t, b.text("#panel h2"), "#")
	b.fine("pointer")
}
