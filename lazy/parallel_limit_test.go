package lazy_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// Blocking calls hold no worker: with one worker, three of them and a function run at once; never more than the limit.
func TestBlockingHoldsNoWorkerAndHeedsItsLimit(t *testing.T) {
	for _, c := range []struct{ limit, want int }{{0, 20}, {1, 1}, {3, 3}} {
		t.Run(fmt.Sprint(c.limit), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				var waiting, computing meter
				wait, compute := nap(&waiting, lazy.Blocking(c.limit)), nap(&computing)
				s := &lazy.Session{Parallelism: 1}
				begin := time.Now()
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() {
						ds := slices.Concat(wait.Each(make([]int, 10)), compute.Each(make([]int, 5)))
						_, err := lazy.GetAll(t.Context(), ds, lazy.In(s))
						require.NoError(t, err)
					})
				}
				wg.Wait()
				require.EqualValues(t, c.want, waiting.most.Load())
				require.EqualValues(t, 1, computing.most.Load())
				longest := max((20+c.want-1)/c.want, 10)
				require.Equal(t, time.Duration(longest)*time.Second, time.Since(begin))
			})
		})
	}
}

// done <- fetch <- fetch, while the only worker computes for as long as that takes
func TestBlockingStartsWhileAllWorkersCompute(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 1}
	fetched, computing := make(chan struct{}), make(chan struct{})
	fetch := lazy.Wrap1(func(_ context.Context, x int) (int, error) { <-computing; return x + 1, nil }, lazy.Blocking(0))
	last := lazy.Wrap1(func(_ context.Context, x int) (int, error) { close(fetched); return x + 1, nil }, lazy.Blocking(0))
	compute := lazy.Pure0(func() int { close(computing); <-fetched; return 1 })
	vs, err := soon(t, func() ([]int, error) {
		return lazy.GetAll(context.Background(), []lazy.Data[int]{last(fetch.Of(0)), compute()}, lazy.In(s))
	})
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, vs)
}

// A limit shared by two functions; calls of others go on meanwhile.
func TestLimitIsSharedByFunctions(t *testing.T) {
	for _, n := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			gpu := lazy.Limit(executor.NewLimit(n))
			var scarce, other meter
			f, g, h := nap(&scarce, gpu), nap(&scarce, gpu), nap(&other)
			ds := slices.Concat(f.Each(make([]int, 6)), g.Each(make([]int, 6)), h.Each(make([]int, 12)))
			begin := time.Now()
			_, err := lazy.GetAll(t.Context(), ds, lazy.In(&lazy.Session{Parallelism: 4}))
			require.NoError(t, err)
			require.EqualValues(t, n, scarce.most.Load())
			require.EqualValues(t, 12, scarce.all.Load())
			require.GreaterOrEqual(t, int(other.most.Load()), 4-n)
			least := time.Duration(max(12/n, 6)) * time.Second
			require.Equal(t, least, time.Since(begin))
		})
	}
}

// A call that waits for a limit holds no worker.
func TestLimitHoldsNoWorkerWhileWaiting(t *testing.T) {
	leak.Check(t)
	limit := executor.NewLimit(1)
	require.NoError(t, limit.Acquire(t.Context()))
	var m meter
	limited := lazy.Pure1(func(x int) int { defer m.enter()(); return x }, lazy.Limit(limit))
	free := lazy.Pure1(func(x int) int {
		if x == 9 { // the last
			limit.Release()
		}
		return x
	})
	s := &lazy.Session{Parallelism: 1}
	_, err := soon(t, func() ([]int, error) {
		ds := slices.Concat(limited.Each([]int{1, 2, 3}), free.Each([]int{1, 2, 9}))
		return lazy.GetAll(context.Background(), ds, lazy.In(s))
	})
	require.NoError(t, err)
	require.EqualValues(t, 3, m.all.Load())
	require.True(t, limit.TryAcquire(), "all places were given back")
}

// Places are given back by calls that fail, panic, are cancelled or never start.
func TestLimitIsGivenBack(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, n := range []int{1, 2} {
			limit := executor.NewLimit(n)
			for name, d := range waysToFail(lazy.Limit(limit)) {
				_, err := soon(t, func() ([]int, error) {
					return lazy.GetAll(context.Background(), []lazy.Data[int]{d(), d(), d(), d()}, lazy.In(s))
				})
				require.Error(t, err, name)
			}
			for range n {
				until(t, "the place is free", limit.TryAcquire)
			}
		}
	})
}

func waysToFail(opts ...lazy.Option) map[string]func() lazy.Data[int] {
	with := func(more ...lazy.Option) []lazy.Option { return slices.Concat(opts, more) }
	return map[string]func() lazy.Data[int]{
		"error":    func() lazy.Data[int] { return fail[int](errBoom, opts...) },
		"panic":    func() lazy.Data[int] { return lazy.Pure0(func() int { panic(errBoom) }, opts...)() },
		"blocking": func() lazy.Data[int] { return fail[int](errBoom, with(lazy.Blocking(1))...) },
		"retry":    func() lazy.Data[int] { return fail[int](errBoom, with(lazy.Retry(2))...) },
		"bind": func() lazy.Data[int] {
			return lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return fail[int](errBoom), nil }, opts...)()
		},
	}
}

// A call inside a Get of a call that holds the same limit uses the outer's place – one at a time.
func TestLimitIsKeptByNestedGets(t *testing.T) {
	for name, through := range map[string]func(context.Context, []lazy.Data[int]) (lazy.Data[[]int], error){
		"nested Get": func(ctx context.Context, ds []lazy.Data[int]) (lazy.Data[[]int], error) {
			vs, err := lazy.GetAll(ctx, ds)
			return lazy.Const(vs), err
		},
		"Bind": func(_ context.Context, ds []lazy.Data[int]) (lazy.Data[[]int], error) { return lazy.Gather(ds...), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				limit := lazy.Limit(executor.NewLimit(1))
				var m meter
				inner := nap(&m, limit)
				outer := lazy.Bind0(func(ctx context.Context) (lazy.Data[[]int], error) {
					return through(ctx, inner.Each(make([]int, 4)))
				}, limit)
				v, err := outer().Get(t.Context(), lazy.In(&lazy.Session{Parallelism: 4}))
				require.NoError(t, err)
				require.Len(t, v, 4)
				require.EqualValues(t, 1, m.most.Load())
			})
		})
	}
}

// Two limits of two functions, each asking for the other's inside: no call waits for ever.
func TestLimitsTakenCrosswiseByBinds(t *testing.T) {
	leak.Check(t)
	one, two := lazy.Limit(executor.NewLimit(1)), lazy.Limit(executor.NewLimit(1))
	for range 20 {
		b := newBarrier(2)
		cross := func(mine, other lazy.Option) lazy.Data[int] {
			return lazy.Bind0(func(context.Context) (lazy.Data[int], error) {
				b.meet()
				return lazy.Pure0(func() int { return 1 }, other)(), nil
			}, mine)()
		}
		require.Equal(t, 2, got(t, sum(cross(one, two), cross(two, one)), lazy.In(&lazy.Session{Parallelism: 2})))
	}
}

// Higher priority first among what is ready, ties in the order of the plan. One worker, so that there is an order.
func TestPriority(t *testing.T) {
	leak.Check(t)
	for name, s := range map[string]*lazy.Session{
		"parallelism": {Parallelism: 1}, "serial": {Executor: executor.Serial()}, "round a pool": {Executor: roundPool(executor.NewPool(1))},
	} {
		t.Run(name, func(t *testing.T) {
			var j journal
			f := func(name string, p int) lazy.Func1[int, int] {
				return lazy.Pure1(func(x int) int { j.add(fmt.Sprint(name, x)); return x }, lazy.Name(name), lazy.Priority(p))
			}
			low, normal, high := f("low", -1), f("normal", 0), f("high", 5)
			ds := []lazy.Data[int]{low.Of(1), normal.Of(1), high.Of(1), low.Of(2), normal.Of(2), high.Of(2)}
			ds = append(ds, high(normal.Of(3)))
			_, err := lazy.GetAll(t.Context(), ds, lazy.In(s))
			require.NoError(t, err)
			require.Equal(t, []string{"high1", "high2", "normal1", "normal2", "normal3", "high3", "low1", "low2"}, j.all())
		})
	}
}
