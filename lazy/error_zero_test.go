package lazy_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// A zero Data as an argument is an error at Get that says which argument of which function, and where.
func TestErrorZeroDataAsArgument(t *testing.T) {
	leak.Check(t)
	var zero lazy.Data[int]
	one := lazy.Const(1)
	three := lazy.Pure3(func(a, b, c int) int { return a + b + c }, lazy.Name("Three"))
	four := lazy.Wrap4(func(_ context.Context, a, b, c, d int) (int, error) { return a + b + c + d, nil }, lazy.Name("Four"))
	bind1 := lazy.Bind1(func(_ context.Context, x int) (lazy.Data[int], error) { return lazy.Const(x), nil }, lazy.Name("Go"))
	bind2 := lazy.Bind2(func(_ context.Context, x, _ int) (lazy.Data[int], error) { return lazy.Const(x), nil }, lazy.Name("Go"))
	first, second := lazy.Split(lazy.Data[lazy.Pair[int, string]]{})
	_, _, third := lazy.Split3(lazy.Data[lazy.Triple[int, int, int]]{})
	for _, c := range []struct {
		name string
		t    lazy.Target
		want string
	}{
		{"first of one", inc(zero), "argument 1 of Inc"},
		{"second of two", sum(one, zero), "argument 2 of Sum"},
		{"both: the first is named", sum(zero, zero), "argument 1 of Sum"},
		{"third of three", three(one, one, zero), "argument 3 of Three"},
		{"fourth of four", four(one, one, one, zero), "argument 4 of Four"},
		{"Fix", sum.Fix(zero)(one), "argument 2 of Sum"},
		{"bind", bind1(zero), "argument 1 of Go"},
		{"bind of two", bind2(one, zero), "argument 2 of Go"},
		{"gather", lazy.Gather(one, one, zero), "argument 3 of Gather"},
		{"zip", lazy.Zip(one, zero), "argument 2 of Zip"},
		{"zip3", lazy.Zip3(one, one, zero), "argument 3 of Zip"},
		{"split, first", first, "argument 1 of First"},
		{"split, second", second, "argument 1 of Second"},
		{"split3", third, "argument 1 of Third"},
		{"map", lazy.Map(inc, lazy.Data[[]int]{}), "argument 1 of Map"},
		{"reduce", lazy.Reduce(sum, one, zero), "argument 2 of Sum"},
		{"reduce of one", lazy.Reduce(sum, zero), "zero Data"},
		{"if", lazy.If(lazy.Data[bool]{}, one, one), "argument 1 of If"},
		{"if, then", lazy.If(lazy.Const(true), zero, one), "argument 2 of If"},
		{"if, otherwise", lazy.If(lazy.Const(false), one, zero), "argument 3 of If"},
		{"far below", inc(inc(sum(one, zero))), "argument 2 of Sum"},
		{"after something", lazy.After(sum(one, zero), one), "argument 2 of Sum"},
		{"on an executor", sum(one, zero).On(executor.Serial()), "argument 2 of Sum"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := lazy.Run(t.Context(), []lazy.Target{c.t})
			require.ErrorIs(t, err, lazy.ErrZeroData)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The place where the call was recorded is the user's, however many of the package's functions are in between.
func TestErrorZeroDataSaysWhereItWasRecorded(t *testing.T) {
	var zero lazy.Data[int]
	for name, d := range map[string]lazy.Target{
		"call": inc(zero), "fixed": sum.Fix(zero)(lazy.Const(1)), "zip": lazy.Zip(zero, zero),
		"gather": lazy.Gather(zero), "reduce": lazy.Reduce(sum, zero, zero),
		"map": lazy.Map(inc, lazy.Data[[]int]{}), "if": lazy.If(lazy.Data[bool]{}, zero, zero),
	} {
		t.Run(name, func(t *testing.T) {
			err := lazy.Run(t.Context(), []lazy.Target{d})
			require.Regexp(t, `recorded at [^ ]*error_zero_test\.go:\d+`, err.Error())
		})
	}
}

func TestErrorZeroDataAsTarget(t *testing.T) {
	var zero lazy.Data[int]
	v, err := zero.Get(t.Context())
	require.ErrorIs(t, err, lazy.ErrZeroData)
	require.Zero(t, v)

	vs, err := lazy.GetAll(t.Context(), []lazy.Data[int]{inc.Of(1), zero})
	require.ErrorIs(t, err, lazy.ErrZeroData)
	require.ErrorContains(t, err, "target 2 of 2")
	require.Nil(t, vs)

	_, _, err = lazy.Get2(t.Context(), zero, lazy.Const("x"))
	require.ErrorIs(t, err, lazy.ErrZeroData)
	_, _, _, err = lazy.Get3(t.Context(), lazy.Const("x"), lazy.Const(1), zero)
	require.ErrorContains(t, err, "target 3 of 3")
	require.ErrorIs(t, lazy.Run(t.Context(), []lazy.Target{zero}), lazy.ErrZeroData)
	require.ErrorIs(t, lazy.Run(t.Context(), []lazy.Target{nil}), lazy.ErrZeroData)

	require.Equal(t, "zero Data", zero.String())
	require.Equal(t, graph.Pending, zero.State())
}

func TestErrorZeroDataOfBind(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		bind := lazy.Bind0(func(context.Context) (d lazy.Data[int], _ error) { return d, nil }, lazy.Name("Go"))
		err := failure(t, inc(bind()), lazy.In(s))
		require.ErrorIs(t, err, lazy.ErrZeroData)
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"Go", "Inc"}, namesOnly(e.Path))
	})
}

// The branch that is not taken may be a zero Data.
func TestErrorZeroDataNotTaken(t *testing.T) {
	var zero lazy.Data[int]
	require.Equal(t, 1, got(t, lazy.If(lazy.Const(true), lazy.Const(1), zero)))
	require.Equal(t, 1, got(t, lazy.If(lazy.Const(false), zero, lazy.Const(1))))
}

func TestErrorZeroDataWhereThereIsNoGet(t *testing.T) {
	var zero lazy.Data[int]
	for name, f := range map[string]func(){
		"On":                   func() { zero.On(executor.Serial()) },
		"After":                func() { lazy.After(zero) },
		"After, first":         func() { lazy.After(lazy.Const(1), zero) },
		"Snapshot":             func() { lazy.Snapshot(zero) },
		"Plan":                 func() { lazy.Plan(zero) },
		"Explain":              func() { lazy.Explain(zero) },
		"Snapshot, nil target": func() { lazy.Snapshot(nil) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f, "lazy: ", name[:2], "zero Data") })
	}
}
