package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/viz/internal/page"
)

// tab is an empty tab of a browser. It gathers what the page says on its console.
type tab struct {
	ctx   context.Context
	t     testing.TB
	close func() // may be called more than once

	mu      sync.Mutex
	console []string // guarded by mu
}

// One browser serves all tests of the package; each has a tab of its own.
var (
	browserOnce sync.Once
	browserCtx  context.Context
	stopBrowser = func() {}
)

func TestMain(m *testing.M) {
	code := m.Run()
	stopBrowser()
	os.Exit(code)
}

func newTab(t testing.TB) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	browserOnce.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox,
			chromedp.Flag("headless", "new"), chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute))
		alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stop := chromedp.NewContext(alloc)
		browserCtx, stopBrowser = ctx, func() { _ = chromedp.Cancel(ctx); stop(); stopAlloc() }
		err = chromedp.Do(ctx)
	})
	require.NoError(t, err)
	ctx, stop := chromedp.NewContext(browserCtx)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	b := &tab{ctx: ctx, t: t, close: func() { cancel(); stop() }}
	t.Cleanup(b.close)
	require.NoError(t, chromedp.Listen(ctx, b.listen))
	b.run(chromedp.EmulateViewport(1400, 860))
	return b
}

func (b *tab) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		for _, a := range e.Args {
			text += string(e.Type) + " " + string(a.Value) + a.Description
		}
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
	case *log.EventEntryAdded:
		text = string(e.Entry.Level) + " " + e.Entry.Text + " " + e.Entry.URL
	default:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.console = append(b.console, text)
}

// said returns what the page has said on its console so far.
func (b *tab) said() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.console...)
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

// eval runs JavaScript, waits for what it promises, and decodes the result.
func eval[T any](b *tab, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, script)
	return v
}

// text is the text of the first element that a selector finds.
func (b *tab) text(selector string) string {
	b.t.Helper()
	quoted, err := json.Marshal(selector)
	require.NoError(b.t, err)
	return eval[string](b, fmt.Sprintf("document.querySelector(%s)?.textContent ?? '(none)'", quoted))
}

// until waits until an expression is true, looking anew each frame. On a machine that has much else to do that may take
// long: the limit is only there so that a test ends which would wait for ever.
func (b *tab) until(expression string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(4*time.Minute)))
	require.NoError(b.t, err, "waiting for %s", expression)
}

// frames lets the page draw what it has marked.
func (b *tab) frames() {
	b.t.Helper()
	eval[bool](b, "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => r(true)))))")
}

// key types one key, by its name in the DOM.
func (b *tab) key(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.run(chromedp.KeyEvent(k))
	}
	b.frames()
}

func (b *tab) size(width, height int64) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, height))
	b.frames()
}

func (b *tab) dark(on bool) {
	b.t.Helper()
	value := "light"
	if on {
		value = "dark"
	}
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
	require.NoError(b.t, err)
	b.frames()
}

// navigate goes to a page and waits until it is there: what the browser tells of the page before may still arrive.
func (b *tab) navigate(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url))
	require.Eventually(b.t, func() bool {
		at, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.readyState + ' ' + location.href"))
		return err == nil && at == "complete "+url
	}, 30*time.Second, 5*time.Millisecond, url)
}

// open writes the static page into a file and opens that.
func (b *tab) open(title string, data []byte) {
	b.t.Helper()
	var buf bytes.Buffer
	require.NoError(b.t, page.Write(&buf, title, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}))
	file := filepath.Join(b.t.TempDir(), "report.html")
	require.NoError(b.t, os.WriteFile(file, buf.Bytes(), 0o666))
	b.navigate("file://" + file)
	b.frames()
}

func (b *tab) openData(d *pageData) {
	b.t.Helper()
	var buf bytes.Buffer
	require.NoError(b.t, d.write(&buf))
	b.open(d.Title, buf.Bytes())
}

// shot keeps a picture of the window in the directory that DALLY_SHOTS names, if it does.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("DALLY_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o666))
}

// overflowing lists texts that are wider than what holds them and say so nowhere; those that end in an ellipsis must
// have their full text in a title.
const overflowing = `(() => {
  const out = [];
  for (const e of document.querySelectorAll('body *:not(script):not(style)')) {
    if (e.closest('svg') || e.closest('[hidden]') || !e.getClientRects().length) continue;
    const style = getComputedStyle(e), scrolls = /auto|scroll/.test(style.overflowX);
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (e.scrollWidth > e.clientWidth + 1 && style.display !== 'inline' && own) {
      if (style.textOverflow !== 'ellipsis' && !scrolls) out.push('overflow: ' + e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 60));
      else if (!e.closest('[title]')) out.push('no title: ' + e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 60));
    }
    if (own) {
      const r = document.createRange();
      r.selectNodeContents(e);
      const b = r.getBoundingClientRect();
      let clipped = false;
      for (let p = e; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible' && p !== document.body && p !== document.documentElement) { clipped = true; break; }
      if (!clipped && (b.right > innerWidth + 1 || b.left < -1)) out.push('outside: ' + e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 60));
    }
  }
  for (const id of ['tables', 'panel', 'head', 'toolbar', 'legend', 'time']) {
    const e = document.getElementById(id);
    if (e.getClientRects().length && e.scrollWidth > e.clientWidth + 1) out.push('pane: ' + id + ' ' + e.scrollWidth + ' > ' + e.clientWidth);
  }
  if (document.documentElement.scrollWidth > innerWidth + 1) out.push('page: ' + document.documentElement.scrollWidth + ' > ' + innerWidth);
  for (const card of document.querySelectorAll('.card')) {
    const border = card.querySelector('.border:not(.behind)').getBBox(), line = {};
    for (const t of card.querySelectorAll('g > text')) {
      if (t.closest('.badge')) continue;
      const b = t.getBBox();
      if (b.width && (b.x < border.x + 4 || b.x + b.width > border.x + border.width - 4 || b.y + b.height > border.y + border.height + 2)) out.push('card: ' + t.textContent);
      const y = t.getAttribute('y');
      if (b.width && line[y] > b.x + 0.5) out.push('card overlap before: ' + t.textContent);
      if (b.width) line[y] = Math.max(line[y] ?? 0, b.x + b.width);
    }
  }
  return out;
})()`

// fine requires that no text overflows and that the console is empty.
func (b *tab) fine(what string) {
	b.t.Helper()
	b.fits(what)
	require.Empty(b.t, b.said(), what)
}

// fits requires that no text overflows. What changes all the time is drawn some times a second: it may take some frames.
func (b *tab) fits(what string) {
	b.t.Helper()
	list := eval[[]string](b, overflowing)
	for range 20 {
		if len(list) == 0 {
			return
		}
		b.run(chromedp.Sleep(50 * time.Millisecond))
		list = eval[[]string](b, overflowing)
	}
	require.Empty(b.t, list, what)
}

// number is one of the numbers of the head.
func (b *tab) number(key string) string {
	b.t.Helper()
	return strings.TrimSpace(b.text("#n-" + key + " dd"))
}
