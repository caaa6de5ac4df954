package lazy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These tests run paces on latencies alone, without a clock: looks and delays are counted and come out the same every
// time.

// bill is what a number of waits cost.
type bill struct {
	waits, looks int
	late, total  time.Duration // between a condition and the look that saw it; between the begin and the condition
}

func (b *bill) add(looks int, late, latency time.Duration) {
	b.waits++
	b.looks += looks
	b.late += late
	b.total += latency
}

// looksEach is the number of looks of a wait, added the latency that looking late has added, in percent.
func (b *bill) looksEach() float64 { return float64(b.looks) / float64(b.waits) }
func (b *bill) added() float64     { return 100 * float64(b.late) / float64(b.total) }

// paced waits for a latency at the learned pace.
func (b *bill) paced(p *pace, latency time.Duration) {
	w := p.begin(0)
	for now := time.Duration(0); ; now += w.next(time.Millisecond, time.Minute) {
		if w.look(now); now >= latency {
			w.found = true
			w.end()
			b.add(w.looks, now-latency, latency)
			return
		}
	}
}

// fixed waits at the pace that learns nothing: 100 ms/(n+1) before look n+1.
func (b *bill) fixed(latency time.Duration) {
	now := time.Duration(0)
	for n := 0; ; n++ {
		if now >= latency {
			b.add(n+1, now-latency, latency)
			return
		}
		now += 100 * time.Millisecond / time.Duration(n+1)
	}
}

// latencies are ways in which a latency goes, in ms, by the number of the wait.
var latencies = []struct {
	name string
	at   func(i int, r *rand.Rand) float64
}{
	{"constant", func(int, *rand.Rand) float64 { return 300 }},
	{"noise 5%", func(_ int, r *rand.Rand) float64 { return 300 * noise(r, .05) }},
	{"noise 10%", func(_ int, r *rand.Rand) float64 { return 300 * noise(r, .1) }},
	{"noise 20%", func(_ int, r *rand.Rand) float64 { return 300 * noise(r, .2) }},
	{"noise 30%", func(_ int, r *rand.Rand) float64 { return 400 * noise(r, .3) }},
	{"drift up and down", func(i int, r *rand.Rand) float64 {
		return (450 + 150*math.Sin(float64(i)/60)) * noise(r, .1)
	}},
	{"saw teeth", func(i int, r *rand.Rand) float64 { return (250 + float64(i%300)) * noise(r, .05) }},
	{"a walk", func() func(i int, r *rand.Rand) float64 {
		at := 400.0
		return func(_ int, r *rand.Rand) float64 {
			at = min(max(at*noise(r, .02), 300), 600)
			return at * noise(r, .1)
		}
	}()},
	{"outliers", func(i int, r *rand.Rand) float64 {
		if r.IntN(20) == 0 {
			return 750 * noise(r, .1)
		}
		return 300 * noise(r, .1)
	}},
}

func noise(r *rand.Rand, sigma float64) float64 { return math.Exp(sigma * r.NormFloat64()) }

// learning is how many waits the pace is given before they count.
const learning = 20

func compare(at func(int, *rand.Rand) float64, waits int) (paced, fixed bill) {
	r := rand.New(rand.NewPCG(1, 2))
	var p pace
	var before bill
	for i := range learning + waits {
		latency := time.Duration(at(i, r) * float64(time.Millisecond))
		if i < learning {
			before.paced(&p, latency)
			continue
		}
		paced.paced(&p, latency)
		fixed.fixed(latency)
	}
	return paced, fixed
}

// Learned, the pace needs at most a third of the looks of the fixed one, and adds at most 10 % to the latency.
func TestPollPaceNeedsAThirdOfTheLooks(t *testing.T) {
	for _, l := range latencies {
		paced, fixed := compare(l.at, 2000)
		t.Logf("%-18s %.2f looks, fixed %6.2f; added %4.1f %%, fixed %4.1f %%",
			l.name, paced.looksEach(), fixed.looksEach(), paced.added(), fixed.added())
		require.LessOrEqual(t, 3*paced.looks, fixed.looks, l.name)
		require.LessOrEqual(t, paced.added(), 10.0, l.name)
	}
}

// BenchmarkPollPace reports the looks of a wait and the latency that looking late adds, for the learned and the fixed
// pace on the same latencies.
func BenchmarkPollPace(b *testing.B) {
	for _, l := range latencies {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			var paced, fixed bill
			for b.Loop() {
				paced, fixed = compare(l.at, 500)
			}
			b.ReportMetric(paced.looksEach(), "looks/wait")
			b.ReportMetric(fixed.looksEach(), "fixed-looks/wait")
			b.ReportMetric(paced.added(), "added-%")
			b.ReportMetric(fixed.added(), "fixed-added-%")
		})
	}
}

// Waits that begin together are not remembered as they end, or the last would be the longest: from the second batch on
// they are paced as well as a row of single waits.
func TestPollPaceOfBatches(t *testing.T) {
	for _, sigma := range []float64{.02, .1, .2} {
		for _, usual := range []float64{300, 320, 340, 380, 420, 500} {
			r := rand.New(rand.NewPCG(3, 4))
			var p pace
			var first, b, f bill
			latency := func() time.Duration { return time.Duration(usual * noise(r, sigma) * float64(time.Millisecond)) }
			first.batch(&p, 200, latency)
			for range 10 {
				b.batch(&p, 200, func() time.Duration {
					l := latency()
					f.fixed(l)
					return l
				})
			}
			require.LessOrEqual(t, 3*b.looks, f.looks, "batches of %.0f, noise %.2f", usual, sigma)
			require.LessOrEqual(t, b.added(), 10.0, "batches of %.0f, noise %.2f", usual, sigma)
		}
	}
}

// batch has many waits begin at once. They look in the order of time.
func (b *bill) batch(p *pace, n int, latency func() time.Duration) {
	type waiting struct {
		*wait
		at, latency time.Duration
	}
	all := make([]*waiting, n)
	for i := range all {
		all[i] = &waiting{p.begin(0), 0, latency()}
	}
	for len(all) > 0 {
		slices.SortStableFunc(all, func(x, y *waiting) int { return int(x.at - y.at) })
		var left []*waiting
		first := all[0].at
		for _, w := range all {
			switch {
			case w.at > first:
				left = append(left, w)
				continue
			case w.at >= w.latency:
				w.look(w.at)
				w.found = true
				w.end()
				b.add(w.looks, w.at-w.latency, w.latency)
				continue
			}
			w.look(w.at)
			w.at += w.next(time.Millisecond, time.Minute)
			left = append(left, w)
		}
		all = left
	}
}

// A function that becomes fast, or slow, is noticed.
func TestPollPaceForgets(t *testing.T) {
	const fast, slow = 10 * time.Millisecond, time.Second
	var p pace
	waits := func(n int, latency time.Duration) (b bill) {
		for range n {
			b.paced(&p, latency)
		}
		return b
	}
	waits(100, slow)
	b := waits(16, fast)
	require.Less(t, b.late, 4*slow, "all 16 together")
	waits(16, fast)
	b = waits(16, fast)
	require.Less(t, b.added(), 10.0)
	require.Less(t, b.looksEach(), 4.0)
	waits(16, slow)
	b = waits(16, slow)
	require.Less(t, b.added(), 10.0)
	require.Less(t, b.looksEach(), 4.0)
}

// Neither a slow start nor single waits that take very long or no time ruin the pace.
func TestPollPaceStandsOutliers(t *testing.T) {
	const usual = 300 * time.Millisecond
	var p pace
	var before bill
	before.paced(&p, 100*usual)
	for range learning {
		before.paced(&p, usual)
	}
	var b, odd bill
	for i := range 200 {
		switch i % 20 {
		case 5, 6:
			odd.paced(&p, 100*usual)
		case 10:
			odd.paced(&p, 0)
		default:
			b.paced(&p, usual)
		}
	}
	require.Less(t, b.added(), 10.0)
	require.Less(t, b.looksEach(), 4.0)
	require.Less(t, odd.added(), 15.0)
}

// Waits that last do not keep others from being learned.
func TestPollPaceOfWaitsThatGetStuck(t *testing.T) {
	var p pace
	var b bill
	for range learning {
		b.paced(&p, 100*time.Millisecond)
	}
	for range 2 * paceLen {
		p.begin(0)
	}
	now := time.Hour
	for range 2 * paceLen {
		w := p.begin(now)
		for w.look(now); now-w.began < time.Second; w.look(now) {
			now += w.next(time.Millisecond, time.Minute)
		}
		w.found = true
		w.end()
	}
	require.InDelta(t, time.Second, p.plan[0], float64(100*time.Millisecond))
}

// Waits that find nothing teach nothing.
func TestPollPaceOfWaitsThatFindNothing(t *testing.T) {
	var p pace
	for range 5 * paceLen {
		w := p.begin(0)
		w.look(0)
		w.look(time.Second)
		w.end()
	}
	require.Empty(t, p.plan)
	for _, place := range p.places {
		require.Nil(t, place.owner)
	}
}

// The plan is the cheapest of all, tried one by one.
func TestPollPacePlanIsTheCheapest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		seen := make([]time.Duration, 1+r.IntN(7))
		for i := range seen {
			seen[i] = time.Duration(1 + r.IntN(40))
		}
		slices.Sort(seen)
		price := time.Duration(r.IntN(10))
		best := time.Duration(math.MaxInt64)
		for set := range 1 << len(seen) {
			var looks []time.Duration
			for i, l := range seen {
				if set>>i&1 == 1 {
					looks = append(looks, l)
				}
			}
			if len(looks) > 0 && looks[len(looks)-1] == seen[len(seen)-1] {
				best = min(best, cost(seen, looks, price))
			}
		}
		plan := cheapest(seen, price)
		require.Equal(t, best, cost(seen, plan, price), fmt.Sprint(seen, price, plan))
	}
}

// cost is what looks cost, all latencies together.
func cost(latencies, looks []time.Duration, price time.Duration) (c time.Duration) {
	for _, l := range latencies {
		for _, at := range looks {
			if c += price; at >= l {
				c += at - l
				break
			}
		}
	}
	return c
}
