package lazy

import (
	"math"
	"slices"
	"sync"
	"time"
)

// # The pace of a poll
//
// A look costs the user a look – a request, a file read – and a wait that is too long costs latency. The pace of a
// function is learned from its last few waits: the plan is the times at which it would have been cheapest to look, had
// the latencies been known beforehand, where a look costs as much as being late by 1/40 of the median latency.
//
//	seen:        ├─┤├─┤  ├┤├┤├──┤  ├───┤     when conditions became true, the longest 1/8 left out
//	looks:  0         │     │   │      │   ·  ·    ·     ·     ·
//	        └ first   └───── plan ─────┘   └ beyond: the waits double, up to 1/8 of the time so far
//
// Look 0 is not planned: it comes at once. It costs one look, a quarter of all once the pace is known, and for that a
// condition that is true already costs no wait, however long the others take.
//
// A condition is known to have become true between the last look that failed and the one that did not. Where in between
// is not known, and the plan is made for all of it: so wide intervals, from when nothing was known, are looked into, and
// become narrow. Where nothing but look 0 came before, the interval would say nothing: there the condition is taken to
// have become true in the last 1/8 of the wait. So a plan that is too late creeps forward; but a function that has become
// fast must not be crept up on: after two waits in a row that ended with the first planned look, there is a look at half
// that time, too. As long as that succeeds, the plan comes down by half; when it does not, the next wait has a look at
// 3/4, and the next at 7/8.

const (
	paceLen    = 16 // waits remembered
	paceKnown  = 4  // waits from which on there is a plan: the first may have met a cold start
	paceTrim   = 8  // the longest 1/8 is not planned for
	paceParts  = 4  // times that stand for an interval
	lookPrice  = 40 // a look is worth being late by 1/40 of the median latency
	lookApart  = 64 // a planned look is left out if it is within 1/64 of the time so far
	hitMargin  = 8  // a first planned look that succeeds is thought to be late by up to 1/8
	hitsRow    = 2  // successes of the first planned look, in a row, from which on there are looks before it
	probesLen  = 3  // such looks: at 1/2, 3/4, 7/8 of its time
	growFirst  = 2  // without a plan each wait is 1/2 of the time so far
	growMin    = 32 // beyond the plan a wait is at least 1/32 of the time so far,
	growMax    = 8  // and at most 1/8
	stuckAfter = 8  // a wait that takes 8 times what is planned for does not keep its place from others
)

// pace is the learned pace of a function. The zero pace has learned nothing. It knows no clock: times are given to it.
type pace struct {
	mu     sync.Mutex
	places [paceLen]struct {
		from, to time.Duration // the condition became true after from, and by to; 0: nothing is known yet
		owner    *wait         // will write the next; nil: none
	} // guarded by mu
	at   int             // the place that is looked at last. Guarded by mu
	plan []time.Duration // when to look, in order; empty: not known. Guarded by mu
	// hits are the waits in a row that ended with the first planned look, or before; probes are the looks before it, in a
	// row, that failed. Guarded by mu.
	hits, probes int
}

// wait is one wait of a poll: the looks of one loop.
type wait struct {
	pace  *pace
	began time.Duration // on the clock of whoever began it
	early time.Duration // there is a look at this time, before those that are planned; 0: none

	looks     int
	last, now time.Duration // since began: the look before this, and this
	found     bool          // this look was the last. Guarded by the task's mu
}

// begin begins a wait. What is remembered are waits as they begin: each takes one of the places, if one is free, and
// writes there what it has learned. Taken as they end, the last of many waits that began together would be the longest.
func (p *pace) begin(now time.Duration) *wait {
	w := &wait{pace: p, began: now}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hits >= hitsRow {
		w.early = p.plan[0] - p.plan[0]>>(p.probes+1)
	}
	for range p.places {
		p.at = (p.at + 1) % paceLen
		if place := &p.places[p.at]; place.owner == nil || p.stuckLocked(place.owner, now) {
			place.owner = w
			break
		}
	}
	return w
}

func (p *pace) stuckLocked(w *wait, now time.Duration) bool {
	return len(p.plan) > 0 && now-w.began > stuckAfter*p.plan[len(p.plan)-1]
}

// look notes that there is a look now.
func (w *wait) look(now time.Duration) {
	w.looks++
	w.last, w.now = w.now, now-w.began
}

// next is the time to wait before the next look.
func (w *wait) next(least, most time.Duration) time.Duration {
	w.pace.mu.Lock()
	plan := w.pace.plan
	w.pace.mu.Unlock()
	return min(max(pauseAfter(plan, w.early, w.now), least), most)
}

// pauseAfter is the time from a look to the next, so long after the wait has begun.
func pauseAfter(plan []time.Duration, early, now time.Duration) time.Duration {
	if len(plan) == 0 {
		return now / growFirst
	}
	k, _ := slices.BinarySearch(plan, now+now/lookApart+1)
	switch {
	case now < early:
		return early - now
	case k == 0:
		return plan[0] - now
	case k < len(plan):
		return min(plan[k]-now, now) // across a gap, too, no more than as long again
	}
	return min(max(now-plan[k-1], now/growMin), now/growMax)
}

// end ends a wait. What it has learned counts if its last look has found what it looked for.
func (w *wait) end() {
	p := w.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.places {
		if place := &p.places[k]; place.owner == w {
			place.owner = nil
			if w.found && w.looks > 1 { // a condition that was true at once says nothing about those that were not
				place.from, place.to = w.interval()
				p.learnLocked(w)
			}
			return
		}
	}
}

// interval is when the condition seems to have become true.
func (w *wait) interval() (from, to time.Duration) {
	if w.last <= w.now/2 {
		return w.now - w.now/hitMargin, w.now
	}
	return w.last, w.now
}

// learnLocked makes the plan anew. Needs p.mu.
func (p *pace) learnLocked(w *wait) {
	p.countLocked(w)
	seen := p.seenLocked()
	if len(seen) < paceKnown*paceParts {
		return
	}
	seen = seen[:len(seen)-len(seen)/paceTrim]
	p.plan = cheapest(seen, seen[len(seen)/2]/lookPrice)
}

// countLocked counts hits and probes. Needs p.mu.
func (p *pace) countLocked(w *wait) {
	switch {
	case len(p.plan) == 0 || w.now > p.plan[0]:
		p.hits, p.probes = 0, 0
	case w.now <= w.early:
		p.probes = 0
	case w.early == 0:
		p.hits++
	default:
		if p.probes++; p.probes == probesLen { // the first planned look is where it should be
			p.hits, p.probes = 0, 0
		}
	}
}

// seenLocked returns times that stand for what is known, sorted. Needs p.mu.
func (p *pace) seenLocked() (seen []time.Duration) {
	for _, place := range p.places {
		if place.to == 0 {
			continue
		}
		for k := range time.Duration(paceParts) {
			seen = append(seen, place.from+(place.to-place.from)*(2*k+1)/(2*paceParts))
		}
	}
	slices.Sort(seen)
	return seen
}

// cheapest returns when to look such that the looks, at the given price each, and the time from a latency to the look
// that sees it cost the least, over all latencies together. They are sorted. The best times are among them: a look
// between two would see no more than one at the lower, later.
func cheapest(latencies []time.Duration, price time.Duration) []time.Duration {
	n := len(latencies)
	costs := make([]time.Duration, n+1) // of latencies[i:], if there is a look at the one before
	nexts := make([]int, n+1)
	for i := n - 1; i >= 0; i-- {
		costs[i] = math.MaxInt64
		late := time.Duration(0)
		for k := i; k < n; k++ {
			if k > i {
				late += time.Duration(k-i) * (latencies[k] - latencies[k-1])
			}
			if cost := time.Duration(n-i)*price + late + costs[k+1]; cost < costs[i] {
				costs[i], nexts[i] = cost, k+1
			}
		}
	}
	var looks []time.Duration
	for i := 0; i < n; i = nexts[i] {
		looks = append(looks, latencies[nexts[i]-1])
	}
	return looks
}
