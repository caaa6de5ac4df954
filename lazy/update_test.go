package lazy

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
)

// maker makes slices and remembers where the last one lies.
type maker struct {
	of   Func1[int, []int]
	runs atomic.Int32
	at   atomic.Pointer[int]
}

func newMaker(opts ...Option) *maker {
	m := &maker{}
	m.of = Pure1(func(n int) []int {
		m.runs.Add(1)
		xs := make([]int, n, n+1)
		for i := range xs {
			xs[i] = i
		}
		m.at.Store(&xs[0])
		return xs
	}, append(opts, Name("Make"))...)
	return m
}

// put returns a function for Update that writes v to slot k.
func setTo(k, v int) func(context.Context, []int) ([]int, error) {
	return func(_ context.Context, xs []int) ([]int, error) { xs[k] = v; return xs, nil }
}

func sum(xs []int) (s int) {
	for _, x := range xs {
		s += x
	}
	return s
}

// a -> u
func TestUpdateLeavesTheOldVersion(t *testing.T) {
	a := newMaker().of.Of(3)
	u := Update(a, setTo(0, 7))
	require.Equal(t, []int{7, 1, 2}, valueNow(t, u))
	require.Equal(t, []int{0, 1, 2}, valueNow(t, a))
	require.Equal(t, graph.Done, a.State())
}

func TestUpdateMayGrow(t *testing.T) {
	a := newMaker().of.Of(3)
	grow := func(_ context.Context, xs []int) ([]int, error) { return append(xs, 9), nil }
	u, v := Update(a, grow), Update(a, grow)
	require.Equal(t, []int{0, 1, 2, 9}, valueNow(t, u))
	require.Equal(t, []int{0, 1, 2, 9}, valueNow(t, Update(Donate(a), grow)))
	require.Equal(t, []int{0, 1, 2, 9}, valueNow(t, v))
}

// out[i] = f(x): the later one in program order wins, both slots show
func TestUpdatesOfSlotsOfOneContainer(t *testing.T) {
	for _, donated := range []bool{false, true} {
		out := newMaker().of.Of(4)
		first := out
		for k, v := range []int{10, 11, 12, 13} {
			in := out
			if donated {
				in = Donate(out)
			}
			out = Update(in, setTo(min(k, 2), v))
		}
		require.Equal(t, []int{10, 11, 13, 3}, valueNow(t, out))
		if !donated {
			require.Equal(t, []int{0, 1, 2, 3}, valueNow(t, first))
		}
	}
}

func TestUpdateOfASourceNeverWritesIt(t *testing.T) {
	mine := []int{1, 2, 3}
	s := Source("s", mine)
	require.Equal(t, []int{9, 2, 3}, valueNow(t, Update(s, setTo(0, 9))))
	u := Update(Donate(s), setTo(1, 9))
	require.Equal(t, []int{1, 9, 3}, valueNow(t, u))
	require.Equal(t, []int{1, 2, 3}, mine)

	given := []int{4, 5, 6}
	s.Set(given)
	require.Equal(t, []int{4, 9, 6}, valueNow(t, u))
	require.Equal(t, []int{4, 5, 6}, given)
}

func TestUpdateNeverWritesWhatWasSetOnACall(t *testing.T) {
	m := newMaker()
	n := Source("n", 3)
	a := m.of(n)
	given := []int{4, 5, 6}
	a.Set(given)
	u := Update(Donate(a), setTo(0, 9))
	require.Equal(t, []int{9, 5, 6}, valueNow(t, u))
	require.Equal(t, []int{4, 5, 6}, given)
	n.Set(2) // later: it counts, and is no longer given
	got := valueNow(t, u)
	require.Equal(t, []int{9, 1}, got)
	require.Same(t, m.at.Load(), &got[0])
}

func TestUpdateFailsAndLeavesTheOldVersion(t *testing.T) {
	boom := errors.New("boom")
	a := newMaker().of.Of(3)
	bad := Update(a, func(_ context.Context, xs []int) ([]int, error) { xs[0] = 9; return xs, boom })
	_, err := bad.Get(context.Background())
	require.ErrorIs(t, err, boom)
	worse := Update(a, func(_ context.Context, xs []int) ([]int, error) { xs[0] = 9; panic(boom) })
	_, err = worse.Get(context.Background())
	require.ErrorIs(t, err, boom)
	require.Equal(t, []int{0, 1, 2}, valueNow(t, a))
}

func TestFailedUpdateThatTookTheValueHasItMadeAgain(t *testing.T) {
	boom := errors.New("boom")
	fails := map[string]func(){"error": func() {}, "panic": func() { panic(boom) }}
	for name, fail := range fails {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			m := newMaker()
			a := m.of.Of(3)
			total := Pure1(sum)(a)
			tries := 0
			u := Update(Donate(a), func(_ context.Context, xs []int) ([]int, error) {
				xs[1] += 10
				if tries++; tries == 1 {
					fail()
					return nil, boom
				}
				return xs, nil
			})
			_, err := u.Get(context.Background())
			require.ErrorIs(t, err, boom)
			require.Equal(t, graph.Failed, u.State())
			require.Equal(t, graph.Pending, graph.State(a.State()), "the value is gone")
			require.Equal(t, 3, valueNow(t, total), "nothing half-written shows")
			require.Equal(t, []int{0, 11, 2}, valueNow(t, u))
			require.EqualValues(t, 2, m.runs.Load())
		})
	}
}

func TestUpdateWithRetryCopies(t *testing.T) {
	m := newMaker()
	a := m.of.Of(3)
	tries := 0
	u := Update(Donate(a), func(_ context.Context, xs []int) ([]int, error) {
		xs[1]++
		if tries++; tries < 3 {
			return nil, errors.New("not yet")
		}
		return xs, nil
	}, Retry(5))
	require.Equal(t, []int{0, 2, 2}, valueNow(t, u))
	require.EqualValues(t, 1, m.runs.Load())
	require.Equal(t, 3, tries)
}

// n -> k -> make -> u -> use, after u has taken the value of make
func TestChangeBeforeAnUpdateThatTookTheValue(t *testing.T) {
	for name, equal := range map[string][]Option{"no Equal": nil, "Equal": {Equal(slices.Equal[[]int])}} {
		t.Run(name, func(t *testing.T) {
			m := newMaker()
			n := Source("n", 6)
			half := Pure1(func(x int) int { return x / 2 })
			a := m.of(half(n))
			u := Update(Donate(a), func(_ context.Context, xs []int) ([]int, error) { return append(xs[:1], 5), nil }, equal...)
			use, uses := counted(sum)
			d := use(u)
			require.Equal(t, 5, valueNow(t, d))
			require.EqualValues(t, 1, m.runs.Load())

			n.Set(8) // another slice, and the same update of it
			require.Equal(t, graph.Stale, d.State())
			require.Equal(t, 5, valueNow(t, d))
			require.EqualValues(t, 2, m.runs.Load())
			if equal != nil {
				require.EqualValues(t, 1, uses.Load(), "cut off")
			} else {
				require.EqualValues(t, 2, uses.Load())
			}
			require.Equal(t, graph.Done, d.State())

			u.Invalidate()
			require.Equal(t, 5, valueNow(t, d))
			require.EqualValues(t, 3, m.runs.Load(), "the value is made again for an update that runs again")
			require.Equal(t, 5, valueNow(t, d, Refresh()))
			require.EqualValues(t, 4, m.runs.Load())
			a.Invalidate()
			require.Equal(t, 5, valueNow(t, d))
		})
	}
}

func TestChangeThroughAnUpdateOfANumber(t *testing.T) {
	n := Source("n", 6)
	a := Pure1(func(x int) int { return x + 1 })(n)
	half, halves := 0, 0
	u := Update(Donate(a), func(_ context.Context, x int) (int, error) { half++; return x / 4, nil })
	d := Pure1(func(x int) int { halves++; return x })(u)
	require.Equal(t, 1, valueNow(t, d))
	n.Set(5)
	require.Equal(t, 1, valueNow(t, d))
	require.Equal(t, 2, half)
	require.Equal(t, 1, halves)
}

func TestUpdateOfAZeroHandleIsAnError(t *testing.T) {
	_, err := Update(Data[[]int]{}, setTo(0, 1)).Get(context.Background())
	require.ErrorIs(t, err, ErrZeroData)
	require.ErrorContains(t, err, "update_test.go:")
	require.Panics(t, func() { Update(Const(1), nil) })
}

func TestUpdateAgainByOn(t *testing.T) {
	m := newMaker()
	a := m.of.Of(3)
	u := Update(Donate(a), setTo(0, 7))
	v := After(u)
	got, err := GetAll(context.Background(), []Data[[]int]{u, v})
	require.NoError(t, err)
	require.Equal(t, [][]int{{7, 1, 2}, {7, 1, 2}}, got)
	require.NotSame(t, &got[0][0], &got[1][0])
}
