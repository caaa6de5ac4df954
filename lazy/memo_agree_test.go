package lazy

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// Whatever keeps their results, programs come to the same. They are run twice: the second time on what was kept.

// memoWay is a way to run a program with a cache.
type memoWay struct {
	regime
	variant
	changed bool // something was Set, in a world of its own
}

func (m memoWay) String() string {
	return fmt.Sprintf("%s, %s, changed %v", m.regime.name, m.variant.name, m.changed)
}

// runMemoProgram runs a program one way, cold and then warm. It returns what was wrong, and the errors of the first Gets of
// all.
func runMemoProgram(t testing.TB, p program, m memoWay) (problems []string, errs [2]string) {
	defer watchdog(fmt.Sprintf("seed %d, %v", p.seed, m)).Stop()
	if m.private {
		plansPrivate.Store(true)
		defer plansPrivate.Store(false)
	}
	defer neverChanged()()
	if m.changed {
		x := Source("elsewhere", 1)
		x.Set(2)
		Must(x.Get(context.Background()))
	}
	s := m.session()
	s.VerifyHits = m.verify
	var store *notingStore
	if m.store != nil {
		store = &notingStore{Store: m.store(t, p.seed)}
		s.Cache = store
	}
	w := newWorld(s)
	w.memos = newMemoWraps()
	w.memos.now = w
	for _, step := range p.steps {
		w.record(step)
	}
	errs[0] = w.play(p)
	if problems = w.found.all(); problems != nil {
		return problems, errs
	}
	next := w.warm()
	if m.quiet {
		maps.Copy(next.memos.had, store.put)
	}
	errs[1] = next.play(p)
	return next.found.all(), errs
}

// play runs the rounds of a program, and then all of it until what fails at first works. It returns the error of the first Get
// of all.
func (w *world) play(p program) (err string) {
	for _, r := range p.rounds {
		w.run(r)
	}
	all := get{form: formGetAll, cancel: -1}
	for k := range p.steps {
		all.targets = append(all.targets, k)
	}
	err = w.errorText(w.run(round{gets: []get{all}})[0].err)
	all.keep = true
	for range 5 {
		w.run(round{gets: []get{all}})
	}
	if o, ok := w.session.Observer.(*watcherOf); ok {
		o.check(w)
	}
	return err
}

// waysOf are some of the ways to run a program with a cache: each seed has others.
func waysOf(seed uint64) (ways []memoWay) {
	r := rand.New(rand.NewPCG(seed, 0x3a7))
	for range 3 {
		ways = append(ways, memoWay{regime: pick(r, regimes...), variant: pick(r, variants...), changed: r.IntN(2) == 0})
	}
	return ways
}

// TestProgramsAgreeWithACache runs random programs with all kinds of caches. To run one of them alone:
//
//	go test ./lazy -run 'TestProgramsAgreeWithACache/seed=17$'
func TestProgramsAgreeWithACache(t *testing.T) {
	many := 120
	if testing.Short() {
		many = 20
	}
	for seed := range uint64(many) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			leak.Check(t)
			p := newProgram(seed).memoised()
			for _, way := range waysOf(seed) {
				problems, _ := runMemoProgram(t, p, way)
				require.Empty(t, problems, "seed %d, %v", seed, way)
			}
		})
	}
}

// With exactly one failing call, a Get fails with the same words whatever is kept of the others.
func TestOneFailureReadsTheSameWithACache(t *testing.T) {
	leak.Check(t)
	many := 40
	if testing.Short() {
		many = 10
	}
	for seed := range uint64(many) {
		p := oneFailure(seed).memoised()
		_, want := runMemoProgram(t, p, memoWay{regime: regimes[0], variant: variants[0]})
		require.NotEmpty(t, want[0])
		for _, way := range waysOf(seed) {
			problems, errs := runMemoProgram(t, p, way)
			require.Empty(t, problems, "seed %d, %v", seed, way)
			require.Equal(t, want, errs, "seed %d, %v", seed, way)
		}
	}
}
