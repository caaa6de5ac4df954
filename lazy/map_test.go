package lazy_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// oneByOne is f, composed, so that Map has a call for each element: the way with which the other is compared.
func oneByOne[A, R any](f lazy.Func1[A, R]) lazy.Func1[A, R] {
	return func(d lazy.Data[A]) lazy.Data[R] { return f(d) }
}

// onlooker is an observer that does not care.
type onlooker struct{}

func (onlooker) RunStarted(lazy.RunInfo)   {}
func (onlooker) CallStarted(lazy.CallInfo) {}
func (onlooker) CallDone(lazy.CallInfo)    {}
func (onlooker) RunDone(lazy.RunInfo)      {}

func numbersTo(n int) []int {
	xs := make([]int, n)
	for i := range xs {
		xs[i] = i
	}
	return xs
}

// calls counts the calls with a name that the targets depend on.
func calls(name string, targets ...lazy.Target) int {
	n := 0
	for _, node := range lazy.Snapshot(targets...).Nodes {
		if node.Name == name {
			n++
		}
	}
	return n
}

// mapBorders are lengths on both sides of what is done in another way.
var mapBorders = []int{0, 1, 2, 999, 1000, 1001, 1002, 1024, 2047, 2050, 5000, 70_000}

func TestMapAgreesWithACallForEach(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		ran := make([]atomic.Int32, 70_000)
		pure := lazy.Pure1(func(x int) string { ran[x].Add(1); return fmt.Sprint(x) }, lazy.Name("Text"))
		wrap := lazy.Wrap1(func(_ context.Context, x int) (string, error) { ran[x].Add(1); return fmt.Sprint(x), nil })
		for _, n := range mapBorders {
			if n > 5000 && (s.Executor != nil || testing.Short()) {
				continue // of executors, some have a goroutine for each call
			}
			for k, f := range []lazy.Func1[int, string]{pure, wrap} {
				vs := got(t, lazy.Map(f, lazy.Const(numbersTo(n))), lazy.In(s))
				for i := range ran[:n] {
					require.EqualValues(t, 1, ran[i].Swap(0), "element %d of %d ran once", i, n)
				}
				want := got(t, lazy.Map(oneByOne(f), lazy.Const(numbersTo(n))), lazy.In(s))
				require.Equal(t, want, vs, "n %d, function %d", n, k)
				require.NotNil(t, vs)
				require.Equal(t, len(vs), cap(vs), "nobody can append to what others read")
				for i := range ran[:n] {
					ran[i].Store(0)
				}
			}
		}
	})
}

func TestMapErrorsNameTheElement(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		const n = 3000
		for _, at := range []int{0, 1, 1023, 2999} {
			wrap := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
				if x == at {
					return 0, errBoom
				}
				return x, nil
			}, lazy.Name("Bad"))
			err := failure(t, lazy.Map(wrap, lazy.Const(numbersTo(n))), lazy.In(s))
			require.ErrorIs(t, err, errBoom)
			require.Contains(t, err.Error(), fmt.Sprintf("element %d: boom", at))
			require.Contains(t, err.Error(), "map_test.go:")
			var e *lazy.Error
			require.ErrorAs(t, err, &e)
			names := namesOnly(e.Path)
			require.Equal(t, []string{"Bad[i:j]", "Map"}, []string{names[0], names[len(names)-1]})

			pure := lazy.Pure1(func(x int) int {
				if x == at {
					panic(errBoom)
				}
				return x
			}, lazy.Name("Bad"))
			err = failure(t, lazy.Map(pure, lazy.Const(numbersTo(n))), lazy.In(s), lazy.KeepGoing())
			var p *lazy.PanicError
			require.ErrorAs(t, err, &p)
			require.Equal(t, "Bad", p.Op)
			require.Equal(t, errBoom, p.Value)
			require.Contains(t, string(p.Stack), "map_test.go")
			require.Contains(t, err.Error(), fmt.Sprintf("element %d: Bad panicked: boom", at))
		}
	})
}

// Of several failures a run that is to keep going tells the first.
func TestMapKeepGoingTellsTheFirstElement(t *testing.T) {
	leak.Check(t)
	bad := lazy.Wrap1(func(_ context.Context, x int) (int, error) {
		if x%700 == 650 {
			return 0, errBoom
		}
		return x, nil
	})
	err := failure(t, lazy.Map(bad, lazy.Const(numbersTo(30_000))), lazy.KeepGoing())
	require.Contains(t, err.Error(), "element 650: boom")
}

func TestMapIsCancelledWithinAPart(t *testing.T) {
	leak.Check(t)
	everyEngine(t, func(t *testing.T, s *lazy.Session) {
		const n, at = 20_000, 500
		ctx, cancel := context.WithCancel(t.Context())
		var made atomic.Int32
		f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
			if made.Add(1) <= n && x == at { // not when it is run again
				cancel()
				<-ctx.Done() // else it might be done with all before the end of the context has come to it
			}
			return x, nil
		})
		d := lazy.Map(f, lazy.Const(numbersTo(n)))
		_, err := soon(t, func() ([]int, error) { return d.Get(ctx, lazy.In(s)) })
		require.ErrorIs(t, err, context.Canceled)
		until(t, "the call is pending", func() bool { return d.State() == graph.Pending })
		before := made.Load()
		require.Less(t, before, int32(n))
		made.Add(n)
		require.Len(t, got(t, d, lazy.In(s)), n, "and can be had by the next")
	})
}

// Whatever is asked for each call, or looks at calls, is given calls.
func TestMapHasACallForEachWhereThatIsAskedFor(t *testing.T) {
	leak.Check(t)
	const n = 1500
	id := func(x int) int { return x }
	wrap := func(opts ...lazy.Option) lazy.Func1[int, int] {
		return lazy.Pure1(id, append(opts, lazy.Name("F"))...)
	}
	plain := wrap()
	rows := []struct {
		name  string
		f     lazy.Func1[int, int]
		opts  []lazy.RunOption
		calls int
	}{
		{"plain", plain, nil, 0},
		{"workers", plain, []lazy.RunOption{lazy.Workers(3)}, 0},
		{"keep going", plain, []lazy.RunOption{lazy.KeepGoing()}, 0},
		{"retry", wrap(lazy.Retry(1)), nil, n},
		{"timeout", wrap(lazy.Timeout(time.Hour)), nil, n},
		{"blocking", wrap(lazy.Blocking(2)), nil, n},
		{"priority", wrap(lazy.Priority(1)), nil, n},
		{"transient", wrap(lazy.Transient()), nil, n},
		{"equal", wrap(lazy.Equal(func(a, b int) bool { return a == b })), nil, n},
		{"memo", wrap(lazy.Memo()), nil, n},
		{"composed", oneByOne(plain), nil, n},
		{"fixed", lazy.Pure2(func(a, b int) int { return a }, lazy.Name("F")).Fix(lazy.Const(1)), nil, n},
		{"bind", lazy.Bind1(func(_ context.Context, x int) (lazy.Data[int], error) { return lazy.Const(x), nil }, lazy.Name("F")), nil, n},
		{"poll", lazy.Poll1(func(_ *lazy.Task, x int) (int, error) { return x, nil }, lazy.Name("F")), nil, n},
		{"observer", plain, []lazy.RunOption{lazy.Observe(onlooker{})}, n},
		{"labels", plain, []lazy.RunOption{lazy.In(&lazy.Session{Labels: true})}, n},
		{"inputs are checked", plain, []lazy.RunOption{lazy.In(&lazy.Session{CheckInputs: true})}, n},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			defer lazy.NeverChanged()()
			d := lazy.Map(row.f, lazy.Const(numbersTo(n)))
			require.Equal(t, numbersTo(n), got(t, d, row.opts...))
			require.Equal(t, row.calls, calls("F", d))
			require.Equal(t, row.calls == 0, calls("F[i:j]", d) > 0)
		})
	}
}

func TestMapUnderMaxTrace(t *testing.T) {
	defer lazy.SetMaxTrace(lazy.SetMaxTrace(10))
	d := lazy.Map(inc, lazy.Const(numbersTo(1500)))
	require.Len(t, got(t, d), 1500)
	require.Zero(t, calls("Inc[i:j]", d))
}

// Elements that turn out dear have a call each, on as many workers as there are; those before them do not.
func TestMapGivesDearElementsACallEach(t *testing.T) {
	for _, from := range []int{0, 1, 2500} {
		synctest.Test(t, func(t *testing.T) {
			leak.Check(t)
			const n = 5000
			var m meter
			f := lazy.Pure1(func(x int) int {
				if x >= from {
					defer m.enter()()
					time.Sleep(time.Millisecond)
				}
				return x
			}, lazy.Name("F"))
			d := lazy.Map(f, lazy.Const(numbersTo(n)))
			began := time.Now()
			vs, err := d.Get(t.Context(), lazy.In(&lazy.Session{Parallelism: 4}))
			took := time.Since(began)
			require.NoError(t, err)
			require.Equal(t, numbersTo(n), vs)
			require.EqualValues(t, 4, m.most.Load())
			require.Greater(t, calls("F", d), (n-from)/2)
			serial := time.Duration(n-from) * time.Millisecond
			require.Less(t, took, serial/4+1500*time.Millisecond, "one stride may be gone through by one worker")
		})
	}
}

// A first element that takes its time, as it may have to set something up, does not have the rest pay for it.
func TestMapForgivesTheFirstElement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leak.Check(t)
		f := lazy.Pure1(func(x int) int {
			if x == 0 {
				time.Sleep(time.Second)
			}
			return x
		}, lazy.Name("F"))
		d := lazy.Map(f, lazy.Const(numbersTo(5000)))
		vs, err := d.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, numbersTo(5000), vs)
		require.Zero(t, calls("F", d))
	})
}

// A part is run again if what one of its elements got has changed, whoever looks then; the others are not.
func TestMapRunsAgainThePartThatGotWhatChanged(t *testing.T) {
	leak.Check(t)
	defer lazy.NeverChanged()()
	const n, at = 4000, 3999
	ran := make([]atomic.Int32, n)
	source := lazy.Source("source", 1)
	f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
		ran[x].Add(1)
		for began := time.Now(); time.Since(began) < 200*time.Nanosecond; { // so that there is more than one part
		}
		if x == at {
			return source.Get(ctx)
		}
		return 0, nil
	}, lazy.Name("F"))
	d := lazy.Map(f, lazy.Const(numbersTo(n)))
	before := got(t, d)
	require.Equal(t, 1, before[at])
	for k, opts := range [][]lazy.RunOption{nil, {lazy.Observe(onlooker{})}, {lazy.In(&lazy.Session{CheckInputs: true})}} {
		source.Set(k + 2)
		after := got(t, d, opts...)
		require.Equal(t, k+2, after[at])
		require.Equal(t, 1, before[at])
		require.Equal(t, before[:at], after[:at])
		require.EqualValues(t, k+2, ran[at].Load())
	}
	require.EqualValues(t, 1, ran[0].Load())
}

// Elements of no size, and large ones.
func TestMapOfOddSizes(t *testing.T) {
	leak.Check(t)
	nothing := lazy.Pure1(func(int) struct{} { return struct{}{} })
	require.Len(t, got(t, lazy.Map(nothing, lazy.Const(numbersTo(50_000)))), 50_000)
	large := lazy.Pure1(func(x int) [40]int { return [40]int{x} })
	for i, v := range got(t, lazy.Map(large, lazy.Const(numbersTo(5000)))) {
		require.Equal(t, i, v[0])
	}
	of := lazy.Pure1(func(struct{}) int { return 1 })
	require.Len(t, got(t, lazy.Map(of, lazy.Const(make([]struct{}, 50_000)))), 50_000)
}

// What Map has come to may be given away, and its own value is not what is written to.
func TestMapThenUpdate(t *testing.T) {
	leak.Check(t)
	defer lazy.NeverChanged()()
	d := lazy.Map(inc, lazy.Const(numbersTo(5000)))
	before := got(t, d)
	twice := lazy.Update(lazy.Donate(d), func(_ context.Context, vs []int) ([]int, error) {
		for i := range vs {
			vs[i] *= 2
		}
		return vs, nil
	})
	require.Equal(t, 2*5000, got(t, twice)[4999])
	require.Equal(t, 5000, before[4999])
}

// The slice that was mapped may be given away: a part that is run again finds its elements as they were.
func TestMapOfWhatIsUpdated(t *testing.T) {
	leak.Check(t)
	for k, way := range []func(lazy.Func1[int, int]) lazy.Func1[int, int]{
		func(f lazy.Func1[int, int]) lazy.Func1[int, int] { return f }, oneByOne[int, int],
	} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			defer lazy.NeverChanged()()
			source := lazy.Source("source", 1)
			f := lazy.Wrap1(func(ctx context.Context, x int) (int, error) {
				if x != 4999 {
					return x, nil
				}
				add, err := source.Get(ctx)
				return x + add, err
			})
			xs := lazy.Pure1(numbersTo).Of(5000)
			d := lazy.Map(way(f), xs)
			want := numbersTo(5000)
			want[4999] = 5000
			require.Equal(t, want, got(t, d))
			negative := lazy.Update(lazy.Donate(xs), func(_ context.Context, vs []int) ([]int, error) {
				for i := range vs {
					vs[i] = -1
				}
				return vs, nil
			})
			require.Equal(t, -1, got(t, negative)[3])
			source.Set(2)
			want[4999] = 5001
			require.Equal(t, want, got(t, d))
		})
	}
}

// Two Gets, a Get inside a call, and many Maps at once share one Map.
func TestMapIsShared(t *testing.T) {
	leak.Check(t)
	var ran atomic.Int32
	f := lazy.Pure1(func(x int) int { ran.Add(1); return x })
	d := lazy.Map(f, lazy.Const(numbersTo(20_000)))
	users := make([]lazy.Data[int], 8)
	for k := range users {
		users[k] = lazy.Wrap0(func(ctx context.Context) (int, error) {
			vs, err := d.Get(ctx)
			return len(vs), err
		})()
	}
	_, err := soon(t, func() ([]int, error) { return lazy.GetAll(t.Context(), users, lazy.Workers(3)) })
	require.NoError(t, err)
	require.EqualValues(t, 20_000, ran.Load())
	require.Len(t, got(t, lazy.Map(lazy.Pure1(func(x int) int { return x }), d)), 20_000)
}
