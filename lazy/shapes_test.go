package lazy_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

func TestGather(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		ds := inc.Each([]int{0, 1, 2})
		require.Equal(t, []int{1, 2, 3, 1}, got(t, lazy.Gather(append(ds, ds[0])...), lazy.In(s)))
		empty := got(t, lazy.Gather[int](), lazy.In(s))
		require.NotNil(t, empty)
		require.Empty(t, empty)
		require.Equal(t, [][]int{{1}, {}}, got(t, lazy.Gather(lazy.Gather(ds[0]), lazy.Gather[int]()), lazy.In(s)))
	})
	// what is given in the slice may change afterwards
	ds := inc.Each([]int{0, 1, 2})
	g := lazy.Gather(ds...)
	ds[0] = lazy.Const(100)
	require.Equal(t, []int{1, 2, 3}, got(t, g))
}

// {q, r} <- divmod: both halves of one run
func TestZipAndSplit(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var runs atomic.Int32
		divmod := lazy.Pure2(func(a, b int) lazy.Pair[int, int] { runs.Add(1); return lazy.MakePair(a/b, a%b) })
		q, r := lazy.Split(divmod.Of(17, 5))
		require.Equal(t, 3, got(t, q, lazy.In(s)))
		require.Equal(t, graph.Pending, r.State())
		require.Equal(t, 2, got(t, r, lazy.In(s)))
		require.EqualValues(t, 1, runs.Load())
		require.Equal(t, lazy.Pair[int, int]{First: 3, Second: 2}, got(t, lazy.Zip(q, r), lazy.In(s)))

		a, b, c := lazy.Split3(lazy.Zip3(lazy.Const("x"), q, lazy.Const(true)))
		x, y, z, err := lazy.Get3(t.Context(), a, b, c, lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, lazy.MakeTriple("x", 3, true), lazy.MakeTriple(x, y, z))
	})
}

func TestMap(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, n := range []int{0, 1, 2, 1000} {
			xs := lazy.Pure1(func(n int) []int {
				xs := make([]int, n)
				for i := range xs {
					xs[i] = i
				}
				return xs
			}).Of(n)
			vs := got(t, lazy.Map(inc, xs), lazy.In(s))
			require.Len(t, vs, n)
			for i, v := range vs {
				require.Equal(t, i+1, v)
			}
		}
		require.Empty(t, got(t, lazy.Map(inc, lazy.Const[[]int](nil)), lazy.In(s)))
		words := lazy.Map(lazy.Pure1(strings.ToUpper), lazy.Const([]string{"a", "b"}))
		require.Equal(t, []string{"A!", "B!"}, got(t, lazy.Map(lazy.Pure1(func(s string) string { return s + "!" }), words), lazy.In(s)))
		bad := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
			if x == 2 {
				return 0, errBoom
			}
			return x, nil
		}, lazy.Name("Bad"))
		err := failure(t, lazy.Map(bad, lazy.Const([]int{0, 1, 2, 3})), lazy.In(s))
		require.ErrorIs(t, err, errBoom)
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"Bad", "Gather", "Map"}, namesOnly(e.Path))
	})
}

// A balanced tree that keeps the order of operands, for any number of them.
func TestReduce(t *testing.T) {
	leak.Check(t)
	join := lazy.Pure2(func(a, b string) string { return "(" + a + b + ")" })
	for want, in := range map[string]string{"a": "a", "(ab)": "ab", "((ab)c)": "abc", "((ab)(cd))": "abcd", "(((ab)(cd))e)": "abcde"} {
		ds := make([]lazy.Data[string], len(in))
		for i := range ds {
			ds[i] = lazy.Const(in[i : i+1])
		}
		keep := append([]lazy.Data[string](nil), ds...)
		require.Equal(t, want, got(t, lazy.Reduce(join, ds...)))
		require.Equal(t, keep, ds, "the slice is the caller's")
	}
	err := failure(t, inc(lazy.Reduce(sum)))
	require.ErrorContains(t, err, "Reduce of nothing")
	require.ErrorContains(t, err, "at least one")
	n := lazy.Reduce(sum, inc.Each(make([]int, 1000))...)
	require.Equal(t, 1000, got(t, n))
}

// The branch not chosen never runs, nor anything that only it needs.
func TestIf(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for _, cond := range []bool{true, false} {
			var runs journal
			one := lazy.Const(1)
			common := counted("common", &runs)(one, one)
			then := counted("then", &runs)(common, counted("then's", &runs)(one, one))
			otherwise := counted("otherwise", &runs)(common, counted("otherwise's", &runs)(one, one))
			asked := lazy.Pure0(func() bool { runs.add("cond"); return cond })()
			d := inc(lazy.If(asked, then, otherwise))
			require.Equal(t, 5, got(t, d, lazy.In(s)))
			branch := map[bool]string{true: "then", false: "otherwise"}[cond]
			require.ElementsMatch(t, []string{"cond", "common", branch, branch + "'s"}, runs.all())
			states := map[bool]graph.State{true: then.State(), false: otherwise.State()}
			require.Equal(t, graph.Done, states[cond])
			require.Equal(t, graph.Pending, states[!cond])
		}
		var e *lazy.Error
		err := failure(t, lazy.If(fail[bool](errBoom, lazy.Name("Bad")), inc.Of(1), inc.Of(2)), lazy.In(s))
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"Bad", "If"}, namesOnly(e.Path))
		require.Equal(t, 3, got(t, lazy.If(lazy.Const(false), fail[int](errBoom), inc.Of(2)), lazy.In(s)))
		require.Equal(t, 3, got(t, lazy.After(lazy.If(lazy.Const(false), fail[int](errBoom), inc.Of(2)), inc.Of(1)), lazy.In(s)))
	})
}

// After: order without data. A failing first skips the call.
func TestAfter(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		for range 5 {
			var order journal
			write := lazy.Pure1(func(x int) string { order.add("write"); return fmt.Sprint(x) })
			read := lazy.Pure1(func(x int) int { order.add("read"); return x })
			a, b := write.Of(1), write.Of(2)
			plain := read.Of(5)
			d := lazy.After(plain, a, b)
			require.False(t, d == plain)
			require.Equal(t, 5, got(t, d, lazy.In(s)))
			require.Equal(t, []string{"write", "write", "read"}, order.all())
			require.Equal(t, graph.Pending, plain.State())
			require.Equal(t, graph.Done, a.State())
		}
		bad := fail[int](errBoom, lazy.Name("Bad"))
		skipped := lazy.After(inc.Of(1), bad)
		err := failure(t, skipped, lazy.In(s))
		require.ErrorIs(t, err, errBoom)
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"Bad", "Inc"}, namesOnly(e.Path))
		require.Equal(t, graph.Skipped, skipped.State())

		src := lazy.After(lazy.Const(7), inc.Of(1))
		require.Equal(t, graph.Pending, src.State())
		require.Equal(t, 7, got(t, src, lazy.In(s)))
		var order journal
		step := func(name string, first ...lazy.Target) lazy.Data[int] {
			return lazy.After(lazy.Pure0(func() int { order.add(name); return 1 })(), first...)
		}
		one := step("one")
		two := step("two", one)
		require.Equal(t, 1, got(t, lazy.After(step("three", two), one), lazy.In(s)))
		require.Equal(t, []string{"one", "two", "three"}, order.all())
	})
}

// The context of a Bind, its order and its executor are those of the call.
func TestBindIsACallLikeOthers(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var runs atomic.Int32
		rest := lazy.Pure1(func(x int) int { runs.Add(1); return x * 10 })
		bind := lazy.Bind2(func(_ context.Context, a, b int) (lazy.Data[int], error) {
			runs.Add(1)
			return sum(rest.Of(a), rest.Of(b)), nil
		}, lazy.Name("Go"))
		d := bind.Of(1, 2)
		require.Equal(t, 61, got(t, sum(inc(d), d), lazy.In(s)))
		require.Equal(t, 30, got(t, d, lazy.In(s)))
		require.EqualValues(t, 3, runs.Load())
		ready := inc.Of(0)
		require.Equal(t, 1, got(t, ready))
		require.Equal(t, 1, got(t, lazy.Bind0(func(context.Context) (lazy.Data[int], error) { return ready, nil })(), lazy.In(s)))
	})
}
