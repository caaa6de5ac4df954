package lazy_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// nap is a function that takes a second, counted by m.
func nap(m *meter, opts ...lazy.Option) lazy.Func1[int, int] {
	return lazy.Pure1(func(x int) int {
		defer m.enter()()
		time.Sleep(time.Second)
		return x
	}, opts...)
}

// Time tells exactly how many ran at once: 24 seconds' work in 24/n seconds.
func TestParallelismIsExact(t *testing.T) {
	for n := 1; n <= 6; n++ {
		for _, gets := range []int{1, 2, 3} {
			t.Run(fmt.Sprint(n, " workers ", gets, " Gets"), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					leak.Check(t)
					var m meter
					f := nap(&m)
					s := &lazy.Session{Parallelism: n}
					begin := time.Now()
					var wg sync.WaitGroup
					for range gets {
						wg.Go(func() {
							_, err := lazy.GetAll(t.Context(), f.Each(make([]int, 24/gets)), lazy.In(s))
							require.NoError(t, err)
						})
					}
					wg.Wait()
					require.EqualValues(t, n, m.most.Load())
					require.EqualValues(t, 24, m.all.Load())
					require.Equal(t, time.Duration((24+n-1)/n)*time.Second, time.Since(begin))
				})
			})
		}
	}
}

// The seed's example: two leaves and one node take 0.2 s with two workers, 0.3 s with one, and give the same.
func TestParallelismOfTheSeed(t *testing.T) {
	for workers, want := range map[int]time.Duration{1: 300 * time.Millisecond, 2: 200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			square := lazy.Pure1(func(x int) int { time.Sleep(100 * time.Millisecond); return x * x })
			mul := lazy.Pure2(func(a, b int) int { time.Sleep(100 * time.Millisecond); return a * b })
			begin := time.Now()
			v, err := mul(square.Of(2), square.Of(3)).Get(t.Context(), lazy.In(&lazy.Session{Parallelism: workers}))
			require.NoError(t, err)
			require.Equal(t, 36, v)
			require.Equal(t, want, time.Since(begin))
		})
	}
}

// n functions meet: all n have to run at once, in one Get and over several.
func TestParallelismIsUsedInFull(t *testing.T) {
	leak.Check(t)
	for _, n := range []int{2, 4, 8} {
		for _, gets := range []int{1, n} {
			for _, warm := range []bool{false, true} {
				t.Run(fmt.Sprint(n, " in ", gets, " warm ", warm), func(t *testing.T) {
					s := &lazy.Session{Parallelism: n}
					b := newBarrier(n)
					meet := lazy.Pure1(func(x int) int {
						if x < 0 {
							b.meet()
						}
						return x
					}, lazy.Name("Meet"))
					if warm { // so that the function is thought to be cheap
						_, err := lazy.GetAll(t.Context(), meet.Each(make([]int, 10_000)), lazy.In(s))
						require.NoError(t, err)
					}
					_, err := soon(t, func() (int, error) {
						errs := make(chan error, gets)
						for range gets {
							ds := make([]lazy.Data[int], n/gets)
							for i := range ds {
								ds[i] = meet.Of(-1)
							}
							go func() {
								_, err := lazy.GetAll(context.Background(), ds, lazy.In(s))
								errs <- err
							}()
						}
						for range gets {
							if err := <-errs; err != nil {
								return 0, err
							}
						}
						return 0, nil
					})
					require.NoError(t, err)
				})
			}
		}
	}
}

// A worker that becomes free while a Get is in the middle of a long call is used for the rest of it.
func TestParallelismFreedLaterIsUsed(t *testing.T) {
	leak.Check(t)
	for range 20 {
		s := &lazy.Session{Parallelism: 2}
		started, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		occupying := lazy.Pure0(func() int { close(started); <-release; return 1 })()
		b := newBarrier(2)
		meet := lazy.Pure1(func(x int) int {
			once.Do(func() { close(release) })
			b.meet()
			return x
		})
		_, err := soon(t, func() ([]int, error) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = occupying.Get(context.Background(), lazy.In(s))
			}()
			defer func() { <-done }()
			<-started
			return lazy.GetAll(context.Background(), meet.Each([]int{1, 2}), lazy.In(s))
		})
		require.NoError(t, err)
	}
}

// Workers bounds one run, nested Gets' runs and a Bind's rest not excepted; the session's bound holds besides.
func TestWorkersBoundsTheRun(t *testing.T) {
	for _, c := range []struct{ parallelism, workers, want int }{{4, 1, 1}, {4, 2, 2}, {4, 8, 4}, {1, 3, 1}, {0, 3, 3}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				if c.parallelism == 0 && lazy.SetParallelism(0) > c.want {
					t.Skip("more processors than workers")
				}
				var m meter
				_, err := lazy.GetAll(t.Context(), nap(&m).Each(make([]int, 12)), lazy.In(&lazy.Session{Parallelism: c.parallelism}), lazy.Workers(c.workers))
				require.NoError(t, err)
				require.EqualValues(t, c.want, m.most.Load())
			})
		})
	}
}

func TestWorkersBoundsWhatBindsGoOnTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		var m meter
		f := nap(&m)
		maps := make([]lazy.Data[[]int], 4)
		for i := range maps {
			maps[i] = lazy.Map(f, lazy.Const(make([]int, 4)))
		}
		_, err := lazy.GetAll(t.Context(), maps, lazy.In(&lazy.Session{Parallelism: 4}), lazy.Workers(1))
		require.NoError(t, err)
		require.EqualValues(t, 1, m.most.Load())
	})
}

// A pool given to two sessions bounds both together.
func TestParallelismOfASharedPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		pool := executor.NewPool(2)
		var m meter
		f := nap(&m)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := lazy.GetAll(t.Context(), f.Each(make([]int, 4)), lazy.In(&lazy.Session{Executor: pool}))
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.EqualValues(t, 2, m.most.Load())
	})
}

// A call that waits in a Get of its own does not count: its worker serves others meanwhile, and no more than n run.
func TestParallelismWithNestedGets(t *testing.T) {
	for n := 1; n <= 3; n++ {
		for _, background := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				var m meter
				s := &lazy.Session{Parallelism: n}
				f := nap(&m)
				outer := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
					if background {
						ctx = context.Background()
					}
					done := m.enter()
					time.Sleep(time.Second)
					done()
					vs, err := lazy.GetAll(ctx, f.Each(make([]int, 3)), lazy.In(s))
					defer m.enter()()
					time.Sleep(time.Second)
					return len(vs), err
				})
				begin := time.Now()
				vs, err := lazy.GetAll(t.Context(), outer.Each(make([]int, 6)), lazy.In(s))
				require.NoError(t, err)
				require.Equal(t, []int{3, 3, 3, 3, 3, 3}, vs)
				require.EqualValues(t, n, m.most.Load())
				// A list schedule: at worst the last call of 1 s runs alone.
				require.LessOrEqual(t, time.Since(begin), time.Duration(30/n+1)*time.Second)
			})
		}
	}
}

// Getting the same values serial and parallel.
func TestSetParallelism(t *testing.T) {
	old := lazy.SetParallelism(3)
	defer lazy.SetParallelism(old)
	require.Equal(t, 3, lazy.SetParallelism(0), "0 asks")
	require.Equal(t, 3, lazy.SetParallelism(-1), "negative changes nothing")
	require.Equal(t, 3, lazy.SetParallelism(1))
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{1, 4, 2} {
			lazy.SetParallelism(n)
			var m meter
			vs, err := lazy.GetAll(t.Context(), nap(&m).Each([]int{4, 3, 2, 1, 0}))
			require.NoError(t, err)
			require.Equal(t, []int{4, 3, 2, 1, 0}, vs)
			require.EqualValues(t, n, m.most.Load())
		}
	})
}
