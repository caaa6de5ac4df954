package browser

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/viz/internal/label"
)

// needed is what lanes.js needs of the other parts.
const needed = `const Pending = 1, Running = 2, Cached = 3, Failed = 5, Skipped = 6; const digits = null;`

// Times are written as package label writes them.
func TestDurationsAreThoseOfLabel(t *testing.T) {
	b := newTab(t)
	var values []int64
	want := []string{}
	add := func(d time.Duration) {
		if label.Duration(d) != "" && d < 1000*24*time.Hour {
			values, want = append(values, int64(d)), append(want, label.Duration(d))
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for d := time.Duration(1); d < 1<<56; d += d/61 + 1 {
		add(d + time.Duration(rnd.Int64N(int64(d))))
	}
	for _, edge := range []time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour} {
		for _, by := range []float64{0.9949, 0.9951, 0.9994, 0.9996, 0.99999, 1, 1.0001, 1.49, 1.51, 1.99, 9.94, 9.96, 59.4, 59.6} {
			add(time.Duration(float64(edge) * by))
		}
	}
	b.openData(one())
	list, err := json.Marshal(values)
	require.NoError(t, err)
	got := eval[[]string](b, "(() => { const redraw = () => {};"+partText(t, "base.js")+"\nreturn "+string(list)+".map(duration); })()")
	require.Equal(t, want, got)
}

// However spans overlap and in whatever order they come: each stands in one lane, lanes are in order of start and, but
// for the last of a worker, free of overlaps; looking up agrees with going through all; and columns add up.
func TestLanes(t *testing.T) {
	b := newTab(t)
	b.run(chromedp.Navigate("about:blank"))
	for seed := range 6 {
		script := fmt.Sprintf(`(() => {
  let x = %d; const random = (n) => { x = (x * 1103515245 + 12345) %% 2147483648; return Math.floor(x / 2147483648 * n); };
  const d = { spans: newSpans(0), dropped: 0 }, problems = [], n = 3000, all = [];
  for (let i = 0; i < n; i++) {
    const long = random(20) === 0;
    all.push([random(5) - 1, i * 10 + random(%d), long ? random(4000) : random(60), random(30) ? 4 : 5]);
  }
  for (const [worker, start, dur, state] of all) addSpan(d, 1, -1, random(3), worker, state, start, dur);
  const s = d.spans, seen = new Set();
  for (const lane of s.lanes) {
    let end = 0;
    for (let k = 0; k < lane.n; k++) {
      const i = lane.list[k];
      if (seen.has(i)) problems.push('twice ' + i);
      seen.add(i);
      if (s.worker[i] !== lane.worker) problems.push('worker');
      if (k && s.start[lane.list[k - 1]] > s.start[i]) problems.push('order');
      if (s.start[i] < end && lane.sub < subLanesMax - 1) problems.push('overlap in lane ' + lane.sub);
      end = Math.max(end, s.start[i] + s.dur[i]);
      if (lane.maxEnd[k] !== end) problems.push('maxEnd');
    }
    for (let q = 0; q < 40; q++) {
      const at = random(n * 10);
      const first = lane.list.subarray(0, lane.n).findIndex((i) => s.start[i] + s.dur[i] > at);
      if (firstAfter(lane, at) !== (first < 0 ? lane.n : first)) problems.push('firstAfter');
      const before = lane.list.subarray(0, lane.n).filter((i) => s.start[i] < at).length;
      if (startsBefore(s, lane, at) !== before) problems.push('startsBefore');
    }
    const from = random(n * 5), to = from + 500 + random(n * 5), columns = 100, bins = newBins(columns);
    fillBins(bins, s, lane, from, to, null);
    const want = new Float64Array(columns), width = (to - from) / columns;
    for (let k = 0; k < lane.n; k++) {
      const i = lane.list[k];
      for (let c = 0; c < columns; c++) {
        const a = from + c * width, z = a + width;
        want[c] += Math.max(0, Math.min(z, s.start[i] + s.dur[i]) - Math.max(a, s.start[i])) / width;
      }
    }
    for (let c = 0; c < columns; c++) if (Math.abs(want[c] - bins.busy[c]) > 1e-3) problems.push('column ' + c + ' ' + want[c] + ' ' + bins.busy[c]);
  }
  if (seen.size !== n) problems.push('lost ' + (n - seen.size));
  if (s.n !== n || s.failed !== all.filter((a) => a[3] === 5).length) problems.push('counts');
  return problems.slice(0, 10);
})()`, seed*7919+1, 1+seed*40)
		require.Empty(t, eval[[]string](b, "(() => { const live = false; "+needed+partText(t, "lanes.js")+"\nreturn "+script+"; })()"), "seed %d", seed)
	}
}

func partText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../page/" + name)
	require.NoError(t, err)
	return string(text)
}

// How long the drawing of the timeline takes at 100,000 spans, from the wheel's turn on. It is told, not judged.
func TestTimelineDrawing(t *testing.T) {
	b := newTab(t)
	p := wordCount(48_400, 16, 30_000)
	b.openData(p.data(p.end))
	costs := eval[[]float64](b, `(async () => {
  const costs = [], raf = window.requestAnimationFrame.bind(window), frame = () => new Promise((r) => raf(() => raf(r)));
  window.requestAnimationFrame = (f) => raf((t) => { const a = performance.now(); f(t); costs.push(performance.now() - a); });
  const lanes = document.getElementById('lanes'), box = lanes.getBoundingClientRect();
  for (let i = 0; i < 30; i++) {
    lanes.dispatchEvent(new WheelEvent('wheel', { deltaY: i < 15 ? -40 : 40, clientX: box.x + 500, clientY: box.y + 30, bubbles: true, cancelable: true }));
    await frame();
  }
  return costs.sort((a, b) => a - b);
})()`)
	require.NotEmpty(t, costs)
	t.Logf("drawing 100,000 spans, ms: p50 %.1f, p95 %.1f, max %.1f", costs[len(costs)/2], costs[len(costs)*95/100], costs[len(costs)-1])
	b.fine("timeline")
}
