package lazy_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
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

// A function that is left behind is worth one warning, to the session's logger, that names it and its place.
func TestSessionLoggerIsWarnedOfAFunctionLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		var text bytes.Buffer
		s := &lazy.Session{Parallelism: 1, Logger: slog.New(slog.NewTextHandler(&text, nil))}
		d := lazy.Pure0(func() int { time.Sleep(time.Hour); return 1 }, lazy.Timeout(time.Minute), lazy.Name("Deaf"))()
		_, err := d.Get(t.Context(), lazy.In(s))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, bytes.Count(text.Bytes(), []byte("level=WARN")), text.String())
		require.Contains(t, text.String(), "Deaf#")
		require.Contains(t, text.String(), "session_more_test.go:")
	})
}

// a  b  c, run by an executor that runs only a: each target says why it has no value.
func TestSkippedByAnExecutor(t *testing.T) {
	leak.Check(t)
	first := executor.Func(func(ctx context.Context, w executor.Work) error { return w.Run(ctx, 0) })
	ds := inc.Each([]int{0, 1, 2})
	vs, err := lazy.GetAll(t.Context(), ds, lazy.In(&lazy.Session{Executor: first}), lazy.KeepGoing())
	var partial *lazy.PartialError
	require.ErrorAs(t, err, &partial)
	require.Equal(t, []int{1, 0, 0}, vs)
	require.NoError(t, partial.Errs[0])
	for _, err := range partial.Errs[1:] {
		require.ErrorContains(t, err, "2 of 3 calls not run")
	}
}

// A context of a call that has ended belongs to nobody: a Get with it is a Get with an ended context.
func TestContextOfACallThatHasEnded(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var kept context.Context
		outer := lazy.Wrap0(func(ctx context.Context) (int, error) { kept = ctx; return 1, nil })()
		got(t, outer, lazy.In(s))
		require.Error(t, kept.Err())
		inner := inc.Of(1)
		_, err := inner.Get(kept, lazy.In(s))
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 2, got(t, inner, lazy.In(s)))
		require.NotContains(t, namesOf(lazy.Snapshot(outer)), "Inc")
	})
}

// Everything at once, in every engine: Gets that overlap, some of which leave, nested Gets, Binds, limits, failures. Each
// value that comes is right, at most one run of a call is on at a time, and nothing is left behind.
func TestEverythingAtOnce(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for seed := range uint64(8) {
			m := newMix(seed)
			_, err := soon(t, func() (int, error) {
				var wg sync.WaitGroup
				for g := range uint64(6) {
					wg.Go(func() { m.getSome(t, s, rand.New(rand.NewPCG(seed, g))) })
				}
				wg.Wait()
				return 0, nil
			})
			require.NoError(t, err)
			until(t, "what was abandoned has ended", func() bool {
				return !slices.ContainsFunc(m.calls, func(d lazy.Data[int]) bool { return d.State() == graph.Running })
			})
			for k := range m.fails {
				m.fails[k].Store(0)
			}
			for k, d := range m.calls {
				require.Equal(t, m.want[k], got(t, d, lazy.In(s)), "seed %d call %d", seed, k)
			}
			require.Zero(t, m.twice.Load(), "seed %d", seed)
		}
	})
}

// mix is a random graph of calls of all kinds; call k of it is worth want[k].
type mix struct {
	calls []lazy.Data[int]
	want  []int
	at    []atomic.Int32
	fails []atomic.Int32 // so many tries of the call are still to fail
	twice atomic.Int32
}

func newMix(seed uint64) *mix {
	const n = 60
	rng := rand.New(rand.NewPCG(seed, 99))
	m := &mix{at: make([]atomic.Int32, n), fails: make([]atomic.Int32, n)}
	limit := lazy.Limit(executor.NewLimit(2))
	own := [][]lazy.Option{nil, nil, nil, {lazy.Blocking(2)}, {limit}, {lazy.RunsOn(executor.NewPool(1))}, {lazy.Timeout(time.Hour)}, {lazy.Retry(1)}, {lazy.Priority(1)}}
	for k := range n {
		if rng.IntN(8) == 0 {
			m.fails[k].Store(2)
		}
		if k == 0 {
			m.calls, m.want = append(m.calls, lazy.Const(1)), append(m.want, 1)
			continue
		}
		i, j := rng.IntN(k), rng.IntN(k)
		a, b := m.calls[i], m.calls[j]
		opts := own[rng.IntN(len(own))]
		var d lazy.Data[int]
		switch rng.IntN(4) {
		case 0:
			d = lazy.Bind1(func(ctx context.Context, x int) (lazy.Data[int], error) {
				return mixSum(lazy.Const(x), b), m.body(ctx, k)
			}, opts...)(a)
		case 1:
			d = lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
				if err := m.body(ctx, k); err != nil {
					return 0, err
				}
				y, err := b.Get(ctx)
				return (x + y) % 1000, err
			}, opts...)(a)
		default:
			d = lazy.Wrap2(func(ctx context.Context, x, y int) (int, error) {
				return (x + y) % 1000, m.body(ctx, k)
			}, opts...)(a, b)
		}
		m.calls, m.want = append(m.calls, d), append(m.want, (m.want[i]+m.want[j])%1000)
	}
	return m
}

var mixSum = lazy.Pure2(func(a, b int) int { return (a + b) % 1000 }, lazy.Name("Sum"))

// body is what every call of the mix does.
func (m *mix) body(ctx context.Context, k int) error {
	if m.at[k].Add(1) > 1 {
		m.twice.Add(1)
	}
	defer m.at[k].Add(-1)
	runtime.Gosched()
	if m.fails[k].Add(-1) >= 0 {
		return fmt.Errorf("call %d: %w", k, errBoom)
	}
	return ctx.Err()
}

// getSome gets at random, and leaves at random.
func (m *mix) getSome(t *testing.T, s *lazy.Session, rng *rand.Rand) {
	for range 10 {
		k := rng.IntN(len(m.calls))
		ctx, cancel := context.WithCancel(context.Background())
		if rng.IntN(3) == 0 {
			go func() { yieldABit(); cancel() }()
		}
		if v, err := m.calls[k].Get(ctx, lazy.In(s)); err == nil && v != m.want[k] {
			t.Errorf("call %d is %d, not %d", k, v, m.want[k])
		}
		cancel()
	}
}
