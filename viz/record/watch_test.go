package record_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

func get(t *testing.T, s *lazy.Session, x int) {
	double := lazy.Pure1(func(x int) int { return 2 * x }, lazy.Name("Double"))
	_, err := double(double.Of(x)).Get(context.Background(), lazy.In(s))
	require.NoError(t, err)
}

// Runs that end while somebody watches are in the graph; those before and after are not.
func TestWatch(t *testing.T) {
	rec := record.New()
	s := &lazy.Session{Observer: rec}
	require.False(t, rec.Keeps())
	get(t, s, 1)
	require.Empty(t, rec.Graph().Nodes)

	stop, stop2 := rec.Watch(), rec.Watch()
	require.Empty(t, rec.Graph().Nodes)
	get(t, s, 2)
	get(t, s, 3)
	require.Len(t, rec.Graph().Nodes, 6)
	stop()
	stop() // once more is nothing
	get(t, s, 4)
	require.Len(t, rec.Graph().Nodes, 9)
	get(t, s, 5) // is let go: nobody asks before stop2
	stop2()
	get(t, s, 6)
	require.Len(t, rec.Graph().Nodes, 9)
}

// With Graphs all are kept, whoever watches.
func TestWatchOfKept(t *testing.T) {
	rec := record.New(record.Graphs())
	s := &lazy.Session{Observer: rec}
	require.True(t, rec.Keeps())
	stop := rec.Watch()
	get(t, s, 1)
	stop()
	get(t, s, 2)
	require.Len(t, rec.Graph().Nodes, 6)
}

// When nobody watches any more, nothing that ran is held.
func TestWatchLetsGo(t *testing.T) {
	rec := record.New()
	s := &lazy.Session{Observer: rec}
	stop := rec.Watch()
	freed := make(chan bool)
	func() {
		big := lazy.Pure1(func(int) *[1 << 16]byte { return new([1 << 16]byte) }, lazy.Name("Big"))
		v, err := big.Of(1).Get(context.Background(), lazy.In(s))
		require.NoError(t, err)
		runtime.AddCleanup(v, func(int) { close(freed) }, 0)
	}()
	stop()
	for {
		runtime.GC()
		select {
		case <-freed:
			return
		default:
			runtime.Gosched()
		}
	}
}

func ExampleRecorder_Watch() {
	rec := record.New()
	session := &lazy.Session{Observer: rec}
	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	for x := range 3 {
		if x == 1 { // somebody begins to look
			defer rec.Watch()()
		}
		_, err := square.Of(x).Get(context.Background(), lazy.In(session))
		fmt.Println(len(rec.Graph().Nodes), "nodes", err)
	}
	// Output:
	// 0 nodes <nil>
	// 2 nodes <nil>
	// 4 nodes <nil>
}

func ExampleRecorder_Keeps() {
	fmt.Println(record.New().Keeps(), record.New(record.Graphs()).Keeps())
	// Output: false true
}
