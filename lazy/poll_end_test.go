package lazy_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// never is a poll that is never ready. It says with what error its Spin ended, and forgets to return it.
func never(errs *journal, opts ...lazy.Option) lazy.Func0[int] {
	return lazy.Poll0(func(t *lazy.Task) (int, error) {
		for range t.Spin() {
		}
		errs.add(t.Err().Error())
		return 1, nil
	}, append(opts, lazy.Name("Never"))...)
}

// The end of the context ends the wait at once, not at the next look; the call has no value, whatever it returned.
func TestPollEndsWithItsRun(t *testing.T) {
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			var errs journal
			f := never(&errs)
			ds := []lazy.Data[int]{f(), f(), f()}
			ctx, cancel := context.WithTimeout(t.Context(), 1234567*time.Microsecond)
			defer cancel()
			begin := time.Now()
			_, err := lazy.GetAll(ctx, ds, lazy.In(s))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			synctest.Wait()
			require.Equal(t, 1234567*time.Microsecond, time.Since(begin))
			require.Equal(t, "context canceled", errs.all()[0])
			for _, d := range ds {
				require.Equal(t, graph.Pending, d.State())
			}
			require.Equal(t, 1, lazy.Must(inc.Of(0).Get(t.Context(), lazy.In(s))))
		})
	})
}

// A run that fails ends the polls that wait in it; another run that wants one of them keeps that.
func TestPollEndsWhenItsRunFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		var errs journal
		s := &lazy.Session{Parallelism: 1}
		alone, wanted := never(&errs)(), after().Of(time.Minute)
		fails := lazy.Wrap0(func(context.Context) (int, error) { time.Sleep(time.Second); return 0, errBoom })()
		var all sync.WaitGroup
		all.Go(func() {
			_, err := lazy.GetAll(t.Context(), []lazy.Data[int]{alone, wanted, fails}, lazy.In(s))
			require.ErrorIs(t, err, errBoom)
		})
		synctest.Wait()
		all.Go(func() { require.Positive(t, lazy.Must(wanted.Get(t.Context(), lazy.In(s)))) })
		all.Wait()
		require.Equal(t, []string{"context canceled"}, errs.all())
	})
}

func TestPollTimeout(t *testing.T) {
	for name, opt := range map[string]lazy.Option{
		"plain": lazy.Priority(0), "limit": lazy.Limit(executor.NewLimit(1)), "blocking": lazy.Blocking(1),
		"elsewhere": lazy.RunsOn(executor.NewPool(1)),
	} {
		t.Run(name, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, s *lazy.Session) {
				synctest.Test(t, func(t *testing.T) {
					leak.Check(t)
					var errs journal
					d := never(&errs, lazy.Timeout(time.Minute), opt)()
					begin := time.Now()
					_, err := d.Get(t.Context(), lazy.In(s))
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.ErrorContains(t, err, "timed out after 1m0s")
					require.Equal(t, time.Minute, time.Since(begin))
					synctest.Wait()
					require.Equal(t, []string{"context deadline exceeded"}, errs.all())
					require.Equal(t, graph.Failed, d.State())
					require.Equal(t, 1, lazy.Must(inc.Of(0).Get(t.Context(), lazy.In(s))))
				})
			})
		})
	}
}

// Timeouts are told at once even if every slot is taken; the functions still run to their end one at a time, and nobody
// is blamed for not returning.
func TestPollTimeoutWhileNoSlotIsFree(t *testing.T) {
	for name, opt := range map[string]lazy.Option{"plain": lazy.Priority(0), "limit": lazy.Limit(executor.NewLimit(1))} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				var running meter
				var warnings strings.Builder
				s := &lazy.Session{Parallelism: 1, Logger: slog.New(slog.NewTextHandler(&warnings, nil))}
				poll := lazy.Poll0(func(t *lazy.Task) (int, error) {
					for range t.Spin() {
					}
					defer running.enter()()
					time.Sleep(time.Second)
					return 0, t.Err()
				}, lazy.Timeout(time.Minute), opt)
				hog := lazy.Pure0(func() int {
					defer running.enter()()
					time.Sleep(time.Hour)
					return 1
				})()
				go func() {
					time.Sleep(time.Second)
					lazy.Must(hog.Get(t.Context(), lazy.In(s)))
				}()
				ds := make([]lazy.Data[int], 100)
				for i := range ds {
					ds[i] = poll()
				}
				begin := time.Now()
				_, err := lazy.GetAll(t.Context(), ds, lazy.In(s), lazy.KeepGoing())
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Minute, time.Since(begin))
				require.Equal(t, graph.Running, ds[0].State(), "its function waits for the slot")
				require.Equal(t, 2, lazy.Must(inc.Of(1).Get(t.Context(), lazy.In(s))), "when the slot is free")
				time.Sleep(2 * time.Hour)
				require.EqualValues(t, 101, running.all.Load())
				require.EqualValues(t, 1, running.most.Load())
				require.Equal(t, graph.Failed, ds[0].State())
				require.Empty(t, warnings.String())
			})
		})
	}
}

// A function that does not heed the end of its context is left behind, whether it waited before or not; its slot stays
// taken until it returns.
func TestPollTimeoutOfABodyThatIgnoresIt(t *testing.T) {
	for _, waits := range []int{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			s := quiet(1)
			d := lazy.Poll0(func(t *lazy.Task) (int, error) {
				for k := range t.Spin() {
					if k == waits {
						time.Sleep(time.Hour)
					}
				}
				return 0, t.Err()
			}, lazy.Timeout(time.Minute))()
			begin := time.Now()
			_, err := d.Get(t.Context(), lazy.In(s))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Minute, time.Since(begin))
			require.Equal(t, 1, lazy.Must(inc.Of(0).Get(t.Context(), lazy.In(s))))
			require.GreaterOrEqual(t, time.Since(begin), time.Hour)
		})
	}
}

// A panic and Goexit end the call alone, in the first look and in a later one, and give back what the call held.
func TestPollPanics(t *testing.T) {
	for name, end := range map[string]func(){
		"panic": func() { panic(errBoom) }, "Goexit": runtime.Goexit,
	} {
		for _, opts := range [][]lazy.Option{nil, {lazy.Timeout(time.Hour)}, {lazy.Limit(executor.NewLimit(1))}, {lazy.Retry(1)}} {
			everyEngine(t, func(t *testing.T, s *lazy.Session) {
				for _, at := range []int{0, 2} {
					synctest.Test(t, func(t *testing.T) {
						leak.Check(t)
						f := lazy.Poll0(func(t *lazy.Task) (int, error) {
							for k := range t.Spin() {
								if k == at {
									end()
								}
							}
							return 0, t.Err()
						}, opts...)
						for range 3 {
							_, err := f().Get(t.Context(), lazy.In(s))
							var p *lazy.PanicError
							require.ErrorAs(t, err, &p, name)
						}
						require.Equal(t, 1, lazy.Must(inc.Of(0).Get(t.Context(), lazy.In(s))))
					})
				}
			})
		}
	}
}

// A poll that fails is tried again like any call; each try begins with look 0.
func TestPollRetries(t *testing.T) {
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			tries := 0
			f := lazy.Poll0(func(t *lazy.Task) (int, error) {
				tries++
				for k := range t.Spin() {
					if k == 2 && tries < 3 {
						return 0, errBoom
					}
					if k == 3 {
						return k, nil
					}
				}
				return 0, t.Err()
			}, lazy.Retry(5))
			v, err := f().Get(t.Context(), lazy.In(s))
			require.NoError(t, err)
			require.Equal(t, []int{3, 3}, []int{v, tries})
		})
	})
}

// A loop that the function has left behind on another goroutine ends with the function, and takes nothing with it.
func TestPollLeavesALoopBehind(t *testing.T) {
	for name, opt := range map[string]lazy.Option{
		"plain": lazy.Priority(0), "limit": lazy.Limit(executor.NewLimit(1)), "timeout": lazy.Timeout(time.Hour),
		"elsewhere": lazy.RunsOn(executor.NewPool(1)), "blocking": lazy.Blocking(1),
	} {
		t.Run(name, func(t *testing.T) {
			everyEngine(t, func(t *testing.T, s *lazy.Session) {
				synctest.Test(t, func(t *testing.T) {
					leak.Check(t)
					var left []error
					f := lazy.Poll0(func(t *lazy.Task) (int, error) {
						waiting := make(chan struct{})
						go func() {
							for k := range t.Spin() {
								if k == 0 {
									close(waiting)
								}
							}
							left = append(left, t.Err())
						}()
						<-waiting
						for k := range t.Spin() {
							if k == 2 {
								return k, nil
							}
						}
						return 0, t.Err()
					}, opt)
					for range 3 {
						v, err := f().Get(t.Context(), lazy.In(s))
						require.NoError(t, err)
						require.Equal(t, 2, v)
						synctest.Wait()
					}
					require.Equal(t, []error{context.Canceled, context.Canceled, context.Canceled}, left)
					require.Equal(t, 1, lazy.Must(inc.Of(0).Get(t.Context(), lazy.In(s))))
				})
			})
		})
	}
}

// Polls that come and go, Get, are cancelled, time out and fail leave every slot and place free.
func TestPollStorm(t *testing.T) {
	pool := func() lazy.Option { return lazy.RunsOn(executor.NewPool(2)) }
	for name, c := range map[string]struct {
		opt func() lazy.Option
		ex  executor.Executor
	}{
		"a pool":       {func() lazy.Option { return lazy.Priority(1) }, executor.NewPool(2)},
		"another pool": {pool, executor.NewPool(1)},
		"in order":     {pool, executor.Func(inOrder)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				limit, opt := executor.NewLimit(3), c.opt()
				s := quiet(0)
				s.Executor = c.ex
				most := storm(t, s, lazy.Limit(limit), opt)
				synctest.Wait()
				require.LessOrEqual(t, most, int32(2))
				for range limit.N() {
					require.True(t, limit.TryAcquire(), "a place was lost")
				}
				require.False(t, limit.TryAcquire(), "a place was given back twice")
				both := newBarrier(2)
				meet := lazy.Pure0(func() int { both.meet(); return 1 }, opt)
				on := &lazy.Session{Executor: c.ex}
				if name == "in order" {
					on.Executor = executor.Func(allAtOnce)
				}
				ds := []lazy.Data[int]{meet(), meet()}
				require.Equal(t, []int{1, 1}, lazy.Must(lazy.GetAll(t.Context(), ds, lazy.In(on))), "two slots are free")
			})
		})
	}
}

// storm has many polls end in all ways. It returns how many looked at once at most.
func storm(t *testing.T, s *lazy.Session, opts ...lazy.Option) int32 {
	var looking meter
	f := lazy.Poll1(func(t *lazy.Task, i int) (int, error) {
		look := func() { defer looking.enter()(); runtime.Gosched() }
		for k := range t.Spin() {
			look()
			switch {
			case i%7 == 3 && k == 2:
				return 0, errBoom
			case i%7 == 4 && k == 1:
				runtime.Goexit()
			case i%7 == 5 && k == 0:
				lazy.Must(inc.Of(k).Get(t.Context()))
				look()
			case k == i%5:
				return i, nil
			}
		}
		return 0, t.Err()
	}, append(opts, lazy.Timeout(20*time.Millisecond), lazy.Retry(1))...)
	var all sync.WaitGroup
	for g := range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+g%9)*5*time.Millisecond)
		all.Go(func() {
			defer cancel()
			for i := range 25 {
				_, _ = lazy.GetAll(ctx, f.Each([]int{i, i + 1, i + 2}), lazy.In(s), lazy.KeepGoing())
			}
		})
	}
	all.Wait()
	return looking.most.Load()
}
