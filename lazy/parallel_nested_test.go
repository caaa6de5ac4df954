package lazy_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// outer <- (gets inner inside)
func TestNestedGetDoesNotDeadlock(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, c := range []struct {
			name string
			ctx  func(context.Context) context.Context
		}{
			{"with the call's context", func(ctx context.Context) context.Context { return ctx }},
			{"with the background", func(context.Context) context.Context { return context.Background() }},
		} {
			t.Run(c.name, func(t *testing.T) {
				inner := inc.Of(1)
				outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
					return inner.Get(c.ctx(ctx), lazy.In(s))
				})()
				require.Equal(t, 2, got(t, outer, lazy.In(s)))
			})
		}
	})
}

// three <- (two <- (one <- (zero inside) inside) inside)
func TestNestedGetThreeDeep(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, background := range []bool{false, true} {
			d := inc.Of(0)
			for range 3 {
				inner := d
				d = lazy.Wrap0(func(ctx context.Context) (int, error) {
					if background {
						ctx = context.Background()
					}
					v, err := inner.Get(ctx, lazy.In(s))
					return v + 1, err
				})()
			}
			require.Equal(t, 4, got(t, d, lazy.In(s)))
		}
	})
}

func TestNestedGetInPure(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		inner := inc.Of(1)
		outer := lazy.Pure0(func() int { return lazy.Must(inner.Get(context.Background(), lazy.In(s))) })()
		require.Equal(t, 2, got(t, outer, lazy.In(s)))
	})
}

func TestNestedGetFromGoroutinesOfTheCall(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		inner := inc.Each([]int{0, 1, 2, 3, 4, 5, 6, 7})
		outer := lazy.Wrap0(func(ctx context.Context) ([]int, error) {
			got := make([]int, len(inner))
			errs := make([]error, len(inner))
			var wg sync.WaitGroup
			for i, d := range inner {
				wg.Go(func() { got[i], errs[i] = d.Get(ctx, lazy.In(s)) })
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					return nil, err
				}
			}
			return got, nil
		})()
		require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8}, got(t, outer, lazy.In(s)))
	})
}

// The calls of RunsOn and On hold places in a pool of their own: a Get inside must give them away, too.
func TestNestedGetOnAPoolOfTheFunction(t *testing.T) {
	leak.Check(t)
	for _, background := range []bool{false, true} {
		t.Run(fmt.Sprint("background ", background), func(t *testing.T) {
			pool := executor.NewPool(1)
			s := &lazy.Session{Parallelism: 1}
			inner := lazy.Pure0(func() int { return 1 }, lazy.RunsOn(pool))()
			outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
				if background {
					ctx = context.Background()
				}
				v, err := inner.Get(ctx, lazy.In(s))
				return v + 1, err
			}, lazy.RunsOn(pool))()
			require.Equal(t, 2, got(t, outer, lazy.In(s)))
		})
	}
}

func TestNestedGetInABlockingCallAndWithTimeout(t *testing.T) {
	leak.Check(t)
	for name, opts := range map[string][]lazy.Option{
		"blocking":              {lazy.Blocking(1)},
		"timeout":               {lazy.Timeout(stuckAfter)},
		"blocking with timeout": {lazy.Blocking(1), lazy.Timeout(stuckAfter)},
		"retry":                 {lazy.Retry(1)},
		"limit":                 {lazy.Limit(executor.NewLimit(1))},
		"priority":              {lazy.Priority(1)},
	} {
		for _, background := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " background ", background), func(t *testing.T) {
				s := &lazy.Session{Parallelism: 1}
				inner := lazy.Wrap0(func(context.Context) (int, error) { return 1, nil }, opts...)()
				if background && (name == "limit" || name[0] == 'b') { // the inner call would wait for the limit that the outer holds
					inner = inc.Of(0)
				}
				outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
					if background {
						ctx = context.Background()
					}
					return inner.Get(ctx, lazy.In(s))
				}, opts...)()
				require.Equal(t, 1, got(t, outer, lazy.In(s)))
			})
		}
	}
}

// a call of one session gets, in the other session, a call that gets in the first
func TestNestedGetAcrossSessions(t *testing.T) {
	leak.Check(t)
	for _, background := range []bool{false, true} {
		one, two := &lazy.Session{Parallelism: 1}, &lazy.Session{Parallelism: 1}
		at := func(ctx context.Context) context.Context {
			if background {
				return context.Background()
			}
			return ctx
		}
		last := inc.Of(0)
		middle := lazy.Wrap0(func(ctx context.Context) (int, error) { return last.Get(at(ctx), lazy.In(one)) })()
		first := lazy.Wrap0(func(ctx context.Context) (int, error) { return middle.Get(at(ctx), lazy.In(two)) })()
		require.Equal(t, 1, got(t, first, lazy.In(one)))
	}
}

// A Get in session two from a call of session one must not widen session two.
func TestNestedGetDoesNotWidenAnotherSession(t *testing.T) {
	leak.Check(t)
	one, two := &lazy.Session{Parallelism: 1}, &lazy.Session{Parallelism: 1}
	var m meter
	started, release := make(chan struct{}), make(chan struct{})
	busy := lazy.Wrap0(func(context.Context) (int, error) {
		defer m.enter()()
		close(started)
		<-release
		return 1, nil
	})()
	more := lazy.Wrap0(func(context.Context) (int, error) {
		defer m.enter()()
		return 2, nil
	})()
	asking := make(chan struct{})
	outer := lazy.Wrap0(func(context.Context) (int, error) {
		close(asking)
		return more.Get(context.Background(), lazy.In(two))
	})()
	_, _ = soon(t, func() (int, error) {
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = busy.Get(context.Background(), lazy.In(two)) })
		<-started
		wg.Go(func() { _, _ = outer.Get(context.Background(), lazy.In(one)) })
		<-asking
		for range 1000 { // let it do wrong
			if m.most.Load() > 1 {
				break
			}
			yieldABit()
		}
		close(release)
		wg.Wait()
		return 0, nil
	})
	require.EqualValues(t, 1, m.most.Load())
}

// What a call gets inside counts as its input, whether it had its value already or not.
func TestNestedGetIsAnInput(t *testing.T) {
	leak.Check(t)
	ready := inc.Of(1)
	require.NoError(t, lazy.Run(t.Context(), []lazy.Target{ready}))
	for name, inner := range map[string]lazy.Data[int]{
		"pending": inc.Of(5), "ready": ready, "source": lazy.Source("src", 3),
	} {
		t.Run(name, func(t *testing.T) {
			outer := lazy.Wrap0(func(ctx context.Context) (int, error) { return inner.Get(ctx) }, lazy.Name("Outer"))()
			got(t, outer)
			in := lazy.Snapshot(inner).Nodes
			s := lazy.Snapshot(outer).Nodes
			require.Contains(t, s[len(s)-1].Inputs, in[len(in)-1].ID)
		})
	}
}
