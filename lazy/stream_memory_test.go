package lazy_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// The memory of a stream does not depend on how long it is: of what has been yielded only what lies in one slab with
// what is on its way, or was recorded last, is kept.
func TestStreamMemoryIsFlat(t *testing.T) {
	leak.Check(t)
	n := 1_000_000
	if testing.Short() {
		n = 200_000
	}
	box := lazy.Pure1(func(x int) *[4]int { return &[4]int{x} })
	var early []weak.Pointer[[4]int]
	var heap []uint64
	k := 0
	for p, err := range lazy.Stream(t.Context(), upTo(n), box) {
		require.NoError(t, err)
		if k++; k <= 20_000 {
			early = append(early, weak.Make(p))
		}
		if k%(n/10) == 0 {
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = append(heap, m.HeapAlloc)
		}
	}
	require.Equal(t, n, k)
	kept := 0
	for _, p := range early {
		if p.Value() != nil {
			kept++
		}
	}
	require.Zero(t, kept, "of the first %d results", len(early))
	require.Less(t, heap[len(heap)-1], heap[0]+4<<20) // 4 MB; a million items would be 100
}
