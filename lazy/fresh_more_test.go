package lazy

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

func (f *freshFunction) fn() *function { return f.of.Of(0).n.fn }

// A tried call that waits in a Get of its own, and another whose Get nothing tells of, have one worker between them.
func TestFreshRunsThatLendTheSameSlot(t *testing.T) {
	defer neverChanged()()
	leak.Check(t)
	s := &Session{Parallelism: 1}
	release, waiting := make(chan struct{}), make(chan struct{})
	y := Wrap0(func(context.Context) (int, error) { close(waiting); <-release; return 1, nil }, Blocking(0))()
	a := Wrap0(func(c context.Context) (int, error) { return y.Get(c) })()
	z, g := newFreshFunction(true), newFreshFunction(true)
	g.does(func(x int) int { return Must(z.of.Of(x).Get(context.Background(), In(s))) })
	got := make(chan int, 1)
	go func() { got <- Must(a.Get(context.Background(), In(s))) }()
	<-waiting
	for range 100 { // until a has lent its slot, most likely
		runtime.Gosched()
	}
	require.Equal(t, 6, Must(g.of.Of(5).Get(context.Background(), In(s))))
	close(release)
	require.Equal(t, 1, <-got)
	requireNothingLeft(t, s)
}

// The context of a call of a fresh run ends with the Get, also where the rest was planned.
func TestFreshRunEndsItsContextBeforeASmallRun(t *testing.T) {
	defer neverChanged()()
	var kept context.Context
	f := Wrap0(func(ctx context.Context) (int, error) {
		kept = ctx
		for begin := time.Now(); time.Since(begin) < 60*time.Microsecond; {
		}
		return 1, nil
	})
	use := newFreshFunction(true).of
	for range 20 {
		f().n.fn.est.forget()
		require.Equal(t, 2, Must(use(f()).Get(context.Background(), In(&Session{Parallelism: 2}))))
		require.Error(t, kept.Err())
	}
}

// A call that was taken over Gets something with its context, after something was Set.
func TestFreshRunWithANestedGetAfterASet(t *testing.T) {
	defer neverChanged()()
	leak.Check(t)
	src, other := Source("s", 1), Source("other", 1)
	inner := newFreshFunction(true).of
	begun, goOn := make(chan struct{}), make(chan struct{})
	f := Wrap1(func(ctx context.Context, x int) (int, error) {
		close(begun)
		<-goOn
		return inner(inner(src)).Get(ctx)
	})
	got := make(chan int, 1)
	d := f.Of(1)
	go func() { got <- Must(d.Get(context.Background())) }()
	<-begun
	other.Set(2)
	close(goOn)
	require.Equal(t, 3, <-got)
}

// A value given to a call that is running is not lost, whatever runs it.
func TestValueGivenToACallOfAFreshRun(t *testing.T) {
	for name, planned := range map[string]bool{"fresh": false, "planned": true} {
		t.Run(name, func(t *testing.T) {
			defer neverChanged()()
			leak.Check(t)
			prioritized.Store(planned)
			f, use := newFreshFunction(true), newFreshFunction(true)
			begun, goOn := make(chan struct{}), make(chan struct{})
			f.does(func(x int) int {
				if f.runs.Load() == 1 {
					close(begun)
					<-goOn
				}
				return x
			})
			c := f.of.Of(3)
			u := use.of(c)
			got := make(chan int, 1)
			go func() { got <- Must(c.Get(context.Background())) }()
			<-begun
			c.Set(99)
			c.State() // applies it
			close(goOn)
			<-got
			prioritized.Store(false)
			for _, fn := range []*function{f.fn(), use.fn()} { // as though they had never waited
				fn.est.v.Store(50<<3 | settled)
			}
			requireNothingLeft(t, Default)
			for range 4 {
				require.Equal(t, 100, valueNow(t, u))
				require.Equal(t, 99, valueNow(t, c))
			}
		})
	}
}

// The first Set of all comes while calls are recorded, got, found by other calls, and taken over: every Get sees one state,
// and the last one the last.
func TestFirstSetOfAllWhileOthersGet(t *testing.T) {
	leak.Check(t)
	many := 150
	if testing.Short() {
		many = 30
	}
	for seed := range uint64(many) {
		firstSet(t, rand.New(rand.NewPCG(seed, 0xf125)))
		if t.Failed() {
			t.Fatal("seed", seed)
		}
	}
}

// hidden is a handle that is an argument, but no input.
type hidden struct{ d Data[int] }

// sameEverywhere records calls that all come to the value of src, through others or a Get of their own.
func sameEverywhere(r *rand.Rand, src Data[int]) []Data[int] {
	var fs []*freshFunction
	for k := range 4 {
		f := newFreshFunction(k%2 == 0)
		f.does(func(x int) int {
			if rand.IntN(40) == 0 {
				time.Sleep(time.Duration(rand.IntN(900)) * time.Microsecond)
			}
			return x
		})
		fs = append(fs, f)
	}
	finds := Wrap1(func(ctx context.Context, h hidden) (int, error) { return h.d.Get(ctx) })
	ds := []Data[int]{fs[0].of(src)}
	for k := range 60 {
		switch r.IntN(8) {
		case 0:
			ds = append(ds, finds.Of(hidden{ds[r.IntN(len(ds))]}))
		case 1:
			ds = append(ds, fs[k%4].of(src))
		default:
			ds = append(ds, fs[k%4].of(ds[max(0, len(ds)-1-r.IntN(5))]))
		}
	}
	return ds
}

func firstSet(t *testing.T, r *rand.Rand) {
	defer neverChanged()()
	src := Source("s", 1)
	ds := sameEverywhere(r, src)
	var wg sync.WaitGroup
	for g := range 3 {
		r := rand.New(rand.NewPCG(r.Uint64(), 0))
		wg.Go(func() {
			for range 3 {
				var targets []Data[int]
				for range 4 {
					targets = append(targets, ds[r.IntN(len(ds))])
				}
				vs, err := GetAll(context.Background(), targets, In(&Session{Parallelism: 1 + g}))
				for _, v := range vs {
					if v != vs[0] || err != nil {
						t.Error(vs, err)
					}
				}
			}
		})
	}
	pause, which := time.Duration(r.IntN(1500))*time.Microsecond, r.IntN(2*len(ds))
	wg.Go(func() {
		time.Sleep(pause)
		src.Set(2)
		if which < len(ds) {
			ds[which].Invalidate()
		}
	})
	wg.Wait()
	vs, err := GetAll(context.Background(), ds)
	require.NoError(t, err)
	for k, v := range vs {
		require.Equal(t, 2, v, "call %d", k)
	}
	for unaware.Load() != 0 {
		runtime.Gosched()
	}
}
