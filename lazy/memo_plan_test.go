package lazy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
)

// Plan says which calls a Get runs that finds some of the results it needs in the cache. Where every call is Memo it
// can be told exactly; else a call whose inputs have to be computed may be found in the cache after all. Where something was
// Set, inputs of results that are kept run, too.
func TestPlanSaysWhatRunsWithACache(t *testing.T) {
	leak.Check(t)
	store, logger := Default.Cache, Default.Logger
	defer func() { Default.Cache, Default.Logger = store, logger }()
	many := 150
	if testing.Short() {
		many = 30
	}
	for seed := range uint64(many) {
		for _, all := range []bool{true, false} {
			for _, changed := range []bool{true, false} {
				problems := planAgrees(plainProgram(seed, all), all, changed)
				require.Empty(t, problems, "seed %d, all %v, changed %v", seed, all, changed)
			}
		}
	}
}

// plainProgram is a program without troubles, in which nothing is recorded or got inside calls. all says that all its calls
// are Memo.
func plainProgram(seed uint64, all bool) program {
	p := newProgram(seed).memoised()
	p.steps = p.steps[:min(len(p.steps), 40)]
	for k := range p.steps {
		s := &p.steps[k]
		s.trouble, s.first = fine, nil
		switch s.kind {
		case aBind, aMap, aNest, anIf:
			s.kind = aGather
		}
		if all { // and none between them that cannot be
			s.kind, s.in, s.memo = aCall, s.in[:min(len(s.in), 4)], true
		}
	}
	return p
}

func planAgrees(p program, all, changed bool) []string {
	defer watchdog(fmt.Sprint("plan of seed ", p.seed)).Stop()
	defer neverChanged()()
	if changed {
		x := Source("elsewhere", 1)
		x.Set(2)
		Must(x.Get(context.Background()))
	}
	Default.Cache = cache.NewMemory(roomy)
	w := newWorld(Default)
	w.memos = newMemoWraps()
	w.memos.now = w
	for _, s := range p.steps {
		w.record(s)
	}
	r := rand.New(rand.NewPCG(p.seed, 7))
	for range 3 {
		w.getAsPlanned(r, all && !changed)
		if r.IntN(2) == 0 {
			w.getAsPlanned(r, all && !changed)
		}
		if problems := w.found.all(); problems != nil {
			return problems
		}
		w = w.warm()
	}
	return nil
}

// getAsPlanned gets some steps and compares what runs with what Plan has said. exactly says that all that was planned is to run.
func (w *world) getAsPlanned(r *rand.Rand, exactly bool) {
	var ds []Data[int]
	var ts []Target
	for range 1 + r.IntN(3) {
		d := w.handles[r.IntN(len(w.handles))]
		ds, ts = append(ds, d), append(ts, d)
	}
	planned := make(map[uint64]bool)
	for _, n := range Plan(ts...).Nodes {
		planned[uint64(n.ID)] = n.State != graph.Done && n.State != graph.Cached && n.State != graph.Source
	}
	before := make([]int32, len(w.states))
	for k, st := range w.states {
		before[k] = st.tries.Load()
	}
	if _, err := GetAll(context.Background(), ds); err != nil {
		w.found.add("got %v", err)
	}
	for k, st := range w.states {
		ran := st.tries.Load() > before[k]
		if ran && !planned[w.ids[k]] || exactly && !ran && planned[w.ids[k]] {
			w.found.add("step %d: planned %v, ran %v", k, planned[w.ids[k]], ran)
		}
	}
}
