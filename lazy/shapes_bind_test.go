package lazy_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// countdown is a Bind that goes on n times and then ends with bottom.
func countdown(bottom func() (lazy.Data[int], error), opts ...lazy.Option) lazy.Func1[int, int] {
	var down lazy.Func1[int, int]
	down = lazy.Bind1(func(_ context.Context, n int) (lazy.Data[int], error) {
		if n == 0 {
			return bottom()
		}
		return down.Of(n - 1), nil
	}, append(opts, lazy.Name("Down"))...)
	return down
}

func TestBindDeep(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		down := countdown(func() (lazy.Data[int], error) { return inc.Of(41), nil })
		require.Equal(t, 42, got(t, down.Of(deep), lazy.In(s)))
	})
}

// The stack of inc(inc(…)) round a Bind's rest.
func TestBindDeepThroughCalls(t *testing.T) {
	leak.Check(t)
	var f lazy.Func1[int, int]
	f = lazy.Bind1(func(_ context.Context, n int) (lazy.Data[int], error) {
		if n == 0 {
			return lazy.Const(0), nil
		}
		return inc(f.Of(n - 1)), nil
	})
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		require.Equal(t, deep/10, got(t, f.Of(deep/10), lazy.In(s)))
	})
}

func TestBindDeepFailure(t *testing.T) {
	leak.Check(t)
	for name, end := range map[string]func() (lazy.Data[int], error){
		"error of the function": func() (lazy.Data[int], error) { return lazy.Const(1), errBoom },
		"error of the rest":     func() (lazy.Data[int], error) { return fail[int](errBoom), nil },
		"panic":                 func() (lazy.Data[int], error) { panic(errBoom) },
	} {
		t.Run(name, func(t *testing.T) {
			err := failure(t, countdown(end).Of(deep/10))
			require.ErrorIs(t, err, errBoom)
			var e *lazy.Error
			require.ErrorAs(t, err, &e)
			require.GreaterOrEqual(t, len(e.Path), deep/10)
			require.Less(t, len(err.Error()), 1000)
		})
	}
}

func TestBindErrors(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		own := lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return inc.Of(1), errBoom }, lazy.Name("Go"))
		err := failure(t, inc(own()), lazy.In(s))
		require.ErrorIs(t, err, errBoom)
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"Go", "Inc"}, namesOnly(e.Path))

		rest := lazy.Bind0(func(context.Context) (lazy.Data[int], error) {
			return inc(fail[int](errBoom, lazy.Name("Load"))), nil
		}, lazy.Name("Go"))
		err = failure(t, inc(rest()), lazy.In(s))
		require.ErrorIs(t, err, errBoom)
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"Load", "Inc", "Go", "Inc"}, namesOnly(e.Path))
		require.Equal(t, "Load", nameOnly(e.Call))
		require.Contains(t, e.Where, ".go:")
	})
}

// cycles are graphs that lead back into themselves.
func cycles() map[string][]lazy.Data[int] {
	var direct, through, one, two, nested, mapped lazy.Data[int]
	bind := func(name string, d func() lazy.Data[int]) lazy.Data[int] {
		return lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return d(), nil }, lazy.Name(name))()
	}
	direct = bind("Direct", func() lazy.Data[int] { return direct })
	through = bind("Through", func() lazy.Data[int] { return inc(inc(through)) })
	one = bind("One", func() lazy.Data[int] { return inc(two) })
	two = bind("Two", func() lazy.Data[int] { return inc(one) })
	nested = lazy.Wrap0(func(ctx context.Context) (int, error) { return inc(nested).Get(ctx) }, lazy.Name("Nested"))()
	mapped = bind("Mapped", func() lazy.Data[int] {
		return first(lazy.Map(lazy.Bind1(func(context.Context, int) (lazy.Data[int], error) { return mapped, nil }), lazy.Const([]int{1})))
	})
	return map[string][]lazy.Data[int]{
		"Direct": {direct}, "Through": {through}, "One": {one}, "Two": {two}, "Both": {one, two}, "Nested": {nested}, "Mapped": {mapped},
	}
}

// A Bind that leads back into itself is an error that names the calls, never a hang.
func TestBindCycle(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for name, ds := range cycles() {
			t.Run(name, func(t *testing.T) {
				_, err := soon(t, func() ([]int, error) { return lazy.GetAll(context.Background(), ds, lazy.In(s)) })
				var cycle *lazy.CycleError
				require.ErrorAs(t, err, &cycle)
				require.NotEmpty(t, cycle.Calls)
				require.ErrorContains(t, err, "cycle: ")
				if name != "Both" {
					require.Contains(t, strings.Join(cycle.Calls, " "), name)
				}
				if name == "One" || name == "Two" {
					require.Contains(t, strings.Join(cycle.Calls, " "), map[string]string{"One": "Two", "Two": "One"}[name])
				}
				_, err = soon(t, func() ([]int, error) { return lazy.GetAll(context.Background(), ds, lazy.In(s)) })
				require.ErrorAs(t, err, &cycle, "again")
				for _, d := range ds {
					require.NotEmpty(t, lazy.Snapshot(d).Nodes)
					require.NoError(t, lazy.Snapshot(d).Check())
				}
			})
		}
	})
}

// Two Gets that come from both ends at the same time.
func TestBindCycleFromBothEnds(t *testing.T) {
	leak.Check(t)
	for range 50 {
		c := cycles()
		ends := append(c["One"], c["Two"]...)
		errs := make([]error, len(ends))
		_, _ = soon(t, func() (int, error) {
			var wg sync.WaitGroup
			for i, d := range ends {
				wg.Go(func() { _, errs[i] = d.Get(context.Background(), lazy.In(&lazy.Session{Parallelism: 2})) })
			}
			wg.Wait()
			return 0, nil
		})
		for _, err := range errs {
			var cycle *lazy.CycleError
			require.True(t, errors.As(err, &cycle), "%v", err)
		}
	}
}

// Two calls that Get each other, begun at the same time.
func TestNestedGetCycleFromBothEnds(t *testing.T) {
	leak.Check(t)
	for range 50 {
		var a, b lazy.Data[int]
		both := newBarrier(2)
		a = lazy.Wrap0(func(ctx context.Context) (int, error) { both.meet(); return b.Get(ctx) }, lazy.Name("A"))()
		b = lazy.Wrap0(func(ctx context.Context) (int, error) { both.meet(); return a.Get(ctx) }, lazy.Name("B"))()
		_, err := soon(t, func() ([]int, error) {
			return lazy.GetAll(context.Background(), []lazy.Data[int]{a, b}, lazy.In(&lazy.Session{Parallelism: 2}))
		})
		var cycle *lazy.CycleError
		require.ErrorAs(t, err, &cycle)
		require.ElementsMatch(t, []string{"A", "B"}, namesOnly(cycle.Calls))
	}
}
