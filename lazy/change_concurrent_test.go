package lazy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// changeHistory is a graph whose sources are Set, one after another, while others Get. All states that it goes through
// are known beforehand: what a Get returns must be what some state between its beginning and its end says, and what a
// body sees must be what some state says.
type changeHistory struct {
	*changeWorld
	steps  []changeStep
	states [][]int // after so many steps, the values of all nodes
	seen   []map[string]bool
	again  bool         // some Gets Refresh; nothing is Set that has a function to run again then
	begun  atomic.Int64 // steps
	ended  atomic.Int64
}

// changeStep is a Set or, which changes no value, an Invalidate.
type changeStep struct {
	node       *changeNode
	value      int
	invalidate bool
}

func newChangeHistory(r *rand.Rand) *changeHistory {
	p := &changeProgram{changeWorld: newChangeWorld(fuzzSession(byte(r.IntN(7))))}
	for range 1 + r.IntN(3) {
		p.another(chSource, r.IntN(10), 0)
	}
	for range 4 + r.IntN(pick(r, 5, 30)) {
		p.another(changeKind(1+r.IntN(int(numChangeKinds)-1)), r.IntN(10), r.IntN(256))
	}
	h := &changeHistory{changeWorld: p.changeWorld}
	h.again = r.IntN(3) == 0
	flaky := r.IntN(3) == 0
	for _, n := range h.nodes {
		if flaky && !n.pure && r.IntN(4) == 0 {
			n.flaky.Store(2 + r.Int32N(8))
		}
		h.seen = append(h.seen, make(map[string]bool))
	}
	h.note()
	for range r.IntN(pick(r, 20, 200)) {
		h.step(r)
		h.note()
	}
	return h
}

// step adds a step: sources grow, so that hardly any two states are alike; so do calls without inputs, which are then
// as good as sources.
func (h *changeHistory) step(r *rand.Rand) {
	n := h.nodes[r.IntN(len(h.nodes))]
	s := changeStep{node: n, invalidate: len(n.in) > 0 || h.again && n.kind != chSource}
	if r.IntN(4) > 0 {
		s = changeStep{node: h.nodes[0]}
	}
	if !s.invalidate {
		s.value = s.node.cell + 1 + r.IntN(3)
		s.node.cell, s.node.given = s.value, true
	}
	h.steps = append(h.steps, s)
}

// note adds the present state to those there are.
func (h *changeHistory) note() {
	v := &changeView{w: h.changeWorld, value: make([]int, len(h.nodes))}
	for k, n := range h.nodes {
		if v.value[k] = n.cell; n.kind != chSource && !n.given {
			v.value[k] = v.result(n)
		}
		h.seen[k][fmt.Sprint(v.saw(n))] = true
	}
	h.states = append(h.states, v.value)
}

// write does all steps.
func (h *changeHistory) write() {
	for i, s := range h.steps {
		h.begun.Store(int64(i + 1))
		switch {
		case s.invalidate && s.node.kind == chPair:
			s.node.pair.Invalidate()
		case s.invalidate:
			s.node.d.Invalidate()
		default:
			s.node.d.Set(s.value)
		}
		h.ended.Store(int64(i + 1))
		if i%3 == 0 {
			runtime.Gosched()
		}
	}
}

var changeNext = Pure1(func(x int) int { return x + 1 }, Name("next"))

// read Gets something and checks what came.
func (h *changeHistory) read(r *rand.Rand) {
	targets := make([]int, 1+r.IntN(3))
	ds := make([]Data[int], len(targets))
	more := r.IntN(4) / 3 // Get not the node, but a call recorded right now
	for i := range targets {
		targets[i] = r.IntN(len(h.nodes))
		if ds[i] = h.nodes[targets[i]].d; more > 0 {
			ds[i] = changeNext(ds[i])
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.IntN(8) == 0 {
		yields := r.IntN(20)
		go func() {
			for range yields {
				runtime.Gosched()
			}
			cancel()
		}()
	}
	opts := []RunOption{In(h.session)}
	if h.again && r.IntN(8) == 0 {
		opts = append(opts, Refresh())
	}
	first := h.ended.Load()
	values, err := GetAll(ctx, ds, opts...)
	last := h.begun.Load()
	switch {
	case err == nil:
		h.check(targets, values, more, first, last)
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
	case causeOf(err) < 0 || h.nodes[causeOf(err)].flaky.Load() == 0:
		var p *PanicError
		if errors.As(err, &p) {
			h.found.add("%v: %v\n%s", targets, err, p.Stack)
			return
		}
		h.found.add("%v: %v", targets, err)
	}
}

// check requires that one of the states from first to last has all the values.
func (h *changeHistory) check(targets, values []int, more int, first, last int64) {
	for _, state := range h.states[first : last+1] {
		fits := true
		for i, k := range targets {
			fits = fits && state[k]+more == values[i]
		}
		if fits {
			return
		}
	}
	h.found.add("nodes %v: got %v, which no state from %d to %d has: %v to %v", targets, values, first, last, h.states[first], h.states[last])
}

// run writes and reads at once, and then looks whether the last state is what is got.
func (h *changeHistory) run(seed uint64) {
	goroutines := runtime.NumGoroutine()
	var wg sync.WaitGroup
	var over atomic.Bool
	wg.Go(func() {
		h.write()
		over.Store(true)
	})
	for reader := range uint64(3) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, reader))
			for k := 0; k < 10 || !over.Load(); k++ {
				h.read(r)
			}
		})
	}
	wg.Wait()
	for runtime.NumGoroutine() > goroutines {
		runtime.Gosched()
	}
	for _, n := range h.nodes {
		n.flaky.Store(0) // functions that were left behind may still look
	}
	for k, n := range h.nodes {
		v, err := n.d.Get(context.Background(), In(h.session))
		if last := h.states[len(h.states)-1][k]; err != nil || v != last {
			h.found.add("node %d: at the end got %d, %v, want %d", k, v, err, last)
		}
	}
	for k, n := range h.nodes {
		for _, run := range n.takeRuns() {
			if !run.stray && !h.seen[k][fmt.Sprint(run.saw)] {
				h.found.add("node %d saw %v, which no state has (%v)", k, run.saw, run.err)
			}
		}
	}
}

// changeHistorySeeds are those of histories that found a mistake once.
var changeHistorySeeds = []struct {
	seed uint64
	what string
}{
	{30, "a run in an older view overwrote what a Bind had gone on to; later, plans did not know that something had been refreshed"},
	{42, "a plain executor was told that inputs which need not run had not ended; later, a mark in the revision of a plan was lost"},
	{66, "a run took a value newer than its view"},
	{93, "the same, through what a call had got while it ran"},
	{97, "a small run was started while it was still being made"},
	{169, "a Set during the first run of all was lost behind an If"},
	{213, "a Bind kept the choice of an older view; later, what a call had used in an older view was taken for verified"},
}

// TestChangesAtOnce Sets and Gets at once. To run one history alone, often:
//
//	go test ./lazy -race -run 'TestChangesAtOnce/seed=17$' -count 1000
func TestChangesAtOnce(t *testing.T) {
	for _, s := range changeHistorySeeds {
		t.Run(fmt.Sprint("seed=", s.seed), func(t *testing.T) { changesAtOnce(t, s.seed) })
	}
	many := 300
	if testing.Short() {
		many = 60
	}
	for seed := range uint64(many) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { changesAtOnce(t, seed) })
	}
}

func changesAtOnce(t *testing.T, seed uint64) {
	leak.Check(t)
	defer watchdog(fmt.Sprint("history ", seed)).Stop()
	if seed%5 == 0 {
		defer neverChanged()()
	}
	h := newChangeHistory(rand.New(rand.NewPCG(seed, 0x415)))
	h.run(seed)
	var steps []string
	for _, s := range h.steps {
		steps = append(steps, fmt.Sprint(s.node.k, "=", s.value, " ", s.invalidate))
	}
	problems := h.found.all()
	slices.Sort(problems)
	require.Empty(t, problems, "seed %d: add it to changeHistorySeeds.\n%s\n%s", seed, strings.Join(h.trace, "\n"), strings.Join(steps, ", "))
}
