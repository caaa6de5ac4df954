package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// tree records a tree of sums with n leaves: 2n-1 calls, and n constants. Leaves with a fault fail.
func tree(n int, fault func(int) error) lazy.Data[int] {
	leaf := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if fault == nil {
			return x, nil
		}
		return x, fault(x)
	}, lazy.Name("Leaf"))
	sum := lazy.Pure2(func(a, b int) int { return a + b }, lazy.Name("Sum"))
	level := make([]lazy.Data[int], n)
	for i := range level {
		level[i] = leaf.Of(i)
	}
	for len(level) > 1 {
		var up []lazy.Data[int]
		for i := 0; i+1 < len(level); i += 2 {
			up = append(up, sum(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			up = append(up, level[len(level)-1])
		}
		level = up
	}
	return level[0]
}

// differs tells what a page shows otherwise than the recorder and the graph have it; "" for nothing.
func differs(p *page, r *graph.Record, s graph.Snapshot) string {
	if len(p.totals) != len(r.Functions) {
		return fmt.Sprintf("%d totals, want %d", len(p.totals), len(r.Functions))
	}
	for i := range r.Functions {
		f := &r.Functions[i]
		want := total{
			Done: f.Calls[graph.Done], Cached: f.Calls[graph.Cached], Failed: f.Calls[graph.Failed], Skipped: f.Calls[graph.Skipped],
			Cancelled: f.Calls[graph.Pending], Running: f.Calls[graph.Running], Total: int64(f.Total), Max: int64(f.Max),
		}
		if got := p.totals[f.Name]; got != want {
			return fmt.Sprintf("%s: %+v, want %+v", f.Name, got, want)
		}
	}
	if len(p.spans) != len(r.Spans) || len(p.failures) != len(r.Failures) || len(p.runs) != len(r.Runs) {
		return fmt.Sprintf("%d spans, want %d; %d failures, want %d; %d runs, want %d",
			len(p.spans), len(r.Spans), len(p.failures), len(r.Failures), len(p.runs), len(r.Runs))
	}
	for _, s := range r.Spans {
		if state, ok := p.spans[[2]int64{int64(s.Call), int64(max(0, s.Start))}]; !ok || state != s.State {
			return fmt.Sprintf("span of call %d: %v %v, want %v", s.Call, state, ok, s.State)
		}
	}
	for _, run := range r.Runs {
		if got := p.runs[run.ID]; got.End < 0 || got.Calls != run.Calls || got.Op != run.Op || (got.Err == "") != (run.Err == "") {
			return fmt.Sprintf("run %d: %+v, want %+v", run.ID, got, run)
		}
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if state, ok := p.states[int64(n.ID)]; !ok || state != n.State {
			return fmt.Sprintf("node %d %s: %v %v, want %v", n.ID, n.Name, state, ok, n.State)
		}
	}
	return ""
}

// agrees reads events until the page shows what there is. It fails if it never does.
func (p *page) agrees(rec *record.Recorder, s graph.Snapshot) {
	p.t.Helper()
	r := rec.Record()
	for why := differs(p, &r, s); why != ""; why = differs(p, &r, s) {
		require.NotEmpty(p.t, p.next(), "the events end, and the page has %s", why)
	}
}

func TestRunWhileOpen(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	s := &lazy.Session{Observer: rec}
	p := open(t, serve(t, rec))
	defer p.close()
	top := tree(1000, nil)
	v, err := top.Get(context.Background(), lazy.In(s))
	require.NoError(t, err)
	require.Equal(t, 1000*999/2, v)
	p.agrees(rec, lazy.Snapshot(top))
	require.Equal(t, "values are not shown", p.note)
	require.Equal(t, 1999, p.planned)

	more := tree(10, nil) // a second run, of a second graph
	_, err = more.Get(context.Background(), lazy.In(s))
	require.NoError(t, err)
	p.agrees(rec, lazy.Snapshot(top, more))
}

// A page that is opened when all is over shows the record, and the graph only if the recorder kept it.
func TestOpenedLate(t *testing.T) {
	leak.Check(t)
	for _, kept := range []bool{false, true} {
		rec := record.New()
		if kept {
			rec = record.New(record.Graphs())
		}
		top := tree(100, nil)
		_, err := top.Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
		require.NoError(t, err)
		p := open(t, serve(t, rec))
		want, r := lazy.Snapshot(top), rec.Record()
		if !kept {
			want = graph.Snapshot{}
			r.Spans = make([]graph.Span, 0) // without a graph the key does not say of which calls they are
			clear(p.spans)
			require.Contains(t, p.note, "the picture has no runs that were over before this page was open; with record.New(record.Graphs()) it has", p.note)
		} else {
			require.NotContains(t, p.note, "picture")
		}
		require.Empty(t, differs(p, &r, want))
		require.Equal(t, 199, p.planned)
		require.Equal(t, len(want.Nodes), len(p.states))
		p.close()
	}
}

// All kinds of ends: failures, panics, what is skipped for them, cached, cancelled, and graphs that grow, in several runs
// at once and one after another, with three pages, one of which comes late and one of which goes away.
func TestPagesAgreeWithRuns(t *testing.T) {
	leak.Check(t)
	rec := record.New(record.Graphs())
	store := cache.NewMemory(1 << 20)
	url := serve(t, rec)
	first, gone := open(t, url), open(t, url)
	var all sync.WaitGroup
	var targets []lazy.Target
	for i := range 6 {
		s := &lazy.Session{Observer: rec, Cache: store, Parallelism: 1 + i%3}
		top := program(rand.New(rand.NewPCG(7, uint64(i))), 150)
		targets = append(targets, top)
		all.Go(func() {
			for range 2 {
				_, _ = top.Get(context.Background(), lazy.In(s), lazy.KeepGoing())
			}
		})
		if i == 3 {
			gone.next()
			gone.close()
		}
	}
	late := open(t, url)
	all.Wait()
	want := lazy.Snapshot(targets...)
	first.agrees(rec, want)
	late.agrees(rec, want)
	require.NotZero(t, first.sum().Failed)
	require.NotZero(t, first.sum().Skipped)
	require.NotZero(t, first.sum().Cached)
	again := open(t, url) // as after a lost connection
	r := rec.Record()
	require.Empty(t, differs(again, &r, want))
	for _, p := range []*page{first, late, again} {
		p.close()
	}
}

// programs counts them: a Memo function is wrapped once under a version.
var programs atomic.Int64

// program records a random graph of about n calls.
func program(r *rand.Rand, n int) lazy.Data[int] {
	memo := lazy.Pure2(func(a, b int) int { return (a + b) % 97 }, lazy.Name("Memo"), lazy.Memo(), lazy.Version(fmt.Sprint(programs.Add(1))))
	plain := lazy.Pure2(func(a, b int) int { return a - b }, lazy.Name("Plain"))
	faulty := lazy.Wrap1(func(_ context.Context, a int) (int, error) {
		switch a % 7 {
		case 0:
			return 0, errors.New("a <b>fault</b>\x00\u202e\nin two lines")
		case 3:
			panic("out of order")
		}
		return a, nil
	}, lazy.Name("Faulty"))
	grow := lazy.Bind1(func(_ context.Context, a int) (lazy.Data[int], error) {
		return plain(plain.Of(a, 1), lazy.Const(2)), nil
	}, lazy.Name("Grow"))
	calls := []lazy.Data[int]{lazy.Source("x", r.IntN(1000)), lazy.Const(r.IntN(1000))}
	pick := func() lazy.Data[int] { return calls[r.IntN(len(calls))] }
	for range n {
		switch r.IntN(20) {
		case 0:
			calls = append(calls, faulty(pick()))
		case 1, 2:
			calls = append(calls, grow(pick()))
		case 3, 4, 5, 6, 7:
			calls = append(calls, memo(pick(), pick()))
		default:
			calls = append(calls, plain(pick(), pick()))
		}
	}
	top := calls[len(calls)-1]
	for _, c := range calls {
		top = plain(top, c)
	}
	return top
}

func TestCancelled(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	p := open(t, serve(t, rec))
	ctx, cancel := context.WithCancel(context.Background())
	wait := lazy.Wrap1(func(ctx context.Context, _ int) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}, lazy.Name("Wait"))
	top := wait(tree(10, nil))
	done := make(chan error)
	go func() { _, err := top.Get(ctx, lazy.In(&lazy.Session{Observer: rec})); done <- err }()
	for !p.running[idOf(top)] || p.states[idOf(top)] != graph.Running {
		require.NotEmpty(t, p.next())
	}
	cancel()
	require.Error(t, <-done)
	p.agrees(rec, graph.Snapshot{})
	require.Equal(t, 1, p.sum().Cancelled)
	for p.states[idOf(top)] != graph.Pending {
		require.NotEmpty(t, p.next())
	}
	p.close()
}

func idOf(d lazy.Data[int]) int64 {
	nodes := lazy.Snapshot(d).Nodes
	return int64(nodes[len(nodes)-1].ID)
}

func TestHundredThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 calls")
	}
	leak.Check(t)
	rec := record.New()
	p := open(t, serve(t, rec))
	top := tree(50_000, nil)
	_, err := top.Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
	require.NoError(t, err)
	p.agrees(rec, lazy.Snapshot(top))
	require.Equal(t, 99_999, p.sum().Done)
	p.close()
}

// A client that stops reading falls behind, and when it reads again it is told to begin anew, and agrees.
func TestStoppedClientCatchesUp(t *testing.T) {
	if testing.Short() {
		t.Skip("120,000 calls")
	}
	leak.Check(t)
	rec := record.New()
	url := serve(t, rec)
	p := open(t, url)
	s := &lazy.Session{Observer: rec}
	var tops []lazy.Target
	for range 3 {
		top := tree(20_000, nil)
		tops = append(tops, top)
		_, err := top.Get(context.Background(), lazy.In(s))
		require.NoError(t, err)
	}
	for p.sum().Done != 119_997 {
		require.NotEmpty(t, p.next())
	}
	want := lazy.Snapshot(tops...)
	for last := want.Nodes[len(want.Nodes)-1]; p.states[int64(last.ID)] != graph.Done; { // a recorder keeps the latest graphs
		require.NotEmpty(t, p.next())
	}
	for i := range want.Nodes {
		if state, ok := p.states[int64(want.Nodes[i].ID)]; ok {
			require.Equal(t, want.Nodes[i].State, state)
		}
	}
	p.close()
}

// Names are hostile: they neither break an event nor the JSON, and are shown cleaned.
func TestHostileNames(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	p := open(t, serve(t, rec))
	names := []string{"<script>alert(1)</script>", "a\nevent: bye\ndata: {}\n\n", "\x00\x1b[31m", "\xff\xfe", strings.Repeat("long ", 1000), "\u202etxt.exe", "(unnamed)"}
	var ds []lazy.Data[int]
	for _, name := range names {
		ds = append(ds, lazy.Pure1(func(x int) int { return x }, lazy.Name(name)).Of(1))
	}
	_, err := lazy.GetAll(context.Background(), ds, lazy.In(&lazy.Session{Observer: rec}))
	require.NoError(t, err)
	for p.sum().Done < len(names) || len(p.states) == 0 {
		require.NotEqual(t, "bye", p.next())
	}
	for _, f := range p.functions {
		require.NotContains(t, f, "\n")
		require.NotContains(t, f, "\x1b")
		require.NotContains(t, f, "\u202e")
		require.LessOrEqual(t, len(f), 600)
	}
	body := string(get(t, p.client, p.url+"graph.json"))
	require.NotContains(t, body, "<script")
	p.close()
}

// Values are shown only if that is asked for; errors always.
func TestValues(t *testing.T) {
	leak.Check(t)
	rec := record.New(record.Values())
	top := tree(4, func(x int) error {
		if x == 2 {
			return fmt.Errorf("fault of %d", x)
		}
		return nil
	})
	secret := lazy.Pure2(func(a int, s string) string { return s + "!" }, lazy.Name("Secret"))(top, lazy.Const("hunter2"))
	shown := lazy.Pure1(func(s string) string { return s + "?" }, lazy.Name("Shown")).Of("hunter2")
	s := &lazy.Session{Observer: rec}
	_, err := secret.Get(context.Background(), lazy.In(s))
	require.ErrorContains(t, err, "fault of 2")
	_, err = shown.Get(context.Background(), lazy.In(s))
	require.NoError(t, err)
	id := lazy.Snapshot(shown).Nodes[1].ID
	for _, values := range []bool{false, true} {
		url := serve(t, rec, valuesIf(values)...)
		p := newPage(t, url)
		graph := string(get(t, p.client, url+"graph.json"))
		call := string(get(t, p.client, fmt.Sprintf("%scall?id=%d", url, id)))
		require.Contains(t, graph, "fault of 2")
		require.Equal(t, values, strings.Contains(graph, "hunter2"), graph)
		require.Equal(t, values, strings.Contains(call, "hunter2"), call)
	}
}

// A page that nobody reads from does not hold up the run, nor other pages.
func TestStoppedClientHoldsUpNobody(t *testing.T) {
	leak.Check(t)
	rec := record.New()
	url := serve(t, rec)
	stopped, p := newPage(t, url), open(t, url)
	stopped.connect() // and reads nothing
	top := tree(3000, nil)
	_, err := top.Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
	require.NoError(t, err)
	p.agrees(rec, lazy.Snapshot(top))
	stopped.close()
	p.close()
}
