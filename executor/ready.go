package executor

import (
	"container/heap"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/internal/deque"
)

// worker is one goroutine's part in a counted job.
type worker struct {
	deque deque.Deque
	// current is the call whose Start has not returned, or -1: known here so that a worker that takes over from one
	// whose goroutine was ended can go on. Used by the owner of the deque alone.
	current int32
}

// readySet holds the calls that may be started: roots in order, calls injected from outside, and a deque per worker;
// or, where calls have priorities, one heap for all.
type readySet struct {
	roots []int32
	taken atomic.Int32 // roots taken
	hunt  atomic.Bool  // a worker has been sent for that has not found work yet

	injected atomic.Int32 // len(outside), readable without the lock

	mu      sync.Mutex
	outside []int32   // guarded by mu
	workers []*worker // by id; replaced, never changed in place. Guarded by mu for writing
	seen    atomic.Pointer[[]*worker]
	ranks   []int32 // nil: no priorities, no heap. Written before the set is shared
	heap    rankHeap
}

func (r *readySet) init(roots, ranks []int32) {
	r.ranks = ranks
	if ranks == nil {
		r.roots = roots
		return
	}
	r.heap = rankHeap{ranks: ranks, items: roots}
	heap.Init(&r.heap)
}

// join returns the worker with the given id.
func (r *readySet) join(id int) *worker {
	if ws := r.seen.Load(); ws != nil && id < len(*ws) && (*ws)[id] != nil {
		return (*ws)[id]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	ws := slices.Clone(r.workers)
	for len(ws) <= id {
		ws = append(ws, nil)
	}
	if ws[id] == nil {
		ws[id] = &worker{current: -1}
	}
	r.workers = ws
	r.seen.Store(&ws)
	return ws[id]
}

// inject adds a call from outside the workers. The caller then wants a worker for the job.
func (r *readySet) inject(i int32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ranks != nil {
		heap.Push(&r.heap, i)
		return
	}
	r.outside = append(r.outside, i)
	r.injected.Store(int32(len(r.outside)))
}

// take finds a call for w to start, or -1: its own, then what came from outside, then the oldest of another worker's,
// and only then a root, because what was begun is to be finished first.
func (r *readySet) take(w *worker) int32 {
	if r.ranks != nil {
		return r.takeRanked()
	}
	if i := w.deque.Pop(); i >= 0 {
		return i
	}
	if i := r.takeOutside(); i >= 0 {
		return i
	}
	if ws := r.seen.Load(); len(*ws) > 1 {
		for _, other := range *ws {
			if other == nil || other == w {
				continue
			}
			if i := other.deque.Steal(); i >= 0 {
				return i
			}
		}
	}
	if int(r.taken.Load()) < len(r.roots) {
		if k := int(r.taken.Add(1)) - 1; k < len(r.roots) {
			return r.roots[k]
		}
	}
	return -1
}

func (r *readySet) takeOutside() int32 {
	if r.injected.Load() == 0 {
		return -1
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.outside) == 0 {
		return -1
	}
	i := r.outside[0]
	r.outside = r.outside[1:]
	r.injected.Store(int32(len(r.outside)))
	return i
}

func (r *readySet) takeRanked() int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.heap.items) == 0 {
		return -1
	}
	return heap.Pop(&r.heap).(int32)
}

// takeDetached takes the roots that need no worker.
func (r *readySet) takeDetached(w Steps) []int32 {
	var detached []int32
	keep := func(roots []int32) []int32 {
		return slices.DeleteFunc(roots, func(i int32) bool {
			if w.Detached(i) {
				detached = append(detached, i)
				return true
			}
			return false
		})
	}
	if r.ranks != nil {
		r.heap.items = keep(r.heap.items)
		heap.Init(&r.heap)
	} else {
		r.roots = keep(r.roots)
	}
	return detached
}

// any reports whether any call is ready that nobody runs.
func (r *readySet) any() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.heap.items) > 0 || len(r.outside) > 0 || int(r.taken.Load()) < len(r.roots) {
		return true
	}
	for _, w := range r.workers {
		if w != nil && w.deque.Len() > 0 {
			return true
		}
	}
	return false
}

// more reports whether there seems to be work for one more worker.
func (r *readySet) more(w *worker) bool {
	if r.ranks != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.heap.items) > 0
	}
	return w.deque.Len() > 0 || int(r.taken.Load()) < len(r.roots) || r.injected.Load() > 0
}

// rankHeap is a heap of calls, lowest rank first.
type rankHeap struct{ ranks, items []int32 }

func (h *rankHeap) Len() int           { return len(h.items) }
func (h *rankHeap) Less(a, b int) bool { return h.ranks[h.items[a]] < h.ranks[h.items[b]] }
func (h *rankHeap) Swap(a, b int)      { h.items[a], h.items[b] = h.items[b], h.items[a] }
func (h *rankHeap) Push(x any)         { h.items = append(h.items, x.(int32)) }

func (h *rankHeap) Pop() any {
	last := len(h.items) - 1
	x := h.items[last]
	h.items = h.items[:last]
	return x
}
