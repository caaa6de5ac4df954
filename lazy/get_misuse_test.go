package lazy_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/lazy"
)

// Misuse that no program recovers from panics where it happens: argument, what it was, what is wanted.
// noContext is what a caller passes who has none.
var noContext context.Context

func TestMisusePanics(t *testing.T) {
	var nilPure func(int) int
	var nilWrap func(context.Context) (int, error)
	var nilBind func(context.Context) (lazy.Data[int], error)
	d := lazy.Const(1)
	for _, c := range []struct {
		name  string
		f     func()
		words []string
	}{
		{"Retry", func() { lazy.Retry(-1) }, []string{"Retry(-1)", "0 or more"}},
		{"Timeout 0", func() { lazy.Timeout(0) }, []string{"Timeout(0s)", "positive"}},
		{"Timeout", func() { lazy.Timeout(-time.Second) }, []string{"Timeout(-1s)", "positive"}},
		{"Blocking", func() { lazy.Blocking(-2) }, []string{"Blocking(-2)", "0"}},
		{"Limit", func() { lazy.Limit(nil) }, []string{"Limit(nil)", "NewLimit"}},
		{"RunsOn", func() { lazy.RunsOn(nil) }, []string{"RunsOn(nil)", "executor"}},
		{"On", func() { inc(d).On(nil) }, []string{"On(nil)", "executor"}},
		{"Pure of nil", func() { lazy.Pure1(nilPure) }, []string{"nil", "get_misuse_test.go"}},
		{"Wrap of nil", func() { lazy.Wrap0(nilWrap) }, []string{"nil", "get_misuse_test.go"}},
		{"Bind of nil", func() { lazy.Bind0(nilBind) }, []string{"nil", "get_misuse_test.go"}},
		{"Map of nil", func() { lazy.Map(lazy.Func1[int, int](nil), lazy.Const([]int{1})) }, []string{"Map", "nil"}},
		{"Each", func() { sum.Each([]int{1, 2}, []int{1}) }, []string{"Each", "2", "1"}},
		{"Get with no context", func() { _, _ = inc(d).Get(noContext) }, []string{"get", "context", "nil"}},
		{"Run with no context", func() { _ = lazy.Run(noContext, []lazy.Target{inc(d)}) }, []string{"run", "context", "nil"}},
		{"NewPool", func() { executor.NewPool(0) }, []string{"NewPool(0)", "at least 1"}},
		{"NewLimit", func() { executor.NewLimit(0) }, []string{"NewLimit(0)", "at least 1"}},
		{"Func", func() { executor.Func(nil) }, []string{"Func", "nil"}},
	} {
		t.Run(c.name, func(t *testing.T) { mustPanic(t, c.f, c.words...) })
	}
}

// What only Get can know is an error that names the range, and runs nothing.
func TestRangesAreErrorsAtGet(t *testing.T) {
	runs := 0
	d := lazy.Pure0(func() int { runs++; return 1 })()
	for _, c := range []struct {
		name string
		opts []lazy.RunOption
		want []string
	}{
		{"Workers(0)", []lazy.RunOption{lazy.Workers(0)}, []string{"Workers(0)", "1 or more"}},
		{"Workers(-3)", []lazy.RunOption{lazy.Workers(-3)}, []string{"Workers(-3)", "1 or more"}},
		{"Parallelism", []lazy.RunOption{lazy.In(&lazy.Session{Parallelism: -1})}, []string{"Parallelism", "-1", "0 (GOMAXPROCS) or more"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := d.Get(t.Context(), c.opts...)
			for _, w := range c.want {
				require.ErrorContains(t, err, w)
			}
			var e *lazy.Error
			require.ErrorAs(t, err, &e)
			require.Error(t, lazy.Run(t.Context(), []lazy.Target{d}, c.opts...))
			_, err = lazy.GetAll(t.Context(), []lazy.Data[int]{d, d}, c.opts...)
			require.Error(t, err)
		})
	}
	require.Zero(t, runs)
	require.Equal(t, 1, got(t, d, lazy.Workers(1)))
}
