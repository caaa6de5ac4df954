package lazy_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// Every arity of every wrap passes its arguments in order, as values.
func TestWrapEveryArity(t *testing.T) {
	leak.Check(t)
	say := func(xs ...any) string { return fmt.Sprint(xs...) }
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for want, d := range map[string][]lazy.Data[string]{
			"": {
				lazy.Pure0(func() string { return say() }).Of(),
				lazy.Wrap0(func(context.Context) (string, error) { return say(), nil })(),
				lazy.Bind0(func(context.Context) (lazy.Data[string], error) { return lazy.Const(say()), nil })(),
			},
			"1": {
				lazy.Pure1(func(a int) string { return say(a) }).Of(1),
				lazy.Wrap1(func(_ context.Context, a int) (string, error) { return say(a), nil }).Of(1),
				lazy.Bind1(func(_ context.Context, a int) (lazy.Data[string], error) { return lazy.Const(say(a)), nil }).Of(1),
			},
			"1 true": {
				lazy.Pure2(func(a int, b bool) string { return say(a, b) }).Of(1, true),
				lazy.Wrap2(func(_ context.Context, a int, b bool) (string, error) { return say(a, b), nil }).Of(1, true),
				lazy.Bind2(func(_ context.Context, a int, b bool) (lazy.Data[string], error) { return lazy.Const(say(a, b)), nil }).Of(1, true),
			},
			"1 true 2.5": {
				lazy.Pure3(func(a int, b bool, c float64) string { return say(a, b, c) }).Of(1, true, 2.5),
				lazy.Wrap3(func(_ context.Context, a int, b bool, c float64) (string, error) { return say(a, b, c), nil }).Of(1, true, 2.5),
			},
			"1 true 2.5 [3]": {
				lazy.Pure4(func(a int, b bool, c float64, d []int) string { return say(a, b, c, d) }).Of(1, true, 2.5, []int{3}),
				lazy.Wrap4(func(_ context.Context, a int, b bool, c float64, d []int) (string, error) {
					return say(a, b, c, d), nil
				}).Of(1, true, 2.5, []int{3}),
			},
		} {
			for _, d := range d {
				require.Equal(t, want, got(t, d, lazy.In(s)))
			}
		}
	})
}

// Inner results are passed as values: f(f(1, 2), 3).
func TestWrapNested(t *testing.T) {
	f := lazy.Pure2(func(a, b string) string { return "(" + a + " " + b + ")" })
	require.Equal(t, "((1 2) 3)", got(t, f(f.Of("1", "2"), lazy.Const("3"))))
}

func TestEach(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		xs := make([]int, 100)
		want := make([]int, len(xs))
		for i := range xs {
			xs[i], want[i] = i, i*i
		}
		square := lazy.Pure1(func(x int) int { return x * x })
		vs, err := lazy.GetAll(t.Context(), square.Each(xs), lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, want, vs)
		pow := lazy.Pure2(func(x, n int) int { return int(math.Pow(float64(x), float64(n))) })
		vs, err = lazy.GetAll(t.Context(), pow.Fix(lazy.Const(3)).Each([]int{1, 2, 3}), lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, []int{1, 8, 27}, vs)
		vs, err = lazy.GetAll(t.Context(), pow.Each([]int{2, 3}, []int{5, 2}), lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, []int{32, 9}, vs)
		p3 := lazy.Pure3(func(a, b, c int) int { return a*100 + b*10 + c })
		vs, err = lazy.GetAll(t.Context(), p3.Each([]int{1, 2}, []int{3, 4}, []int{5, 6}), lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, []int{135, 246}, vs)
	})
}

// Every pair, the last argument changing fastest; the last of hypotn over 10 x 10 is 2*9^3.
func TestOuter(t *testing.T) {
	leak.Check(t)
	pair := lazy.Pure2(func(a int, b string) string { return fmt.Sprint(a, b) })
	vs, err := lazy.GetAll(t.Context(), pair.Outer([]int{1, 2}, []string{"a", "b", "c"}))
	require.NoError(t, err)
	require.Equal(t, "1a 1b 1c 2a 2b 2c", strings.Join(vs, " "))
	ten := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	hypotn := lazy.Pure3(func(x, y, n int) int { return int(math.Pow(float64(x), float64(n)) + math.Pow(float64(y), float64(n))) })
	ns, err := lazy.GetAll(t.Context(), hypotn.Fix(lazy.Const(3)).Outer(ten, ten))
	require.NoError(t, err)
	require.Len(t, ns, 100)
	require.Equal(t, 2*9*9*9, ns[99])
	ns, err = lazy.GetAll(t.Context(), lazy.Pure3(func(a, b, c int) int { return a*100 + b*10 + c }).Outer([]int{1, 2}, []int{3, 4}, []int{5, 6}))
	require.NoError(t, err)
	require.Equal(t, []int{135, 136, 145, 146, 235, 236, 245, 246}, ns)
}

func TestFix(t *testing.T) {
	four := lazy.Pure4(func(a, b, c, d string) string { return a + b + c + d })
	x := func(s string) lazy.Data[string] { return lazy.Const(s) }
	require.Equal(t, "abcd", got(t, four.Fix(x("d")).Fix(x("c")).Fix(x("b"))(x("a"))))
	require.Equal(t, "ab", got(t, lazy.Pure2(func(a, b string) string { return a + b }).Fix(x("b")).Of("a")))
}

type multiplier struct{ k int }

func (m multiplier) Mul(x int) int { return m.k * x }

//go:noinline
func times(k int) func(int) int { return func(x int) int { return x * k } }

func generic[T any](x T) T { return x }

// Closures and methods of one function text are functions of their own.
func TestWrapClosuresAndMethods(t *testing.T) {
	two, three := lazy.Pure1(times(2)), lazy.Pure1(times(3))
	require.Equal(t, []int{10, 15}, []int{got(t, two.Of(5)), got(t, three.Of(5))})
	m2, m3 := lazy.Pure1(multiplier{2}.Mul), lazy.Pure1(multiplier{3}.Mul)
	require.Equal(t, []int{10, 15}, []int{got(t, m2.Of(5)), got(t, m3.Of(5))})
	expr := lazy.Pure2(multiplier.Mul)
	require.Equal(t, 20, got(t, expr.Of(multiplier{4}, 5)))
}

// Calls are called what Go calls the function, unless they are given a name.
func TestWrapNames(t *testing.T) {
	for want, d := range map[string]lazy.Target{
		"TestWrapNames.func": lazy.Pure0(func() int { return 1 })(),
		"multiplier.Mul#":    lazy.Pure1(multiplier{2}.Mul).Of(1),
		"generic#":           lazy.Pure1(generic[int]).Of(1),
		"times.func1#":       lazy.Pure1(times(1)).Of(1),
		"Given#":             lazy.Pure1(times(1), lazy.Name("Given")).Of(1),
		"Last#":              lazy.Pure1(times(1), lazy.Name("First"), lazy.Name("Last")).Of(1),
		"ToUpper#":           lazy.Pure1(strings.ToUpper).Of("x"),
	} {
		require.True(t, strings.HasPrefix(d.String(), want), "%s is not %s", d, want)
	}
}

// Recording from many goroutines at once gives as many calls, each with its own number and arguments.
func TestWrapRecordingInParallel(t *testing.T) {
	leak.Check(t)
	const goroutines, each = 8, 500
	var runs atomic.Int32
	f := lazy.Pure1(func(x int) int { runs.Add(1); return x })
	ds := make([][]lazy.Data[int], goroutines)
	_, err := soon(t, func() (int, error) {
		b := newBarrier(goroutines + 1)
		done := make(chan struct{})
		for g := range goroutines {
			go func() {
				b.meet()
				for i := range each {
					ds[g] = append(ds[g], f.Of(g*each+i))
				}
				done <- struct{}{}
			}()
		}
		b.meet()
		for range goroutines {
			<-done
		}
		return 0, nil
	})
	require.NoError(t, err)
	seen := map[lazy.Data[int]]bool{}
	for g := range ds {
		vs, err := lazy.GetAll(t.Context(), ds[g])
		require.NoError(t, err)
		for i, v := range vs {
			require.Equal(t, g*each+i, v)
			seen[ds[g][i]] = true
		}
	}
	require.Len(t, seen, goroutines*each)
	require.EqualValues(t, goroutines*each, runs.Load())
}
