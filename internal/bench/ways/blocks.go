package ways

import (
	"sync"
	"sync/atomic"
	"time"
)

// blocks runs calls that are known beforehand on several workers: it cuts an order in which inputs come before users into
// blocks of neighbours, and counts blocks instead of calls. So for trivial calls the hand-offs between workers hardly
// count, and where the order is that of the writing, a block finds its inputs in the cache. Ready blocks lie on one stack
// under a lock; a worker goes on with the first block that it made ready itself.
type blocks struct {
	calls, size int
	waits       []int32 // per block: blocks that must end first
	usersOff    []int32 // users of block b: users[usersOff[b]:usersOff[b+1]]
	users       []int32
	pending     []atomic.Int32
	left        atomic.Int32

	mu    sync.Mutex
	wake  sync.Cond // of mu
	ready []int32   // Guarded by mu.
	over  bool      // Guarded by mu.
}

// blockSize makes blocks of a microsecond or two, which is several times what a hand-off costs. That is what only who
// writes by hand has: to know how long calls take.
func blockSize(work time.Duration) int {
	return int(min(256, max(1, 2*time.Microsecond/(work+5))))
}

// newBlocks cuts n calls into blocks. inputs appends the places of the inputs of the call at i that are calls, too.
func newBlocks(n, size int, inputs func(i int, into []int32) []int32) *blocks {
	count := (n + size - 1) / size
	b := &blocks{calls: n, size: size, waits: make([]int32, count), usersOff: make([]int32, count+1), pending: make([]atomic.Int32, count)}
	b.wake.L = &b.mu
	type edge struct{ input, user int32 }
	var edges []edge
	seen := make([]int32, count) // by block: 1 + the last block that was found to take from it
	var room [3]int32
	for i := range n {
		user := int32(i / size)
		for _, in := range inputs(i, room[:0]) {
			if input := in / int32(size); input != user && seen[input] != user+1 {
				seen[input] = user + 1
				edges = append(edges, edge{input, user})
				b.waits[user]++
				b.usersOff[input+1]++
			}
		}
	}
	for i := range count {
		b.usersOff[i+1] += b.usersOff[i]
	}
	b.users = make([]int32, len(edges))
	next := append([]int32(nil), b.usersOff...)
	for _, e := range edges {
		b.users[next[e.input]] = e.user
		next[e.input]++
	}
	return b
}

// run has do run the calls from..to-1 of each block, on so many goroutines, of which the caller's is one.
func (b *blocks) run(workers int, do func(from, to int)) {
	if len(b.waits) <= 1 {
		do(0, b.calls)
		return
	}
	b.ready, b.over = b.ready[:0], false
	for i := len(b.waits) - 1; i >= 0; i-- {
		b.pending[i].Store(b.waits[i])
		if b.waits[i] == 0 {
			b.ready = append(b.ready, int32(i))
		}
	}
	b.left.Store(int32(len(b.waits)))
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(func() { b.work(do) })
	}
	b.work(do)
	wg.Wait()
}

func (b *blocks) work(do func(from, to int)) {
	for at := b.take(); at >= 0; {
		from := int(at) * b.size
		do(from, min(from+b.size, b.calls))
		if at = b.finish(at); at < 0 {
			at = b.take()
		}
	}
}

// take waits for a ready block. It returns -1 when all have ended.
func (b *blocks) take() int32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.ready) == 0 {
		if b.over {
			return -1
		}
		b.wake.Wait()
	}
	at := b.ready[len(b.ready)-1]
	b.ready = b.ready[:len(b.ready)-1]
	return at
}

// finish ends a block and returns one that is ready then, or -1.
func (b *blocks) finish(at int32) int32 {
	next := int32(-1)
	for _, u := range b.users[b.usersOff[at]:b.usersOff[at+1]] {
		switch {
		case b.pending[u].Add(-1) > 0:
		case next < 0:
			next = u
		default:
			b.mu.Lock()
			b.ready = append(b.ready, u)
			b.mu.Unlock()
			b.wake.Signal()
		}
	}
	if b.left.Add(-1) == 0 {
		b.mu.Lock()
		b.over = true
		b.mu.Unlock()
		b.wake.Broadcast()
	}
	return next
}
