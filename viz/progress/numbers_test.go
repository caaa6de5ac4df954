package progress

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

// census counts what functions themselves see: how often each was called, and failed.
type census struct {
	count  chan struct{} // holds one token: a lock that a synctest bubble may wait for
	calls  map[string]int
	failed int
	states map[graph.State]int // as told to observers
	seen   int                 // CallStarted less CallDone of calls that ran
}

func newCensus() *census {
	return &census{count: make(chan struct{}, 1), calls: map[string]int{}, states: map[graph.State]int{}}
}

func (c *census) locked(f func()) {
	c.count <- struct{}{}
	defer func() { <-c.count }()
	f()
}

// ran is called by functions. They take their time.
func (c *census) ran(name string, fails bool) error {
	time.Sleep(70 * time.Millisecond)
	c.locked(func() {
		c.calls[name]++
		if fails {
			c.failed++
		}
	})
	if fails {
		return errors.New(name + " fails")
	}
	return nil
}

func (c *census) RunStarted(lazy.RunInfo)     {}
func (c *census) RunDone(lazy.RunInfo)        {}
func (c *census) CallStarted(i lazy.CallInfo) { c.locked(func() { c.seen++ }) }
func (c *census) CallDone(i lazy.CallInfo) {
	c.locked(func() {
		c.states[i.State]++
		if i.State != graph.Cached && i.State != graph.Skipped {
			c.seen--
		}
	})
}

// numbersWorlds numbers the worlds: a cache must be able to tell their functions apart.
var numbersWorlds atomic.Int64

// numbersWorld is a random graph of calls of all kinds over sources that can be changed.
type numbersWorld struct {
	*census
	sources []lazy.Data[int]
	targets []lazy.Data[int]
}

// kinds are functions of two values. Their results are few, so that many calls come to the same value as before.
func (w *numbersWorld) kinds(version string, unlucky func(int) bool) []func(a, b lazy.Data[int]) lazy.Data[int] {
	of := func(name string, opts ...lazy.Option) lazy.Func2[int, int, int] {
		return lazy.Wrap2(func(_ context.Context, x, y int) (int, error) {
			return (x*3 + y) % 5, w.ran(name, false)
		}, append(opts, lazy.Name(name))...)
	}
	twice := map[int]bool{}
	retried := lazy.Wrap2(func(_ context.Context, x, y int) (int, error) {
		err := w.ran("retried", false)
		w.locked(func() {
			if twice[x] = !twice[x]; twice[x] {
				err = errors.New("once more")
			}
		})
		return x, err
	}, lazy.Name("retried"), lazy.Retry(50))
	instead := lazy.Wrap2(func(_ context.Context, x, y int) (int, error) {
		return 0, errors.Join(w.ran("instead", false), errors.New("never"))
	}, lazy.Name("instead"), lazy.OrElse(func(error) int { return 1 }))
	fails := lazy.Wrap2(func(_ context.Context, x, y int) (int, error) {
		return x + 1, w.ran("fails", unlucky(x))
	}, lazy.Name("fails"))
	gang := lazy.Gang(2, func(_ context.Context, c *comm.Comm, a int) (int, error) { return a % 3, w.ran("gang", false) }, lazy.Name("gang"))
	first := lazy.Pure1(func(xs []int) int { _ = w.ran("first", false); return xs[0] }, lazy.Name("first"))
	polled := lazy.Poll1(func(task *lazy.Task, x int) (int, error) {
		looks := 0
		for range task.Spin() {
			if looks++; looks > 2 {
				return x, w.ran("polled", false)
			}
		}
		return 0, task.Err()
	}, lazy.Name("polled"))
	return []func(a, b lazy.Data[int]) lazy.Data[int]{
		of("plain"), of("memo", lazy.Memo(), lazy.Version(version)), of("transient", lazy.Transient()),
		of("timed", lazy.Timeout(time.Hour)), of("blocking", lazy.Blocking(2)), retried, instead, fails,
		func(a, _ lazy.Data[int]) lazy.Data[int] { return first(gang(a)) },
		func(a, _ lazy.Data[int]) lazy.Data[int] { return polled(a) },
	}
}

func newNumbersWorld(r *rand.Rand, version string, fails int) *numbersWorld {
	w := &numbersWorld{census: newCensus()}
	var at []lazy.Data[int]
	for i := range 5 {
		at = append(at, lazy.Source(fmt.Sprint("source ", i), i))
	}
	w.sources = at
	kinds := w.kinds(version, func(x int) bool { return x%7 < fails })
	for range 60 + r.IntN(60) {
		at = append(at, kinds[r.IntN(len(kinds))](at[r.IntN(len(at))], at[r.IntN(len(at))]))
	}
	w.targets = at[len(w.sources):]
	return w
}

// What the last line of an episode says is what functions have counted, whatever there is: results from the cache, planned
// calls that did not have to run, calls tried again, failures.
func TestNumbersAreThoseOfTheFunctions(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 6
	}
	needless, hits := 0, 0
	for seed := range seeds {
		bubble(t, fmt.Sprint("seed=", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			w := newNumbersWorld(r, fmt.Sprint(numbersWorlds.Add(1)), seed%3)
			l := newLog()
			p := New(l, JSON)
			s := &lazy.Session{Parallelism: 1 + seed%4, Observer: record.Tee(p, w), Cache: cache.NewMemory(1 << 20)}
			for round := range 6 {
				n, h := w.round(t, r, s, l, round == 4)
				needless, hits = needless+n, hits+h
				require.NoError(t, l.err)
			}
		})
	}
	require.Positive(t, needless, "the test tests no call that did not have to run")
	require.Positive(t, hits, "the test tests no cache")
}

// round has all targets computed and checks what was told of it.
func (w *numbersWorld) round(t *testing.T, r *rand.Rand, s *lazy.Session, l *log, refresh bool) (needless, cached int) {
	t.Helper()
	for range r.IntN(4) {
		w.sources[r.IntN(len(w.sources))].Set(r.IntN(9))
	}
	w.calls, w.failed, w.states = map[string]int{}, 0, map[graph.State]int{}
	opts := []lazy.RunOption{lazy.In(s), lazy.KeepGoing()}
	if refresh {
		opts = append(opts, lazy.Refresh())
	}
	before := len(l.all())
	began := time.Now()
	_, err := lazy.GetAll(t.Context(), w.targets, opts...)
	if time.Since(began) < summaryMin && err == nil {
		return 0, 0
	}
	synctest.Wait()
	lines := l.all()[before:]
	require.NotEmpty(t, lines)
	var e event
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &e))
	require.Equal(t, "done", e.Event)
	require.Zero(t, w.seen)
	done := 0
	for name, n := range w.calls {
		if name == "gang" || name == "retried" {
			n /= 2
		}
		done += n
	}
	total := 0
	for _, n := range w.states {
		total += n
	}
	require.Equal(t, total, e.Done, "%+v", e)
	require.Equal(t, done, w.states[graph.Done]+w.states[graph.Failed], "%v %v", w.calls, w.states)
	require.Equal(t, w.failed, e.Failed)
	require.Equal(t, err != nil, e.Failed > 0)
	require.Equal(t, w.states[graph.Cached], e.Cached)
	require.Equal(t, w.states[graph.Skipped], e.Skipped)
	require.Equal(t, e.Done, done+e.Cached+e.Skipped)
	require.GreaterOrEqual(t, e.Planned, e.Done)
	require.Equal(t, map[bool]string{true: outcomeOK, false: outcomeFailed}[err == nil], e.Outcome)
	if err == nil {
		require.Equal(t, 100, e.Percent)
	}
	time.Sleep(2 * time.Minute)
	return e.Planned - e.Done, e.Cached
}
