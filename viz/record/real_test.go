package record_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// witness sees that what starts also ends, and counts what it is told.
type witness struct {
	runs sync.WaitGroup

	mu      sync.Mutex
	open    map[key]int
	starts  int
	ends    map[string][graph.NumStates]int
	strange []string
}

func newWitness() *witness {
	return &witness{open: map[key]int{}, ends: map[string][graph.NumStates]int{}}
}

func (w *witness) RunStarted(lazy.RunInfo) { w.runs.Add(1) }
func (w *witness) RunDone(lazy.RunInfo)    { w.runs.Done() }

func (w *witness) CallStarted(i lazy.CallInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[key{i.Run, i.ID}]++
	w.starts++
}

func (w *witness) CallDone(i lazy.CallInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := w.ends[i.Name]
	counts[i.State]++
	w.ends[i.Name] = counts
	if i.State == graph.Cached || i.State == graph.Skipped {
		return
	}
	if k := (key{i.Run, i.ID}); w.open[k] == 1 {
		delete(w.open, k)
	} else {
		w.strange = append(w.strange, fmt.Sprintf("%s#%d ended, open %d", i.Name, i.ID, w.open[k]))
	}
}

// world has functions of all kinds; each counts how often it ran.
type world struct {
	ran   map[string]*atomic.Int64
	fails int // of a hundred calls of what may fail
	kinds []func(a, b lazy.Data[int]) lazy.Data[int]
}

// worlds numbers the worlds: a cache must be able to tell their functions apart.
var worlds atomic.Int64

var errUnlucky = errors.New("unlucky")

func (w *world) count(name string) {
	w.ran[name].Add(1)
}

func newWorld(fails int, cancel func()) *world {
	w := &world{ran: map[string]*atomic.Int64{}, fails: fails}
	names := []string{"add", "leaf", "maybe", "again", "timed", "blocked", "polled", "chosen", "kept", "nested", "panics"}
	for _, name := range names {
		w.ran[name] = new(atomic.Int64)
	}
	unlucky := func(x int) bool { return (x*7919+13)%100 < w.fails }
	work := func(name string, opts ...lazy.Option) lazy.Func2[int, int, int] {
		return lazy.Wrap2(func(_ context.Context, x, y int) (int, error) {
			w.count(name)
			if unlucky(x) {
				return 0, fmt.Errorf("%s of %d: %w", name, x, errUnlucky)
			}
			return (x + y) % 10007, nil
		}, append(opts, lazy.Name(name))...)
	}
	leaf := lazy.Pure1(func(x int) int { w.count("leaf"); return x + 1 }, lazy.Name("leaf"))
	add := lazy.Pure2(func(x, y int) int { w.count("add"); return x + y }, lazy.Name("add"))
	polled := lazy.Poll1(func(task *lazy.Task, x int) (int, error) {
		w.count("polled")
		for range task.Spin() {
			if x != -1 {
				return x, nil
			}
		}
		return 0, task.Err()
	}, lazy.Name("polled"))
	chosen := lazy.Bind2(func(_ context.Context, x, y int) (lazy.Data[int], error) {
		w.count("chosen")
		if unlucky(y) {
			return lazy.Data[int]{}, errUnlucky
		}
		return add(leaf.Of(x), leaf.Of(y)), nil
	}, lazy.Name("chosen"))
	nested := lazy.Wrap2(func(ctx context.Context, x, y int) (int, error) {
		w.count("nested")
		return leaf.Of(x * y).Get(ctx)
	}, lazy.Name("nested"))
	panics := lazy.Pure2(func(x, y int) int {
		w.count("panics")
		if unlucky(x) {
			panic("no " + fmt.Sprint(x))
		}
		if cancel != nil && x%5 == 0 {
			cancel()
		}
		return y
	}, lazy.Name("panics"))
	w.kinds = []func(a, b lazy.Data[int]) lazy.Data[int]{
		add, work("maybe"), work("again", lazy.Retry(2)), work("timed", lazy.Timeout(time.Hour)), work("blocked", lazy.Blocking(3)),
		work("kept", lazy.Memo(), lazy.Version(fmt.Sprint(worlds.Add(1)))), chosen, nested, panics,
		func(a, _ lazy.Data[int]) lazy.Data[int] { return polled(a) },
	}
	return w
}

// graph records n calls, each of earlier ones.
func (w *world) graph(r *rand.Rand, n int) (targets []lazy.Data[int]) {
	at := []lazy.Data[int]{lazy.Const(r.IntN(50)), lazy.Const(r.IntN(50))}
	for range n {
		at = append(at, w.kinds[r.IntN(len(w.kinds))](at[r.IntN(len(at))], at[r.IntN(len(at))]))
	}
	return at[len(at)-5:]
}

// Whatever runs, when the runs are over nothing is open, and the totals are what the functions count themselves.
func TestRecorderOfRealRuns(t *testing.T) {
	leak.Check(t)
	seeds := 200
	if testing.Short() {
		seeds = 40
	}
	for seed := range seeds {
		realRun(t, seed)
	}
}

func realRun(t *testing.T, seed int) {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cancelled := seed%4 == 3
	w := newWorld(2*(seed%3), map[bool]func(){true: cancel}[cancelled])
	targets := w.graph(r, 20+r.IntN(200))
	rec, eye := record.New(record.Values(), record.Reasons(), record.Spans(1+r.IntN(300))), newWitness()
	opts := []lazy.RunOption{lazy.In(&lazy.Session{
		Parallelism: 1 + r.IntN(4), Observer: record.Tee(rec, eye), Cache: cache.NewMemory(1 << 20),
	})}
	if seed%2 == 1 {
		opts = append(opts, lazy.KeepGoing())
	}
	errs := []error{}
	for range 1 + r.IntN(2) {
		_, err := lazy.GetAll(ctx, targets, opts...)
		errs = append(errs, err)
	}
	eye.runs.Wait() // a Get that is cancelled does not wait for what runs
	where := fmt.Sprintf("seed %d, errors %v", seed, errs)
	require.Empty(t, eye.strange, where)
	require.Empty(t, eye.open, where)
	checkAgainst(t, rec, eye, w, cancelled, where)
	require.NoError(t, rec.Graph().Check(), where)
	failed := rec.Now().Count()[graph.Failed]
	require.Len(t, rec.Failures(0), min(failed, 1000), where)
	if now := rec.Now(); errors.Join(errs...) == nil {
		require.Equal(t, now.Planned, now.Ended(), where)
	} else {
		require.GreaterOrEqual(t, now.Planned, now.Ended(), where)
	}
}

func checkAgainst(t *testing.T, rec *record.Recorder, eye *witness, w *world, cancelled bool, where string) {
	t.Helper()
	got := rec.Record()
	require.Zero(t, rec.Now().Active, where)
	require.Empty(t, rec.Now().Running, where)
	ended := 0
	for _, f := range got.Functions {
		require.Equal(t, eye.ends[f.Name], f.Calls, "%s: %s", where, f.Name)
		for _, n := range f.Calls {
			ended += n
		}
		ran := int(w.ran[f.Name].Load())
		switch {
		case f.Name == "again", cancelled: // more for retries, fewer for calls that were cancelled as they began
		default:
			require.Equal(t, ran, f.Ran(), "%s: %s ran", where, f.Name)
		}
	}
	require.Len(t, got.Functions, len(eye.ends), where)
	require.Equal(t, ended, len(got.Spans)+got.Dropped, where)
	for _, run := range got.Runs {
		require.False(t, run.End.IsZero(), where)
	}
}

func TestRecorderOfStreamAndMap(t *testing.T) {
	leak.Check(t)
	inc := lazy.Pure1(func(x int) int { return x + 1 }, lazy.Name("inc"))
	rec := record.New(record.Graphs())
	n := 0
	for _, err := range lazy.Stream(t.Context(), slices.Values(make([]int, 500)), inc, lazy.Observe(rec)) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 500, n)
	now := rec.Now()
	require.Equal(t, []int{500, 0, 0}, []int{now.Ended(), now.Active, len(now.Running)})
	require.Equal(t, 500, now.Functions[0].Calls[graph.Done])
}

// A recorded panic has its stack; a failure of another kind has none.
func TestFailuresOfRealRun(t *testing.T) {
	boom := lazy.Pure1(func(x int) int { return explode(x) }, lazy.Name("boom"))
	sad := lazy.Wrap1(func(context.Context, int) (int, error) { return 0, errUnlucky }, lazy.Name("sad"))
	rec := record.New()
	_, err := lazy.GetAll(t.Context(), []lazy.Data[int]{boom.Of(1), sad.Of(2)}, lazy.KeepGoing(), lazy.Observe(rec))
	require.ErrorIs(t, err, errUnlucky)
	failures := rec.Record().Failures
	require.Len(t, failures, 2)
	slices.SortFunc(failures, func(a, b graph.Failure) int { return strings.Compare(a.Name, b.Name) })
	require.Contains(t, failures[0].Err, "too hot: 1")
	require.Contains(t, failures[0].Stack, "record_test.explode")
	require.Equal(t, []string{"sad", "unlucky", ""}, []string{failures[1].Name, failures[1].Err, failures[1].Stack})
	run := rec.Runs(time.Time{})[0]
	require.Contains(t, err.Error(), "too hot")
	require.NotEmpty(t, run.Err)
}

//go:noinline
func explode(x int) int { panic(fmt.Sprint("too hot: ", x)) }

// A function that never stops, a Get that does: the run goes on until the function has returned.
func TestRunGoesOnAfterItsGet(t *testing.T) {
	leak.Check(t)
	started, release := make(chan bool), make(chan bool)
	stuck := lazy.Wrap0(func(context.Context) (int, error) {
		started <- true
		<-release
		return 1, nil
	}, lazy.Name("stuck"))
	rec, eye := record.New(), newWitness()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-started
		cancel()
	}()
	_, err := stuck().Get(ctx, lazy.Observe(record.Tee(rec, eye)))
	require.ErrorIs(t, err, context.Canceled)
	now := rec.Now()
	require.Equal(t, []int{1, 1, 0}, []int{now.Active, len(now.Running), now.Ended()})
	require.Equal(t, "stuck", now.Running[0].Name)
	require.Equal(t, graph.Running, rec.Record().Spans[0].State)
	close(release)
	eye.runs.Wait() // it stands behind rec: that has been told, too
	require.Equal(t, 1, rec.Now().Ended())
	require.Empty(t, rec.Now().Running)
}
