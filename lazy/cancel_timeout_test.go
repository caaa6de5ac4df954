package lazy_test

import (
	"context"
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

// sleep waits for d, and for ctx's end if it heeds it.
func sleep(ctx context.Context, d time.Duration, heeds bool) error {
	if !heeds {
		time.Sleep(d)
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestTimeoutEndsTheCall(t *testing.T) {
	for name, c := range map[string]struct {
		heeds bool
		opts  []lazy.Option
	}{
		"heeds": {true, nil}, "ignores": {false, nil},
		"blocking, heeds": {true, []lazy.Option{lazy.Blocking(1)}}, "blocking, ignores": {false, []lazy.Option{lazy.Blocking(1)}},
		"elsewhere, heeds":   {true, []lazy.Option{lazy.RunsOn(executor.NewPool(1))}},
		"elsewhere, ignores": {false, []lazy.Option{lazy.RunsOn(executor.NewPool(1))}},
		"limit, ignores":     {false, []lazy.Option{lazy.Limit(executor.NewLimit(1))}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				f := lazy.Wrap1(func(ctx context.Context, d time.Duration) (time.Duration, error) {
					return d, sleep(ctx, d, c.heeds)
				}, append(c.opts, lazy.Timeout(time.Second), lazy.Name("Slow"))...)
				slow := f.Of(time.Hour)
				begin := time.Now()
				_, err := inc64(slow).Get(t.Context(), lazy.In(quiet(2)))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.ErrorContains(t, err, "Slow")
				require.ErrorContains(t, err, "1s")
				require.Equal(t, time.Second, time.Since(begin))
				synctest.Wait()
				if c.heeds {
					require.Equal(t, graph.Failed, slow.State())
				} else {
					require.Equal(t, graph.Running, slow.State(), "its function has not returned")
				}
				time.Sleep(2 * time.Hour)
				require.Equal(t, graph.Failed, slow.State(), "what comes late is dropped")
				v, err := f.Of(time.Millisecond).Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, time.Millisecond, v)
			})
		})
	}
}

var inc64 = lazy.Pure1(func(d time.Duration) time.Duration { return d + 1 }, lazy.Name("Inc"))

// An abandoned function keeps its worker, or its place in a limit, until it returns.
func TestTimeoutOfABodyThatIgnoresItKeepsItsPlace(t *testing.T) {
	for name, opt := range map[string]lazy.Option{
		"worker": lazy.Priority(0), "limit": lazy.Limit(executor.NewLimit(1)), "blocking": lazy.Blocking(1),
		"pool": lazy.RunsOn(executor.NewPool(1)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				s := quiet(1)
				f := lazy.Pure1(func(d time.Duration) time.Duration { time.Sleep(d); return d }, lazy.Timeout(time.Minute), opt)
				begin := time.Now()
				_, err := inc64(f.Of(10*time.Minute)).Get(t.Context(), lazy.In(s))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Minute, time.Since(begin))
				_, err = f.Of(time.Second).Get(t.Context(), lazy.In(s))
				require.NoError(t, err)
				require.Equal(t, 10*time.Minute+time.Second, time.Since(begin))
			})
		})
	}
}

// KeepGoing goes on with the rest while an abandoned function runs.
func TestTimeoutUnderKeepGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		f := lazy.Pure1(func(d time.Duration) time.Duration { time.Sleep(d); return d }, lazy.Timeout(time.Minute))
		begin := time.Now()
		vs, err := lazy.GetAll(t.Context(), f.Each([]time.Duration{time.Hour, 1, 2}), lazy.In(quiet(2)), lazy.KeepGoing())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []time.Duration{0, 1, 2}, vs)
		require.Equal(t, time.Minute, time.Since(begin))
		time.Sleep(time.Hour) // the function returns
	})
}

// A Get that comes while an abandoned function still runs does not get the failure of the Get before: it waits for the
// function's end and runs the call again.
func TestTimeoutThenAGetWhileTheBodyStillRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		at, most, runs := 0, 0, 0
		d := lazy.Wrap0(func(context.Context) (int, error) {
			runs++
			at++
			most = max(most, at)
			if runs == 1 {
				time.Sleep(time.Hour)
			}
			at--
			return runs, nil
		}, lazy.Timeout(time.Minute))()
		begin := time.Now()
		_, err := d.Get(t.Context(), lazy.In(quiet(2)))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		v, err := d.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2, v)
		require.Equal(t, 1, most)
		require.Equal(t, time.Hour, time.Since(begin))
	})
}

func TestTimeoutOfACallerBeforeTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		d := lazy.Wrap0(func(ctx context.Context) (int, error) { return 1, sleep(ctx, time.Hour, true) }, lazy.Timeout(time.Minute))()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := d.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotContains(t, err.Error(), "timed out after")
		synctest.Wait()
		require.Equal(t, graph.Pending, d.State())
	})
}

// All waiters of a call that times out get its failure.
func TestTimeoutReachesAllWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		d := lazy.Wrap0(func(ctx context.Context) (int, error) { return 1, sleep(ctx, time.Hour, false) }, lazy.Timeout(time.Minute))()
		var wg sync.WaitGroup
		begin := time.Now()
		for range 5 {
			wg.Go(func() {
				_, err := inc(d).Get(t.Context(), lazy.In(quiet(2)))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, time.Minute, time.Since(begin))
			})
		}
		wg.Wait()
		time.Sleep(time.Hour)
	})
}

func TestRetryCounts(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, c := range []struct{ retry, failures, runs int }{
			{0, 0, 1}, {0, 1, 1}, {3, 0, 1}, {3, 1, 2}, {3, 3, 4}, {3, 4, 4}, {3, 100, 4},
		} {
			for _, opts := range [][]lazy.Option{nil, {lazy.Blocking(1)}, {lazy.Timeout(time.Hour)}, {lazy.RunsOn(executor.Serial())}} {
				runs := 0
				d := lazy.Wrap0(func(context.Context) (int, error) {
					if runs++; runs <= c.failures {
						return 0, errBoom
					}
					return runs, nil
				}, append(opts, lazy.Retry(c.retry))...)()
				ctx := t.Context()
				v, err := soon(t, func() (int, error) { return d.Get(ctx, lazy.In(s)) })
				require.Equal(t, c.runs, runs)
				if c.failures > c.retry {
					require.ErrorIs(t, err, errBoom)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, c.runs, v)
			}
		}
	})
}

// Each try has the whole time; a cancelled call is not tried again.
func TestRetryWithTimeoutAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		runs := 0
		f := func() lazy.Data[int] {
			return lazy.Wrap0(func(ctx context.Context) (int, error) {
				runs++
				return runs, sleep(ctx, time.Hour, true)
			}, lazy.Retry(2), lazy.Timeout(time.Minute))()
		}
		begin := time.Now()
		_, err := f().Get(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 3, runs)
		require.Equal(t, 3*time.Minute, time.Since(begin))
		runs = 0
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		_, err = f().Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, 2, runs)
	})
}
