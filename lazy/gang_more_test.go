package lazy_test

import (
	"context"
	"errors"
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

// A gang that becomes ready comes before calls that have not begun, of its own run, too: in the session and within Workers.
func TestGangComesBeforeCallsOfItsRun(t *testing.T) {
	for _, bound := range [][]lazy.RunOption{nil, {lazy.Workers(2)}, {lazy.Workers(3)}} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			var m meter
			f := nap(&m)
			begin := time.Now()
			var started atomic.Int64
			g := lazy.Gang(2, func(_ context.Context, c *comm.Comm, _ int) (int, error) {
				defer m.enter()()
				started.CompareAndSwap(0, int64(time.Since(begin)))
				time.Sleep(time.Second)
				return 0, nil
			})
			first := f.Of(0)
			targets := []lazy.Target{first, g(first)}
			for k := range 60 {
				targets = append(targets, f.Of(k+1))
			}
			s := &lazy.Session{Parallelism: 4}
			if bound == nil {
				s.Parallelism = 2
			}
			require.NoError(t, lazy.Run(t.Context(), targets, append(bound, lazy.In(s))...))
			require.LessOrEqual(t, time.Duration(started.Load()), 3*time.Second)
			require.LessOrEqual(t, int(m.most.Load()), 3)
			allRun(t, s, s.Parallelism)
		})
	}
}

// A value stands in for what a gang would have come to, however it fails.
func TestGangOrElse(t *testing.T) {
	leak.Check(t)
	for what, way := range rankFailures {
		for _, workers := range []int{1, 2, 4} {
			s := quiet(workers)
			limit := executor.NewLimit(1)
			var asked atomic.Int32
			g := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
				if c.Rank() == 1 {
					return 0, way.fail()
				}
				return 0, c.Barrier(ctx)
			}, lazy.Name("Fails"), lazy.Limit(limit), lazy.OrElse(func(err error) []int {
				asked.Add(1)
				var at *comm.RankError
				if !errors.As(err, &at) || at.Rank != 1 {
					return nil
				}
				return []int{-1}
			}))
			d := g.Of(none{})
			require.Equal(t, []int{-1}, got(t, d, lazy.In(s)), what)
			require.Equal(t, -1, got(t, firstOf(d), lazy.In(s)), what)
			require.EqualValues(t, 1, asked.Load())
			require.True(t, limit.TryAcquire())
			limit.Release()
			allRun(t, s, workers)
		}
	}
}

// A value stands in, too, for a gang of which a rank does not return in time; what it returns later is dropped.
func TestGangOrElseAfterTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		s := quiet(2)
		g := lazy.Gang(2, func(_ context.Context, c *comm.Comm, _ none) (int, error) {
			time.Sleep(time.Duration(c.Rank()) * time.Hour)
			return c.Rank(), nil
		}, lazy.Timeout(time.Second), lazy.OrElse(func(error) []int { return []int{-1} }))
		d := g.Of(none{})
		require.Equal(t, []int{-1}, got(t, d, lazy.In(s)))
		time.Sleep(2 * time.Hour)
		require.Equal(t, []int{-1}, got(t, d, lazy.In(s)))
		allRun(t, s, 2)
	})
}

// With KeepGoing a gang that has failed is one failure, and what does not need it is computed.
func TestGangPartialError(t *testing.T) {
	leak.Check(t)
	s := quiet(2)
	bad := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
		if c.Rank() == 2 {
			return 0, errBoom
		}
		return 0, c.Barrier(ctx)
	}, lazy.Name("Bad"))
	d, good := bad.Of(none{}), ringOf(4)
	users := []lazy.Data[int]{firstOf(d), firstOf(good), firstOf(d)}
	ctx := t.Context()
	_, err := soon(t, func() ([]int, error) { return lazy.GetAll(ctx, users, lazy.In(s), lazy.KeepGoing()) })
	require.ErrorIs(t, err, errBoom)
	var partial *lazy.PartialError
	require.ErrorAs(t, err, &partial)
	require.Len(t, partial.Errs, 3)
	require.ErrorContains(t, partial.Errs[0], "comm: rank 2 failed: boom")
	require.NoError(t, partial.Errs[1])
	require.ErrorIs(t, partial.Errs[2], errBoom)
	require.Equal(t, 4, got(t, users[1], lazy.In(s)))
	allRun(t, s, 2)
}

// What a gang has come to is kept on disk, and taken from there.
func TestGangMemoOnDisk(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	var runs atomic.Int32
	g := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
		runs.Add(1)
		k, err := turn(ctx, c)
		return x + k, err
	}, lazy.Memo(), lazy.Name("GangMemoOnDisk"), lazy.Version("1"))
	for range 3 {
		store, err := cache.OpenDir(dir)
		require.NoError(t, err)
		s := &lazy.Session{Parallelism: 2, Cache: store}
		require.Equal(t, []int{13, 11, 12}, got(t, g.Of(10), lazy.In(s)))
		allRun(t, s, 2)
	}
	require.EqualValues(t, 3, runs.Load())
}

// Gangs come before calls that have not begun, also before those of greater priority.
func TestGangPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		s := quiet(2)
		var m meter
		f := nap(&m, lazy.Priority(9))
		begin := time.Now()
		var last atomic.Int64
		g := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
			defer m.enter()()
			time.Sleep(time.Second)
			last.Store(int64(time.Since(begin)))
			return x, nil
		}, lazy.Priority(5))
		targets := []lazy.Target{}
		for k := range 10 {
			targets = append(targets, f.Of(k), f.Of(k), g.Of(k))
		}
		require.NoError(t, lazy.Run(t.Context(), targets, lazy.In(s)))
		require.LessOrEqual(t, time.Duration(last.Load()), 11*time.Second)
		require.EqualValues(t, 2, m.most.Load())
		allRun(t, s, 2)
	})
}

// A rank that Gets the gang that it is of is told, and so is one that gets there by others.
func TestGangGetsItself(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2} {
		s := quiet(workers)
		var d lazy.Data[[]int]
		g := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
			if c.Rank() == 1 {
				return firstOf(d).Get(ctx)
			}
			return 0, c.Barrier(ctx)
		})
		d = g.Of(none{})
		err := failure(t, d, lazy.In(s))
		var cycle *lazy.CycleError
		require.ErrorAs(t, err, &cycle)
		var at *comm.RankError
		require.ErrorAs(t, err, &at)
		require.Equal(t, 1, at.Rank)
		allRun(t, s, workers)
	}
}

// Limits are free again however a gang ends, also while its ranks wait in Gets, or it waits for workers.
func TestGangGivesLimitsBack(t *testing.T) {
	leak.Check(t)
	for what, way := range rankFailures {
		for _, workers := range []int{1, 2, 4} {
			s := quiet(workers)
			limit := executor.NewLimit(2)
			other := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { yieldABit(); return x, ctx.Err() }, lazy.Limit(limit))
			stuck := lazy.Wrap1(func(ctx context.Context, x int) (int, error) { <-ctx.Done(); return x, ctx.Err() }, lazy.Blocking(0))
			g := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, x int) (int, error) {
				switch c.Rank() {
				case 0:
					return stuck.Of(x).Get(ctx)
				case 1:
					if _, err := other.Of(x).Get(ctx); err != nil {
						return 0, err
					}
					return 0, way.fail()
				}
				return 0, c.Barrier(ctx)
			}, lazy.Name("Fails"), lazy.Limit(limit))
			ctx := t.Context()
			ds := g.Each([]int{1, 2, 3, 4, 5})
			targets := []lazy.Target{}
			for _, d := range ds {
				targets = append(targets, d)
			}
			_, err := soon(t, func() (int, error) { return 0, lazy.Run(ctx, targets, lazy.In(s), lazy.KeepGoing()) })
			var at *comm.RankError
			require.ErrorAs(t, err, &at, what)
			require.Equal(t, 1, at.Rank, "%s: %v", what, err)
			for range 2 {
				require.True(t, limit.TryAcquire(), "%s, %d workers: a place is lost", what, workers)
			}
			limit.Release()
			limit.Release()
			allRun(t, s, workers)
		}
	}
}

// Who comes back from a Get wants its place within Workers before calls that have not begun.
func TestGetInsideComesBackWithinWorkers(t *testing.T) {
	for _, bound := range [][]lazy.RunOption{nil, {lazy.Workers(2)}} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			var m meter
			f := nap(&m)
			begin := time.Now()
			var back time.Duration
			outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
				v, err := f.Of(1).Get(ctx)
				back = time.Since(begin)
				return v, err
			})
			targets := []lazy.Target{outer()}
			for k := range 60 {
				targets = append(targets, f.Of(k+1))
			}
			s := &lazy.Session{Parallelism: 2}
			require.NoError(t, lazy.Run(t.Context(), targets, append(bound, lazy.In(s))...))
			require.LessOrEqual(t, back, 4*time.Second)
			require.EqualValues(t, 2, m.most.Load())
		})
	}
}

// A rank that has got a value which nobody else ever sees makes the whole gang run again, though its input has, by Equal,
// never changed.
func TestGangIsTaintedByARank(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 2}
	b := lazy.Source("b", 1)
	odd := lazy.Pure1(func(b int) int { return b % 2 }, lazy.Equal(func(a, b int) bool { return a == b }))(b)
	require.Equal(t, 1, got(t, odd, lazy.In(s)))
	b.Set(2)
	began, goOn := make(chan struct{}, 10), make(chan struct{})
	d := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
		if c.Rank() == 0 {
			return 0, nil
		}
		began <- struct{}{}
		<-goOn
		return odd.Get(ctx)
	}).Of(none{})
	first := make(chan []int, 1)
	go func() { v, _ := d.Get(context.Background(), lazy.In(s)); first <- v }()
	<-began
	b.Set(3)
	require.Equal(t, 1, got(t, odd, lazy.In(s)))
	close(goOn)
	require.Equal(t, []int{0, 0}, <-first)
	require.Equal(t, []int{0, 1}, got(t, d, lazy.In(s)))
	allRun(t, s, 2)
}
