package lazy

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// byHand is what one would write for a graph that changes and that one knows beforehand: nodes are numbers, all that is
// known of them lies in arrays. A change marks what is behind it, a read verifies what is marked before it: the same way
// as the library goes, without handles, types, errors, goroutines or memory that is given back.
type byHand struct {
	fn     []func(a, b int) int // nil: a source
	a, b   []int32              // inputs
	value  []int
	marked []bool
	// changed is the revision in which the value came to be, verified the one in which it was last known to be right.
	changed, verified []uint64

	users, usersOff []int32 // made by seal
	now             uint64
	queue           []given
	stack           []int32
}

type given struct {
	node  int32
	value int
}

func (h *byHand) add(fn func(a, b int) int, a, b int32, v int) int32 {
	h.fn, h.a, h.b, h.value = append(h.fn, fn), append(h.a, a), append(h.b, b), append(h.value, v)
	h.marked, h.changed, h.verified = append(h.marked, fn != nil), append(h.changed, 1), append(h.verified, 0)
	return int32(len(h.fn) - 1)
}

// seal makes the lists of users.
func (h *byHand) seal() {
	h.now = 1
	h.usersOff = make([]int32, len(h.fn)+1)
	each := func(f func(input, user int32)) {
		for n, fn := range h.fn {
			if fn != nil {
				f(h.a[n], int32(n))
				if h.b[n] != h.a[n] {
					f(h.b[n], int32(n))
				}
			}
		}
	}
	each(func(i, _ int32) { h.usersOff[i+1]++ })
	for i := range h.fn {
		h.usersOff[i+1] += h.usersOff[i]
	}
	h.users = make([]int32, h.usersOff[len(h.fn)])
	next := slices.Clone(h.usersOff)
	each(func(i, n int32) { h.users[next[i]] = n; next[i]++ })
}

func (h *byHand) set(n int32, v int) { h.queue = append(h.queue, given{n, v}) }

func (h *byHand) get(n int32) int {
	if len(h.queue) > 0 {
		h.apply()
	}
	if h.marked[n] {
		h.verify(n)
	}
	return h.value[n]
}

// apply gives sources their values and marks what is behind them.
func (h *byHand) apply() {
	h.now++
	for _, g := range h.queue {
		if h.value[g.node] == g.value {
			continue
		}
		h.value[g.node], h.changed[g.node] = g.value, h.now
		stack := append(h.stack[:0], g.node)
		for len(stack) > 0 {
			n := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for _, u := range h.users[h.usersOff[n]:h.usersOff[n+1]] {
				if !h.marked[u] {
					h.marked[u] = true
					stack = append(stack, u)
				}
			}
		}
		h.stack = stack
	}
	h.queue = h.queue[:0]
}

// verify brings a marked node up to date, and the marked ones before it.
func (h *byHand) verify(n int32) {
	stack := append(h.stack[:0], n)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		a, b := h.a[n], h.b[n]
		switch {
		case h.marked[a]:
			stack = append(stack, a)
			continue
		case h.marked[b]:
			stack = append(stack, b)
			continue
		}
		stack = stack[:len(stack)-1]
		h.marked[n] = false
		if h.changed[a] > h.verified[n] || h.changed[b] > h.verified[n] {
			if v := h.fn[n](h.value[a], h.value[b]); v != h.value[n] || h.verified[n] == 0 {
				h.value[n], h.changed[n] = v, h.now
			}
		}
		h.verified[n] = h.now
	}
	h.stack = stack
}

// twins are the same graph by hand and recorded: node i is hand's i and calls[i].
type twins struct {
	hand  byHand
	calls []Data[int]
	wraps map[string]Func2[int, int, int]
}

// These are the functions of twins.
var twinFuncs = map[string]func(a, b int) int{
	"add":  func(a, b int) int { return a + b },
	"pass": func(a, _ int) int { return a },
	"far":  func(a, _ int) int { return a >> 30 }, // hides small changes
}

func (g *twins) source() int32 {
	g.calls = append(g.calls, Const(0))
	return g.hand.add(nil, 0, 0, 0)
}

func (g *twins) call(fn string, a, b int32) int32 {
	if g.wraps == nil {
		g.wraps = make(map[string]Func2[int, int, int])
		for name, f := range twinFuncs {
			g.wraps[name] = Pure2(f, Name(name))
		}
	}
	g.calls = append(g.calls, g.wraps[fn](g.calls[a], g.calls[b]))
	return g.hand.add(twinFuncs[fn], a, b, 0)
}

// sum adds up nodes as a balanced tree.
func (g *twins) sum(nodes []int32) int32 {
	for len(nodes) > 1 {
		var next []int32
		for i := 0; i+1 < len(nodes); i += 2 {
			next = append(next, g.call("add", nodes[i], nodes[i+1]))
		}
		if len(nodes)%2 == 1 {
			next = append(next, nodes[len(nodes)-1])
		}
		nodes = next
	}
	return nodes[0]
}

// agree compares the two, for every target, under random changes of the sources.
func (g *twins) agree(b *testing.B, sources, targets []int32) {
	b.Helper()
	g.hand.seal()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		s, v := sources[r.IntN(len(sources))], r.IntN(1<<32)
		g.hand.set(s, v)
		g.calls[s].Set(v)
		t := targets[r.IntN(len(targets))]
		if got, err := g.calls[t].Get(context.Background()); err != nil || got != g.hand.get(t) {
			b.Fatal(got, err, g.hand.get(t))
		}
	}
}

// duel measures two ways to do the same, in turn, n times each in a turn, and reports the medians per time.
func duel(b *testing.B, n int, ours, theirs func(n int)) (us, them float64) {
	b.Helper()
	timed := func(f func(int)) float64 {
		began := time.Now()
		f(n)
		return float64(time.Since(began)) / float64(n)
	}
	var ourTimes, theirTimes []float64
	for b.Loop() {
		ourTimes = append(ourTimes, timed(ours))
		theirTimes = append(theirTimes, timed(theirs))
	}
	return report(b, ourTimes, theirTimes, "by-hand-ns/op")
}

// report reports the medians and their ratio.
func report(b *testing.B, ours, theirs []float64, theirUnit string) (us, them float64) {
	us, them = median(ours), median(theirs)
	b.ReportMetric(us, "ns/op")
	b.ReportMetric(them, theirUnit)
	b.ReportMetric(us/them, "ratio")
	return us, them
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
