package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// pipeline is a program whose functions are counted. Only some of them are Memo.
//
//	total <- gather <- {parse <- read <- path!} …
type pipeline struct {
	reads, parses, totals atomic.Int32
	read                  lazy.Func1[string, string]
	parse                 lazy.Func2[string, string, record]
	total                 lazy.Func1[[]record, string]
}

type record struct {
	Name  string
	Words []string
}

func newPipeline(t *testing.T) *pipeline {
	p := &pipeline{}
	p.read = lazy.Pure1(func(path string) string { p.reads.Add(1); return "text of " + path }, lazy.Name("read"))
	p.parse = lazy.Pure2(func(path, text string) record {
		p.parses.Add(1)
		return record{path, []string{text, path + " is the name of it, longer than what is its own content"}}
	}, kept(t, "parse", lazy.IgnoreArg(1))...)
	p.total = lazy.Pure1(func(all []record) string { p.totals.Add(1); return fmt.Sprint(len(all), all) }, kept(t, "total")...)
	return p
}

func (p *pipeline) of(paths ...string) (lazy.Data[string], []lazy.Data[record]) {
	var all []lazy.Data[record]
	for _, path := range paths {
		source := lazy.Source("path", path)
		all = append(all, p.parse(source, p.read(source)))
	}
	return p.total(lazy.Gather(all...)), all
}

func (p *pipeline) ran() [3]int32 { return [3]int32{p.reads.Load(), p.parses.Load(), p.totals.Load()} }

func TestWhatIsBehindAKeptResultIsNeitherRunNorRead(t *testing.T) {
	leak.Check(t)
	defer lazy.NeverChanged()()
	paths := []string{"a", "b", "c", "d"}
	for _, workers := range []int{1, 2} {
		store := cache.NewMemory(1 << 20)
		s, w := remembering(store)
		s.Parallelism = workers
		p := newPipeline(t)
		want, _ := p.of(paths...)
		text := get(t, s, want)
		require.Equal(t, [3]int32{4, 4, 1}, p.ran())

		var read atomic.Int32
		s.Cache = &spoiled{Store: store, get: func(ctx context.Context, k cache.Key, c cache.Codec) (cache.Entry, error) {
			e, err := store.Get(ctx, k, c)
			if err != nil {
				return e, err
			}
			v, err := e.Value(ctx)
			return cache.LoadedEntry(e.Meta, func(context.Context) (any, error) { read.Add(1); return v, err }), err
		}}
		total, parts := p.of(paths...)
		require.Equal(t, text, get(t, s, total))
		require.Equal(t, [3]int32{4, 4, 1}, p.ran())
		require.EqualValues(t, 1, read.Load(), "of five kept results the last one is read")
		require.Equal(t, graph.Cached, total.State())
		require.Equal(t, graph.Pending, parts[0].State())

		more, parts := p.of("a", "b", "new")
		get(t, s, more)
		require.Equal(t, [3]int32{5, 5, 2}, p.ran())
		require.EqualValues(t, 3, read.Load())
		require.Equal(t, []graph.State{graph.Cached, graph.Cached, graph.Done},
			[]graph.State{parts[0].State(), parts[1].State(), parts[2].State()})
		require.Empty(t, w.all())
	}
}

func TestFetchingAndRecallingMakeTheSameKeys(t *testing.T) {
	defer lazy.NeverChanged()()
	s, _ := remembering(cache.NewMemory(1 << 20))
	p := newPipeline(t)
	_, parts := p.of("a", "b", "c")
	_, err := lazy.GetAll(context.Background(), parts, lazy.In(s)) // known by their values from here on
	require.NoError(t, err)
	get(t, s, p.total(lazy.Gather(parts...)))
	require.Equal(t, [3]int32{3, 3, 1}, p.ran())
	total, _ := p.of("a", "b", "c")
	get(t, s, total) // known by what is kept of them
	require.Equal(t, [3]int32{3, 3, 1}, p.ran())
	get(t, s, p.total(lazy.Const([]record{get(t, s, parts[0]), get(t, s, parts[1]), get(t, s, parts[2])})))
	require.Equal(t, [3]int32{3, 3, 1}, p.ran())
	x := lazy.Source("x", 1) // elsewhere: from here on calls are recalled one by one
	x.Set(2)
	get(t, s, x)
	total, _ = p.of("a", "b", "c")
	get(t, s, total)
	require.EqualValues(t, 3, p.parses.Load())
	require.EqualValues(t, 1, p.totals.Load())
}

func TestAResultThatIsGoneWhenItIsReadIsComputed(t *testing.T) {
	leak.Check(t)
	defer lazy.NeverChanged()()
	store := cache.NewMemory(1 << 20)
	s, w := remembering(store)
	p := newPipeline(t)
	want, _ := p.of("a", "b")
	text := get(t, s, want)
	s.Cache = &spoiled{Store: store, get: func(ctx context.Context, k cache.Key, c cache.Codec) (cache.Entry, error) {
		e, err := store.Get(ctx, k, c)
		if err == nil {
			e = cache.LoadedEntry(e.Meta, func(context.Context) (any, error) { return nil, errors.New("gone") })
		}
		return e, err
	}}
	total, _ := p.of("a", "b")
	require.Equal(t, text, get(t, s, total))
	require.Equal(t, [3]int32{4, 4, 2}, p.ran())
	require.Len(t, w.all(), 2, "one warning for each function")
}

func TestObserversAreToldOfFetchedCalls(t *testing.T) {
	leak.Check(t)
	defer lazy.NeverChanged()()
	s, _ := remembering(cache.NewMemory(1 << 20))
	p := newPipeline(t)
	first, _ := p.of("a", "b")
	get(t, s, first)
	for _, paths := range [][]string{{"a", "b"}, {"a", "b", "c"}} {
		l := &ledger{}
		total, _ := p.of(paths...)
		get(t, s, total, lazy.Observe(l))
		require.Equal(t, 1, l.started, "runs")
		require.Equal(t, 1, l.done)
		require.Equal(t, l.calls, l.ended[graph.Cached]+l.ended[graph.Done], "RunInfo.Calls")
		if len(paths) == 2 {
			require.Equal(t, map[graph.State]int{graph.Cached: 1}, l.ended)
			require.Zero(t, l.begun)
			continue
		}
		require.Equal(t, map[graph.State]int{graph.Cached: 2, graph.Done: 4}, l.ended)
		require.Equal(t, 4, l.begun)
	}
}

// ledger counts what an observer is told.
type ledger struct {
	mu                          sync.Mutex
	started, done, begun, calls int
	ended                       map[graph.State]int
}

func (l *ledger) RunStarted(lazy.RunInfo)   { l.started++ }
func (l *ledger) RunDone(r lazy.RunInfo)    { l.done, l.calls = l.done+1, r.Calls }
func (l *ledger) CallStarted(lazy.CallInfo) { l.mu.Lock(); defer l.mu.Unlock(); l.begun++ }

func (l *ledger) CallDone(c lazy.CallInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended = make(map[graph.State]int)
	}
	l.ended[c.State]++
}

func TestAKeptCallInAFailingRunHasItsValue(t *testing.T) {
	leak.Check(t)
	for _, changed := range []bool{false, true} {
		restore := lazy.NeverChanged()
		if changed {
			x := lazy.Source("x", 1)
			x.Set(2)
			get(t, &lazy.Session{}, x)
		}
		s, _ := remembering(cache.NewMemory(1 << 20))
		f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
		get(t, s, f.Of(1))
		bad := lazy.Wrap1(func(context.Context, int) (int, error) { return 0, errBoom }, lazy.Name("bad"))
		good := f.Of(1)
		vs, err := lazy.GetAll(context.Background(), []lazy.Data[int]{bad.Of(1), good}, lazy.In(s), lazy.KeepGoing())
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []int{0, 1}, vs)
		restore()
	}
}

func TestPlanAndExplainKnowTheCache(t *testing.T) {
	defer lazy.NeverChanged()()
	s, _ := remembering(cache.NewMemory(1 << 20))
	defer func(c cache.Store) { lazy.Default.Cache = c }(lazy.Default.Cache)
	lazy.Default.Cache = s.Cache
	p := newPipeline(t)
	first, _ := p.of("a", "b")
	get(t, s, first)
	same, _ := p.of("a", "b")
	require.Empty(t, lazy.Plan(same).Nodes)
	require.Contains(t, lazy.Explain(same).String(), "would run 0 of 8")
	require.Contains(t, lazy.Explain(same).String(), "is in the cache: computed")
	require.Contains(t, lazy.Explain(same).String(), "is not needed: the result that it is for is in the cache")
	other, _ := p.of("a", "c")
	var names []string
	for _, n := range lazy.Plan(other).Nodes {
		names = append(names, n.Name)
	}
	require.Len(t, names, 4) // read, parse, Gather, total
	require.Equal(t, [3]int32{2, 2, 1}, p.ran(), "nothing runs")
	require.Contains(t, lazy.Explain(other).String(), "whether it is in the cache is known when its inputs are")
}

func TestExplainSaysWhyThereWasNoHit(t *testing.T) {
	s, _ := remembering(cache.NewMemory(1 << 20))
	defer func(c cache.Store) { lazy.Default.Cache = c }(lazy.Default.Cache)
	lazy.Default.Cache = s.Cache
	name := unique(t, "f")
	wrap := func(version string) lazy.Func3[int, string, []byte, int] {
		return lazy.Pure3(func(a int, b string, c []byte) int { return a }, lazy.Name(name), lazy.Memo(), lazy.Version(version))
	}
	one, two := wrap("1"), wrap("2")
	require.Contains(t, lazy.Explain(one.Of(1, "b", nil)).String(), "nothing is kept of this function")
	get(t, s, one.Of(1, "b", nil))
	for _, row := range []struct {
		d    lazy.Data[int]
		want string
	}{
		{two.Of(1, "b", nil), `version changed: kept is a result of version "1", this is version "2"`},
		{one.Of(1, "c", nil), "input 2 changed, or is new"},
		{one.Of(2, "b", []byte{}), "inputs 1 and 3 changed, or are new"},
		{one.Of(2, "c", []byte{}), "inputs 1, 2 and 3 changed, or are new"},
	} {
		require.Contains(t, lazy.Explain(row.d).String(), row.want)
	}
	ttl := lazy.Pure1(func(int) int { return 1 }, kept(t, "ttl", lazy.TTL(1))...)
	get(t, s, ttl.Of(1))
	require.Contains(t, lazy.Explain(ttl.Of(1)).String(), "expired: it was computed")
}

func TestExplainSaysThatAResultWasEvicted(t *testing.T) {
	s, _ := remembering(cache.NewMemory(100_000))
	defer func(c cache.Store) { lazy.Default.Cache = c }(lazy.Default.Cache)
	lazy.Default.Cache = s.Cache
	f := lazy.Pure1(func(n int) []byte { return make([]byte, 1000) }, kept(t, "f")...)
	for n := range 200 {
		get(t, s, f.Of(n))
	}
	evicted := 0
	for n := range 200 {
		if strings.Contains(lazy.Explain(f.Of(n)).String(), "has no value yet; not in the cache: evicted") {
			evicted++
		}
	}
	require.Greater(t, evicted, 10, "a store in memory remembers some of them")
}

type panicky struct{}

func (panicky) RunStarted(lazy.RunInfo)   {}
func (panicky) CallStarted(lazy.CallInfo) {}
func (panicky) CallDone(lazy.CallInfo)    { panic("observer") }
func (panicky) RunDone(lazy.RunInfo)      {}

// An observer that panics makes the Get fail, also where all was fetched.
func TestAnObserverThatPanicsFailsAFetchedGet(t *testing.T) {
	defer lazy.NeverChanged()()
	s, _ := remembering(cache.NewMemory(1 << 20))
	f := lazy.Pure1(func(x int) int { return x }, kept(t, "f")...)
	get(t, s, f.Of(1))
	_, err := f.Of(1).Get(context.Background(), lazy.In(s), lazy.Observe(panicky{}))
	require.Error(t, err)
}
