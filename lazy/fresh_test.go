package lazy

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
)

// freshFunction is a function whose calls are made by fresh runs. What it does may be changed.
type freshFunction struct {
	of   Func1[int, int]
	f    atomic.Pointer[func(int) int]
	runs atomic.Int64
}

// newFreshFunction returns one that adds 1. known says whether it is known to be cheap.
func newFreshFunction(known bool) *freshFunction {
	f := &freshFunction{}
	f.does(func(x int) int { return x + 1 })
	f.of = Pure1(func(x int) int {
		f.runs.Add(1)
		return (*f.f.Load())(x)
	}, Name("fresh"))
	if known {
		f.of.Of(0).n.fn.est.v.Store(50<<3 | settled)
	}
	return f
}

func (f *freshFunction) does(what func(int) int) { f.f.Store(&what) }

// requireNothingLeft requires that no fresh run counts as being on its way, and that the session's slots are free.
func requireNothingLeft(t *testing.T, s *Session) {
	t.Helper()
	require.Eventually(t, func() bool { return unaware.Load() == 0 }, 10*time.Second, time.Millisecond)
	require.Equal(t, 8, Must(newFreshFunction(true).of.Of(7).Get(context.Background(), In(s))))
}

// requireNoPlan requires that get plans nothing. A machine that is busy may make a fresh run look stuck: it may try often.
func requireNoPlan(t *testing.T, get func()) {
	t.Helper()
	for range 100 {
		before := lastRun.Load()
		if get(); lastRun.Load() == before {
			return
		}
	}
	t.Fatal("there was a plan each time")
}

// How the other tests here know that they test something.
func TestFreshRunsMakeNoPlan(t *testing.T) {
	defer neverChanged()()
	requireNoPlan(t, func() {
		f := newFreshFunction(true)
		d := f.of.Of(0)
		for range 30 {
			d = f.of(d)
		}
		require.Equal(t, 31, valueNow(t, d))
		require.EqualValues(t, 31, f.runs.Load())
	})
}

func TestFreshRunOfManyTargets(t *testing.T) {
	defer neverChanged()()
	requireNoPlan(t, func() {
		f := newFreshFunction(true)
		ds := f.of.Each(make([]int, 100))
		ds = append(ds, f.of(ds[3]), ds[5], Const(9))
		vs, err := GetAll(context.Background(), ds, In(&Session{Parallelism: 1}))
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 1, 9}, vs[99:])
		require.EqualValues(t, 101, f.runs.Load())
	})
}

// A deep graph takes a way of many blocks.
func TestFreshRunOfADeepGraph(t *testing.T) {
	defer neverChanged()()
	f := newFreshFunction(true)
	d := f.of.Of(0)
	for range 99_999 {
		d = f.of(d)
	}
	require.Equal(t, 100_000, valueNow(t, d))
	require.EqualValues(t, 100_000, f.runs.Load())
}

func TestWayStack(t *testing.T) {
	var s wayStack
	nodes := make([]node, 2000)
	for range 2 {
		for i := range nodes {
			s.push(&nodes[i])
			s.last().next = i
		}
		for i := len(nodes) - 1; i >= 0; i-- {
			require.False(t, s.empty())
			require.Same(t, &nodes[i], s.last().n)
			require.Equal(t, i, s.last().next)
			s.pop()
		}
		require.True(t, s.empty())
	}
	s.push(&nodes[0])
	s.clear()
	require.True(t, s.empty())
	require.Nil(t, s.top.below)
}

// Calls that wait for one another, though they are thought to be cheap or nothing is known of them, have their workers.
func TestFreshRunIsTakenOver(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known=", known), func(t *testing.T) {
			defer neverChanged()()
			leak.Check(t)
			f := newFreshFunction(known)
			var met sync.WaitGroup
			met.Add(2)
			f.does(func(x int) int { met.Done(); met.Wait(); return x })
			s := &Session{Parallelism: 2}
			vs, err := GetAll(context.Background(), f.of.Each([]int{1, 2}), In(s))
			require.NoError(t, err)
			require.Equal(t, []int{1, 2}, vs)
			require.EqualValues(t, 2, f.runs.Load())
			requireNothingLeft(t, s)
		})
	}
}

// To try a function of which nothing is known takes no time that anybody would see.
func TestFreshRunTriesInNoTime(t *testing.T) {
	defer neverChanged()()
	synctest.Test(t, func(t *testing.T) {
		f := newFreshFunction(false)
		f.does(func(x int) int { time.Sleep(time.Second); return x })
		began := time.Now()
		_, err := GetAll(t.Context(), f.of.Each(make([]int, 4)), In(&Session{Parallelism: 2}))
		require.NoError(t, err)
		require.Equal(t, 2*time.Second, time.Since(began))
	})
}

func TestFreshRunIsLeft(t *testing.T) {
	defer neverChanged()()
	leak.Check(t)
	f := newFreshFunction(true)
	begun, goOn := make(chan struct{}), make(chan struct{})
	f.does(func(x int) int { close(begun); <-goOn; return x })
	d := f.of.Of(3)
	top := newFreshFunction(true).of(d)
	s := &Session{Parallelism: 1}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-begun; cancel() }()
	_, err := top.Get(ctx, In(s))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, graph.Running, d.State())
	close(goOn)
	require.Equal(t, 4, Must(top.Get(context.Background(), In(s))))
	require.EqualValues(t, 1, f.runs.Load())
	requireNothingLeft(t, s)
}

// What fails does so as in any other run, and is not tried twice.
func TestFreshRunFails(t *testing.T) {
	bad := errors.New("bad")
	for name, fail := range map[string]func() error{
		"error":  func() error { return bad },
		"panic":  func() error { panic(bad) },
		"Goexit": func() error { runtime.Goexit(); return nil },
		"late":   func() error { time.Sleep(3 * time.Millisecond); return bad },
	} {
		t.Run(name, func(t *testing.T) {
			leak.Check(t)
			texts := map[string]bool{}
			for range 2 { // fresh, and planned
				runs := 0
				f := Wrap1(func(_ context.Context, x int) (int, error) { runs++; return 0, fail() }, Name("f"))
				use := newFreshFunction(true).of
				restore := neverChanged()
				if len(texts) > 0 {
					changes.state.Or(everChanged)
				}
				other := use.Of(1)
				_, err := GetAll(context.Background(), []Data[int]{other, use(f(other))}, KeepGoing())
				restore()
				require.Error(t, err)
				require.Equal(t, 1, runs)
				require.Equal(t, graph.Done, other.State())
				texts[errorNumbers.ReplaceAllString(firstLine(err), "#")] = true
			}
			require.Len(t, texts, 1)
			requireNothingLeft(t, Default)
		})
	}
}

// Gets inside calls have the worker while their users wait.
func TestFreshRunWithNestedGets(t *testing.T) {
	for _, ctx := range []bool{false, true} {
		t.Run(fmt.Sprint("context=", ctx), func(t *testing.T) {
			defer neverChanged()()
			leak.Check(t)
			f := newFreshFunction(true)
			nest := Wrap1(func(c context.Context, x int) (int, error) {
				if !ctx {
					c = context.Background()
				}
				return f.of(f.of.Of(x)).Get(c, In(Default))
			}, Name("nest"))
			s := &Session{Parallelism: 1}
			for i := range 10 {
				if ctx {
					require.Equal(t, i+3, Must(f.of(nest.Of(i)).Get(context.Background(), In(s))))
				} else {
					require.Equal(t, i+3, Must(f.of(nest.Of(i)).Get(context.Background())))
				}
			}
			requireNothingLeft(t, s)
		})
	}
}

func TestFreshRunEndsItsContext(t *testing.T) {
	defer neverChanged()()
	var kept context.Context
	f := Wrap0(func(ctx context.Context) (int, error) { kept = ctx; return 1, nil })
	for range 20 {
		require.Equal(t, 1, valueNow(t, f()))
		require.Error(t, kept.Err())
	}
}

// Whoever comes meanwhile shares the work: each call is made once.
func TestFreshRunsShareTheirWork(t *testing.T) {
	leak.Check(t)
	for range 50 {
		restore := neverChanged()
		f := newFreshFunction(true)
		ds := []Data[int]{f.of.Of(0)}
		for k := range 200 {
			ds = append(ds, f.of(ds[max(0, k-k%7)]))
		}
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for k := g; k < len(ds); k += 4 {
					if _, err := ds[len(ds)-1-k].Get(context.Background(), In(&Session{Parallelism: 1 + g})); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, len(ds), f.runs.Load())
		restore()
	}
}

// A Get sees what was there when it began, though something is Set for the first time while it is on.
func TestFreshRunWhileSomethingIsSet(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known=", known), func(t *testing.T) {
			defer neverChanged()()
			leak.Check(t)
			f := newFreshFunction(known)
			begun, goOn := make(chan struct{}), make(chan struct{})
			f.does(func(x int) int {
				if f.runs.Load() == 1 {
					close(begun)
					<-goOn
				}
				return x
			})
			src := Source("s", 1)
			d := Pure2(func(a, b int) int { return 10*a + b })(f.of(src), src)
			got := make(chan int)
			go func() { got <- Must(d.Get(context.Background())) }()
			<-begun
			src.Set(2)
			require.Equal(t, 2, valueNow(t, src))
			close(goOn)
			require.Equal(t, 11, <-got)
			require.Equal(t, 22, valueNow(t, d))
			require.EqualValues(t, 2, f.runs.Load())
		})
	}
}

var errorNumbers = regexp.MustCompile(`#\d+`)

// firstLine is the first line of an error's text: a stack may follow.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
