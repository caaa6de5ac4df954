package cache

import (
	"context"
	"fmt"
	"iter"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/internal/invariant"
)

// NewMemory returns a store that keeps values as they are, in memory, in no more than the given number of bytes. It
// panics if bytes is not positive. It starts no goroutine and need not be closed.
//
// An entry takes its Meta.Size, at least 1, and what the store itself needs for it, some 450 bytes and what its Inputs
// and its Content take. The store cannot see how large a value is: if sizes are told too small, it takes more than its
// bytes. What it remembers of evicted entries counts, too: up to a sixteenth.
//
// When there is no room, the entries go first that save the least time for the room that they take. That is
// GreedyDual-Size-Frequency, with costs in time: an entry is worth
//
//	clock + frequency × Meta.Cost / size
//
// where the clock stands at the worth of what was evicted last, as it was when the entry was last got or put. So what is
// not asked for any more goes one day, however dear it was. The frequency of an evicted entry is remembered for a while;
// when it is put again it starts with three quarters of that. What is put is kept until the next Put at least, unless it
// is larger than the whole store: that is ErrTooLarge, and nothing is evicted for it. See Cao and Irani, "Cost-Aware WWW
// Proxy Caching Algorithms" (1997), and Cherkasova, "Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency
// Caching Policy" (1998).
//
// A Get takes no lock and allocates nothing: 20 to 75 ns, depending on how many entries the processor's cache has to
// hold. A Put waits for other Puts, and for the value if that is not at hand; else contexts are not looked at. Codecs
// are not used.
//
// The store is a Lister. Its values are shared by all who get them: who changes one changes it for all.
func NewMemory(bytes int64) Store {
	if bytes <= 0 {
		panic(fmt.Sprintf("cache: NewMemory(%d): want a positive number of bytes", bytes))
	}
	return &memory{bytes: bytes, index: newIndex(), ghosts: newGhosts(int(bytes / ghostShare / ghostSize))}
}

// memory is what NewMemory returns. A Get finds an item through the index and marks it, all with atomics. A Put has mu.
type memory struct {
	bytes int64
	index *index

	// clock is a float64, the worth of the dearest victim so far; that is the last one, unless victim had too many items
	// to look at. It is written under mu.
	clock atomic.Uint64

	mu     sync.Mutex
	worths worths // Guarded by mu.
	ghosts ghosts // Guarded by mu.
	taken  int64  // Guarded by mu: the sizes of all items.
	puts   uint64 // Guarded by mu: how many there were, the age of items.
}

// Room that is not the values'.
const (
	// itemSize is about what an item takes: itself, its Meta, its part of the index and of worths.
	itemSize = 450
	// ghostSize is what a ghost takes, in a map and in a queue. It must be less than itemSize, so that evicting makes room.
	ghostSize = 192
	// ghostShare is the largest part of all bytes that ghosts take.
	ghostShare = 16
)

// item is an entry in memory.
type item struct {
	key   Key
	tag   uint64
	meta  *Meta
	value any
	size  int64
	// perUse is what one use is worth: nanoseconds per byte.
	perUse float64

	uses atomic.Uint32 // How often it was got or put, or about that: see touch.
	seen atomic.Uint64 // The clock at the last use.

	// Guarded by memory.mu.
	worth float64 // What it was worth when worths last looked: no more than it is now.
	at    int     // Where it is in worths.
	age   uint64
}

func sizeOf(m *Meta) int64 {
	size := max(m.Size, 1)
	for _, in := range m.Inputs {
		size = addSize(size, int64(len(in))+16)
	}
	return addSize(size, int64(len(m.Content))+itemSize)
}

// addSize adds numbers that are not negative; what is more than an int64 is the largest one.
func addSize(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// Get implements Store.
func (m *memory) Get(_ context.Context, key Key, _ Codec) (Entry, error) {
	it := m.index.find(m.index.tagOf(&key), &key)
	if it == nil {
		return Entry{}, ErrMiss
	}
	it.touch(m.clock.Load())
	return NewEntry(it.meta, it.value), nil
}

// Put implements Store.
func (m *memory) Put(ctx context.Context, e Entry, _ Codec) error {
	if e.Meta == nil {
		panic("cache: Put: the entry has no Meta; make entries with NewEntry")
	}
	size := sizeOf(e.Meta)
	if size > m.bytes {
		return fmt.Errorf("cache: memory: %d bytes for an entry of %s, of %d in all: %w", size, e.Meta.Function, m.bytes, ErrTooLarge)
	}
	value, err := e.Value(ctx)
	if err != nil {
		return fmt.Errorf("cache: memory: the value to put: %w", err)
	}
	cost := max(e.Meta.Cost, time.Nanosecond)
	it := &item{key: e.Meta.Key, meta: e.Meta, value: value, size: size, perUse: float64(cost) / float64(size)}
	it.tag = m.index.tagOf(&it.key)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.putLocked(it)
	if invariant.Enabled {
		invariant.Check(m.boundedLocked(), "%d bytes and %d ghosts, want %d bytes in all", m.taken, m.ghosts.len(), m.bytes)
	}
	return nil
}

// putLocked makes room for an item and publishes it. What it replaces can be got until then. The caller holds mu.
func (m *memory) putLocked(it *item) {
	// What comes back counts for a bit less than what has stayed. Without that, the dear that are asked for seldom go
	// for the cheap that were asked for often: of the traces in internal/bench/evict, "graph" needs 0.093 of the time
	// instead of 0.066, "zipf" 0.158 instead of 0.149; "equal" alone is better, 0.461 instead of 0.473. Nothing
	// remembered: 0.494.
	uses := m.ghosts.take(it.key) * 3 / 4
	if old := m.index.find(it.tag, &it.key); old != nil {
		uses = old.uses.Load()
		m.worths.remove(old)
		m.taken -= old.size
	}
	m.makeRoomLocked(it.size)
	m.puts++
	it.age = m.puts
	it.uses.Store(min(uses, usesMax-1) + 1)
	it.seen.Store(m.clock.Load())
	it.worth = it.worthNow()
	m.worths.add(it)
	m.taken += it.size
	m.index.set(it)
}

// makeRoomLocked evicts until there is room for so many bytes, no more than the store has. The caller holds mu.
func (m *memory) makeRoomLocked(size int64) {
	for m.taken+m.ghosts.bytes() > m.bytes-size {
		if len(m.worths) == 0 {
			m.ghosts.drop()
			continue
		}
		it := m.worths.victim()
		m.worths.remove(it)
		m.taken -= it.size
		m.clock.Store(math.Float64bits(max(math.Float64frombits(m.clock.Load()), it.worth)))
		m.index.remove(it)
		m.ghosts.add(it.key, it.uses.Load())
	}
}

func (m *memory) boundedLocked() bool { return m.taken+m.ghosts.bytes() <= m.bytes }

// List goes through the metadata of the entries kept, in no order.
func (m *memory) List(ctx context.Context) iter.Seq[*Meta] {
	return func(yield func(*Meta) bool) {
		for it := range m.index.all() {
			if ctx.Err() != nil || !yield(it.meta) {
				return
			}
		}
	}
}

// Evicted reports whether an entry under key was dropped to make room, as far as the store remembers.
func (m *memory) Evicted(key Key) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ghosts.has(key)
}
