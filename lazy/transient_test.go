package lazy

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

// living counts large values that are alive.
type living struct{ now, most atomic.Int64 }

type bulk struct{ data []byte }

func (l *living) make() *bulk {
	v := &bulk{data: make([]byte, 1<<10)}
	now := l.now.Add(1)
	for {
		most := l.most.Load()
		if now <= most || l.most.CompareAndSwap(most, now) {
			break
		}
	}
	runtime.AddCleanup(v, func(struct{}) { l.now.Add(-1) }, struct{}{})
	return v
}

// settled collects until f holds.
func (l *living) settled(t *testing.T, f func(now int64) bool) {
	t.Helper()
	for range 100 {
		runtime.GC()
		if f(l.now.Load()) {
			return
		}
		time.Sleep(time.Millisecond) // cleanups have a goroutine of their own
	}
	require.Fail(t, "still alive", "%d values", l.now.Load())
}

// root -> {a, b} -> sum
func TestTransientIsReleasedAndComputedAgain(t *testing.T) {
	var l living
	var runs atomic.Int32
	root := Pure1(func(int) *bulk { runs.Add(1); return l.make() }, Transient())
	size := Pure1(func(v *bulk) int { return len(v.data) })
	s := Source("s", 1)
	r := root(s)
	sum := Pure2(func(a, b int) int { return a + b })(size(r), size(r))
	require.Equal(t, 2<<10, valueNow(t, sum))
	require.EqualValues(t, 1, runs.Load())
	require.Equal(t, graph.Pending, r.State())
	l.settled(t, func(now int64) bool { return now == 0 })

	require.Equal(t, 2<<10, valueNow(t, sum), "users have their values")
	require.EqualValues(t, 1, runs.Load())
	require.NotNil(t, valueNow(t, r))
	require.EqualValues(t, 2, runs.Load())
	s.Set(2)
	require.Equal(t, 2<<10, valueNow(t, sum))
	require.EqualValues(t, 3, runs.Load())
	l.settled(t, func(now int64) bool { return now == 0 })
	runtime.KeepAlive(r)
}

// A thousand large roots, each with a reducer: roots are not produced faster than they are consumed.
func TestTransientRootsAreConsumedBeforeOthersAreMade(t *testing.T) {
	for _, workers := range []int{1, 2, 4} {
		var alive, most atomic.Int64
		root := Wrap1(func(_ context.Context, i int) ([]byte, error) {
			now := alive.Add(1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			return make([]byte, 1<<10), nil
		}, Transient())
		reduce := Pure1(func(v []byte) int { alive.Add(-1); return len(v) })
		var parts []Data[int]
		for i := range 1000 {
			parts = append(parts, reduce(root.Of(i)))
		}
		s := &Session{Parallelism: workers}
		_, err := GetAll(context.Background(), parts, In(s))
		require.NoError(t, err)
		require.LessOrEqual(t, most.Load(), int64(workers+1), "%d workers", workers)
	}
}

// root -> bad: what its users do not come to take is released all the same
func TestTransientIsReleasedAfterFailures(t *testing.T) {
	var l living
	root := Pure1(func(int) *bulk { return l.make() }, Transient())
	bad := Wrap1(func(context.Context, *bulk) (int, error) { return 0, context.Canceled })
	r := root.Of(1)
	_, err := bad(r).Get(context.Background())
	require.Error(t, err)
	l.settled(t, func(now int64) bool { return now == 0 })
	require.Equal(t, graph.Pending, r.State())
}

// user <- Get of transient <- s
func TestTransientThatWasFoundUnderChange(t *testing.T) {
	s, other := Source("s", 1), Source("other", 10)
	d := Pure1(func(x int) int { return x }, Transient())(s)
	var runs atomic.Int32
	n := Wrap1(func(ctx context.Context, x int) (int, error) { runs.Add(1); return d.Get(ctx) })
	half := Pure1(func(x int) int { return x / 2 })(other)
	user := n(half)
	require.Equal(t, 1, valueNow(t, user))
	s.Set(2)
	require.Equal(t, 2, valueNow(t, user))
	require.EqualValues(t, 2, runs.Load())
	other.Set(11) // half stays the same
	require.Equal(t, 2, valueNow(t, user))
	require.EqualValues(t, 2, runs.Load())
}

// user <- {transient <- s, half <- other}
func TestTransientRunAgainIsNoChange(t *testing.T) {
	s, other := Source("s", 1), Source("other", 10)
	d := Pure1(func(x int) []int { return []int{x} }, Transient())(s)
	half := Pure1(func(x int) int { return x / 2 })(other)
	var runs atomic.Int32
	user := Pure2(func(a []int, b int) int { runs.Add(1); return a[0] + b })(d, half)
	require.Equal(t, 6, valueNow(t, user))
	other.Set(11)
	require.Equal(t, 6, valueNow(t, user))
	require.EqualValues(t, 1, runs.Load())
	s.Set(3)
	require.Equal(t, 8, valueNow(t, user))
	require.EqualValues(t, 2, runs.Load())
}

func TestInvalidateReachesUsersOfAReleasedValue(t *testing.T) {
	outside := 1
	d := Pure1(func(x int) int { return x + outside }, Transient()).Of(10)
	u := Pure1(func(x int) int { return x })(d)
	require.Equal(t, 11, valueNow(t, u))
	outside = 2
	d.Invalidate()
	require.Equal(t, 12, valueNow(t, u))
}

// w <- {d (transient) <- a, half <- b}
func TestTransientWantedAgainIsNoChange(t *testing.T) {
	runs := 0
	a, b := Source("a", 1), Source("b", 1)
	half := Pure1(func(x int) int { return x / 2 })(b)
	d := Pure1(func(x int) int { return x }, Transient())(a)
	w := Pure2(func(x, y int) int { runs++; return x + y })(d, half)
	require.Equal(t, 1, valueNow(t, w))
	b.Set(0)
	_, err := GetAll(context.Background(), []Data[int]{d, w})
	require.NoError(t, err)
	require.Equal(t, 1, runs)
}

// u <- d (given) <- eighth <- s: a value that was given is not let go of by a change that its inputs do not show
func TestValueGivenToATransientCallOutlivesACutOff(t *testing.T) {
	s := Source("s", 1)
	eighth := Pure1(func(x int) int { return x / 8 })(s)
	d := Pure1(func(x int) int { return x }, Transient())(eighth)
	u := Pure1(func(x int) int { return x })(d)
	valueNow(t, u)
	d.Set(7)
	require.Equal(t, 7, valueNow(t, u))
	s.Set(2)
	require.Equal(t, 7, valueNow(t, u))
	require.Equal(t, 7, valueNow(t, d))
}

// The value of nest is released; when it is computed again, what it gets has another value than when it was released.
func TestTransientThatFindsATransient(t *testing.T) { // pair <- {leaf, user <- nest ⇠ leaf <- s}
	ctx := context.Background()
	s := Source("s", 1)
	leaf := Pure1(func(x int) int { return 10 * x }, Transient())(s)
	for name, nest := range map[string]Data[int]{
		"Get":  Wrap0(func(c context.Context) (int, error) { return leaf.Get(c) }, Transient())(),
		"Bind": Bind0(func(context.Context) (Data[int], error) { return leaf, nil }, Transient())(),
	} {
		t.Run(name, func(t *testing.T) {
			user := Pure1(func(x int) int { return x })(nest)
			pair := Zip(leaf, user)
			for i := range 5 {
				s.Set(i)
				v, err := pair.Get(ctx)
				require.NoError(t, err)
				require.Equal(t, Pair[int, int]{First: 10 * i, Second: 10 * i}, v)
			}
		})
	}
}
