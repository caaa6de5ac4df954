package lazy_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// after <- busy: cancelled while busy runs
func TestCancelReturnsAtOnceAndEndsTheContextOfWhatRuns(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		started, cause := make(chan struct{}), make(chan error, 1)
		busy := lazy.Wrap0(func(ctx context.Context) (int, error) {
			close(started)
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return 0, ctx.Err()
		}, lazy.Name("Busy"))()
		var runs atomic.Int32
		after := lazy.Pure1(func(x int) int { runs.Add(1); return x })(busy)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-started; cancel() }()
		_, err := soon(t, func() (int, error) { return after.Get(ctx, lazy.In(s)) })
		require.ErrorIs(t, err, context.Canceled)
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		c, _ := soon(t, func() (error, error) { return <-cause, nil })
		require.ErrorIs(t, c, lazy.ErrNoWaiters)
		until(t, "the calls are pending", func() bool { return busy.State() == graph.Pending && after.State() == graph.Pending })
		require.Zero(t, runs.Load())
	})
}

func TestCancelBeforeTheStart(t *testing.T) {
	leak.Check(t)
	var runs atomic.Int32
	d := lazy.Pure0(func() int { runs.Add(1); return 1 })()
	mine := errors.New("mine")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(mine)
	_, err := d.Get(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, mine)
	require.Zero(t, runs.Load())
	require.Equal(t, graph.Pending, d.State())
	require.Equal(t, 1, got(t, d))
	v, err := d.Get(ctx)
	require.NoError(t, err, "a value that is there needs no context")
	require.Equal(t, 1, v)
}

// A deadline of the caller's is a deadline's error, and the next Get runs what was cancelled.
func TestCancelByDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		tries := 0
		d := lazy.Wrap0(func(ctx context.Context) (int, error) {
			if tries++; tries > 1 {
				return 7, nil
			}
			<-ctx.Done()
			return 0, ctx.Err()
		})()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := d.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, graph.Pending, d.State())
		v, err := d.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, 7, v)
	})
}

// One of two callers of the same call leaves: the other gets its value, and the function's context goes on.
func TestCancelOfOneLeavesTheOther(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, leaver := range []int{0, 1} { // who began the call, who joined
			var runs atomic.Int32
			started, release := make(chan struct{}), make(chan struct{})
			shared := lazy.Wrap0(func(ctx context.Context) (int, error) {
				if runs.Add(1) == 1 {
					close(started)
				}
				select {
				case <-release:
					return 1, nil
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			}, lazy.Name("Shared"))()
			targets := []lazy.Data[int]{inc(shared), inc(inc(shared))}
			var cancels [2]context.CancelFunc
			var errs [2]error
			var vs [2]int
			var ended [2]chan struct{}
			for i := range 2 {
				var ctx context.Context
				ctx, cancels[i] = context.WithCancel(context.Background())
				defer cancels[i]()
				ended[i] = make(chan struct{})
				go func() {
					defer close(ended[i])
					vs[i], errs[i] = targets[i].Get(ctx, lazy.In(s))
				}()
				<-started
			}
			waitForWatcher()
			cancels[leaver]()
			<-ended[leaver]
			require.ErrorIs(t, errs[leaver], context.Canceled)
			waitForWatcher()
			close(release)
			_, _ = soon(t, func() (int, error) { <-ended[1-leaver]; return 0, nil })
			require.NoError(t, errs[1-leaver])
			require.Equal(t, 3-leaver, vs[1-leaver])
			require.LessOrEqual(t, runs.Load(), int32(2))
		}
	})
}

// waitForWatcher gives a Get in another goroutine the chance to get as far as it can; what is tested must hold wherever
// it stands.
func waitForWatcher() {
	for range 50 {
		yieldABit()
	}
}

// The same with certainty about who waits: in a bubble, Wait returns when all are blocked.
func TestCancelOfOneLeavesTheOtherExactly(t *testing.T) {
	for k := range 4 {
		leaver, workers := k%2, 1+k/2
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			s := &lazy.Session{Parallelism: workers}
			var runs atomic.Int32
			shared := lazy.Wrap0(func(ctx context.Context) (int, error) {
				runs.Add(1)
				select {
				case <-time.After(time.Hour):
					return 1, nil
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			})()
			var wg sync.WaitGroup
			var errs [2]error
			var cancels [2]context.CancelFunc
			for i := range 2 {
				var ctx context.Context
				ctx, cancels[i] = context.WithCancel(t.Context())
				wg.Go(func() { _, errs[i] = inc(shared).Get(ctx, lazy.In(s)) })
				synctest.Wait()
			}
			cancels[leaver]()
			wg.Wait()
			cancels[1-leaver]()
			require.ErrorIs(t, errs[leaver], context.Canceled)
			require.NoError(t, errs[1-leaver])
			require.EqualValues(t, 1, runs.Load(), "%d workers, %d leaves", workers, leaver)
		})
	}
}

// The last to leave ends the run, not before.
func TestCancelByTheLastToLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		const waiters = 5
		var cause error
		over := false
		shared := lazy.Wrap0(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			cause, over = context.Cause(ctx), true
			return 0, ctx.Err()
		})()
		var wg sync.WaitGroup
		var cancels []context.CancelFunc
		for range waiters {
			ctx, cancel := context.WithCancel(t.Context())
			cancels = append(cancels, cancel)
			wg.Go(func() {
				_, err := inc(shared).Get(ctx)
				require.ErrorIs(t, err, context.Canceled)
			})
			synctest.Wait()
		}
		for _, cancel := range cancels {
			require.False(t, over)
			cancel()
			synctest.Wait()
		}
		wg.Wait()
		require.True(t, over)
		require.ErrorIs(t, cause, lazy.ErrNoWaiters)
	})
}

// A new Get arrives while an abandoned body, which ignores its context, is still running.
func TestCancelledBodyThatIgnoresItIsJoinedNotRunTwice(t *testing.T) {
	for name, ended := range map[string]func(context.Context) error{
		"returns a value":             func(context.Context) error { return nil },
		"returns the context's error": context.Context.Err,
		"returns the context's cause": context.Cause,
		"returns its own error":       func(context.Context) error { return errBoom },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				var at, most, runs int
				d := lazy.Wrap0(func(ctx context.Context) (int, error) {
					runs++
					at++
					most = max(most, at)
					time.Sleep(time.Minute)
					at--
					if ctx.Err() != nil {
						if err := ended(ctx); err != nil {
							return 0, err
						}
					}
					return runs, nil
				})()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := inc(d).Get(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, graph.Running, d.State())
				v, err := inc(d).Get(t.Context())
				require.NoError(t, err)
				require.Equal(t, runs+1, v)
				require.Equal(t, 1, most)
			})
		})
	}
}
