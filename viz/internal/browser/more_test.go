package browser

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz"
	"github.com/dally-go/dally/viz/record"
)

// openReport opens the report of a graph.
func (b *tab) openReport(s graph.Snapshot, opts ...viz.Option) {
	b.t.Helper()
	file := b.t.TempDir() + "/report.html"
	var buf bytes.Buffer
	require.NoError(b.t, viz.WriteHTML(&buf, s, opts...))
	require.NoError(b.t, os.WriteFile(file, buf.Bytes(), 0o666))
	b.navigate("file://" + file)
	b.frames()
}

// chain is a graph of n calls one after another, wide one of n beside each other.
func chain(n int) (s graph.Snapshot) {
	for i := range n {
		node := graph.Node{ID: graph.ID(i + 1), Name: fmt.Sprint("step", i), State: graph.Done}
		if i > 0 {
			node.Inputs = []graph.ID{graph.ID(i)}
		}
		s.Nodes = append(s.Nodes, node)
	}
	return s
}

func wide(n int) (s graph.Snapshot) {
	last := graph.Node{ID: graph.ID(n + 1), Name: "Sum", State: graph.Done}
	for i := range n {
		s.Nodes = append(s.Nodes, graph.Node{ID: graph.ID(i + 1), Name: fmt.Sprint("part", i), State: graph.Done})
		last.Inputs = append(last.Inputs, graph.ID(i+1))
	}
	s.Nodes = append(s.Nodes, last)
	return s
}

const moreShown = "[...document.querySelectorAll('.more:not([hidden])')].map(e => e.textContent)"

// A picture that can be read as a whole is shown as a whole; of a larger one the page says how much lies where.
func TestMore(t *testing.T) {
	b := newTab(t)
	b.openReport(wide(8))
	require.Empty(t, eval[[]string](b, moreShown), "8 cards side by side fit")
	for _, c := range []struct {
		s    graph.Snapshot
		from string
		back string
		side string
	}{
		{chain(30), "down", "up", "height"},
		{wide(40), "right", "left", "width"},
	} {
		b.openReport(c.s)
		b.shot("more-" + c.from)
		shown := eval[[]string](b, moreShown)
		require.Len(t, shown, 1)
		out := eval[int](b, fmt.Sprintf(`(() => {
			const end = document.getElementById('stage').getBoundingClientRect();
			const far = { width: (r) => r.right > end.right + 2, height: (r) => r.bottom > end.bottom + 2 }.%s;
			return [...document.querySelectorAll('.card .border:not(.behind)')].filter((e) => far(e.getBoundingClientRect())).length;
		})()`, c.side))
		require.Greater(t, out, 10)
		require.Contains(t, shown[0], fmt.Sprint(out, " more"))
		b.fine("more")
		b.run(chromedp.Click(chromedp.CSS("#more-" + c.from)))
		b.frames()
		require.Len(t, eval[[]string](b, moreShown), 2, "in the middle there is more on both sides")
		b.run(chromedp.Click(chromedp.CSS("#more-" + c.back)))
		b.frames()
		require.Equal(t, shown, eval[[]string](b, moreShown))
		b.key("f")
		require.Empty(t, eval[[]string](b, moreShown), "f shows all")
		b.key("n")
		require.Empty(t, eval[[]string](b, moreShown))
	}
}

// A record alone, as streams leave it, is shown by its totals: bar, legend, functions, timeline.
func TestRecordAlone(t *testing.T) {
	b := newTab(t)
	rec := record.New()
	work := lazy.Pure1(func(i int) int { return i + 1 }, lazy.Name("Work"))
	for i := range 70 {
		_, err := work.Of(i).Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
		require.NoError(t, err)
	}
	b.openReport(graph.Snapshot{}, viz.Ran(rec.Record()))
	b.shot("record-alone")
	require.Equal(t, "70 done", eval[string](b, "document.getElementById('bar').title"))
	require.Equal(t, "70", b.text("#legend li[data-state='4'] b"))
	require.Contains(t, b.text("#empty"), "no graph")
	require.Equal(t, 1, eval[int](b, "document.querySelectorAll('.minibar > .s4:not([hidden])').length"))
	b.fine("record alone")
}

// Skipped calls are told of, but do not hide that the others are done; calls of several functions on a card have no
// common mean time.
func TestGroupLooks(t *testing.T) {
	b := newTab(t)
	rec := record.New(record.Graphs())
	fib := recursive()
	_, err := fib.Of(10).Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
	require.NoError(t, err)
	b.openReport(rec.Graph(), viz.Ran(rec.Record()))
	require.Equal(t, 1, eval[int](b, "document.querySelectorAll('.card').length"))
	require.Empty(t, b.text(".card .time"))

	rec = record.New(record.Graphs())
	_, err = words(100, 0).Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}), lazy.KeepGoing())
	require.Error(t, err)
	b.openReport(rec.Graph(), viz.Ran(rec.Record()))
	require.Contains(t, eval[string](b, "[...document.querySelectorAll('.card')].find(e => e.ariaLabel.startsWith('Merge')).ariaLabel"), "1 skipped")
	require.Contains(t, eval[string](b, "[...document.querySelectorAll('.card')].find(e => e.ariaLabel.startsWith('Merge')).getAttribute('class')"), "s4")
	b.fine("skipped")
}

func recursive() (fib lazy.Func1[int, int]) {
	add := lazy.Pure2(func(a, b int) int { return a + b }, lazy.Name("add"))
	fib = lazy.Bind1(func(_ context.Context, n int) (lazy.Data[int], error) {
		if n < 2 {
			return lazy.Const(n), nil
		}
		return add(fib.Of(n-1), fib.Of(n-2)), nil
	}, lazy.Name("fib"))
	return fib
}

// Paper is white, however dark the screen is, has the whole picture, and leaves the screen as it was.
func TestPrintInDark(t *testing.T) {
	b := newTab(t)
	b.openReport(wide(40))
	b.dark(true)
	before := eval[string](b, "document.getElementById('world').getAttribute('transform')")
	eval[bool](b, `(() => { addEventListener('beforeprint', () => { window.onPaper = [getComputedStyle(document.body).backgroundColor, document.getElementById('cards').getAttribute('viewBox')]; }); return true; })()`)
	pdf, err := chromedp.Call(b.ctx, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: new(true)})
	require.NoError(t, err)
	require.NotEmpty(t, pdf)
	require.Equal(t, "rgb(255, 255, 255)", eval[string](b, "window.onPaper[0]"))
	require.NotEmpty(t, eval[string](b, "window.onPaper[1]"))
	b.frames()
	require.Equal(t, "rgb(13, 17, 23)", eval[string](b, "getComputedStyle(document.body).backgroundColor"))
	require.Equal(t, before, eval[string](b, "document.getElementById('world').getAttribute('transform')"))
	_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{})
	require.NoError(t, err)
	b.fine("printed")
}

// Times of the longest form stand whole in the table, however narrow its pane is.
func TestLongTotals(t *testing.T) {
	b := newTab(t)
	rec := graph.Record{Functions: []graph.Function{{Name: "Simulate", Total: 58*time.Minute + 48*time.Second, Max: 48*time.Minute + 48*time.Second}}}
	rec.Functions[0].Calls[graph.Done], rec.Functions[0].Calls[graph.Failed], rec.Functions[0].Calls[graph.Cached] = 1, 1, 1
	b.openReport(graph.Snapshot{}, viz.Ran(rec))
	for _, width := range []int64{1400, 1000, 700, 420} {
		b.size(width, 860)
		require.Empty(t, eval[[]string](b, `[...document.querySelectorAll('#functions td.num')].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent)`), width)
		require.Equal(t, "58m 48s", b.text("#functions td:nth-child(3)"))
	}
}
