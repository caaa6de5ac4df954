package deque

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOwnerIsLastInFirstOut(t *testing.T) {
	var d Deque
	require.EqualValues(t, -1, d.Pop())
	require.EqualValues(t, -1, d.Steal())
	for v := range int32(1000) {
		d.Push(v)
	}
	require.Equal(t, 1000, d.Len())
	require.EqualValues(t, 0, d.Steal())
	for v := int32(999); v > 0; v-- {
		require.Equal(t, v, d.Pop())
	}
	require.EqualValues(t, -1, d.Pop())
	require.Zero(t, d.Len())
}

// Every item is taken exactly once, whoever takes it.
func TestThievesAndOwner(t *testing.T) {
	const n, thieves = 50_000, 3
	var d Deque
	taken := make([]atomic.Int32, n)
	var left atomic.Int64
	left.Store(n)
	take := func(v int32) {
		if v >= 0 {
			taken[v].Add(1)
			left.Add(-1)
		}
	}
	var wg sync.WaitGroup
	for range thieves {
		wg.Go(func() {
			for left.Load() > 0 {
				take(d.Steal())
			}
		})
	}
	for v := range int32(n) {
		d.Push(v)
		if v%3 == 0 {
			take(d.Pop())
		}
	}
	for left.Load() > 0 {
		take(d.Pop())
	}
	wg.Wait()
	for v := range taken {
		require.EqualValues(t, 1, taken[v].Load(), "item %d", v)
	}
}

// Bytes are a program of push, pop and steal; a slice is the model.
func FuzzAgainstSlice(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 0, 2, 1, 1})
	f.Fuzz(func(t *testing.T, program []byte) {
		var d Deque
		var model []int32
		for i, op := range program {
			switch op % 3 {
			case 0:
				d.Push(int32(i))
				model = append(model, int32(i))
			case 1:
				want := int32(-1)
				if len(model) > 0 {
					want, model = model[len(model)-1], model[:len(model)-1]
				}
				require.Equal(t, want, d.Pop())
			case 2:
				want := int32(-1)
				if len(model) > 0 {
					want, model = model[0], model[1:]
				}
				require.Equal(t, want, d.Steal())
			}
			require.Equal(t, len(model), d.Len())
		}
	})
}
