package lazy_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// a  c <- b!  d <- {b!, a}  e: unrelated targets finish, dependents do not run, errors stand by index
func TestKeepGoingFinishesWhatCanBe(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		var behind atomic.Int32
		counted := lazy.Pure2(func(a, b int) int { behind.Add(1); return a + b }, lazy.Name("Counted"))
		a, b, e := inc.Of(1), fail[int](errBoom, lazy.Name("Bad")), inc(inc.Of(3))
		c, d := counted(b, b), counted(b, a)
		vs, err := lazy.GetAll(t.Context(), []lazy.Data[int]{a, c, d, e}, lazy.In(s), lazy.KeepGoing())
		require.Equal(t, []int{2, 0, 0, 5}, vs)
		require.ErrorIs(t, err, errBoom)
		var partial *lazy.PartialError
		require.ErrorAs(t, err, &partial)
		require.Len(t, partial.Errs, 4)
		require.NoError(t, partial.Errs[0])
		require.NoError(t, partial.Errs[3])
		require.Len(t, partial.Unwrap(), 2)
		for i, target := range map[int]lazy.Data[int]{1: c, 2: d} {
			var e *lazy.Error
			require.ErrorAs(t, partial.Errs[i], &e)
			require.Equal(t, []string{"Bad", "Counted"}, namesOnly(e.Path))
			require.Contains(t, target.String(), e.Path[1])
			require.Equal(t, graph.Skipped, target.State())
		}
		require.Zero(t, behind.Load())
		require.ErrorContains(t, err, "2 of 4 targets failed")
	})
}

// d <- {b!, c!}: a dependent's error is the failure that caused it, and one is enough
func TestKeepGoingOfOneTargetGivesTheCause(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		other := errors.New("other")
		var runs atomic.Int32
		count := lazy.Pure1(func(x int) int { runs.Add(1); return x })
		d := sum(sum(fail[int](errBoom, lazy.Name("First")), fail[int](other, lazy.Name("Second"))), count.Of(1))
		err := failure(t, d, lazy.In(s), lazy.KeepGoing())
		var e *lazy.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []string{"First", "Sum", "Sum"}, namesOnly(e.Path))
		require.EqualValues(t, 1, runs.Load(), "what does not depend on the failure is finished")
	})
}

func TestKeepGoingWithoutFailure(t *testing.T) {
	vs, err := lazy.GetAll(t.Context(), inc.Each([]int{1, 2, 3}), lazy.KeepGoing())
	require.NoError(t, err)
	require.Equal(t, []int{2, 3, 4}, vs)
	require.NoError(t, lazy.Run(t.Context(), nil, lazy.KeepGoing()))
}

func TestKeepGoingOfTwoAndThree(t *testing.T) {
	bad := fail[int](errBoom)
	a, b, err := lazy.Get2(t.Context(), bad, lazy.Pure0(func() string { return "x" })(), lazy.KeepGoing())
	require.ErrorIs(t, err, errBoom)
	require.Zero(t, a)
	require.Equal(t, "x", b)
	x, y, z, err := lazy.Get3(t.Context(), inc.Of(1), bad, inc.Of(2), lazy.KeepGoing())
	var partial *lazy.PartialError
	require.ErrorAs(t, err, &partial)
	require.Equal(t, []int{2, 0, 3}, []int{x, y, z})
	require.Error(t, partial.Errs[1])
}

// GetAll's error has an entry per handle, however many there are.
func TestKeepGoingGetAllOfOne(t *testing.T) {
	_, err := lazy.GetAll(t.Context(), []lazy.Data[int]{fail[int](errBoom)}, lazy.KeepGoing())
	require.ErrorIs(t, err, errBoom)
	var partial *lazy.PartialError
	require.ErrorAs(t, err, &partial)
	require.Len(t, partial.Errs, 1)
}

func TestKeepGoingThroughPanicsAndBinds(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		bad := lazy.Pure0(func() int { panic(errBoom) }, lazy.Name("Bad"))()
		bound := lazy.Bind0(func(context.Context) (lazy.Data[int], error) {
			return sum(bad, inc.Of(1)), nil
		}, lazy.Name("Go"))()
		mapped := lazy.Map(inc, lazy.Const([]int{1, 2}))
		ts := []lazy.Target{inc(bad), inc(bound), mapped}
		_, err := soon(t, func() (int, error) { return 0, lazy.Run(context.Background(), ts, lazy.In(s), lazy.KeepGoing()) })
		var partial *lazy.PartialError
		require.ErrorAs(t, err, &partial)
		require.ErrorIs(t, partial.Errs[0], errBoom)
		require.ErrorIs(t, partial.Errs[1], errBoom)
		require.NoError(t, partial.Errs[2])
		var e *lazy.Error
		require.ErrorAs(t, partial.Errs[1], &e)
		require.Equal(t, []string{"Bad", "Sum", "Go", "Inc"}, namesOnly(e.Path))
		require.Equal(t, []int{2, 3}, got(t, mapped))
	})
}

// Without KeepGoing the first failure stops new starts.
func TestWithoutKeepGoingNothingMoreStarts(t *testing.T) {
	leak.Check(t)
	var runs atomic.Int32
	bad := fail[int](errBoom)
	ds := []lazy.Data[int]{bad}
	count := lazy.Pure1(func(x int) int { runs.Add(1); return x })
	ds = append(ds, count.Each(make([]int, 1000))...)
	vs, err := lazy.GetAll(t.Context(), ds, lazy.In(&lazy.Session{Parallelism: 1}))
	require.ErrorIs(t, err, errBoom)
	require.Nil(t, vs)
	require.Zero(t, runs.Load())
	require.Equal(t, graph.Pending, ds[1].State())
}
