package lazy

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/content"
	"github.com/dally-go/dally/internal/kept"
)

// # Fetching
//
// To recall a call's result its inputs must be there, so without this a graph of which all is kept would be read as a whole to
// return one small value at its end. But a key needs no values: the content of a kept result stands in its entry. So before a
// run is planned its graph is walked forwards, keys are made and looked up as far as contents are known; then backwards, from the
// targets to the first calls that are kept. Those are read, and are as though they had run; then the run is planned, and finds them.
// What is behind them is neither read nor run.
//
//	source ──► Read, kept ──► Parse, kept ──► Gather ──► Sum, not kept      read: Parse. Run: Gather, Sum
//
// That is done where nothing was ever Set, like fresh runs, and for the same reason: nobody has to know in which revision the
// values are right. Elsewhere calls are recalled one by one when their turn comes. It is no loss if a result is gone when it is to be
// read: the call is planned then, with all before it.

// fetcher looks for what is kept of a plan. What is by call is by its place in the plan.
type fetcher struct {
	session  *Session
	ctx      context.Context
	plan     *planner
	contents [][]byte     // of values, as appendContent makes them; nil: not known
	keys     []kept.Key   // of calls whose key is known
	state    []fetchState // what is known of calls
	entries  map[int32]kept.Entry
	why      map[int32]string // why a call cannot be keyed, or what is kept is not to be used
	mu       sync.Mutex       // guards entries and why
	trouble  func(m *memo, op string, err error)
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

// fetch reads what the targets need and the cache has.
func (r *run) fetch() {
	s := r.options.session
	if s.Cache == nil || !memoised.Load() || s.VerifyHits > 0 || r.options.refresh || changes.state.Load() != 0 || r.base.Err() != nil {
		return
	}
	p := planners.Get().(*planner)
	if !p.unchanging(r.targets) || !p.memoises() {
		p.free()
		return
	}
	ctx, cancel := context.WithCancel(executor.WithoutSlot(r.base))
	defer cancel()
	f := newFetcher(s, ctx, p)
	f.trouble = r.trouble
	done := make(chan struct{})
	go func() { // stores, codecs and types of the user's may end the goroutine
		defer close(done)
		f.resolve()
		r.fetched = f.load(f.wanted())
	}()
	<-done
	p.free()
}

// memoises reports whether a call of the plan is to be looked up.
func (p *planner) memoises() bool {
	return slices.ContainsFunc(p.order, func(n *node) bool { return n.fn.memo != nil })
}

func newFetcher(s *Session, ctx context.Context, p *planner) *fetcher {
	n := len(p.order)
	return &fetcher{
		session: s, ctx: ctx, plan: p, contents: make([][]byte, n), keys: make([]kept.Key, n), state: make([]fetchState, n),
		entries: make(map[int32]kept.Entry), why: make(map[int32]string),
		trouble: func(*memo, string, error) {},
	}
}

// resolve looks up all calls whose keys can be known, inputs before users: those that are equally far from what is known at once.
func (f *fetcher) resolve() {
	for _, level := range f.levels() {
		f.each(level, f.resolveOne)
	}
}

// levels are the calls whose content may become known, by how many of those are before them.
func (f *fetcher) levels() (levels [][]int32) {
	level := make([]int32, len(f.plan.order))
	for i, n := range f.plan.order {
		if n.fn.memo == nil && n.fn.elem == nil {
			level[i] = -1
			continue
		}
		for k, in := range f.inputs(int32(i)) {
			if in.place < 0 || n.fn.memo != nil && n.fn.memo.ignores(k) {
				continue
			}
			if level[in.place] < 0 {
				level[i] = -1
				break
			}
			level[i] = max(level[i], level[in.place]+1)
		}
		if l := int(level[i]); l >= 0 {
			if l == len(levels) {
				levels = append(levels, nil)
			}
			levels[l] = append(levels[l], int32(i))
		}
	}
	return levels
}

// eachLen is how many calls are worth another goroutine.
const eachLen = 16

// each calls do for all calls, by as many goroutines as the session has workers. What do panics with is the call's trouble.
func (f *fetcher) each(calls []int32, do func(i int32)) {
	var next atomic.Int64
	work := func() {
		for k := next.Add(1) - 1; int(k) < len(calls) && f.ctx.Err() == nil; k = next.Add(1) - 1 {
			f.guarded(calls[k], do)
		}
	}
	var wg sync.WaitGroup
	for range min(f.session.workers(), len(calls)/eachLen) - 1 {
		wg.Go(work)
	}
	defer wg.Wait()
	work()
}

func (f *fetcher) guarded(i int32, do func(i int32)) {
	defer func() {
		if v := recover(); v != nil {
			fn := f.plan.order[i].fn
			f.trouble(fn.memo, "get", newPanicError("Memo of "+fn.name, v))
		}
	}()
	do(i)
}

// resolveOne finds out the content of a call, if that can be known.
func (f *fetcher) resolveOne(i int32) {
	n := f.plan.order[i]
	if n.fn.memo != nil {
		f.look(i, n)
		return
	}
	join := content.NewRules().Of(n.valueType().typ())
	if !join.Joins() {
		return
	}
	elem := content.NewRules().Of(n.fn.elem)
	places := f.inputs(i)
	b, err := join.AppendJoined(nil, len(places), func(dst []byte, k int) ([]byte, error) {
		return f.appendInput(dst, places[k], func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			dst, _, err := elem.Append(dst, p)
			return dst, err
		})
	})
	if err == nil {
		f.contents[i] = b
	}
}

// look looks up a memoised call, if its key can be known.
func (f *fetcher) look(i int32, n *node) {
	m := n.fn.memo
	m.prepare()
	contents, err := f.arguments(i, m)
	if err != nil {
		if err != errNotKnown {
			f.because(i, err.Error())
		}
		return
	}
	f.keys[i] = m.keyOf(contents)
	f.state[i] = fetchMiss
	e, err := f.session.Cache.Get(f.ctx, f.keys[i], m.codec)
	switch {
	case err != nil:
		f.because(i, f.missed(m, err))
	case e.Trouble != nil:
		f.trouble(m, "get", e.Trouble)
	}
	if err != nil {
		return
	}
	if why := m.expiry(e.Meta); why != "" {
		f.because(i, why)
		return
	}
	f.state[i] = fetchKept
	if e.Meta.Content != "" {
		f.contents[i] = appendContent(nil, e.Meta.Content)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries[i] = e
}

// missed tells why a Get from the cache gave nothing, if there is more to be told than that.
func (f *fetcher) missed(m *memo, err error) string {
	if err == kept.ErrMiss {
		return ""
	}
	if f.ctx.Err() == nil {
		f.trouble(m, "get", err)
	}
	return "cannot be had from the cache: " + err.Error()
}

func (f *fetcher) because(i int32, why string) {
	if why == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.why[i] = why
}

// errNotKnown says that an input's content is not known yet.
var errNotKnown = errors.New("not known")

// arguments are the contents of a memoised call's arguments.
func (f *fetcher) arguments(i int32, m *memo) (contents []byte, err error) {
	if m.unkeyed != nil {
		return nil, m.unkeyed
	}
	for k, in := range f.inputs(i) {
		if m.args[k] == nil {
			contents = append(contents, notInKey)
			continue
		}
		if in.place >= 0 && len(m.opts.own) > 0 {
			return nil, errNotKnown // what is known of results is not by the function's own rules
		}
		contents, err = f.appendInput(contents, in, func(dst []byte, p unsafe.Pointer) ([]byte, error) {
			return m.appendArgument(dst, k, p)
		})
		if err != nil {
			return nil, err
		}
	}
	return contents, nil
}

// fetchInput is an input of a planned call: the place of its call in the plan or, if that is negative, where its value is.
type fetchInput struct {
	place int32
	p     unsafe.Pointer
}

// inputs are the inputs of call i.
func (f *fetcher) inputs(i int32) []fetchInput {
	p := f.plan
	n := p.order[i]
	places := p.shape.Inputs(int(i))
	all := make([]fetchInput, 0, len(n.inputs()))
	for k, in := range n.inputs() {
		switch {
		case len(places) > 0 && p.order[places[0]] == in:
			all = append(all, fetchInput{place: places[0]})
			places = places[1:]
		case len(p.argsOff) > 0 && p.argsOff[i] >= 0:
			all = append(all, fetchInput{place: -1, p: p.argsOf(i)[k].p})
		default:
			all = append(all, fetchInput{place: -1, p: in.inline()})
		}
	}
	return all
}

// appendInput appends the content of an input: the one that is known, or the one of its value, by make.
func (f *fetcher) appendInput(dst []byte, in fetchInput, make func([]byte, unsafe.Pointer) ([]byte, error)) ([]byte, error) {
	switch {
	case in.place < 0 && in.p != nil:
		return make(dst, in.p)
	case in.place < 0 || f.contents[in.place] == nil:
		return dst, errNotKnown
	}
	return append(dst, f.contents[in.place]...), nil
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
func (f *fetcher) load(wanted []bool) (loaded []fetchedCall) {
	var calls []int32
	for i, w := range wanted {
		if w && f.state[i] == fetchKept {
			calls = append(calls, int32(i))
		}
	}
	var mu sync.Mutex
	f.each(calls, func(i int32) {
		n, start := f.plan.order[i], mono()
		if f.loadOne(i, n) {
			mu.Lock()
			defer mu.Unlock()
			loaded = append(loaded, fetchedCall{n: n, start: start, end: mono()})
		}
	})
	return loaded
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
	e := f.entries[i]
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
	n.knowContent(n.inline(), e.Meta.Content)
	ok = true
	n.end(stateCached, nil)
	return true
}
