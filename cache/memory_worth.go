package cache

import (
	"container/heap"
	"math"
	"math/bits"
	"math/rand/v2"
)

// Uses are counted one by one up to usesExact, and beyond that by chance: every second time by two, every fourth time by
// four. So an item that is got all the time is seldom written to, and the processors that get it need not wait for each
// other. At 1,000 uses the count is off by a tenth or so.
const (
	usesExact = 64
	usesMax   = 1 << 24
)

// touch marks a use of the item, while the clock stands there.
func (it *item) touch(clock uint64) {
	if it.seen.Load() != clock {
		it.seen.Store(clock)
	}
	uses := it.uses.Load()
	if uses < usesExact {
		it.uses.Add(1)
		return
	}
	shift := bits.Len32(uses / usesExact)
	if uses < usesMax && rand.Uint32()>>(32-shift) == 0 {
		it.uses.Add(1 << shift)
	}
}

// worthNow is what the item is worth by its latest use.
func (it *item) worthNow() float64 {
	return math.Float64frombits(it.seen.Load()) + float64(it.uses.Load())*it.perUse
}

// worths is a heap of all items, the one that is worth least first. Its methods are called with memory.mu held.
//
// A use makes an item worth more, but the heap is not told, for that would take a lock. So item.worth is what an item
// was worth at least, and victim looks again.
type worths []*item

// looksMax is how many items victim looks at, at most, so that a Put after a million Gets does not take a second.
const looksMax = 64

// victim returns the item that is worth least, and leaves it where it is. It is exactly that one if few of the items
// that seemed to be worth least were used since they were last looked at, and else the least of looksMax of them.
func (w *worths) victim() *item {
	var least *item
	for range looksMax {
		it := (*w)[0]
		worth := it.worthNow()
		if worth <= it.worth {
			return it
		}
		it.worth = worth
		heap.Fix(w, 0)
		if least == nil || it.worth < least.worth {
			least = it
		}
	}
	return least
}

func (w *worths) add(it *item)    { heap.Push(w, it) }
func (w *worths) remove(it *item) { heap.Remove(w, it.at) }

// Len, Less, Swap, Push and Pop are for container/heap.

// Len implements heap.Interface.
func (w worths) Len() int { return len(w) }

// Less implements heap.Interface.
func (w worths) Less(i, j int) bool {
	if w[i].worth == w[j].worth {
		return w[i].age < w[j].age
	}
	return w[i].worth < w[j].worth
}

// Swap implements heap.Interface.
func (w worths) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].at, w[j].at = i, j
}

// Push implements heap.Interface.
func (w *worths) Push(x any) {
	it := x.(*item)
	it.at = len(*w)
	*w = append(*w, it)
}

// Pop implements heap.Interface.
func (w *worths) Pop() any {
	last := len(*w) - 1
	it := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	return it
}
