package lazy_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

func fail[T any](err error, opts ...lazy.Option) lazy.Data[T] {
	return lazy.Wrap0(func(context.Context) (v T, _ error) { return v, err }, opts...)()
}

// report <- clean <- load!
func TestErrorNamesCallPlaceAndWay(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		load := lazy.Wrap1(func(_ context.Context, name string) (string, error) {
			data, err := os.ReadFile(name)
			return string(data), err
		}, lazy.Name("Load"))
		_, file, line, _ := runtime.Caller(0)
		where := fmt.Sprintf("%s/%s:%d", filepath.Base(filepath.Dir(file)), filepath.Base(file), line-4)
		clean := lazy.Pure1(func(s string) string { return s }, lazy.Name("Clean"))
		report := lazy.Pure2(func(a, b string) string { return a + b }, lazy.Name("Report"))
		loaded := load.Of("/does/not/exist")
		target := report(lazy.Const("head"), clean(loaded))

		err := failure(t, target, lazy.In(s))
		require.ErrorIs(t, err, fs.ErrNotExist)
		var pathErr *fs.PathError
		require.ErrorAs(t, err, &pathErr)
		require.Equal(t, "/does/not/exist", pathErr.Path)

		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "get", e.Op)
		require.Equal(t, where, e.Where)
		require.Equal(t, []string{"Load", "Clean", "Report"}, namesOnly(e.Path))
		require.Equal(t, e.Path[0], e.Call)
		require.Contains(t, loaded.String(), e.Call)
		require.Contains(t, target.String(), e.Path[2])
		require.Regexp(t, `^lazy: get: Load#\d+ \(.*error_call_test\.go:\d+\) → Clean#\d+ → Report#\d+: open /does/not/exist: no such file`, err.Error())
		require.Equal(t, []graph.State{graph.Failed, graph.Skipped}, []graph.State{loaded.State(), target.State()})
	})
}

// j <- {l, r} <- s!
func TestErrorIsSharedWithinAGetAndTriedAgainByTheNext(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var runs atomic.Int32
		var healthy atomic.Bool
		src := lazy.Wrap0(func(context.Context) (int, error) {
			if runs.Add(1); !healthy.Load() {
				return 0, errBoom
			}
			return 1, nil
		})()
		l, r := inc(src), inc(src)
		_, err := lazy.GetAll(t.Context(), []lazy.Data[int]{l, r}, lazy.In(s), lazy.KeepGoing())
		var partial *lazy.PartialError
		require.ErrorAs(t, err, &partial)
		for _, err := range partial.Errs {
			require.ErrorIs(t, err, errBoom)
		}
		require.EqualValues(t, 1, runs.Load())
		require.ErrorIs(t, failure(t, sum(l, r), lazy.In(s)), errBoom)
		require.EqualValues(t, 2, runs.Load())
		healthy.Store(true)
		require.Equal(t, 4, got(t, sum(l, r), lazy.In(s)))
		require.EqualValues(t, 3, runs.Load())
	})
}

// c <- {b!, a}: what worked is not run again, and can be had to look into the failure
func TestErrorLeavesInputsOfTheFailedCall(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var runs atomic.Int32
		a := lazy.Pure0(func() int { runs.Add(1); return 20 })()
		tries := 0
		b := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
			if tries++; tries == 1 {
				return 0, errBoom
			}
			return x + 1, nil
		})(a)
		c := sum(a, b)
		require.ErrorIs(t, failure(t, c, lazy.In(s)), errBoom)
		require.Equal(t, 20, got(t, a, lazy.In(s)))
		require.Equal(t, 21, got(t, b, lazy.In(s)))
		require.Equal(t, 41, got(t, c, lazy.In(s)))
		require.EqualValues(t, 1, runs.Load())
		require.Equal(t, 2, tries)
	})
}

func TestErrorOfARunNamesTheOp(t *testing.T) {
	err := lazy.Run(t.Context(), []lazy.Target{lazy.Const(1), inc(fail[int](errBoom, lazy.Name("Bad")))})
	var e *lazy.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "run", e.Op)
	require.Equal(t, []string{"Bad", "Inc"}, namesOnly(e.Path))
}

// A typed nil in an error, wrapped errors, joined errors: they come through as they are.
func TestErrorComesThroughAsItWas(t *testing.T) {
	other := errors.New("other")
	for name, cause := range map[string]error{
		"wrapped": fmt.Errorf("reading: %w", errBoom), "joined": errors.Join(other, errBoom), "as it is": errBoom,
	} {
		t.Run(name, func(t *testing.T) {
			err := failure(t, fail[int](cause))
			require.ErrorIs(t, err, errBoom)
			require.Equal(t, cause, errors.Unwrap(err)) // the very one
		})
	}
}

// A value that comes with an error is not a value.
func TestErrorBeatsTheValueBesideIt(t *testing.T) {
	d := lazy.Wrap0(func(context.Context) (int, error) { return 7, errBoom })()
	require.ErrorIs(t, failure(t, d), errBoom)
	require.Equal(t, graph.Failed, d.State())
}

// On failure a long way is shortened in the middle, and Path keeps all of it.
func TestErrorOfALongChain(t *testing.T) {
	d := fail[int](errBoom, lazy.Name("First"))
	for range 10_000 {
		d = inc(d)
	}
	err := failure(t, d)
	var e *lazy.Error
	require.ErrorAs(t, err, &e)
	require.Len(t, e.Path, 10_001)
	require.Less(t, len(err.Error()), 500)
	require.Contains(t, err.Error(), "more …")
}

// A nested Get's failure goes up through the call that got it.
func TestErrorOfANestedGet(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		bad := fail[int](errBoom, lazy.Name("Bad"))
		outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
			v, err := bad.Get(ctx, lazy.In(s))
			if err != nil {
				return 0, fmt.Errorf("asking: %w", err)
			}
			return v, nil
		}, lazy.Name("Outer"))()
		err := failure(t, outer, lazy.In(s))
		require.ErrorIs(t, err, errBoom)
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "Outer", nameOnly(e.Call))
		require.ErrorAs(t, errors.Unwrap(e.Err), &e)
		require.Equal(t, "Bad", nameOnly(e.Call))
	})
}

// A partial error deep inside a call's error is not the Get's own.
func TestErrorOfANestedKeepGoing(t *testing.T) {
	leak.Check(t)
	parts := []lazy.Data[int]{inc.Of(1), fail[int](errBoom)}
	outer := lazy.Wrap0(func(ctx context.Context) (int, error) {
		_, err := lazy.GetAll(ctx, parts, lazy.KeepGoing())
		return 0, err
	}, lazy.Name("Outer"))()
	vs, err := lazy.GetAll(t.Context(), []lazy.Data[int]{outer, inc.Of(1)})
	require.ErrorIs(t, err, errBoom)
	require.Nil(t, vs)
	var e *lazy.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "Outer", nameOnly(e.Call))
}

// a! cancels b, which then says so in one way or another: it was a that failed.
func TestErrorOfTheOneThatBegan(t *testing.T) {
	leak.Check(t)
	for name, ended := range map[string]func(context.Context) error{
		"context's error": context.Context.Err, "context's cause": context.Cause,
		"its own error": func(context.Context) error { return errors.New("signal: killed") },
	} {
		t.Run(name, func(t *testing.T) {
			started := newBarrier(2)
			b := lazy.Wrap0(func(ctx context.Context) (int, error) {
				started.meet()
				<-ctx.Done()
				return 0, ended(ctx)
			}, lazy.Name("Bystander"))()
			a := lazy.Wrap0(func(context.Context) (int, error) {
				started.meet()
				return 0, errBoom
			}, lazy.Name("Culprit"))()
			err := failure(t, sum(b, a), lazy.In(&lazy.Session{Parallelism: 2}))
			require.ErrorIs(t, err, errBoom)
			var e *lazy.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "Culprit", nameOnly(e.Call))
			require.Equal(t, []graph.State{graph.Failed, graph.Pending}, []graph.State{a.State(), b.State()})
		})
	}
}
