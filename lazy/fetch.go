package lazy

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/internal/kept"
)

// # Fetching
//
// To recall a call's result its inputs must be there, so without this a graph of which all is kept would be read as a
// whole to return one small value at its end. But a key needs no values: the content of a kept result stands in its
// entry. So before a run is planned its graph is walked forwards, keys are made and looked up as far as contents are
// known; then backwards, from the targets to the first calls that are kept. Those are read, and are as though they had
// run; then the run is planned, and finds them. What is behind them is neither read nor run.
//
//	source ──► Read, kept ──► Parse, kept ──► Gather ──► Sum, not kept      read: Parse. Run: Gather, Sum
//
// That is done where nothing was ever Set, like fresh runs, and for the same reason: nobody has to know in which
// revision the values are right. Elsewhere calls are recalled one by one when their turn comes. It is no loss if a
// result is gone when it is to be read: the call is planned then, with all before it.

// fetcher looks for what is kept of a plan. What is by call is by its place in the plan.
type fetcher struct {
	session  *Session
	ctx      context.Context
	plan     *planner
	contents []kept.Content // of values; "": not known
	state    []fetchState   // what is known of calls
	entries  []kept.Entry   // of calls that are kept
	trouble  func(m *memo, op string, err error)
	tells    bool // somebody wants to know what was read

	mu     sync.Mutex
	why    map[int32]string // why a call cannot be keyed, or what is kept is not to be used. Guarded by mu
	loaded []fetchedCall    // guarded by mu
}

// fetchState is what is known of a call before its run is planned.
type fetchState uint8

const (
	fetchUnknown fetchState = iota // not memoised, or its key is not known yet
	fetchMiss                      // nothing is kept under its key
	fetchKept                      // something is
)

// fetchedCall is a call that has its value from the cache, for those who look.
type fetchedCall struct {
	n          *node
	start, end int64 // as mono
}

// fetch reads what the targets need and the cache has, or leaves off when the caller's context ends. Where that cannot
// end, it runs on the caller's goroutine: a store, a codec or a CacheKey of the user's that ends the goroutine then
// ends that one.
func (r *run) fetch() {
	s := r.options.session
	if s.Cache == nil || !memoised.Load() || s.VerifyHits > 0 || r.options.refresh || changes.state.Load() != 0 || r.base.Err() != nil {
		return
	}
	p := planners.Get().(*planner)
	if !p.unchanging(r.targets) || !p.memo {
		p.free()
		return
	}
	f := newFetcher(r.base, s, p)
	f.trouble, f.tells = r.trouble, s.observed() || r.options.observer != nil
	if r.base.Done() == nil {
		f.run()
		r.fetched = f.loaded
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.run()
	}()
	select {
	case <-done:
		r.fetched = f.loaded
	case <-r.base.Done(): // a store that does not heed it is left behind
	}
}

// run looks up what the plan needs, and reads it. The plan is the fetcher's own.
func (f *fetcher) run() {
	defer f.plan.free()
	f.resolve()
	f.load(f.wanted())
}

func newFetcher(ctx context.Context, s *Session, p *planner) *fetcher {
	n := len(p.order)
	return &fetcher{
		session: s, ctx: ctx, plan: p, trouble: func(*memo, string, error) {},
		contents: make([]kept.Content, n), state: make([]fetchState, n), entries: make([]kept.Entry, n),
	}
}

// resolve looks up all calls whose keys can be known, inputs before users: those that are equally far from what is
// known at once.
func (f *fetcher) resolve() {
	calls, ends := f.levels()
	begin := int32(0)
	for _, end := range ends {
		f.each(calls[begin:end], f.resolveOne)
		begin = end
	}
}

// levels are the calls whose content may become known, ordered by how many of those are before them, and where those
// that are equally far end.
func (f *fetcher) levels() (calls, ends []int32) {
	level := make([]int32, len(f.plan.order)) // from 1; 0: none
	var counts []int32
	for i := range f.plan.order {
		if level[i] = f.levelOf(int32(i), level); level[i] == 0 {
			continue
		}
		if int(level[i]) > len(counts) {
			counts = append(counts, 0)
		}
		counts[level[i]-1]++
	}
	ends = counts
	at, sum := make([]int32, len(counts)), int32(0)
	for l, n := range counts {
		at[l] = sum
		sum += n
		ends[l] = sum
	}
	calls = make([]int32, sum)
	for i, l := range level {
		if l > 0 {
			calls[at[l-1]] = int32(i)
			at[l-1]++
		}
	}
	return calls, ends
}

// levelOf is the level of call i, given those of the calls before it.
func (f *fetcher) levelOf(i int32, level []int32) int32 {
	n := f.plan.order[i]
	if n.fn.memo == nil && n.fn.elem == nil || n.mustRun(n.word.Load()) {
		return 0
	}
	last := int32(0)
	for k, in := range f.inputsOf(i) {
		if in.place < 0 || n.fn.memo != nil && n.fn.memo.ignores(k) {
			continue
		}
		if level[in.place] == 0 {
			return 0
		}
		last = max(last, level[in.place])
	}
	return last + 1
}

// eachLen is how many calls are worth another goroutine.
const eachLen = 16

// each calls do for all calls, by as many goroutines as the session has workers. What do panics with is the call's trouble.
func (f *fetcher) each(calls []int32, do func(i int32)) {
	helpers := min(f.session.workers(), len(calls)/eachLen) - 1
	if helpers <= 0 {
		for _, i := range calls {
			if f.ctx.Err() != nil {
				return
			}
			f.guarded(i, do)
		}
		return
	}
	var next atomic.Int64
	work := func() {
		for k := next.Add(1) - 1; int(k) < len(calls) && f.ctx.Err() == nil; k = next.Add(1) - 1 {
			f.guarded(calls[k], do)
		}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for range helpers {
		wg.Go(work)
	}
	work()
}

func (f *fetcher) guarded(i int32, do func(i int32)) {
	defer func() {
		if v := recover(); v != nil {
			if m := f.plan.order[i].fn.memo; m != nil { // else a slice of what cannot be joined: its call runs
				err := newPanicError("Memo of "+m.fn.name, v)
				f.trouble(m, "get", err)
				f.because(i, err.Error())
			}
		}
	}()
	do(i)
}

// wanted marks the calls that are needed for the targets: those that are kept are to be read, the others to run.
func (f *fetcher) wanted() []bool {
	wanted := make([]bool, len(f.plan.order))
	for _, t := range f.plan.targets {
		if t.pos >= 0 {
			wanted[t.pos] = true
		}
	}
	for i := len(wanted) - 1; i >= 0; i-- {
		if !wanted[i] || f.state[i] == fetchKept {
			continue
		}
		for _, in := range f.plan.shape.Inputs(i) {
			wanted[in] = true
		}
	}
	return wanted
}

// load reads the values of the calls that are wanted and kept.
func (f *fetcher) load(wanted []bool) {
	var calls []int32
	for i, w := range wanted {
		if w && f.state[i] == fetchKept {
			calls = append(calls, int32(i))
		}
	}
	f.each(calls, func(i int32) {
		start := mono()
		if n := f.plan.order[i]; f.loadOne(i, n) && f.tells {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.loaded = append(f.loaded, fetchedCall{n: n, start: start, end: mono()})
		}
	})
}

// loadOne reads the value of a call, unless somebody is running it.
func (f *fetcher) loadOne(i int32, n *node) (ok bool) {
	if n.beginFresh() != statePending {
		return false
	}
	defer func() {
		if !ok {
			n.end(statePending, &failure{at: -1})
		}
	}()
	e := &f.entries[i]
	v, err := e.Value(f.ctx)
	if err == nil && !n.fn.typ.set(n, nil, v) {
		err = kept.ErrCorrupt
	}
	if err != nil {
		if f.ctx.Err() == nil {
			f.trouble(n.fn.memo, "get", err)
		}
		return false
	}
	if n.fn.opts.memo.codec == nil { // see takes
		n.knowContent(n.inline(), e.Meta.Content)
	}
	n.word.Or(flagShared)
	ok = true
	n.end(stateCached, nil)
	return true
}
