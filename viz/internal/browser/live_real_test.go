package browser

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/record"
)

// spin takes processor time.
func spin(d time.Duration) (n int) {
	for began := time.Now(); time.Since(began) < d; {
		n++
	}
	return n
}

// words records a run of 2n + n/16 + 1 calls, of which one fails and takes two others with it.
func words(n int, each time.Duration) lazy.Data[int] {
	parse := lazy.Pure1(func(file int) int { spin(each); return file }, lazy.Name("Parse"))
	count := lazy.Wrap1(func(_ context.Context, file int) (int, error) {
		if spin(each); file == n/2 {
			return 0, errors.New("file " + grouped(file) + ": gzip: invalid header")
		}
		return 1, nil
	}, lazy.Name("CountWords"))
	merge := lazy.Pure1(func(parts []int) (sum int) {
		for _, p := range parts {
			sum += p
		}
		return sum
	}, lazy.Name("Merge"))
	top := lazy.Pure1(func(parts []int) int { return len(parts) }, lazy.Name("Top"))
	var counts, merged []lazy.Data[int]
	for file := range n {
		counts = append(counts, count(parse(lazy.Const(file))))
	}
	for part := range slices.Chunk(counts, 16) {
		merged = append(merged, merge(lazy.Gather(part...)))
	}
	return top(lazy.Gather(merged...))
}

// counts is what the page must show: calls by state.
func counts(s graph.Snapshot) (n [graph.NumStates]int, calls int) {
	for i := range s.Nodes {
		if st := s.Nodes[i].State; st != graph.Source {
			n[st]++
			calls++
		}
	}
	return n, calls
}

// watchReal runs a real program under a page that is open, and compares what both say in the end; then more is looked at.
func watchReal(t *testing.T, b *tab, n int, each time.Duration, name string, more func(*tab)) {
	rec := record.New()
	server, err := live.Listen("", rec, live.Title("word count"))
	require.NoError(t, err)
	defer server.Close()
	b.run(chromedp.Navigate(server.URL()))
	b.until("document.getElementById('status').hidden && document.getElementById('title').textContent === 'word count'")
	eval[bool](b, `(() => { window.gaps = []; let last = performance.now();
		const step = (at) => { window.gaps.push(at - last); last = at; requestAnimationFrame(step); };
		requestAnimationFrame(step); return true; })()`)
	target := words(n, each)
	done := make(chan error)
	began := time.Now()
	go func() {
		_, err := target.Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}), lazy.KeepGoing())
		done <- err
	}()
	b.until("document.querySelectorAll('.card').length > 3 && Number(document.querySelector(\"#legend li[data-state='4'] b\").textContent.replaceAll(',', '')) > 0")
	b.shot(name + "-running")
	require.ErrorContains(t, <-done, "gzip: invalid header")
	took := time.Since(began)
	states, calls := counts(lazy.Snapshot(target))
	over := states[graph.Done] + states[graph.Cached] + states[graph.Failed] + states[graph.Skipped]
	b.finished(over, calls)
	for st, want := range states {
		if graph.State(st) != graph.Source {
			b.until(fmt.Sprintf("document.querySelector(\"#legend li[data-state='%d'] b\").textContent === %s", st, quoted(grouped(want))))
		}
	}
	require.Equal(t, grouped(states[graph.Failed]), b.number("failed"))
	b.until("document.querySelectorAll('#failures button').length === 1")
	b.frames()
	b.shot(name + "-over")
	b.fine(name)
	gaps := eval[[]float64](b, "window.gaps.slice(5)")
	slices.Sort(gaps)
	t.Logf("%d calls in %v: %d frames, median %.1f ms, p95 %.1f ms, longest %.1f ms", calls, took.Round(time.Millisecond),
		len(gaps), gaps[len(gaps)/2], gaps[len(gaps)*95/100], gaps[len(gaps)-1])
	more(b)
}

// A real run of some thousand calls, from the recorder through the server to what is drawn.
func TestRealRun(t *testing.T) {
	b := newTab(t)
	watchReal(t, b, 1000, 300*time.Microsecond, "real", func(b *tab) {
		b.run(chromedp.Click(chromedp.CSS("#failures button")))
		b.until("document.getElementById('panel').textContent.includes('gzip: invalid header')")
		b.frames()
		b.shot("real-failure")
		b.fine("failure")
	})
}

// A real run of 100,000 calls.
func TestRealRunOf100000(t *testing.T) {
	b := newTab(t)
	watchReal(t, b, 48_500, 5*time.Microsecond, "real-100k", func(b *tab) {
		b.key("n")
		b.shot("real-100k-cells")
		b.fine("cells")
	})
}

// When the program ends, the page says so and keeps what it has.
func TestRealServerEnds(t *testing.T) {
	b := newTab(t)
	rec := record.New()
	server, err := live.Listen("", rec)
	require.NoError(t, err)
	b.run(chromedp.Navigate(server.URL()))
	b.until("document.getElementById('status').hidden && document.getElementById('title').textContent !== ''")
	_, err = words(30, time.Microsecond).Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}), lazy.KeepGoing())
	require.Error(t, err)
	b.until("document.querySelectorAll('#failures button').length === 1")
	require.NoError(t, server.Close())
	b.until("document.getElementById('status').textContent.includes('has ended')")
	require.Equal(t, 1, eval[int](b, "document.querySelectorAll('#failures button').length"))
	b.fits("ended") // the console may tell that what was on its way when the server ended did not come
}
