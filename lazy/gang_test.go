package lazy_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// The ranks of a gang run at once if there are workers for all, and however many there are they come to the same.
func TestGangRunsAtOnce(t *testing.T) {
	leak.Check(t)
	for workers := 1; workers <= 5; workers++ {
		s := &lazy.Session{Parallelism: workers}
		for n := 1; n <= 9; n++ {
			ring := lazy.Gang(n, func(ctx context.Context, c *comm.Comm, add int) (int, error) {
				k, err := turn(ctx, c)
				return k + add, err
			})
			want := turns(n)
			for k := range want {
				want[k] += 10
			}
			require.Equal(t, want, got(t, ring.Of(10), lazy.In(s)), "%d ranks, %d workers", n, workers)
			if n <= workers {
				got(t, together(n), lazy.In(s))
			}
		}
		allRun(t, s, workers)
	}
}

func TestGangMisuse(t *testing.T) {
	body := func(context.Context, *comm.Comm, int) (int, error) { return 0, nil }
	mustPanic(t, func() { lazy.Gang(0, body) }, "lazy: Gang at", "gang_test.go", "the number of ranks is 0: want 1 or more")
	mustPanic(t, func() { lazy.Gang(-3, body) }, "-3")
	var none func(context.Context, *comm.Comm, int) (int, error)
	mustPanic(t, func() { lazy.Gang(2, none) }, "gang_test.go", "the function is nil")
	mustPanic(t, func() { lazy.Gang(2, body, nil) }, "option 1 is nil")
	mustPanic(t, func() { lazy.Gang(2, body, lazy.Equal(func(a, b int) bool { return true })) }, "Equal compares int, but the function returns []int")
}

func gangOfThis(_ context.Context, c *comm.Comm, _ none) (int, error) { return c.Size(), nil }

func TestGangIsOneCall(t *testing.T) {
	leak.Check(t)
	seen := &seenCalls{}
	s := &lazy.Session{Parallelism: 2, Observer: seen}
	g := lazy.Gang(3, gangOfThis)
	d := g.Of(none{})
	require.Contains(t, d.String(), "gangOfThis")
	require.Len(t, lazy.Snapshot(d).Nodes, 2)
	require.Equal(t, []int{3, 3, 3}, got(t, d, lazy.In(s)))
	require.EqualValues(t, 1, seen.started.Load())
	require.EqualValues(t, 1, seen.done.Load())
	require.Contains(t, lazy.Gang(3, gangOfThis, lazy.Name("Heat")).Of(none{}).String(), "Heat")
}

// seenCalls counts what an observer is told.
type seenCalls struct{ started, done atomic.Int32 }

func (s *seenCalls) RunStarted(lazy.RunInfo)   {}
func (s *seenCalls) CallStarted(lazy.CallInfo) { s.started.Add(1) }
func (s *seenCalls) CallDone(lazy.CallInfo)    { s.done.Add(1) }
func (s *seenCalls) RunDone(lazy.RunInfo)      {}

// Several gangs that each want all workers, in one run and in several.
func TestGangsTakeTurns(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 4} {
		s := &lazy.Session{Parallelism: workers}
		all := []lazy.Data[[]int]{}
		for range 20 {
			all = append(all, together(workers))
		}
		ctx := t.Context()
		_, err := soon(t, func() ([][]int, error) { return lazy.GetAll(ctx, all[:10], lazy.In(s)) })
		require.NoError(t, err)
		done := make(chan error)
		for _, d := range all[10:] {
			go func() { _, err := d.Get(ctx, lazy.In(s)); done <- err }()
		}
		_, err = soon(t, func() (int, error) {
			for range 10 {
				if err := <-done; err != nil {
					return 0, err
				}
			}
			return 0, nil
		})
		require.NoError(t, err)
		allRun(t, s, workers)
	}
}

// Workers bounds a gang with all other functions of the run.
func TestGangWithinWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		for _, workers := range []int{1, 2, 3} {
			var m meter
			f := nap(&m)
			g := lazy.Gang(5, func(_ context.Context, _ *comm.Comm, _ int) (int, error) {
				defer m.enter()()
				time.Sleep(time.Second)
				return 1, nil
			})
			var targets []lazy.Target
			for k := range 6 {
				targets = append(targets, f.Of(k), g.Of(k))
			}
			s := &lazy.Session{Parallelism: 4}
			begin := time.Now()
			require.NoError(t, lazy.Run(t.Context(), targets, lazy.In(s), lazy.Workers(workers)))
			require.EqualValues(t, workers, m.most.Load())
			require.GreaterOrEqual(t, time.Since(begin), time.Duration(36/workers)*time.Second)
			allRun(t, s, 4)
		}
	})
}

// A rank that waits in a Get lends its worker: also where there is but one.
func TestGangGetsInside(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 3} {
		for _, n := range []int{1, 2, 5} {
			var most meter
			s := &lazy.Session{Parallelism: workers}
			slow := lazy.Pure1(func(x int) int { defer most.enter()(); yieldABit(); return x * x })
			inner := lazy.Gang(n, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
				if err := c.Barrier(ctx); err != nil {
					return 0, err
				}
				defer most.enter()()
				return x + c.Rank(), nil
			})
			outer := lazy.Gang(n, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
				a, err := slow.Of(c.Rank()).Get(ctx)
				if err != nil {
					return 0, err
				}
				b, err := inner.Of(a).Get(ctx)
				if err != nil {
					return 0, err
				}
				defer most.enter()()
				return b[c.Size()-1] + x, nil
			})
			want := []int{}
			for k := range n {
				want = append(want, k*k+n-1+100)
			}
			require.Equal(t, want, got(t, outer.Of(100), lazy.In(s)))
			require.LessOrEqual(t, int(most.most.Load()), workers)
			allRun(t, s, workers)
		}
	}
}

// A Get that is not given the rank's context finds the rank's slot all the same.
func TestGangGetsInsideWithoutContext(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 1}
	g := lazy.Gang(3, func(_ context.Context, c *comm.Comm, _ none) (int, error) {
		return inc.Of(c.Rank()).Get(context.Background(), lazy.In(s))
	})
	require.Equal(t, []int{1, 2, 3}, got(t, g.Of(none{}), lazy.In(s)))
	require.Equal(t, []int{1, 2, 3}, got(t, g.Of(none{}), lazy.In(s), lazy.Workers(1)))
	allRun(t, s, 1)
}

// What a rank gets is an input of the call, and so is its argument.
func TestGangIsStaleAfterSet(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 2}
	var runs atomic.Int32
	a, b := lazy.Source("a", 1), lazy.Source("b", 10)
	f := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		runs.Add(1)
		y := 0
		if c.Rank() == 1 {
			var err error
			if y, err = inc(b).Get(ctx); err != nil {
				return 0, err
			}
		}
		return comm.AllReduce(ctx, c, x+y, func(a, b int) int { return a + b })
	})
	total := lazy.Pure1(func(xs []int) int { return xs[0] + xs[1] + xs[2] })
	d := total(f(a))
	require.Equal(t, 3*(3+11), got(t, d, lazy.In(s)))
	require.EqualValues(t, 3, runs.Load())
	require.Equal(t, 3*(3+11), got(t, d, lazy.In(s)))
	require.EqualValues(t, 3, runs.Load())
	a.Set(2)
	require.Equal(t, 3*(6+11), got(t, d, lazy.In(s)))
	b.Set(20)
	require.Equal(t, 3*(6+21), got(t, d, lazy.In(s)))
	require.EqualValues(t, 9, runs.Load())
	allRun(t, s, 2)
}

// A rank that Sets what its call depends on is told, as any function is.
func TestGangSetInside(t *testing.T) {
	leak.Check(t)
	a := lazy.Source("a", 1)
	g := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		if c.Rank() == 1 {
			a.Set(x + 1)
		}
		return x, c.Barrier(ctx)
	})
	err := failure(t, g(a), lazy.In(quiet(2)))
	require.ErrorIs(t, err, lazy.ErrSetInside)
}

// On executors of others ranks are goroutines that nobody counts; a pool of ours gives its own slots.
func TestGangElsewhere(t *testing.T) {
	leak.Check(t)
	loop := executor.Func(func(ctx context.Context, w executor.Work) error {
		for i := range w.Len() {
			if err := w.Run(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	type foreign struct{ executor.Work }
	pool := executor.NewPool(2)
	for name, ex := range map[string]executor.Executor{
		"loop": loop, "pool": pool,
		"func":   executor.Func(pool.Execute),
		"hidden": executor.Func(func(ctx context.Context, w executor.Work) error { return pool.Execute(ctx, foreign{w}) }),
	} {
		t.Run(name, func(t *testing.T) {
			n := 2
			if name == "loop" {
				n = 7
			}
			in := &lazy.Session{Executor: ex}
			require.Equal(t, turns(5), got(t, ringOf(5), lazy.In(in)))
			require.Len(t, got(t, together(n), lazy.In(in)), n)
			require.Equal(t, 11, got(t, sum(inc.Of(4), inc(firstOf(ringOf(5)))), lazy.In(in)))

			here := &lazy.Session{Parallelism: 1}
			require.Equal(t, turns(5), got(t, ringOf(5, lazy.RunsOn(ex)), lazy.In(here)))
			require.Equal(t, turns(5), got(t, ringOf(5).On(ex), lazy.In(here)))
			require.Len(t, got(t, together(n).On(ex), lazy.In(here)), n)
			allRun(t, here, 1)
			if name != "loop" { // which makes calls one after another
				allRun(t, in, n)
			}
		})
	}
}

func ringOf(n int, opts ...lazy.Option) lazy.Data[[]int] {
	return lazy.Gang(n, func(ctx context.Context, c *comm.Comm, _ none) (int, error) { return turn(ctx, c) }, opts...).Of(none{})
}

var firstOf = lazy.Pure1(func(xs []int) int { return xs[0] })

// The ranks of a Blocking gang need no workers.
func TestGangBlocking(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 1}
	b := newBarrier(8)
	g := lazy.Gang(4, func(_ context.Context, c *comm.Comm, _ int) (int, error) { b.meet(); return c.Rank(), nil }, lazy.Blocking(2))
	require.Equal(t, [][]int{{0, 1, 2, 3}, {0, 1, 2, 3}}, got(t, lazy.Gather(g.Each([]int{1, 2})...), lazy.In(s)))
	pool := executor.NewPool(1)
	inside := lazy.Gang(4, func(ctx context.Context, c *comm.Comm, _ int) (int, error) {
		return inc.Of(c.Rank()).On(pool).Get(ctx)
	}, lazy.Blocking(0), lazy.RunsOn(pool))
	require.Equal(t, []int{1, 2, 3, 4}, got(t, inside.Of(1), lazy.In(s)))
	allRun(t, s, 1)
}

// A limit is the call's: lent while a rank waits in a Get of what needs it, too.
func TestGangLimit(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 3} {
		s := &lazy.Session{Parallelism: workers}
		limit := executor.NewLimit(1)
		var m meter
		limited := lazy.Pure1(func(x int) int { defer m.enter()(); yieldABit(); return x }, lazy.Limit(limit))
		g := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
			if err := c.Barrier(ctx); err != nil {
				return 0, err
			}
			v, err := limited.Of(x + c.Rank()).Get(ctx)
			if err != nil {
				return 0, err
			}
			return v, c.Barrier(ctx)
		}, lazy.Limit(limit))
		want := [][]int{}
		for k := range 6 {
			want = append(want, []int{10 * k, 10*k + 1, 10*k + 2})
		}
		require.Equal(t, want, got(t, lazy.Gather(g.Each([]int{0, 10, 20, 30, 40, 50})...), lazy.In(s)))
		require.EqualValues(t, 1, m.most.Load())
		require.True(t, limit.TryAcquire(), "the place was not given back")
		limit.Release()
		allRun(t, s, workers)
	}
}

// A gang of other numbers of ranks is another function to a cache.
func TestGangMemo(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 2, Cache: cache.NewMemory(1 << 20)}
	for range 2 {
		require.Equal(t, []int{2, 2}, got(t, lazy.Gang(2, gangOfThis, lazy.Memo()).Of(none{}), lazy.In(s)))
		require.Equal(t, []int{3, 3, 3}, got(t, lazy.Gang(3, gangOfThis, lazy.Memo()).Of(none{}), lazy.In(s)))
	}
	var runs atomic.Int32
	g := lazy.Gang(4, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		runs.Add(1)
		return x, c.Barrier(ctx)
	}, lazy.Memo(), lazy.Transient())
	for range 3 {
		require.Equal(t, []int{7, 7, 7, 7}, got(t, g.Of(7), lazy.In(s)))
	}
	require.EqualValues(t, 4, runs.Load())
	allRun(t, s, 2)
}

// CheckInputs finds a rank that writes to the argument.
func TestGangCheckInputs(t *testing.T) {
	leak.Check(t)
	s := quiet(2)
	s.CheckInputs = true
	g := lazy.Gang(2, func(_ context.Context, c *comm.Comm, xs []int) (int, error) {
		if c.Rank() == 1 {
			xs[0]++
		}
		return 0, nil
	})
	var in *lazy.InputError
	require.ErrorAs(t, failure(t, g.Of([]int{1}), lazy.In(s)), &in)
}

// A rank that gets what was replaced while its gang was running has the old value, as its run has; and the gang is stale.
func TestGangFindsOldValues(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 2}
	b := lazy.Source("b", 1)
	b.Set(2)
	began, goOn := make(chan struct{}, 10), make(chan struct{})
	g := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		if c.Rank() == 1 {
			began <- struct{}{}
			<-goOn
			y, err := inc(b).Get(ctx)
			return x + y, err
		}
		return x, nil
	})
	d := g.Of(0)
	type result struct {
		v   []int
		err error
	}
	first := make(chan result, 1)
	go func() { v, err := d.Get(context.Background(), lazy.In(s)); first <- result{v, err} }()
	<-began
	b.Set(10)
	require.Equal(t, 11, got(t, inc(b), lazy.In(s)))
	close(goOn)
	r := <-first
	require.NoError(t, r.err)
	require.Equal(t, []int{0, 3}, r.v)
	require.Equal(t, []int{0, 11}, got(t, d, lazy.In(s)))
	allRun(t, s, 2)
}
