package cache

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func nthKey(n int) Key { return sha256.Sum256(fmt.Append(nil, n)) }

func putIn(t *testing.T, s Store, n int, size int64, cost time.Duration) {
	t.Helper()
	require.NoError(t, s.Put(t.Context(), NewEntry(&Meta{Key: nthKey(n), Size: size, Cost: cost}, n), nil))
}

func has(t *testing.T, s Store, n int) bool {
	t.Helper()
	e, err := s.Get(t.Context(), nthKey(n), nil)
	if err != nil {
		require.ErrorIs(t, err, ErrMiss)
		return false
	}
	v, err := e.Value(t.Context())
	require.NoError(t, err)
	require.Equal(t, n, v)
	return true
}

func TestNewMemoryPanics(t *testing.T) {
	require.PanicsWithValue(t, "cache: NewMemory(-1): want a positive number of bytes", func() { NewMemory(-1) })
	require.PanicsWithValue(t, "cache: NewMemory(0): want a positive number of bytes", func() { NewMemory(0) })
	require.PanicsWithValue(t, "cache: Put: the entry has no Meta; make entries with NewEntry", func() {
		_ = NewMemory(1).Put(context.Background(), Entry{}, nil)
	})
}

func TestMemoryDearSmallOutlivesCheapLarge(t *testing.T) {
	const mib = 1 << 20
	for _, dearFirst := range []bool{true, false} {
		m := NewMemory(12 * mib)
		if dearFirst {
			putIn(t, m, 1, 1024, 10*time.Second)
		}
		putIn(t, m, 2, 10*mib, time.Millisecond)
		if !dearFirst {
			putIn(t, m, 1, 1024, 10*time.Second)
		}
		putIn(t, m, 3, 10*mib, time.Millisecond)
		require.True(t, has(t, m, 1))
		require.False(t, has(t, m, 2))
		require.True(t, has(t, m, 3))
		require.True(t, m.(Lister).Evicted(nthKey(2)))
		require.False(t, m.(Lister).Evicted(nthKey(1)))
	}
}

func TestMemoryTooLarge(t *testing.T) {
	m := NewMemory(10_000)
	putIn(t, m, 1, 5000, 1)
	for _, size := range []int64{9600, 10_000, 1 << 40, math.MaxInt64} {
		err := m.Put(t.Context(), NewEntry(&Meta{Key: nthKey(2), Size: size, Cost: time.Hour, Function: "f"}, 2), nil)
		require.ErrorIs(t, err, ErrTooLarge)
		require.ErrorContains(t, err, "of f")
		require.True(t, has(t, m, 1))
	}
	putIn(t, m, 3, 10_000-itemSize, 1)
	require.True(t, has(t, m, 3))
	require.False(t, has(t, m, 1))
	putIn(t, m, 4, math.MinInt64, 1)
	require.True(t, has(t, m, 4))
	require.NoError(t, m.(*memory).checkInvariants())
}

func TestMemoryScan(t *testing.T) {
	scan := 1_000_000
	if testing.Short() {
		scan = 100_000
	}
	const hot = 50
	m := NewMemory(1 << 20)
	for n := range hot {
		putIn(t, m, -n, 5000, time.Second)
	}
	for n := 1; n <= scan; n++ {
		require.NoError(t, m.Put(t.Context(), NewEntry(&Meta{Key: Key{byte(n), byte(n >> 8), byte(n >> 16)}, Size: 5000, Cost: time.Microsecond}, n), nil))
		if n%1000 == 0 {
			require.True(t, has(t, m, -(n/1000)%hot))
		}
	}
	for n := range hot {
		require.True(t, has(t, m, -n), n)
	}
	require.NoError(t, m.(*memory).checkInvariants())
}

// TestMemoryAges checks that what was dear goes when it is not asked for any more.
func TestMemoryAges(t *testing.T) {
	m := NewMemory(100_000)
	putIn(t, m, -1, 5000, 100*time.Microsecond)
	for range 20 {
		require.True(t, has(t, m, -1))
	}
	n := 0
	for ; n < 100_000; n++ {
		putIn(t, m, n, 5000, 10*time.Microsecond)
		if m.(Lister).Evicted(nthKey(-1)) {
			break
		}
	}
	require.Greater(t, n, 1000)
	require.Less(t, n, 10_000)
}

func TestMemoryRemembersFrequencies(t *testing.T) {
	m := NewMemory(20 * 10_000)
	putIn(t, m, 0, 5000, time.Microsecond)
	for range 30 {
		require.True(t, has(t, m, 0))
	}
	for n := 1; n <= 40; n++ {
		putIn(t, m, n, 5000, time.Millisecond)
	}
	require.False(t, has(t, m, 0))
	putIn(t, m, 0, 5000, time.Microsecond)
	inner := m.(*memory)
	key := nthKey(0)
	require.EqualValues(t, 31*3/4+1, inner.index.find(inner.index.tagOf(&key), &key).uses.Load())
	require.False(t, inner.Evicted(key))
	require.NoError(t, inner.checkInvariants())
}

func TestMemoryCountsUses(t *testing.T) {
	for _, uses := range []int{10, usesExact, 1000, 100_000} {
		it := new(item)
		for range uses {
			it.touch(7)
		}
		if uses <= usesExact {
			require.EqualValues(t, uses, it.uses.Load())
		}
		// Six standard deviations and more: doubling from 64 on, the error of the count is an eighth at most.
		require.InEpsilon(t, uses, it.uses.Load(), 0.75)
		require.EqualValues(t, 7, it.seen.Load())
	}
	it := new(item)
	it.uses.Store(usesMax)
	for range 1000 {
		it.touch(7)
	}
	require.EqualValues(t, usesMax, it.uses.Load())
}

func TestMemoryGetAllocatesNothing(t *testing.T) {
	m := NewMemory(1 << 20)
	putIn(t, m, 1, 100, 1)
	key, ctx := nthKey(1), context.Background()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if e, err := m.Get(ctx, key, nil); err != nil || e.Meta == nil {
			t.Fail()
		}
	}))
}

// TestMemoryTakesWhatItSays compares what the runtime says with what is counted.
func TestMemoryTakesWhatItSays(t *testing.T) {
	entries := 20_000
	if testing.Short() {
		entries = 5000
	}
	const size = 1024
	heap := func() int64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return int64(s.HeapAlloc)
	}
	room := int64(entries) * (size + itemSize)
	m := NewMemory(room)
	before := heap()
	for n := range 3 * entries {
		meta := &Meta{Key: Key{byte(n), byte(n >> 8), byte(n >> 16)}, Size: size, Cost: time.Duration(n%7 + 1)}
		meta.Inputs = []Content{Content(make([]byte, 40))}
		require.NoError(t, m.Put(t.Context(), NewEntry(meta, make([]byte, size)), nil))
	}
	taken := heap() - before
	t.Logf("%d bytes for %d", taken, room)
	require.LessOrEqual(t, taken, room)
	require.Greater(t, taken, room*3/5)
	runtime.KeepAlive(m)
}

func TestMemoryList(t *testing.T) {
	m := NewMemory(1 << 20)
	for n := range 100 {
		putIn(t, m, n, 10, 1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	for range m.(Lister).List(ctx) {
		if seen++; seen == 10 {
			cancel()
		}
	}
	require.Equal(t, 10, seen)
}

func TestMemoryManyGoroutines(t *testing.T) {
	m := NewMemory(50 * 2000).(*memory)
	rounds := 20_000
	if testing.Short() {
		rounds = 3000
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			for i := range rounds {
				n := r.IntN(200)
				switch {
				case i%1000 == 0:
					for meta := range m.List(t.Context()) {
						if meta.Version == "" {
							t.Error("Meta of no entry")
						}
					}
				case i%100 == 0:
					m.Evicted(nthKey(n))
				case i%4 == 0:
					meta := &Meta{Key: nthKey(n), Version: fmt.Sprint(n), Size: int64(r.IntN(3000)), Cost: time.Duration(n)}
					if err := m.Put(t.Context(), NewEntry(meta, n), nil); err != nil {
						t.Error(err)
					}
				default:
					e, err := m.Get(t.Context(), nthKey(n), nil)
					if err != nil {
						continue
					}
					if v, _ := e.Value(t.Context()); v != n || e.Meta.Version != fmt.Sprint(n) {
						t.Errorf("key %d has the value %v and the Meta of %s", n, v, e.Meta.Version)
					}
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, m.checkInvariants())
}
