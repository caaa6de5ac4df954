package lazy_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// counted are functions that count their runs by name.
func counted(name string, runs *journal) lazy.Func2[int, int, int] {
	return lazy.Pure2(func(a, b int) int { runs.add(name); return a + b }, lazy.Name(name))
}

// c <- {a, b}  d <- {a, b}
func TestGetRunsNothingBeforeAndTheLeastThen(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var runs journal
		one := lazy.Const(1)
		a, b := counted("a", &runs)(one, one), counted("b", &runs)(one, one)
		c, d := counted("c", &runs)(a, b), counted("d", &runs)(a, b)
		require.Empty(t, runs.all(), "recording runs nothing")
		require.Equal(t, 4, got(t, c, lazy.In(s)))
		require.ElementsMatch(t, []string{"a", "b", "c"}, runs.all())
		require.Equal(t, graph.Pending, d.State())
		require.Equal(t, 4, got(t, d, lazy.In(s)))
		require.Equal(t, 4, got(t, c, lazy.In(s)))
		require.ElementsMatch(t, []string{"a", "b", "c", "d"}, runs.all())
	})
}

// f <- {c <- {b <- a}, c}: with c valued, nothing above it runs again
func TestGetStopsAtWhatHasItsValue(t *testing.T) {
	leak.Check(t)
	var runs journal
	one := lazy.Const(1)
	a := counted("a", &runs)(one, one)
	b := counted("b", &runs)(a, a)
	c := counted("c", &runs)(b, a)
	require.Equal(t, 6, got(t, c))
	require.Equal(t, 12, got(t, counted("f", &runs)(c, c)))
	require.Equal(t, []string{"a", "b", "c", "f"}, runs.all())
}

// A chain of diamonds of zero values: each call runs once, though there are 2^k ways through.
func TestGetKeepsZeroNilAndEmpty(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		testKept(t, s, 0)
		testKept(t, s, "")
		testKept[error](t, s, nil)
		testKept[any](t, s, nil)
		testKept[[]int](t, s, nil)
		testKept(t, s, []int{})
		testKept[map[string]int](t, s, nil)
		testKept[*int](t, s, nil)
		testKept[func()](t, s, nil)
		testKept(t, s, struct{}{})
		testKept(t, s, [0]int{})
		testKept(t, s, false)
	})
}

func testKept[T any](t *testing.T, s *lazy.Session, v T) {
	t.Helper()
	var runs atomic.Int32
	f := lazy.Wrap2(func(context.Context, T, T) (T, error) { runs.Add(1); return v, nil })
	d := lazy.Const(v)
	const depth = 20
	for range depth {
		d = f(d, d)
	}
	for range 2 {
		require.Equal(t, fmt.Sprintf("%#v", v), fmt.Sprintf("%#v", got(t, d, lazy.In(s))))
		require.EqualValues(t, depth, runs.Load())
		require.Equal(t, graph.Done, d.State())
	}
}

// t1 <- s  t2 <- s: shared ancestors run once, results in the order asked for, twice if asked for twice
func TestGetAllOrderAndSharing(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var runs atomic.Int32
		shared := lazy.Pure0(func() int { runs.Add(1); return 10 })()
		ds := make([]lazy.Data[int], 50)
		want := make([]int, len(ds))
		for i := range ds {
			ds[i], want[i] = sum(lazy.Const(i), shared), 10+i
		}
		ds[7], ds[8] = lazy.Const(-1), shared
		ds[9] = ds[3]
		want[7], want[8], want[9] = -1, 10, 13
		vs, err := soon(t, func() ([]int, error) { return lazy.GetAll(context.Background(), ds, lazy.In(s)) })
		require.NoError(t, err)
		require.Equal(t, want, vs)
		require.EqualValues(t, 1, runs.Load())
	})
}

func TestGetAllOfNothing(t *testing.T) {
	leak.Check(t)
	vs, err := lazy.GetAll[int](t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, vs)
	require.NoError(t, lazy.Run(t.Context(), nil))
	require.Empty(t, inc.Each(nil))
	require.Empty(t, sum.Outer(nil, []int{1}))
}

func TestGet2AndGet3AndRun(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var runs atomic.Int32
		n := lazy.Pure0(func() int { runs.Add(1); return 3 })()
		text := lazy.Pure1(func(n int) string { return fmt.Sprint(n) })(n)
		list := lazy.Pure1(func(n int) []int { return make([]int, n) })(n)
		a, b, err := lazy.Get2(t.Context(), text, n, lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, "3", a)
		require.Equal(t, 3, b)
		x, y, z, err := lazy.Get3(t.Context(), list, text, n, lazy.In(s))
		require.NoError(t, err)
		require.Equal(t, []int{0, 0, 0}, x)
		require.Equal(t, "3", y)
		require.Equal(t, 3, z)
		other := inc(n)
		require.NoError(t, lazy.Run(t.Context(), []lazy.Target{text, other, list}, lazy.In(s)))
		require.Equal(t, graph.Done, other.State())
		require.EqualValues(t, 1, runs.Load())
		_, _, err = lazy.Get2(t.Context(), text, fail[int](errBoom), lazy.In(s))
		require.ErrorIs(t, err, errBoom)
		_, _, _, err = lazy.Get3(t.Context(), text, n, fail[int](errBoom), lazy.In(s))
		require.ErrorIs(t, err, errBoom)
	})
}

func TestMust(t *testing.T) {
	require.Equal(t, 2, lazy.Must(inc.Of(1).Get(t.Context())))
	defer func() {
		err, _ := recover().(error)
		require.ErrorIs(t, err, errBoom)
	}()
	lazy.Must(0, fmt.Errorf("wrapped: %w", errBoom))
}

// A handle whose value is a handle: one level per Get.
func TestGetOfAHandleOfAHandle(t *testing.T) {
	inner := inc.Of(1)
	outer := lazy.Pure0(func() lazy.Data[int] { return inner })()
	require.Equal(t, inner, got(t, outer))
	require.Equal(t, graph.Pending, inner.State())
	require.Equal(t, inner, got(t, lazy.Const(inner)))
	require.Equal(t, 2, got(t, got(t, outer)))
}

// Arguments are taken when the call is recorded: a variable changed later does not matter.
func TestGetSeesArgumentsAsRecorded(t *testing.T) {
	x := 1
	d := inc.Of(x)
	x = 100
	require.Equal(t, 2, got(t, d))
	require.Equal(t, 100, x)
	ds := make([]lazy.Data[int], 3)
	for i := range ds {
		ds[i] = inc.Of(i)
	}
	vs, err := lazy.GetAll(t.Context(), ds)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, vs)
}

// Handles are values: comparable, usable as keys, the same call or not.
func TestHandlesAreComparable(t *testing.T) {
	a, b := inc.Of(1), inc.Of(1)
	c := a
	require.True(t, a == c)
	require.False(t, a == b, "two calls are two, however equal")
	require.Len(t, map[lazy.Data[int]]bool{a: true, b: true, c: true}, 2)
	require.True(t, lazy.Target(a) == lazy.Target(c))
}
