package lazy

import (
	"context"
	"runtime/debug"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

// large is n, or a hundredth of it in short tests.
func large(n int) int {
	if testing.Short() {
		return n / 100
	}
	return n
}

// big prepares a test that needs much memory: the stack must not grow with the graph, whatever the walk.
func big(t *testing.T) (context.Context, *atomic.Int64) {
	leak.Check(t)
	old := debug.SetMaxStack(1 << 20)
	t.Cleanup(func() { debug.SetMaxStack(old) })
	t.Cleanup(debug.FreeOSMemory)
	return context.Background(), new(atomic.Int64)
}

func TestScaleChain(t *testing.T) { // d <- c <- … <- a
	ctx, ran := big(t)
	inc := Pure1(func(x int) int { ran.Add(1); return x + 1 })
	n := large(10_000_000)
	d := Const(0)
	for range n {
		d = inc(d)
	}
	v, err := d.Get(ctx)
	require.NoError(t, err)
	require.Equal(t, n, v)
	require.EqualValues(t, n, ran.Load())
}

func TestScaleFailingChain(t *testing.T) { // d <- c <- … <- a!
	ctx, ran := big(t)
	inc := Pure1(func(x int) int { ran.Add(1); return x + 1 })
	d := Pure0(func() int { panic("first") })()
	for range large(1_000_000) {
		d = inc(d)
	}
	for _, opts := range [][]RunOption{nil, {KeepGoing()}} {
		_, err := d.Get(ctx, opts...)
		require.ErrorAs(t, err, new(*PanicError))
		require.Less(t, len(err.Error()), 1000, "a long way is cut")
		require.Zero(t, ran.Load())
	}
}

func TestScaleFanIn(t *testing.T) { // d <- {a, b, c, …}
	ctx, ran := big(t)
	n := large(1_000_000)
	one := Pure1(func(x int) int { ran.Add(1); return x })
	ds := make([]Data[int], n)
	for i := range ds {
		ds[i] = one.Of(i)
	}
	sum := Pure1(func(xs []int) (sum int) {
		for _, x := range xs {
			sum += x
		}
		return sum
	})(Gather(ds...))
	v, err := sum.Get(ctx)
	require.NoError(t, err)
	require.Equal(t, n*(n-1)/2, v)
	require.EqualValues(t, n, ran.Load())
}

func TestScaleFanOut(t *testing.T) { // {b, c, d, …} <- a
	ctx, ran := big(t)
	n := large(1_000_000)
	a := Pure0(func() int { ran.Add(1); return 1 })()
	plus := Pure2(func(x, i int) int { ran.Add(1); return x + i })
	ds := make([]Data[int], n)
	for i := range ds {
		ds[i] = plus(a, Const(i))
	}
	vs, err := GetAll(ctx, ds)
	require.NoError(t, err)
	for i, v := range vs {
		if v != i+1 {
			t.Fatalf("call %d gave %d", i, v)
		}
	}
	require.EqualValues(t, n+1, ran.Load())
}

func TestScaleWavefront(t *testing.T) { // d[i][j] <- {d[i-1][j], d[i][j-1]}
	ctx, ran := big(t)
	n := 1000
	if testing.Short() {
		n = 100
	}
	const mod = 1_000_007
	add := Pure2(func(a, b int) int { ran.Add(1); return (a + b) % mod })
	row, want := make([]Data[int], n), make([]int, n)
	for j := range row {
		row[j], want[j] = Const(1), 1
	}
	for range n {
		left, leftWant := Const(1), 1
		for j := range row {
			left = add(row[j], left)
			leftWant = (want[j] + leftWant) % mod
			row[j], want[j] = left, leftWant
		}
	}
	v, err := row[n-1].Get(ctx)
	require.NoError(t, err)
	require.Equal(t, want[n-1], v)
	require.EqualValues(t, n*n, ran.Load())
}

func TestScaleReduce(t *testing.T) {
	ctx, ran := big(t)
	n := large(1_000_000)
	ds := make([]Data[int], n)
	for i := range ds {
		ds[i] = Const(i)
	}
	v, err := Reduce(Pure2(func(a, b int) int { ran.Add(1); return a + b }), ds...).Get(ctx)
	require.NoError(t, err)
	require.Equal(t, n*(n-1)/2, v)
	require.EqualValues(t, n-1, ran.Load())
}

func TestScaleBindChain(t *testing.T) { // each Bind goes on to the next
	ctx, ran := big(t)
	n := large(1_000_000)
	var down Func1[int, int]
	down = Bind1(func(_ context.Context, k int) (Data[int], error) {
		ran.Add(1)
		if k == 0 {
			return Const(42), nil
		}
		return down.Of(k - 1), nil
	})
	v, err := down.Of(n).Get(ctx)
	require.NoError(t, err)
	require.Equal(t, 42, v)
	require.EqualValues(t, n+1, ran.Load())
}

func TestScaleMap(t *testing.T) {
	ctx, ran := big(t)
	n := large(1_000_000)
	xs := Pure0(func() []int { return make([]int, n) })()
	vs, err := Map(Pure1(func(x int) int { ran.Add(1); return x + 1 }), xs).Get(ctx)
	require.NoError(t, err)
	require.Len(t, vs, n)
	require.EqualValues(t, n, ran.Load())
}
