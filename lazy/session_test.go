package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// spy is an executor that counts what it is given.
type spy struct {
	executor.Executor
	works, calls atomic.Int32
}

func newSpy(ex executor.Executor) *spy { return &spy{Executor: ex} }

func (s *spy) Execute(ctx context.Context, w executor.Work) error {
	s.works.Add(1)
	s.calls.Add(int32(w.Len()))
	return s.Executor.Execute(ctx, w)
}

// Handles belong to no session: a value computed in one is there in all.
func TestSessionsShareValues(t *testing.T) {
	leak.Check(t)
	var runs atomic.Int32
	d := lazy.Pure0(func() int { runs.Add(1); return 1 })()
	for _, e := range engines() {
		require.Equal(t, 1, got(t, d, lazy.In(e.make())))
	}
	require.Equal(t, 1, got(t, d))
	require.Equal(t, 1, got(t, d, lazy.In(nil)))
	require.EqualValues(t, 1, runs.Load())
}

func TestSessionExecutorIsUsed(t *testing.T) {
	leak.Check(t)
	for name, ex := range map[string]executor.Executor{
		"serial": executor.Serial(), "pool": executor.NewPool(2), "func": executor.Func(inOrder), "round": roundPool(executor.NewPool(1)),
	} {
		t.Run(name, func(t *testing.T) {
			spied := newSpy(ex)
			require.Equal(t, 4, got(t, inc(inc(inc(inc.Of(0)))), lazy.In(&lazy.Session{Executor: spied})))
			require.EqualValues(t, 1, spied.works.Load())
			require.EqualValues(t, 4, spied.calls.Load())
			require.Equal(t, 4, got(t, inc(inc(inc(inc.Of(0))))))
			require.EqualValues(t, 1, spied.works.Load())
		})
	}
}

// A nested Get and a Bind's rest run in the session of the call, unless they say otherwise.
func TestSessionIsInherited(t *testing.T) {
	leak.Check(t)
	spied := newSpy(executor.Func(inOrder))
	other := newSpy(executor.Func(inOrder))
	s, o := &lazy.Session{Executor: spied}, &lazy.Session{Executor: other}
	nested := func(opts ...lazy.RunOption) lazy.Data[int] {
		inner := inc.Of(0)
		return lazy.Wrap0(func(ctx context.Context) (int, error) { return inner.Get(ctx, opts...) })()
	}
	require.Equal(t, 1, got(t, nested(), lazy.In(s)))
	require.EqualValues(t, 2, spied.calls.Load())
	require.Equal(t, 1, got(t, nested(lazy.In(o)), lazy.In(s)))
	require.EqualValues(t, 3, spied.calls.Load())
	require.EqualValues(t, 1, other.calls.Load())
	bind := lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return inc.Of(0), nil })()
	require.Equal(t, 1, got(t, bind, lazy.In(s)))
	require.EqualValues(t, 5, spied.calls.Load())
}

// On makes a new handle on the same call; the old one stays where it was.
func TestOnAndRunsOn(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		one, two := newSpy(executor.NewPool(1)), newSpy(executor.Func(inOrder))
		var runs atomic.Int32
		f := lazy.Wrap1(func(_ context.Context, x int) (int, error) { runs.Add(1); return x + 1, nil }, lazy.RunsOn(one), lazy.Name("F"))
		base := inc.Of(0)
		d := f(base)
		on := d.On(two)
		require.False(t, d == on)
		require.Equal(t, 2, got(t, d, lazy.In(s)))
		require.EqualValues(t, 1, one.calls.Load())
		require.Equal(t, graph.Pending, on.State())
		require.Equal(t, 2, got(t, on, lazy.In(s)))
		require.EqualValues(t, 1, two.calls.Load())
		require.EqualValues(t, 1, one.calls.Load())
		require.Equal(t, 2, got(t, on.On(one), lazy.In(s)))
		require.EqualValues(t, 2, one.calls.Load())
		require.EqualValues(t, 3, runs.Load())
		require.Equal(t, base.On(two).On(one).String()[:4], "Inc#")
		src := lazy.Const(1)
		require.True(t, src.On(two) == src)
	})
}

// Whatever runs a call, its value and its error are the same.
func TestOnGivesSameValuesAndErrors(t *testing.T) {
	leak.Check(t)
	executors := map[string]executor.Executor{
		"serial": executor.Serial(), "pool": executor.NewPool(2), "in order": executor.Func(inOrder),
		"all at once": executor.Func(allAtOnce), "round a pool": roundPool(executor.NewPool(1)),
	}
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for name, ex := range executors {
			t.Run(name, func(t *testing.T) {
				require.Equal(t, 5, got(t, inc(sum.Of(1, 3).On(ex)).On(ex), lazy.In(s)))
				for kind, bad := range map[string]lazy.Data[int]{
					"error": fail[int](errBoom, lazy.Name("Bad")),
					"panic": lazy.Pure0(func() int { panic(errBoom) }, lazy.Name("Bad"))(),
				} {
					err := failure(t, inc(bad.On(ex)), lazy.In(s))
					require.ErrorIs(t, err, errBoom)
					var e *lazy.Error
					require.ErrorAs(t, err, &e)
					require.Equal(t, []string{"Bad", "Inc"}, namesOnly(e.Path))
					var p *lazy.PanicError
					require.Equal(t, kind == "panic", errors.As(err, &p))
				}
			})
		}
	})
}

var errExecutor = errors.New("the executor's own")

// Executors that do not do what they should give an error or the value; never a hang, a second run or the process's end.
func TestExecutorsThatMisbehave(t *testing.T) {
	leak.Check(t)
	pool := executor.NewPool(2)
	for name, ex := range map[string]func(context.Context, executor.Work) error{
		"returns early": func(context.Context, executor.Work) error { return nil },
		"returns half-way": func(ctx context.Context, w executor.Work) error {
			return w.Run(ctx, 0)
		},
		"returns an error":      func(context.Context, executor.Work) error { return errExecutor },
		"panics":                func(context.Context, executor.Work) error { panic(errExecutor) },
		"panics with a string":  func(context.Context, executor.Work) error { panic("the executor's own") },
		"runs out of order":     func(ctx context.Context, w executor.Work) error { return w.Run(ctx, w.Len()-1) },
		"returns while running": func(ctx context.Context, w executor.Work) error { go func() { _ = w.Run(ctx, 0) }(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			for way, opts := range map[string][]lazy.Option{
				"plain": nil, "blocking": {lazy.Blocking(1)}, "limit": {lazy.Limit(executor.NewLimit(1))}, "on a pool": {lazy.RunsOn(pool)},
			} {
				f := lazy.Wrap1(func(_ context.Context, x int) (int, error) { return x + 1, nil }, opts...)
				d := f(f.Of(0))
				err := failure(t, d, lazy.In(&lazy.Session{Executor: executor.Func(ex)}))
				var e *lazy.Error
				require.ErrorAs(t, err, &e, way)
				require.ErrorContains(t, err, "executor", way)
				require.Equal(t, 2, got(t, d), way)
			}
		})
	}
	for _, name := range []string{"returns an error", "panics"} { // the error comes through
		bad := executor.Func(func(context.Context, executor.Work) error {
			if name == "panics" {
				panic(errExecutor)
			}
			return errExecutor
		})
		require.ErrorIs(t, failure(t, inc.Of(1), lazy.In(&lazy.Session{Executor: bad})), errExecutor)
		require.ErrorIs(t, failure(t, inc.Of(1).On(bad)), errExecutor)
	}
}

// Those that do too much, or report what nobody asked for, do no harm.
func TestExecutorsThatOverdo(t *testing.T) {
	leak.Check(t)
	pool := executor.NewPool(2)
	for name, ex := range map[string]func(context.Context, executor.Work) error{
		"every call twice": func(ctx context.Context, w executor.Work) error {
			for i := range w.Len() {
				_ = w.Run(ctx, i)
				_ = w.Run(ctx, i)
			}
			return nil
		},
		"the work twice": func(ctx context.Context, w executor.Work) error { _ = inOrder(ctx, w); return inOrder(ctx, w) },
		"a pool twice": func(ctx context.Context, w executor.Work) error {
			_ = pool.Execute(ctx, w)
			return pool.Execute(ctx, w)
		},
		"a pool, then by hand": func(ctx context.Context, w executor.Work) error { _ = pool.Execute(ctx, w); return inOrder(ctx, w) },
		"by hand, then a pool": func(ctx context.Context, w executor.Work) error { _ = inOrder(ctx, w); return pool.Execute(ctx, w) },
		"every call twice at once": func(ctx context.Context, w executor.Work) error {
			for i := range w.Len() {
				done := make(chan struct{})
				go func() { defer close(done); _ = w.Run(ctx, i) }()
				_ = w.Run(ctx, i)
				<-done
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			for way, opts := range map[string][]lazy.Option{
				"plain": nil, "blocking": {lazy.Blocking(1)}, "limit": {lazy.Limit(executor.NewLimit(1))}, "on a pool": {lazy.RunsOn(pool)},
			} {
				t.Run(way, func(t *testing.T) {
					var runs atomic.Int32
					f := lazy.Wrap1(func(_ context.Context, x int) (int, error) { runs.Add(1); return x + 1, nil }, opts...)
					s := &lazy.Session{Executor: executor.Func(ex)}
					require.Equal(t, 3, got(t, f(f(f.Of(0))), lazy.In(s)))
					require.EqualValues(t, 3, runs.Load(), fmt.Sprint(way))
					require.ErrorIs(t, failure(t, inc(fail[int](errBoom, opts...)), lazy.In(s)), errBoom)
				})
			}
		})
	}
}
