package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// watch opens the live page and waits until it listens.
func (b *tab) watch(f *fake) {
	b.t.Helper()
	b.navigate(f.URL + "/")
	require.Eventually(b.t, func() bool { return f.connected() == 1 }, 30*time.Second, 5*time.Millisecond)
	b.until("document.getElementById('status').hidden && document.querySelectorAll('.card').length > 0")
}

// finished waits until the head says that n calls are over.
func (b *tab) finished(n, of int) {
	b.t.Helper()
	b.until("document.querySelector('#n-finished dd').textContent === " + quoted(grouped(n)+" / "+grouped(of)))
}

func (p *program) over(now int64) (n [8]int) {
	for i := range p.calls {
		if p.calls[i].group >= 0 {
			n[p.calls[i].at(now)]++
		}
	}
	return n
}

// However the run is cut into events, the page comes to the same numbers as the data at that moment.
func TestStream(t *testing.T) {
	b := newTab(t)
	p := wordCount(300, 8, 100)
	f := newFake(t, p)
	b.watch(f)
	for step := int64(1); step <= 40; step++ {
		now := p.end * step / 40
		f.moveTo(now)
		if step%8 != 0 {
			continue
		}
		n := p.over(now)
		b.finished(n[done]+n[cached]+n[failed]+n[skipped], len(p.order))
		for st, want := range n {
			b.until(fmt.Sprintf("document.querySelector(\"#legend li[data-state='%d'] b\").textContent === %s", st, quoted(grouped(want))))
		}
		b.shot(fmt.Sprintf("live-%d", step))
		b.fine("live")
	}
	require.Equal(t, "1", b.number("failed"))
	b.until("document.querySelectorAll('#failures button').length === 1")
	require.Contains(t, b.text("#timeinfo"), grouped(len(p.order))+" spans")
	require.True(t, eval[bool](b, "document.getElementById('n-left').hidden"), "nothing is left")
}

// What the user has chosen outlasts events, and a new graph.
func TestStreamKeepsWhatTheUserChose(t *testing.T) {
	b := newTab(t)
	p := wordCount(300, 8, 100)
	f := newFake(t, p)
	b.watch(f)
	f.moveTo(p.end / 4)
	b.run(chromedp.Click(chromedp.CSS("#functions th[data-key=name] button")))
	b.search("#150", "1 hit")
	b.key(kb.Enter)
	b.until("document.querySelector('#panel')?.textContent.includes('the value of call 150')")
	require.Contains(t, b.text("#panel"), "it was stale")
	b.key(kb.Escape)
	b.search("#150", "1 hit")
	b.key(kb.Enter)
	eval[bool](b, "document.activeElement.blur(), true")
	b.key("+", "+")
	transform := eval[string](b, "document.getElementById('world').getAttribute('transform')")
	for step := int64(11); step <= 20; step++ {
		f.moveTo(p.end * step / 40)
	}
	f.mu.Lock()
	f.version = 3
	f.mu.Unlock()
	f.send("graph", map[string]int{"version": 3})
	f.moveTo(p.end * 3 / 4)
	n := p.over(p.end * 3 / 4)
	b.finished(n[done]+n[cached]+n[failed]+n[skipped], len(p.order))
	f.mu.Lock()
	require.Contains(t, strings.Join(f.asked, " "), "/graph.json?v=3")
	f.mu.Unlock()
	require.Equal(t, transform, eval[string](b, "document.getElementById('world').getAttribute('transform')"))
	require.Contains(t, b.text("#panel h2"), "#150")
	require.Equal(t, "1 / 1", b.text("#hits"))
	require.Equal(t, "ascending", eval[string](b, "document.querySelector('th[data-key=name]').getAttribute('aria-sort')"))
	b.fine("kept")
}

// Events that tell again of what the data have, as those that were on their way meanwhile do, change nothing.
func TestStreamTwice(t *testing.T) {
	b := newTab(t)
	p := wordCount(300, 8, 100)
	f := newFake(t, p)
	f.now = p.end / 2
	b.watch(f)
	at := func(now int64) {
		n := p.over(now)
		b.finished(n[done]+n[cached]+n[failed]+n[skipped], len(p.order))
		b.until(fmt.Sprintf("document.querySelector(\"#legend li[data-state='2'] b\").textContent === '%d'", n[running]))
		b.until("document.getElementById('timeinfo').textContent.startsWith(" + quoted(grouped(n[done]+n[cached]+n[failed])+" spans") + ")")
	}
	at(p.end / 2)
	f.send("delta", p.delta(p.end/4, p.end/3))
	f.send("delta", p.delta(p.end/3, p.end/2))
	b.frames()
	at(p.end / 2)
	f.send("delta", p.delta(p.end/3, p.end*5/8))
	at(p.end * 5 / 8)
	f.mu.Lock()
	f.now = p.end * 3 / 4
	f.mu.Unlock()
	f.send("graph", map[string]int{"version": 2})
	f.send("delta", p.delta(p.end*5/8, p.end*11/16)) // waits for the graph, and is older
	f.send("delta", p.delta(p.end*11/16, p.end*3/4))
	at(p.end * 3 / 4)
	f.moveTo(p.end)
	over := p.over(p.end)
	b.finished(len(p.order), len(p.order))
	b.until("document.getElementById('timeinfo').textContent.startsWith(" + quoted(grouped(over[done]+over[cached]+over[failed]+over[skipped])) + ")")
	b.fine("twice")
}

// So it is with calls that are not in the graph, such as those of a Stream, of which the data have no IDs.
func TestStreamTwiceOutsideTheGraph(t *testing.T) {
	b := newTab(t)
	p := wordCount(300, 8, 100)
	f := newFake(t, p)
	f.now, f.foreign = p.end/2, true
	b.watch(f)
	spansAt := func(now int64) {
		n := p.over(now)
		b.until("document.getElementById('timeinfo').textContent.startsWith(" + quoted(grouped(n[done]+n[cached]+n[failed])+" spans") + ")")
	}
	send := func(from, to int64) {
		d := p.delta(from, to)
		for i := range d["spans"].(spans).Call {
			d["spans"].(spans).Call[i] += 1_000_000
		}
		f.send("delta", d)
	}
	spansAt(p.end / 2)
	send(p.end/4, p.end/2)
	send(p.end/3, p.end*5/8)
	spansAt(p.end * 5 / 8)
	b.fine("outside")
}

// What a call's state says of time follows the run, also in an open list with a filter.
func TestStreamList(t *testing.T) {
	b := newTab(t)
	p := wordCount(300, 8, 100)
	f := newFake(t, p)
	b.watch(f)
	f.moveTo(p.end / 4)
	b.until("document.querySelector('#n-finished dd').textContent[0] !== '0'")
	b.run(chromedp.Click(chromedp.CSS("#functions tbody button[title^=Parse]")))
	b.frames()
	require.Contains(t, b.text("#panel h2"), "Parse ×300")
	b.run(chromedp.Click(chromedp.CSS("#panel .chip.s3")))
	f.moveTo(p.end)
	n := 0
	for _, c := range p.calls {
		if c.fn == 1 && c.state == cached {
			n++
		}
	}
	b.until("document.querySelector('#panel .chip.s3').textContent === " + quoted("↻ "+grouped(n)))
	b.until(fmt.Sprintf("document.querySelector('#panel .rows').style.height === '%dpx'", 26*n))
	b.fine("list")
}

func TestConnectionLost(t *testing.T) {
	b := newTab(t)
	p := wordCount(100, 4, -1)
	f := newFake(t, p)
	b.watch(f)
	f.moveTo(p.end / 2)
	f.cut(true)
	b.until("document.getElementById('status').textContent.includes('Connection lost, trying again')")
	b.shot("live-lost")
	f.mu.Lock()
	f.now = p.end * 3 / 4 // the run goes on unseen
	f.mu.Unlock()
	f.cut(false)
	b.until("document.getElementById('status').hidden")
	n := p.over(p.end * 3 / 4)
	b.finished(n[done]+n[cached]+n[failed]+n[skipped], len(p.order))
	require.Eventually(t, func() bool { return f.connected() == 1 }, 30*time.Second, 5*time.Millisecond)
	f.moveTo(p.end)
	b.finished(len(p.order), len(p.order))
	f.send("bye", struct{}{})
	b.until("document.getElementById('status').textContent.includes('The program has ended')")
	b.shot("live-bye")
	b.finished(len(p.order), len(p.order))
}

// Events ten times a second at 100,000 calls: how long frames take. Times are told, not judged: the
// machine may be busy with other things. The numbers are judged.
func TestFrames(t *testing.T) {
	p := wordCount(48_400, 16, 30_000)
	b, f := newTab(t), newFake(t, p)
	f.now = p.end / 10
	b.watch(f)
	now := f.now
	for _, mode := range []string{"g", "n"} {
		b.key(mode)
		eval[bool](b, `(() => {
  const times = [], long = [];
  let last = 0, on = true;
  const tick = (now) => { if (last) times.push(now - last); last = now; if (on) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  new PerformanceObserver((l) => { for (const e of l.getEntries()) long.push(e.duration); }).observe({ entryTypes: ['longtask'] });
  window.measured = () => { on = false; times.sort((a, b) => a - b); return [times[times.length >> 1], times[Math.floor(times.length * 0.95)], times[times.length - 1], times.length, long.length]; };
  return true;
})()`)
		const steps = 10
		ticker := time.NewTicker(100 * time.Millisecond)
		for range steps {
			<-ticker.C
			now += p.end * 4 / 10 / steps
			f.moveTo(now)
		}
		ticker.Stop()
		n := p.over(now)
		b.finished(n[done]+n[cached]+n[failed]+n[skipped], len(p.order))
		q := eval[[]float64](b, "measured()")
		t.Logf("mode %s: frames ms p50 %.1f, p95 %.1f, max %.1f; %v frames, %v tasks over 50 ms", mode, q[0], q[1], q[2], q[3], q[4])
		b.shot("live-100k-" + mode)
		b.fine("frames")
	}
}
