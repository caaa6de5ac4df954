package lazy_test

import (
	"context"
	"sync"
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

// A call that gives the cause of its context's end as its error was cancelled; it has not failed.
func TestCancelledCauseIsNotAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		d := lazy.Wrap0(func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, context.Cause(ctx)
		})()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := d.Get(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, graph.Pending, d.State())
	})
}

// A with a deadline, B without, over a shared part: A times out, B finishes.
func TestCancelByDeadlineOfOneWithSharedPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		slow := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			select {
			case <-time.After(time.Minute):
				return x + 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
		s := &lazy.Session{Parallelism: 2}
		shared := slow(slow.Of(0))
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			_, err := slow(shared).Get(ctx, lazy.In(s))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		wg.Go(func() {
			v, err := inc(shared).Get(t.Context(), lazy.In(s))
			require.NoError(t, err)
			require.Equal(t, 3, v)
		})
		wg.Wait()
	})
}

// Calls that wait for a limit, for an executor or for a worker leave the queue with their caller.
func TestCancelWhileQueued(t *testing.T) {
	for name, opt := range map[string]lazy.Option{
		"limit": lazy.Limit(executor.NewLimit(1)), "blocking": lazy.Blocking(1), "runs on": lazy.RunsOn(executor.NewPool(1)),
		"worker": lazy.Priority(0),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				leak.Check(t)
				s := &lazy.Session{Parallelism: 1}
				runs := 0
				f := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
					runs++
					time.Sleep(time.Hour)
					return x, nil
				}, opt)
				var wg sync.WaitGroup
				wg.Go(func() {
					_, err := f.Of(1).Get(t.Context(), lazy.In(s))
					require.NoError(t, err)
				})
				synctest.Wait()
				queued := f.Of(2)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := queued.Get(ctx, lazy.In(s))
				require.ErrorIs(t, err, context.DeadlineExceeded)
				wg.Wait()
				synctest.Wait()
				require.Equal(t, 1, runs)
				require.Equal(t, graph.Pending, queued.State())
				v, err := queued.Get(t.Context(), lazy.In(s))
				require.NoError(t, err)
				require.Equal(t, 2, v)
			})
		})
	}
}

// A nested Get ends with the call that it stands in, and so does the rest of a Bind.
func TestCancelReachesNestedGetsAndBinds(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for name, through := range map[string]func(lazy.Data[int]) lazy.Data[int]{
			"nested": func(d lazy.Data[int]) lazy.Data[int] {
				return lazy.Wrap0(func(ctx context.Context) (int, error) { return d.Get(ctx, lazy.In(s)) })()
			},
			"bind": func(d lazy.Data[int]) lazy.Data[int] {
				return lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return inc(d), nil })()
			},
			"if": func(d lazy.Data[int]) lazy.Data[int] { return lazy.If(lazy.Const(true), d, lazy.Const(0)) },
			"bind in bind": func(d lazy.Data[int]) lazy.Data[int] {
				return lazy.Bind0(func(context.Context) (lazy.Data[int], error) {
					return lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return d, nil })(), nil
				})()
			},
		} {
			t.Run(name, func(t *testing.T) {
				started, ended := make(chan struct{}), make(chan struct{})
				busy := lazy.Wrap0(func(ctx context.Context) (int, error) {
					close(started)
					<-ctx.Done()
					close(ended)
					return 0, ctx.Err()
				})()
				ctx, cancel := context.WithCancel(context.Background())
				go func() { <-started; cancel() }()
				target := inc(through(busy))
				_, err := soon(t, func() (int, error) { return target.Get(ctx, lazy.In(s)) })
				require.ErrorIs(t, err, context.Canceled)
				_, _ = soon(t, func() (int, error) { <-ended; return 0, nil })
				until(t, "pending", func() bool { return busy.State() == graph.Pending && target.State() == graph.Pending })
			})
		}
	})
}

// The first failure ends the context of what runs beside it.
func TestFailureCancelsWhatRunsBeside(t *testing.T) {
	leak.Check(t)
	s := &lazy.Session{Parallelism: 2}
	meet := newBarrier(2)
	beside := lazy.Wrap0(func(ctx context.Context) (int, error) {
		meet.meet()
		<-ctx.Done()
		return 0, ctx.Err()
	})()
	bad := lazy.Wrap0(func(context.Context) (int, error) { meet.meet(); return 0, errBoom })()
	require.ErrorIs(t, failure(t, sum(beside, bad), lazy.In(s)), errBoom)
	require.Equal(t, graph.Pending, beside.State())
}

// … but not of what somebody else waits for.
func TestFailureLeavesWhatOthersWaitFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
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
		bad := lazy.Wrap0(func(context.Context) (int, error) { time.Sleep(time.Minute); return 0, errBoom })()
		s := &lazy.Session{Parallelism: 2}
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := sum(shared, bad).Get(t.Context(), lazy.In(s))
			require.ErrorIs(t, err, errBoom)
		})
		time.Sleep(time.Second)
		wg.Go(func() {
			v, err := inc(shared).Get(t.Context(), lazy.In(s))
			require.NoError(t, err)
			require.Equal(t, 2, v)
		})
		wg.Wait()
		require.EqualValues(t, 1, runs.Load())
	})
}

// The values of the context are those of the Get that started the call.
func TestContextValuesAreTheStarters(t *testing.T) {
	leak.Check(t)
	type key struct{}
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, want := range []string{"first", "second"} { // on workers that have served before
			read := func(ctx context.Context) (string, error) { v, _ := ctx.Value(key{}).(string); return v, nil }
			d := lazy.Gather(lazy.Wrap0(read)(), lazy.Wrap0(read, lazy.Blocking(1))(), lazy.Wrap0(read, lazy.Timeout(time.Hour))(),
				lazy.Bind0(func(ctx context.Context) (lazy.Data[string], error) { return lazy.Wrap0(read)(), nil })(),
				lazy.Wrap0(read, lazy.RunsOn(executor.Serial()))())
			ctx := context.WithValue(context.Background(), key{}, want)
			v, err := soon(t, func() ([]string, error) { return d.Get(ctx, lazy.In(s)) })
			require.NoError(t, err)
			require.Equal(t, []string{want, want, want, want, want}, v)
		}
	})
}

// A context that has ended before is not planned for: what the targets have is returned, if that is all.
func TestGetWithAContextThatHasEnded(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ready, pending := inc(lazy.Const(1)), inc(lazy.Const(2))
	_, err := ready.Get(t.Context())
	require.NoError(t, err)
	vs, err := lazy.GetAll(ctx, []lazy.Data[int]{ready, ready})
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, vs)
	vs, err = lazy.GetAll(ctx, []lazy.Data[int]{ready, pending})
	require.ErrorIs(t, err, context.Canceled)
	require.Nil(t, vs)
	require.Equal(t, graph.Pending, pending.State())
}
