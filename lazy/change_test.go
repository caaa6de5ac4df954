package lazy

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

// counted wraps a function of one argument and counts its runs.
func counted[A, R any](f func(A) R, opts ...Option) (Func1[A, R], *atomic.Int32) {
	var runs atomic.Int32
	return Pure1(func(a A) R { runs.Add(1); return f(a) }, opts...), &runs
}

func valueNow[T any](t *testing.T, d Data[T], opts ...RunOption) T {
	t.Helper()
	v, err := d.Get(context.Background(), opts...)
	require.NoError(t, err)
	return v
}

// s -> half -> square
func TestSetRunsWhatChangedAndStopsAtEqualValues(t *testing.T) {
	half, halves := counted(func(x int) int { return x / 2 })
	square, squares := counted(func(x int) int { return x * x })
	s := Source("s", 6)
	h := half(s)
	q := square(h)
	require.Equal(t, 9, valueNow(t, q))

	s.Set(7) // the half is the same
	require.Equal(t, graph.Stale, q.State())
	require.Equal(t, 9, valueNow(t, q))
	require.EqualValues(t, 2, halves.Load())
	require.EqualValues(t, 1, squares.Load())
	require.Equal(t, graph.Done, q.State())

	s.Set(8)
	require.Equal(t, 16, valueNow(t, q))
	require.EqualValues(t, 3, halves.Load())
	require.EqualValues(t, 2, squares.Load())
	require.Equal(t, 8, valueNow(t, s))
}

func TestSetToTheVerifiedValueRunsNothing(t *testing.T) {
	f, runs := counted(func(x int) int { return x })
	s := Const(1)
	d := f(s)
	valueNow(t, d)
	s.Set(2)
	s.Set(1)
	require.Equal(t, 1, valueNow(t, d))
	require.EqualValues(t, 1, runs.Load())
	require.Equal(t, graph.Done, d.State())
}

func TestSetComparesBits(t *testing.T) {
	inverse, runs := counted(func(x float64) float64 { return 1 / x })
	s := Const(0.0)
	d := inverse(s)
	require.Equal(t, math.Inf(1), valueNow(t, d))
	s.Set(math.Copysign(0, -1))
	require.Equal(t, math.Inf(-1), valueNow(t, d))
	s.Set(math.NaN())
	valueNow(t, d)
	s.Set(math.NaN())
	valueNow(t, d)
	require.EqualValues(t, 3, runs.Load())
}

// a -> b -> c: b is given a value
func TestSetOnACallHoldsUntilAnInputChanges(t *testing.T) {
	first, firsts := counted(func(x int) int { return x + 1 })
	second, seconds := counted(func(x int) int { return x * 10 })
	a := Source("a", 1)
	b := first(a)
	c := second(b)
	b.Set(7)
	require.Equal(t, graph.Done, b.State())
	require.Equal(t, 70, valueNow(t, c))
	require.EqualValues(t, 0, firsts.Load())

	require.Equal(t, 7, valueNow(t, b))
	b.Set(8)
	require.Equal(t, 80, valueNow(t, c))
	a.Set(1) // no change
	require.Equal(t, 80, valueNow(t, c))
	a.Set(4)
	require.Equal(t, 50, valueNow(t, c))
	require.EqualValues(t, 1, firsts.Load())
	require.EqualValues(t, 3, seconds.Load())

	b.Set(3)
	a.Set(9) // later: it counts
	require.Equal(t, 100, valueNow(t, c))
	a.Set(10)
	b.Set(3)
	require.Equal(t, 30, valueNow(t, c))
}

func TestInvalidateRunsTheCallAgain(t *testing.T) {
	n := 0
	read, reads := counted(func(x int) int { return x + n })
	double, doubles := counted(func(x int) int { return 2 * x })
	s := Const(1)
	r := read(s)
	d := double(r)
	require.Equal(t, 2, valueNow(t, d))
	r.Invalidate()
	require.Equal(t, 2, valueNow(t, d))
	require.EqualValues(t, 2, reads.Load())
	require.EqualValues(t, 1, doubles.Load())
	n = 5
	r.Invalidate()
	require.Equal(t, 12, valueNow(t, d))
	s.Invalidate()
	require.Equal(t, 12, valueNow(t, d))
	require.EqualValues(t, 3, reads.Load())
}

func TestRefreshRunsEverythingBefore(t *testing.T) {
	f, runs := counted(func(x int) int { return x + 1 })
	s := Const(1)
	a := f(s)
	b := f(a)
	c := f(b)
	valueNow(t, c)
	require.Equal(t, 3, valueNow(t, b, Refresh()))
	require.EqualValues(t, 5, runs.Load())
	require.Equal(t, 4, valueNow(t, c))
	require.EqualValues(t, 5, runs.Load())
}

// s -> {l, r} -> j
func TestSetDuringARunReachesItsWaitersOnly(t *testing.T) {
	started, goOn := make(chan struct{}), make(chan struct{})
	var runs atomic.Int32
	slow := Wrap1(func(_ context.Context, x int) (int, error) {
		if runs.Add(1) == 1 {
			close(started)
			<-goOn
		}
		return x, nil
	})
	s := Source("s", 1)
	j := Pure2(func(l, r int) int { return 100*l + r })(slow(s), s)
	got := make(chan int)
	go func() { got <- Must(j.Get(context.Background())) }()
	<-started
	s.Set(2)
	require.Equal(t, 2, valueNow(t, s))
	close(goOn)
	require.Equal(t, 101, <-got)
	require.Equal(t, 202, valueNow(t, j))
	require.EqualValues(t, 2, runs.Load())
}

func TestBindUnderChange(t *testing.T) {
	inc, incs := counted(func(x int) int { return x + 1 })
	var binds atomic.Int32
	s, u := Source("s", 1), Source("u", 10)
	b := Bind1(func(_ context.Context, x int) (Data[int], error) {
		binds.Add(1)
		if x > 5 {
			return Const(-1), nil
		}
		return inc(u), nil
	})(s)
	d := Pure1(func(x int) int { return 2 * x })(b)
	require.Equal(t, 22, valueNow(t, d))
	u.Set(20)
	require.Equal(t, 42, valueNow(t, d))
	require.EqualValues(t, 1, binds.Load(), "only what it went on to has changed")
	require.EqualValues(t, 2, incs.Load())
	s.Set(6)
	u.Set(30)
	require.Equal(t, -2, valueNow(t, d))
	require.EqualValues(t, 2, incs.Load(), "no longer wanted")
}

func TestNestedGetUnderChange(t *testing.T) {
	inc, incs := counted(func(x int) int { return x / 2 })
	s := Source("s", 10)
	h := inc(s)
	var runs atomic.Int32
	f := Wrap0(func(ctx context.Context) (int, error) { runs.Add(1); return h.Get(ctx) })()
	require.Equal(t, 5, valueNow(t, f))
	s.Set(11)
	require.Equal(t, 5, valueNow(t, f))
	require.EqualValues(t, 1, runs.Load())
	require.EqualValues(t, 2, incs.Load())
	s.Set(12)
	require.Equal(t, 6, valueNow(t, f))
	require.EqualValues(t, 2, runs.Load())
}

func TestPermanentErrorsStandUntilAnInputChanges(t *testing.T) {
	var runs atomic.Int32
	bad := errors.New("bad")
	f := Wrap1(func(_ context.Context, x int) (int, error) {
		runs.Add(1)
		if x < 0 {
			return 0, Permanent(bad)
		}
		return x, nil
	}, Name("F"))
	s := Source("s", -1)
	d := Pure1(func(x int) int { return x })(f(s))
	for range 3 {
		_, err := d.Get(context.Background())
		require.ErrorIs(t, err, bad)
	}
	require.EqualValues(t, 1, runs.Load())
	s.Set(-2)
	_, err := d.Get(context.Background())
	require.ErrorIs(t, err, bad)
	require.EqualValues(t, 2, runs.Load())
	s.Set(3)
	require.Equal(t, 3, valueNow(t, d))
}

func TestSplitCutsOffPerOutput(t *testing.T) {
	div := Pure2(func(a, b int) Pair[int, int] { return MakePair(a/b, a%b) })
	a := Source("a", 17)
	q, r := Split(div(a, Const(5)))
	useQ, qs := counted(func(x int) int { return x })
	useR, rs := counted(func(x int) int { return x })
	uq, ur := useQ(q), useR(r)
	valueNow(t, uq)
	valueNow(t, ur)
	a.Set(18)
	require.Equal(t, 3, valueNow(t, uq))
	require.Equal(t, 3, valueNow(t, ur))
	require.EqualValues(t, 1, qs.Load())
	require.EqualValues(t, 2, rs.Load())
}

func TestAfterRunsAgainWhenWhatIsFirstRanAgain(t *testing.T) {
	file := ""
	text := Source("text", "one")
	write := Pure1(func(s string) struct{} { file = s; return struct{}{} })(text)
	read := After(Pure0(func() string { return file })(), write)
	require.Equal(t, "one", valueNow(t, read))
	text.Set("two")
	require.Equal(t, "two", valueNow(t, read))
}

func TestPanickingEqualIsThePanicOfTheCall(t *testing.T) {
	f := Pure1(func(x int) []int { return []int{x} }, Equal(func(a, b []int) bool { panic("no") }), Name("F"))
	s := Source("s", 1)
	d := f(s)
	valueNow(t, d)
	s.Set(2)
	_, err := d.Get(context.Background())
	var p *PanicError
	require.ErrorAs(t, err, &p)
	require.Equal(t, "no", p.Value)
}

// s -> {l, r} -> j, under Sets and Gets
func TestNoGlitch(t *testing.T) {
	rounds := 20_000
	if testing.Short() {
		rounds = 2_000
	}
	id := Pure1(func(x int) int { return x })
	s := Source("s", 0)
	j := Pure2(func(l, r int) int {
		if l != r {
			return -1
		}
		return l
	})(id(id(s)), id(s))
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range rounds {
			s.Set(i)
		}
	})
	for range 2 {
		wg.Go(func() {
			last := 0
			for range rounds {
				v := Must(j.Get(context.Background()))
				if v < last {
					panic("two versions")
				}
				last = v
			}
		})
	}
	wg.Wait()
	require.Equal(t, rounds-1, valueNow(t, j))
}

// u <- c: a call is given a value where no source ever was
func TestSetOnACallReachesUsersThatNobodyKnew(t *testing.T) {
	c := Pure1(func(x int) int { return x })(Source("s", 2))
	u := Pure1(func(x int) int { return x + 1 })(c)
	require.Equal(t, 3, valueNow(t, u))
	c.Set(8)
	require.Equal(t, 9, valueNow(t, u))
}

// u <- {c, d <- s}
func TestInvalidateDuringTheFirstRun(t *testing.T) {
	for range 300 {
		s := Source("s", 1)
		c := Pure0(func() int { return 3 })()
		d := Pure1(func(x int) int { return x })(s)
		u := Pure2(func(x, y int) int {
			if x == 0 || y == 0 {
				t.Error("saw", x, y)
			}
			return x
		})(c, d)
		var wg sync.WaitGroup
		wg.Go(func() {
			for k := range 5 {
				s.Set(k + 2)
				c.Invalidate()
				d.Invalidate()
			}
		})
		for range 3 {
			wg.Go(func() {
				for range 20 {
					if v, err := u.Get(context.Background()); v != 3 || err != nil {
						t.Error(v, err)
					}
				}
			})
		}
		wg.Wait()
	}
}

func TestRefreshOfAKnownHandle(t *testing.T) {
	f, runs := counted(func(x int) int { return x })
	d := f(Source("s", 2))
	valueNow(t, d)
	valueNow(t, d, Refresh())
	require.EqualValues(t, 2, runs.Load())
}

// A source that was Set before is found while the call runs: the call has seen its present value.
func TestFoundSourceThatWasSetBefore(t *testing.T) {
	s := Source("s", 2)
	s.Set(9)
	nested := Wrap1(func(ctx context.Context, _ int) (int, error) { return s.Get(ctx) }).Of(1)
	require.Equal(t, 9, valueNow(t, nested))
	require.Equal(t, graph.Done, nested.State())
	bind := Bind1(func(context.Context, int) (Data[int], error) { return s, nil }).Of(1)
	require.Equal(t, 9, valueNow(t, bind))
	require.Equal(t, graph.Done, bind.State())
	s.Set(10)
	require.Equal(t, 10, valueNow(t, nested))
	require.Equal(t, 10, valueNow(t, bind))
}

// user <- If(cond, then <- s, else): what is behind the branch that is not taken does not matter
func TestBranchNotTakenDoesNotRun(t *testing.T) {
	then, thens := counted(func(x int) int { return x })
	user, users := counted(func(x int) int { return x })
	s, cond := Source("s", 1), Source("cond", 0)
	isZero := Pure1(func(x int) bool { return x == 0 })
	u := user(If(isZero(cond), then(s), Const(5)))
	require.Equal(t, 1, valueNow(t, u))
	cond.Set(1)
	require.Equal(t, 5, valueNow(t, u))
	s.Set(2)
	require.Equal(t, 5, valueNow(t, u))
	cond.Set(2)
	require.Equal(t, 5, valueNow(t, u))
	require.EqualValues(t, 1, thens.Load())
	require.EqualValues(t, 2, users.Load())
	cond.Set(0)
	require.Equal(t, 2, valueNow(t, u))
}

// A call that fails after it has got something else than before is not taken for verified.
func TestFailureAfterFindingOtherInputs(t *testing.T) {
	a, which, fail := Source("a", 1), Source("which", 0), errors.New("no")
	broken := false
	f := Wrap0(func(ctx context.Context) (int, error) {
		if w, err := which.Get(ctx); err != nil || w == 0 {
			return 0, err
		}
		if broken {
			return 0, fail
		}
		return a.Get(ctx)
	})()
	require.Equal(t, 0, valueNow(t, f))
	which.Set(1)
	broken = true
	_, err := f.Get(context.Background())
	require.ErrorIs(t, err, fail)
	broken = false
	require.Equal(t, 1, valueNow(t, f))
}

func TestUserOfABindIsNotStaleAfterItsRun(t *testing.T) {
	s := Source("s", 0)
	b := Bind1(func(context.Context, int) (Data[int], error) { return s, nil }).Of(1)
	u := Pure1(func(x int) int { return x })(b)
	s.Set(1)
	require.Equal(t, 1, valueNow(t, u))
	require.Equal(t, graph.Done, u.State())
}

func TestPermanentErrorDoesNotGiveWayToAnOlderValue(t *testing.T) {
	bad := false
	s, c := Source("s", 1), Source("c", 1)
	in := Pure2(func(x, _ int) int { return x })(s, c) // does not change with c
	x := Wrap1(func(_ context.Context, x int) (int, error) {
		if bad {
			return 0, Permanent(errors.New("bad"))
		}
		return x * 10, nil
	})(in)
	require.Equal(t, 10, valueNow(t, x))
	bad = true
	s.Set(2)
	_, err := x.Get(context.Background())
	require.Error(t, err)
	c.Set(2)
	_, err = x.Get(context.Background())
	require.Error(t, err)
	bad = false
	s.Set(3)
	require.Equal(t, 30, valueNow(t, x))
}

func TestSetInsideACallOnWhatItDependsOn(t *testing.T) {
	s, other := Source("s", 1), Source("other", 1)
	var runs atomic.Int32
	d := Wrap1(func(_ context.Context, x int) (int, error) {
		runs.Add(1)
		s.Set(x + 1)
		return x, nil
	})(Pure1(func(x int) int { return x })(s))
	_, err := d.Get(context.Background())
	require.ErrorIs(t, err, ErrSetInside)
	require.Equal(t, 2, valueNow(t, s))
	require.EqualValues(t, 1, runs.Load())

	fine := Wrap1(func(_ context.Context, x int) (int, error) { other.Set(x + 1); return x, nil })(s)
	require.Equal(t, 2, valueNow(t, fine))
	require.Equal(t, 3, valueNow(t, other))
}

func TestPermanentIsNotRetried(t *testing.T) {
	runs := 0
	d := Wrap0(func(context.Context) (int, error) { runs++; return 0, Permanent(errors.New("no")) }, Retry(3))()
	_, err := d.Get(context.Background())
	require.Error(t, err)
	require.Equal(t, 1, runs)
}

func TestRefreshInsideACall(t *testing.T) {
	f, runs := counted(func(x int) int { return x })
	d := f(Source("s", 2))
	n := Wrap1(func(ctx context.Context, _ int) (int, error) { return d.Get(ctx, Refresh()) }).Of(1)
	require.Equal(t, 2, valueNow(t, d))
	require.Equal(t, 2, valueNow(t, n))
	require.Equal(t, 2, valueNow(t, n))
	require.EqualValues(t, 2, runs.Load())
}

func TestValueGivenToATransientCallStays(t *testing.T) {
	d := Pure1(func(x int) int { return x }, Transient()).Of(1)
	u := Pure1(func(x int) int { return x })(d)
	d.Set(7)
	require.Equal(t, 7, valueNow(t, u))
	u.Invalidate()
	require.Equal(t, 7, valueNow(t, u))
}
