package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// rankFailures are the ways in which a rank can fail, and what is to be seen of them.
var rankFailures = map[string]struct {
	fail func() error
	is   func(t *testing.T, err error)
}{
	"error": {
		func() error { return fmt.Errorf("no luck: %w", errBoom) },
		func(t *testing.T, err error) {
			require.ErrorIs(t, err, errBoom)
			require.ErrorContains(t, err, "no luck: boom")
		},
	},
	"panic": {
		func() error { panic(io.ErrUnexpectedEOF) },
		func(t *testing.T, err error) {
			var p *lazy.PanicError
			require.ErrorAs(t, err, &p)
			require.Equal(t, "Fails", p.Op)
			require.Contains(t, string(p.Stack), "gang_fail_test.go")
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		},
	},
	"Goexit": {
		func() error { runtime.Goexit(); return nil },
		func(t *testing.T, err error) { require.ErrorIs(t, err, lazy.ErrGoexit) },
	},
	"permanent": {
		func() error { return lazy.Permanent(errBoom) },
		func(t *testing.T, err error) { require.ErrorIs(t, err, errBoom) },
	},
}

// Whichever rank fails, however, and whatever the others do meanwhile: it is named, and what comes of it in the others is
// not.
func TestGangFailure(t *testing.T) {
	leak.Check(t)
	others := map[string]func(ctx context.Context, c *comm.Comm) error{
		"in a barrier": func(ctx context.Context, c *comm.Comm) error { return c.Barrier(ctx) },
		"receiving": func(ctx context.Context, c *comm.Comm) error {
			_, err := comm.Recv[int](ctx, c, comm.AnySource, comm.AnyTag)
			return err
		},
		"waiting for the context": func(ctx context.Context, _ *comm.Comm) error { <-ctx.Done(); return context.Cause(ctx) },
		"in a Get": func(ctx context.Context, _ *comm.Comm) error {
			_, err := lazy.Wrap0(func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, lazy.Blocking(0))().Get(ctx)
			return err
		},
		"panicking at its end": func(ctx context.Context, _ *comm.Comm) error { <-ctx.Done(); panic("consequence") },
		"content":              func(ctx context.Context, _ *comm.Comm) error { <-ctx.Done(); return nil },
	}
	for what, way := range rankFailures {
		for meanwhile, other := range others {
			for _, workers := range []int{1, 2, 4} {
				for who := range 3 {
					if workers < 3 && meanwhile != "in a barrier" && meanwhile != "receiving" && meanwhile != "in a Get" {
						continue // ranks that do not lend their workers need all at once
					}
					s := quiet(workers)
					g := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
						if c.Rank() == who {
							return 0, way.fail()
						}
						return 0, other(ctx, c)
					}, lazy.Name("Fails"))
					err := failure(t, g.Of(none{}), lazy.In(s))
					var at *comm.RankError
					require.ErrorAs(t, err, &at, "%s at %d, others %s", what, who, meanwhile)
					require.Equal(t, who, at.Rank, "%s at %d, others %s: %v", what, who, meanwhile, err)
					way.is(t, err)
					allRun(t, s, workers)
				}
			}
		}
	}
}

func TestGangDeadlock(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 8} {
		s := quiet(workers)
		g := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
			if c.Rank() == 2 {
				return 0, nil
			}
			return comm.Recv[int](ctx, c, 1-c.Rank(), 7)
		})
		err := failure(t, g.Of(none{}), lazy.In(s))
		var dead *comm.DeadlockError
		require.ErrorAs(t, err, &dead)
		require.ErrorContains(t, err, "rank 0 waits for a message from rank 1 with tag 7; rank 1 waits for a message from rank 0 with tag 7")
		var at *comm.RankError
		require.False(t, errors.As(err, &at), "a deadlock is no rank's alone")
		outer := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, _ none) ([]int, error) {
			if c.Rank() == 1 {
				return g.Of(none{}).Get(ctx)
			}
			return nil, c.Barrier(ctx)
		})
		err = failure(t, outer.Of(none{}), lazy.In(s))
		require.ErrorAs(t, err, &dead)
		require.ErrorAs(t, err, &at)
		require.Equal(t, 1, at.Rank)
		allRun(t, s, workers)
	}
}

// Each try is a new world; a panic is not tried again, and neither is what is permanent.
func TestGangRetry(t *testing.T) {
	leak.Check(t)
	s := quiet(2)
	tries := func(fail func() error) (int32, error) {
		var begun atomic.Int32
		g := lazy.Gang(3, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
			if c.Rank() == 1 && begun.Add(1) < 3 {
				return 0, fail()
			}
			return turn(ctx, c)
		}, lazy.Retry(5), lazy.Name("Fails"))
		ctx := t.Context()
		v, err := soon(t, func() ([]int, error) { return g.Of(none{}).Get(ctx, lazy.In(s)) })
		if err == nil {
			require.Equal(t, turns(3), v)
		}
		allRun(t, s, 2)
		return begun.Load(), err
	}
	for what, want := range map[string]int32{"error": 3, "panic": 1, "Goexit": 1, "permanent": 1} {
		n, err := tries(rankFailures[what].fail)
		require.Equal(t, want, n, what)
		require.Equal(t, want == 1, err != nil, what)
	}
}

// A gang whose time is over has failed, and so has one of which a rank does not heed that: its workers stay taken.
func TestGangTimeout(t *testing.T) {
	for _, heeds := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			s := quiet(3)
			g := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
				if c.Rank() == 1 && !heeds {
					time.Sleep(time.Hour)
					_, err := inc.Of(1).Get(ctx)
					return 0, err
				}
				return 0, c.Barrier(ctx)
			}, lazy.Timeout(time.Second))
			begin := time.Now()
			_, err := g.Of(none{}).Get(t.Context(), lazy.In(s))
			if heeds { // rank 1 comes to the barrier, and both leave it
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(begin))
			require.Equal(t, []int{0, 1}, got(t, together(2), lazy.In(s)), "rank 0 has given its worker back")
			begin = time.Now()
			_, err = together(3).Get(t.Context(), lazy.In(s))
			require.NoError(t, err)
			require.Equal(t, time.Hour-time.Second, time.Since(begin), "rank 1 keeps its worker to its end")
			allRun(t, s, 3)
		})
	}
}

// The time of a gang begins when it has its workers.
func TestGangTimeoutBeginsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		s := quiet(2)
		nap := lazy.Pure1(func(x int) int { time.Sleep(time.Minute); return x })
		g := lazy.Gang(2, func(context.Context, *comm.Comm, int) (int, error) { time.Sleep(time.Second); return 1, nil },
			lazy.Timeout(2*time.Second))
		v, err := lazy.GetAll(t.Context(), []lazy.Data[[]int]{g.Of(1), g.Of(2), g.Of(3)}, lazy.In(s))
		require.NoError(t, err)
		require.Len(t, v, 3)
		d := g.Of(4)
		require.NoError(t, lazy.Run(t.Context(), []lazy.Target{nap.Of(1), nap.Of(2), d}, lazy.In(s)))
		allRun(t, s, 2)
	})
}

// Whoever leaves while a gang collects its workers leaves nothing behind.
func TestGangCancelledWhileCollecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		s := quiet(2)
		nap := lazy.Pure1(func(x int) int { time.Sleep(time.Minute); return x })
		done := make(chan error, 1)
		go func() { _, err := nap.Of(1).Get(context.Background(), lazy.In(s)); done <- err }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		seen := &seenCalls{}
		d := together(2)
		_, err := d.Get(ctx, lazy.In(s), lazy.Observe(seen))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Zero(t, seen.started.Load(), "it has not begun")
		begin := time.Now()
		require.Equal(t, 2, got(t, inc.Of(1), lazy.In(s)), "what was collected is free again")
		require.Zero(t, time.Since(begin))
		require.NoError(t, <-done)
		require.Equal(t, []int{0, 1}, got(t, d, lazy.In(s)), "the same call is run by who wants it later")
		allRun(t, s, 2)
	})
}

func TestGangCancelledWhileRunning(t *testing.T) {
	leak.Check(t)
	for _, workers := range []int{1, 2, 4} {
		for _, n := range []int{1, 3, 6} {
			s := quiet(workers)
			ctx, cancel := context.WithCancel(t.Context())
			var in atomic.Int32
			g := lazy.Gang(n, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
				if in.Add(1) == int32(min(workers, n)) {
					cancel()
				}
				_, err := comm.Recv[int](ctx, c, comm.AnySource, 0) // the last one to wait would be a deadlock
				if ctx.Err() == nil {
					<-ctx.Done()
				}
				return 0, err
			})
			_, err := soon(t, func() ([]int, error) { return g.Of(none{}).Get(ctx, lazy.In(s)) })
			require.ErrorIs(t, err, context.Canceled)
			cancel()
			allRun(t, s, workers)
		}
	}
}

// A failure elsewhere in the run ends a gang; KeepGoing does not.
func TestGangBesideAFailure(t *testing.T) {
	leak.Check(t)
	s := quiet(3)
	began := make(chan struct{}, 2)
	bad := lazy.Wrap0(func(context.Context) (int, error) { <-began; return 0, errBoom })
	g := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, wait bool) (int, error) {
		if c.Rank() == 0 {
			began <- struct{}{}
		}
		if wait {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		return turn(ctx, c)
	})
	ctx := t.Context()
	_, err := soon(t, func() (int, error) {
		return 0, lazy.Run(ctx, []lazy.Target{g.Of(true), bad()}, lazy.In(s))
	})
	require.ErrorIs(t, err, errBoom)
	d := g.Of(false)
	_, err = soon(t, func() (int, error) {
		return 0, lazy.Run(ctx, []lazy.Target{d, bad()}, lazy.In(s), lazy.KeepGoing())
	})
	require.ErrorIs(t, err, errBoom)
	require.Equal(t, turns(2), got(t, d, lazy.In(s)))
	allRun(t, s, 3)
}

// An executor that fails, or runs nothing, does not lose the gang.
func TestGangOnABadExecutor(t *testing.T) {
	leak.Check(t)
	s := quiet(2)
	lazyOne := executor.Func(func(context.Context, executor.Work) error { return nil })
	require.ErrorContains(t, failure(t, ringOf(3, lazy.RunsOn(lazyOne)), lazy.In(s)), "without having run the call")
	angry := executor.Func(func(context.Context, executor.Work) error { return errBoom })
	require.ErrorIs(t, failure(t, ringOf(3, lazy.RunsOn(angry)), lazy.In(s)), errBoom)
	allRun(t, s, 2)
}

// What a rank leaves behind in a Get does not keep its worker, or its limit, for ever.
func TestGangLeavesGetsBehind(t *testing.T) {
	leak.Check(t)
	s := quiet(2)
	limit := executor.NewLimit(1)
	open := make(chan struct{})
	gate := lazy.Pure0(func() int { <-open; return 1 }, lazy.Blocking(0))
	left := make(chan error, 2)
	g := lazy.Gang(2, func(ctx context.Context, c *comm.Comm, _ none) (int, error) {
		d := gate()
		waits := make(chan struct{})
		go func() {
			close(waits)
			_, err := d.Get(ctx)
			left <- err
		}()
		<-waits
		yieldABit()
		return c.Rank(), nil
	}, lazy.Limit(limit))
	require.Equal(t, []int{0, 1}, got(t, g.Of(none{}), lazy.In(s)))
	allRun(t, s, 2)
	close(open)
	for range 2 {
		<-left
	}
	require.True(t, limit.TryAcquire())
	limit.Release()
	allRun(t, s, 2)
}
