package lazy_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// after is a poll that is ready so long after its first look, and returns how often it has looked.
func after(opts ...lazy.Option) lazy.Func1[time.Duration, int] {
	return lazy.Poll1(func(t *lazy.Task, latency time.Duration) (int, error) {
		begin := time.Now()
		for n := range t.Spin() {
			if time.Since(begin) >= latency {
				return n + 1, nil
			}
		}
		return 0, t.Err()
	}, append(opts, lazy.Name("After"))...)
}

func TestPollArities(t *testing.T) {
	leak.Check(t)
	once := func(task *lazy.Task, v int) (int, error) {
		for range task.Spin() {
			return v, nil
		}
		return 0, task.Err()
	}
	zero := lazy.Poll0(func(task *lazy.Task) (int, error) { return once(task, 1) })
	one := lazy.Poll1(func(task *lazy.Task, a int) (int, error) { return once(task, a+10) })
	two := lazy.Poll2(func(task *lazy.Task, a, b int) (int, error) { return once(task, a+b) })
	require.Equal(t, 1, got(t, zero()))
	require.Equal(t, 11, got(t, one(zero())))
	require.Equal(t, 12, got(t, two(zero(), one.Of(1))))
	mustPanic(t, func() { lazy.Poll1[int, int](nil) }, "the function is nil")
}

// Spin yields 0, 1, 2, …; the looks go on until the loop is left, and what the loop returns is the value.
func TestPollLooksUntilItIsReady(t *testing.T) {
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			var looks []int
			d := inc(lazy.Poll0(func(t *lazy.Task) (int, error) {
				for n := range t.Spin() {
					if looks = append(looks, n); n == 4 {
						return n, nil
					}
				}
				return 0, t.Err()
			})())
			v, err := d.Get(t.Context(), lazy.In(s))
			require.NoError(t, err)
			require.Equal(t, 5, v)
			require.Equal(t, []int{0, 1, 2, 3, 4}, looks)
		})
	})
}

// A condition that is true already costs no wait, whatever has been learned.
func TestPollThatIsReadyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		f := after()
		for range 20 {
			lazy.Must(f.Of(time.Hour).Get(t.Context()))
		}
		begin := time.Now()
		require.Equal(t, 1, lazy.Must(f.Of(0).Get(t.Context())))
		require.Zero(t, time.Since(begin))
	})
}

// Ten thousand wait at once on one worker: each is ready when all of them have looked.
func TestPollsShareOneWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		const n = 10_000
		var looking meter
		var begun atomic.Int32
		goroutines := 0
		ready := func() bool {
			defer looking.enter()()
			runtime.Gosched()
			return begun.Load() == n
		}
		f := lazy.Poll1(func(t *lazy.Task, i int) (int, error) {
			if begun.Add(1) == n {
				goroutines = runtime.NumGoroutine()
			}
			for range t.Spin() {
				if ready() {
					return i, nil
				}
			}
			return 0, t.Err()
		})
		is := make([]int, n)
		for i := range is {
			is[i] = i
		}
		s := &lazy.Session{Parallelism: 1}
		seen := &workersSeen{}
		vs, err := lazy.GetAll(t.Context(), f.Each(is), lazy.In(s), lazy.Observe(seen))
		require.NoError(t, err)
		require.Equal(t, is, vs)
		require.EqualValues(t, 1, looking.most.Load())
		require.Less(t, goroutines, n+100, "a goroutine each, and no worker")
		require.Equal(t, []int{0}, seen.all())
		require.Equal(t, 1, lazy.Must(inc.Of(0).Get(t.Context(), lazy.In(s))))
	})
}

// Looks count as functions that run: before, during and after the loop.
func TestPollLooksAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		session *lazy.Session
		opts    []lazy.Option
		run     []lazy.RunOption
		most    int32
	}{
		"one worker":        {&lazy.Session{Parallelism: 1}, nil, nil, 1},
		"three workers":     {&lazy.Session{Parallelism: 3}, nil, nil, 3},
		"a crew":            {&lazy.Session{Parallelism: 3}, nil, []lazy.RunOption{lazy.Workers(2)}, 2},
		"a limit":           {&lazy.Session{Parallelism: 4}, []lazy.Option{lazy.Limit(executor.NewLimit(2))}, nil, 2},
		"a limit, timed":    {&lazy.Session{Parallelism: 4}, []lazy.Option{lazy.Limit(executor.NewLimit(2)), lazy.Timeout(time.Hour)}, nil, 2},
		"blocking":          {&lazy.Session{Parallelism: 1}, []lazy.Option{lazy.Blocking(3)}, nil, 3},
		"another pool":      {&lazy.Session{Parallelism: 1}, []lazy.Option{lazy.RunsOn(executor.NewPool(2))}, nil, 2},
		"wrapped pool":      {&lazy.Session{Executor: roundPool(executor.NewPool(2))}, nil, nil, 2},
		"one worker, timed": {&lazy.Session{Parallelism: 1}, []lazy.Option{lazy.Timeout(time.Hour)}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				var running meter
				var begun atomic.Int32
				const n = 50
				f := lazy.Poll1(func(t *lazy.Task, i int) (int, error) {
					busy := func() {
						defer running.enter()()
						time.Sleep(time.Millisecond)
					}
					busy()
					begun.Add(1)
					for k := range t.Spin() {
						if busy(); k > 3 && begun.Load() == n {
							break
						}
					}
					busy()
					return i, t.Err()
				}, c.opts...)
				_, err := lazy.GetAll(t.Context(), f.Each(make([]int, n)), append(c.run, lazy.In(c.session))...)
				require.NoError(t, err)
				require.Equal(t, c.most, running.most.Load())
				require.Equal(t, 1, lazy.Must(inc.Of(0).Get(t.Context(), lazy.In(c.session))))
			})
		})
	}
}

// While polls wait, other calls run on the only worker: here those that the polls wait for, in the same run.
func TestPollWaitsForACallOfTheSameRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		limit := lazy.Limit(executor.NewLimit(1))
		var set atomic.Bool
		poll := lazy.Poll0(func(t *lazy.Task) (int, error) {
			for range t.Spin() {
				if set.Load() {
					return 1, nil
				}
			}
			return 0, t.Err()
		}, limit, lazy.Priority(1))
		setter := lazy.Pure0(func() int { time.Sleep(time.Second); set.Store(true); return 2 }, limit)
		v, err := sum(poll(), setter()).Get(t.Context(), lazy.In(&lazy.Session{Parallelism: 1}))
		require.NoError(t, err)
		require.Equal(t, 3, v)
	})
}

// A Get with the task's context is the call's: its worker is lent, what it gets is an input.
func TestPollGetsInsideItself(t *testing.T) {
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			f := lazy.Poll1(func(t *lazy.Task, n int) (int, error) {
				for k := range t.Spin() {
					v, err := inc.Of(k).Get(t.Context())
					if err != nil || v >= n {
						return v, err
					}
				}
				return 0, t.Err()
			}, lazy.Name("Outer"))
			ds := f.Each([]int{1, 2, 3, 4, 5})
			vs, err := lazy.GetAll(t.Context(), ds, lazy.In(s))
			require.NoError(t, err)
			require.Equal(t, []int{1, 2, 3, 4, 5}, vs)
			require.Len(t, lazy.Snapshot(ds[2]).Nodes, 2+2*3, "itself, its argument, and three calls of Inc on a constant each")
		})
	})
}

// A Get whose context was not passed on finds the slot all the same.
func TestPollGetsInsideItselfWithoutItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		s := &lazy.Session{Parallelism: 1}
		ctx := t.Context()
		f := lazy.Poll0(func(t *lazy.Task) (v int, err error) {
			for k := range t.Spin() {
				if v, err = inc.Of(k).Get(ctx, lazy.In(s)); err != nil || v == 3 {
					break
				}
			}
			return v, err
		})
		vs, err := lazy.GetAll(ctx, []lazy.Data[int]{f(), f(), f()}, lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, []int{3, 3, 3}, vs)
	})
}

func TestPollIsRunningWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		d := after().Of(time.Second)
		go func() { lazy.Must(d.Get(t.Context())) }()
		synctest.Wait()
		require.Equal(t, graph.Running, d.State())
		lazy.Must(d.Get(t.Context())) // shares it
		require.Equal(t, graph.Done, d.State())
	})
}

// A poll may wait for one thing after another; the waits are learned apart, and goroutines of its own may wait, too.
func TestPollSpinsSeveralTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		looks := 0
		wait := func(t *lazy.Task, latency time.Duration) {
			begin := time.Now()
			for range t.Spin() {
				if looks++; time.Since(begin) >= latency {
					return
				}
			}
		}
		f := lazy.Poll0(func(t *lazy.Task) (int, error) {
			wait(t, time.Millisecond)
			wait(t, time.Second)
			return 0, t.Err()
		})
		for range 20 {
			lazy.Must(f().Get(t.Context()))
		}
		looks = 0
		lazy.Must(f().Get(t.Context()))
		require.LessOrEqual(t, looks, 6)

		both := lazy.Poll0(func(t *lazy.Task) (int, error) {
			done := make(chan bool)
			go func() {
				for k := range t.Spin() {
					if k == 3 {
						break
					}
				}
				close(done)
			}()
			for k := range t.Spin() {
				if k == 5 {
					break
				}
			}
			<-done
			return 7, t.Err()
		}, lazy.Limit(executor.NewLimit(1)))
		s := &lazy.Session{Parallelism: 1}
		vs, err := lazy.GetAll(t.Context(), []lazy.Data[int]{both(), both(), both()}, lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, []int{7, 7, 7}, vs)
	})
}

func TestPollBoundsAreChecked(t *testing.T) {
	require.ErrorContains(t, failure(t, after().Of(0), lazy.In(&lazy.Session{PollMin: -1})), "Session.PollMin is -1ns")
	require.ErrorContains(t, failure(t, after().Of(0), lazy.In(&lazy.Session{PollMax: -1})), "Session.PollMax is -1ns")
}

func TestPollBoundsHold(t *testing.T) {
	for _, c := range []struct {
		session *lazy.Session
		latency time.Duration
		looks   int
	}{
		{&lazy.Session{PollMin: time.Second}, 3500 * time.Millisecond, 5}, // 0, 1, 2, 3 (1.5 would be 1), 4.5
		{&lazy.Session{PollMax: time.Millisecond}, 20 * time.Millisecond, 21},
		{&lazy.Session{PollMin: time.Hour}, 90 * time.Minute, 3},
		{&lazy.Session{}, 10 * time.Minute, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			n, err := after().Of(c.latency).Get(t.Context(), lazy.In(c.session))
			require.NoError(t, err)
			if c.looks > 0 {
				require.Equal(t, c.looks, n)
			} else {
				require.Less(t, n, 45, "36 from 1 ms to 1 min, then one each minute")
			}
		})
	}
}

// workersSeen is an observer that collects the workers' numbers.
type workersSeen struct{ journal journal }

func (w *workersSeen) RunStarted(lazy.RunInfo)     {}
func (w *workersSeen) RunDone(lazy.RunInfo)        {}
func (w *workersSeen) CallDone(lazy.CallInfo)      {}
func (w *workersSeen) CallStarted(c lazy.CallInfo) { w.journal.add(string(rune('0' + c.Worker))) }

func (w *workersSeen) all() (numbers []int) {
	known := make(map[string]bool)
	for _, n := range w.journal.all() {
		if !known[n] {
			known[n] = true
			numbers = append(numbers, int(n[0]-'0'))
		}
	}
	return numbers
}

// After one batch the next has its pace: few looks, and little later than its conditions.
func TestPollLearnsFromABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		f := after()
		latencies := make([]time.Duration, 500)
		for i := range latencies {
			latencies[i] = time.Second + time.Duration(i%100)*time.Millisecond
		}
		s := &lazy.Session{Parallelism: 1}
		batch := func() (looks int, took time.Duration) {
			begin := time.Now()
			for _, n := range lazy.Must(lazy.GetAll(t.Context(), f.Each(latencies), lazy.In(s))) {
				looks += n
			}
			return looks, time.Since(begin)
		}
		learning, _ := batch()
		looks, took := batch()
		require.Less(t, 3*looks, learning)
		require.LessOrEqual(t, looks, 5*len(latencies))
		require.Less(t, took, 1200*time.Millisecond)
	})
}
