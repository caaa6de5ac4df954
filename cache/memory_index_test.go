package cache

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestIndex takes tags that collide, as those of random keys never do.
func TestIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	x := newIndex()
	want := make(map[Key]*item)
	for i := range 20_000 {
		n := r.IntN(300)
		key := nthKey(n)
		tag := uint64(n%3)<<62 | uint64(n%50/9)
		if old := want[key]; old != nil && r.IntN(2) == 0 {
			x.remove(old)
			delete(want, key)
		} else {
			want[key] = &item{key: key, tag: tag}
			x.set(want[key])
		}
		n = r.IntN(300)
		key = nthKey(n)
		if have := x.find(uint64(n%3)<<62|uint64(n%50/9), &key); have != want[key] {
			t.Fatalf("found %p, want %p", have, want[key])
		}
		if i%1000 == 0 {
			require.NoError(t, x.check(len(want)))
		}
	}
	seen := slices.Collect(x.all())
	require.Len(t, seen, len(want))
}

// TestIndexTakesTheSlotAgain checks that a key that comes and goes does not fill the index.
func TestIndexTakesTheSlotAgain(t *testing.T) {
	x := newIndex()
	it := &item{key: nthKey(1), tag: 5}
	x.set(it)
	before := x.parts[0].Load()
	for range 1000 {
		x.remove(it)
		x.set(it)
	}
	require.Equal(t, 1, x.used[0])
	require.Same(t, before, x.parts[0].Load())
}

// TestIndexNeverMisses checks that readers find an item that is there all along, and one that is replaced, while others
// come and go in the slots around it.
func TestIndexNeverMisses(t *testing.T) {
	x := newIndex()
	stays, replaced := &item{key: nthKey(1), tag: 3}, &item{key: nthKey(2), tag: 3}
	x.set(stays)
	x.set(replaced)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if x.find(3, &stays.key) != stays || x.find(3, &replaced.key) == nil {
					t.Error("an item that is there was not found")
					return
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(6, 7))
	others := make(map[int]*item)
	for range 20_000 {
		n := 10 + r.IntN(200)
		if old := others[n]; old != nil {
			x.remove(old)
			delete(others, n)
		} else {
			others[n] = &item{key: nthKey(n), tag: uint64(n % 5)}
			x.set(others[n])
		}
		x.set(&item{key: replaced.key, tag: 3})
	}
	close(done)
	readers.Wait()
	require.NoError(t, x.check(len(others)+2))
}

// TestIndexShrinks checks that an index of few items that was one of many takes no more than it needs.
func TestIndexShrinks(t *testing.T) {
	x := newIndex()
	var items []*item
	for n := range 50_000 {
		it := &item{key: nthKey(n)}
		it.tag = x.tagOf(&it.key)
		items = append(items, it)
		x.set(it)
	}
	for _, it := range items[100:] {
		x.remove(it)
	}
	require.NoError(t, x.check(100))
	for n := range x.parts {
		require.LessOrEqual(t, len(x.parts[n].Load().slots), emptyShare*slotsMin)
	}
	for _, it := range items[:100] {
		require.Same(t, it, x.find(it.tag, &it.key))
	}
}
