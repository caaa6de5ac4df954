package lazy

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// directGraph is t <- c <- b <- a <- s of a function whose calls are known to be cheap: what is stale is made right by a
// direct run.
type directGraph struct {
	s       Data[int]
	calls   []Data[int] // a, b, c, t
	session *Session
	f       atomic.Pointer[func(int) int] // what calls do
	runs    atomic.Int64
}

func newDirectGraph(t *testing.T, n int) *directGraph {
	prioritized.Store(false) // by other tests
	g := &directGraph{s: Source("s", 0), session: &Session{}}
	same := func(x int) int { return x }
	g.f.Store(&same)
	f := Pure1(func(x int) int {
		g.runs.Add(1)
		return (*g.f.Load())(x)
	}, Name("f"))
	d := g.s
	for range n {
		d = f(d)
		g.calls = append(g.calls, d)
	}
	for i := range 20 * sampled { // until it is known what a call costs
		g.s.Set(i)
		g.requireGet(t, i)
	}
	g.runs.Store(0)
	g.looksCheap()
	return g
}

// looksCheap has calls count as cheap, whatever was measured.
func (g *directGraph) looksCheap() { g.target().n.fn.est.v.Store(300<<3 | settled) }

func (g *directGraph) target() Data[int] { return g.calls[len(g.calls)-1] }

func (g *directGraph) requireGet(t *testing.T, want int) {
	t.Helper()
	v, err := g.target().Get(context.Background(), In(g.session))
	require.NoError(t, err)
	require.Equal(t, want, v)
}

// does has calls do something else, but for those that have the value x already.
func (g *directGraph) does(f func(x int) int) { g.f.Store(&f) }

// How the other tests here know that they test something.
func TestDirectRunsMakeNoPlan(t *testing.T) {
	leak.Check(t)
	g := newDirectGraph(t, 4)
	direct := 0
	for i := range 100 {
		before := lastRun.Load()
		g.runs.Store(0)
		g.looksCheap()
		g.s.Set(-1 - i)
		g.requireGet(t, -1-i)
		require.EqualValues(t, 4, g.runs.Load())
		if lastRun.Load() == before {
			direct++
		}
		g.s.Set(-1 - i)
		g.requireGet(t, -1-i)
		require.EqualValues(t, 4, g.runs.Load())
	}
	require.Positive(t, direct)
}

func TestDirectRunEndsAtAFailure(t *testing.T) {
	leak.Check(t)
	trouble := errors.New("trouble")
	for name, fail := range map[string]func(int) int{
		"panic":  func(int) int { panic(trouble) },
		"goexit": func(int) int { runtime.Goexit(); return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			g := newDirectGraph(t, 4)
			at := 0
			g.does(func(x int) int {
				if at++; at == 3 {
					return fail(x)
				}
				return x
			})
			g.s.Set(-1)
			_, err := g.target().Get(context.Background(), In(g.session))
			var e *Error
			require.ErrorAs(t, err, &e)
			if name == "goexit" {
				require.ErrorIs(t, err, ErrGoexit)
			} else {
				require.ErrorIs(t, err, trouble)
			}
			require.Len(t, e.Path, 2, "%v", e.Path)
			require.EqualValues(t, 3, g.runs.Load())
			g.requireGet(t, -1) // the others have kept theirs
			require.EqualValues(t, 5, g.runs.Load())
		})
	}
}

// A call takes its time, for once: others are not held up by it.
func TestDirectRunIsTakenOver(t *testing.T) {
	leak.Check(t)
	g := newDirectGraph(t, 4)
	other := newDirectGraph(t, 4)
	goOn, begun := make(chan struct{}), make(chan struct{}, 1)
	g.does(func(x int) int {
		select {
		case begun <- struct{}{}:
			<-goOn
		default:
		}
		return x
	})
	g.s.Set(-1)
	var wg sync.WaitGroup
	wg.Go(func() { g.requireGet(t, -1) })
	<-begun
	other.s.Set(-2)
	other.requireGet(t, -2)
	g.s.Set(-3) // what is being made is of the value before
	close(goOn)
	wg.Wait()
	g.requireGet(t, -3)
	require.LessOrEqual(t, g.runs.Load(), int64(12))
}

func TestDirectRunIsLeft(t *testing.T) {
	leak.Check(t)
	g := newDirectGraph(t, 4)
	goOn, begun := make(chan struct{}), make(chan struct{}, 1)
	g.does(func(x int) int {
		select {
		case begun <- struct{}{}:
			<-goOn
		default:
		}
		return x
	})
	g.s.Set(-1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-begun
		cancel()
	}()
	_, err := g.target().Get(ctx, In(g.session))
	require.ErrorIs(t, err, context.Canceled)
	close(goOn)
	g.requireGet(t, -1)
	require.LessOrEqual(t, g.runs.Load(), int64(5))
}

// A function that was cheap Gets, Sets and looks at what it is not given.
func TestDirectRunOfAFunctionThatUsesTheLibrary(t *testing.T) {
	leak.Check(t)
	g := newDirectGraph(t, 4)
	other := newDirectGraph(t, 1)
	g.does(func(x int) int {
		other.s.Set(x)
		other.requireGet(t, x)
		_ = other.target().State()
		return x
	})
	for i := range 3 {
		g.s.Set(-1 - i)
		g.requireGet(t, -1-i)
	}
	require.EqualValues(t, 12, g.runs.Load())
}

// Two calls of one Get wait for each other: the direct run must not make one after the other.
func TestDirectRunOfCallsThatWaitForEachOther(t *testing.T) {
	leak.Check(t)
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("needs two workers")
	}
	var meet atomic.Bool
	left, right := make(chan struct{}), make(chan struct{})
	side := func(mine, others chan struct{}) Func1[int, int] {
		return Pure1(func(x int) int {
			if meet.Load() {
				close(mine)
				<-others
			}
			return x
		})
	}
	s := Source("s", 0)
	sum := Pure2(func(a, b int) int { return a + b })(side(left, right)(s), side(right, left)(s))
	for i := range 20 * sampled {
		s.Set(i)
		require.Equal(t, 2*i, Must(sum.Get(context.Background())))
	}
	meet.Store(true)
	s.Set(-1)
	require.Equal(t, -2, Must(sum.Get(context.Background())))
}

// nobody observes nothing.
type nobody struct{}

func (nobody) RunStarted(RunInfo)   {}
func (nobody) CallStarted(CallInfo) {}
func (nobody) CallDone(CallInfo)    {}
func (nobody) RunDone(RunInfo)      {}

// What a direct run has made is what an ordinary one would have.
func TestDirectRunsAgreeWithOrdinaryOnes(t *testing.T) {
	leak.Check(t)
	g := newDirectGraph(t, 10)
	plain, observed := g.session, &Session{Observer: nobody{}}
	for i := range 200 {
		g.s.Set(i / 3)
		g.session = plain
		if i%2 == 0 {
			g.session = observed
		}
		g.requireGet(t, i/3)
	}
	require.EqualValues(t, 67*10, g.runs.Load())
	for _, d := range g.calls {
		require.Equal(t, "done", d.State().String())
	}
}

// Others Get and Set while direct runs go on.
func TestDirectRunsAndOthers(t *testing.T) {
	leak.Check(t)
	g := newDirectGraph(t, 6)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for k := range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(k)*20*time.Microsecond+time.Microsecond)
				_, _ = g.calls[k].Get(ctx, In(g.session))
				cancel()
				_, _ = g.calls[2*k].Get(context.Background(), In(g.session))
				runtime.Gosched()
			}
		})
	}
	sets := 500
	if testing.Short() {
		sets = 50
	}
	for i := range sets {
		g.looksCheap()
		g.s.Set(-i)
		g.requireGet(t, -i)
	}
	close(stop)
	wg.Wait()
}
