package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/cache/cachetest"
)

// byteStore keeps encoded values in a map, and can be told to fail.
type byteStore struct {
	mu   sync.Mutex
	kept map[cache.Key]encoded // Guarded by mu.
	// down is what Get and Put return, unread what Value returns. They are not changed during calls.
	down, unread error
	gets, puts   int // Guarded by mu.
}

type encoded struct {
	meta  *cache.Meta
	bytes []byte
}

func (s *byteStore) Get(_ context.Context, key cache.Key, codec cache.Codec) (cache.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets++
	if s.down != nil {
		return cache.Entry{}, s.down
	}
	e, ok := s.kept[key]
	if !ok || codec == nil {
		return cache.Entry{}, cache.ErrMiss
	}
	return cache.LoadedEntry(e.meta, func(context.Context) (any, error) {
		if s.unread != nil {
			return nil, s.unread
		}
		return codec.Decode(bytes.NewReader(e.bytes))
	}), nil
}

func (s *byteStore) Put(ctx context.Context, e cache.Entry, codec cache.Codec) error {
	if codec == nil {
		return cache.ErrStays
	}
	v, err := e.Value(ctx)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := codec.Encode(&b, v); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts++
	if s.down != nil {
		return s.down
	}
	if s.kept == nil {
		s.kept = make(map[cache.Key]encoded)
	}
	s.kept[e.Meta.Key] = encoded{e.Meta, b.Bytes()}
	return nil
}

// ints is a codec of ints.
type ints struct{}

func (ints) Encode(w io.Writer, v any) error { _, err := fmt.Fprint(w, v); return err }

func (ints) Decode(r io.Reader) (any, error) {
	var n int
	_, err := fmt.Fscan(r, &n)
	return n, err
}

func entry(n int) cache.Entry {
	return cache.NewEntry(&cache.Meta{Key: cache.Key{byte(n)}, Size: 8, Content: "c"}, n)
}

// value gets the nth entry and its value.
func value(t *testing.T, s cache.Store, n int) (cache.Entry, any) {
	t.Helper()
	e, err := s.Get(t.Context(), cache.Key{byte(n)}, ints{})
	require.NoError(t, err)
	v, err := e.Value(t.Context())
	require.NoError(t, err)
	return e, v
}

func memory() cache.Store { return cache.NewMemory(1 << 20) }

// holds reports whether a store has the nth entry.
func holds(t *testing.T, s cache.Store, n int) bool {
	t.Helper()
	_, err := s.Get(t.Context(), cache.Key{byte(n)}, ints{})
	return err == nil
}

func TestTieredConforms(t *testing.T) {
	const room = 64 << 20
	t.Run("memory, bytes", func(t *testing.T) {
		cachetest.Run(t, func(*testing.T) cache.Store { return cache.Tiered(cache.NewMemory(room), &byteStore{}) })
	})
	t.Run("bytes, bytes", func(t *testing.T) {
		cachetest.Run(t, func(*testing.T) cache.Store { return cache.Tiered(&byteStore{}, &byteStore{}) }, cachetest.Bytes())
	})
	t.Run("memory", func(t *testing.T) {
		cachetest.Run(t, func(*testing.T) cache.Store { return cache.Tiered(cache.NewMemory(room)) }, cachetest.Budget(room))
	})
	t.Run("nested", func(t *testing.T) {
		cachetest.Run(t, func(*testing.T) cache.Store {
			return cache.Tiered(cache.Tiered(cache.NewMemory(room), &byteStore{}), cache.Tiered(&byteStore{}))
		})
	})
}

func TestTieredPanics(t *testing.T) {
	require.PanicsWithValue(t, "cache: Tiered(): want one store or more", func() { cache.Tiered() })
	require.PanicsWithValue(t, "cache: Tiered: store 2 of 2 is nil", func() { cache.Tiered(memory(), nil) })
}

func TestTieredFills(t *testing.T) {
	a, b, c := memory(), &byteStore{}, &byteStore{}
	s := cache.Tiered(a, b, c)
	require.NoError(t, c.Put(t.Context(), entry(1), ints{}))
	e, err := s.Get(t.Context(), cache.Key{1}, ints{})
	require.NoError(t, err)
	require.False(t, holds(t, a, 1), "the value was not read")
	require.False(t, holds(t, b, 1))
	v, err := e.Value(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, v)
	require.True(t, holds(t, a, 1))
	require.True(t, holds(t, b, 1))
	puts := b.puts
	_, err = e.Value(t.Context())
	require.NoError(t, err)
	require.Equal(t, puts, b.puts, "only the first Value fills")
	gets := b.gets
	_, v = value(t, s, 1)
	require.Equal(t, 1, v)
	require.Equal(t, gets, b.gets, "a store behind the first one was asked")
}

func TestTieredFillsAtOnceWhatIsAtHand(t *testing.T) {
	a, b := memory(), memory()
	require.NoError(t, b.Put(t.Context(), entry(1), nil))
	_, err := cache.Tiered(a, b).Get(t.Context(), cache.Key{1}, nil)
	require.NoError(t, err)
	_, err = a.Get(t.Context(), cache.Key{1}, nil)
	require.NoError(t, err)
}

// TestTieredFillKeepsWhatIsLater checks that a value that is read late does not replace one that was put meanwhile.
func TestTieredFillKeepsWhatIsLater(t *testing.T) {
	a, b := memory(), &byteStore{}
	s := cache.Tiered(a, b)
	require.NoError(t, b.Put(t.Context(), entry(1), ints{}))
	e, err := s.Get(t.Context(), cache.Key{1}, ints{})
	require.NoError(t, err)
	require.NoError(t, s.Put(t.Context(), cache.NewEntry(e.Meta, 7), ints{}))
	_, err = e.Value(t.Context())
	require.NoError(t, err)
	_, v := value(t, s, 1)
	require.Equal(t, 7, v)
}

func TestTieredPutReachesAll(t *testing.T) {
	down := errors.New("down")
	a, b, c := &byteStore{down: down}, memory(), &byteStore{}
	s := cache.Tiered(a, b, c)
	err := s.Put(t.Context(), entry(1), ints{})
	require.ErrorIs(t, err, down)
	require.ErrorContains(t, err, "store 1 of 3")
	require.True(t, holds(t, b, 1))
	require.True(t, holds(t, c, 1))

	err = s.Put(t.Context(), entry(2), nil)
	require.ErrorIs(t, err, cache.ErrStays)
	require.True(t, holds(t, b, 2))
	require.NoError(t, cache.Tiered(b, c).Put(t.Context(), entry(3), ints{}))
}

func TestTieredReadsOnceForAll(t *testing.T) {
	reads := 0
	e := cache.LoadedEntry(entry(1).Meta, func(context.Context) (any, error) { reads++; return 1, nil })
	require.NoError(t, cache.Tiered(memory(), &byteStore{}).Put(t.Context(), e, ints{}))
	require.Equal(t, 1, reads)
}

func TestTieredPassesOverTrouble(t *testing.T) {
	down := errors.New("down")
	dead, b := &byteStore{down: down}, &byteStore{}
	s := cache.Tiered(cache.Tiered(memory(), dead), b)
	_, err := s.Get(t.Context(), cache.Key{1}, ints{})
	require.ErrorIs(t, err, down)
	require.NotErrorIs(t, err, cache.ErrMiss)

	require.NoError(t, b.Put(t.Context(), entry(1), ints{}))
	e, v := value(t, s, 1)
	require.Equal(t, 1, v)
	require.ErrorIs(t, e.Trouble, down)
	e, v = value(t, s, 1)
	require.Equal(t, 1, v)
	require.NoError(t, e.Trouble, "memory has it by now")

	dead.down = nil
	_, err = s.Get(t.Context(), cache.Key{2}, ints{})
	require.ErrorIs(t, err, cache.ErrMiss)
}

// TestTieredTellsAllTrouble checks that the trouble of an inner store, and of one before that, both come out.
func TestTieredTellsAllTrouble(t *testing.T) {
	inner, outer := &byteStore{down: errors.New("inner")}, &byteStore{down: errors.New("outer")}
	good := &byteStore{}
	require.NoError(t, good.Put(t.Context(), entry(1), ints{}))
	e, _ := value(t, cache.Tiered(cache.Tiered(inner, good)), 1)
	require.ErrorIs(t, e.Trouble, inner.down)
	e, _ = value(t, cache.Tiered(outer, cache.Tiered(inner, good)), 1)
	require.ErrorIs(t, e.Trouble, inner.down)
	require.ErrorIs(t, e.Trouble, outer.down)
	require.ErrorContains(t, e.Trouble, "store 1 of 2")
}

func TestTieredKeepsItsOwnList(t *testing.T) {
	a := memory()
	stores := []cache.Store{a}
	s := cache.Tiered(stores...)
	stores[0] = memory()
	require.NoError(t, s.Put(t.Context(), entry(1), ints{}))
	require.True(t, holds(t, a, 1))
}

// TestTieredReadsFromBehind checks that a value that cannot be read is had of another store, and repaired.
func TestTieredReadsFromBehind(t *testing.T) {
	front, a, b := memory(), &byteStore{unread: cache.ErrCorrupt}, &byteStore{}
	require.NoError(t, cache.Tiered(a, b).Put(t.Context(), entry(1), ints{}))
	_, v := value(t, cache.Tiered(front, a, b), 1)
	require.Equal(t, 1, v)
	require.True(t, holds(t, front, 1))

	b.unread = errors.New("lost")
	e, err := cache.Tiered(a, b).Get(t.Context(), cache.Key{1}, ints{})
	require.NoError(t, err)
	_, err = e.Value(t.Context())
	require.ErrorIs(t, err, cache.ErrCorrupt)
	require.ErrorIs(t, err, b.unread)

	e, err = cache.Tiered(a, b).Get(t.Context(), cache.Key{1}, ints{})
	require.NoError(t, err)
	b.down = errors.New("down")
	_, err = e.Value(t.Context())
	require.ErrorIs(t, err, cache.ErrCorrupt)
	require.ErrorIs(t, err, b.down)
	b.down = nil

	b.unread = nil
	require.NoError(t, b.Put(t.Context(), cache.NewEntry(&cache.Meta{Key: cache.Key{1}, Content: "other"}, 2), ints{}))
	e, err = cache.Tiered(a, b).Get(t.Context(), cache.Key{1}, ints{})
	require.NoError(t, err)
	require.EqualValues(t, "c", e.Meta.Content)
	_, err = e.Value(t.Context())
	require.ErrorIs(t, err, cache.ErrCorrupt, "the value behind is that of another content")
}

func TestTieredStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &byteStore{}
	_, err := cache.Tiered(memory(), b).Get(ctx, cache.Key{1}, ints{})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, b.gets)
}

func TestTieredLists(t *testing.T) {
	_, ok := cache.Tiered(&byteStore{}).(cache.Lister)
	require.False(t, ok)

	a, b := cache.NewMemory(2000), memory()
	s := cache.Tiered(a, &byteStore{}, b)
	for n := range 20 {
		require.NoError(t, s.Put(t.Context(), entry(n), ints{}))
	}
	l := s.(cache.Lister)
	seen := make(map[cache.Key]int)
	for m := range l.List(t.Context()) {
		seen[m.Key]++
	}
	require.Len(t, seen, 20)
	for _, times := range seen {
		require.Equal(t, 1, times)
	}
	for range l.List(t.Context()) {
		break
	}
	require.False(t, l.Evicted(cache.Key{200}))
	require.False(t, l.Evicted(cache.Key{19}))
}

func TestTieredEvicted(t *testing.T) {
	s := cache.Tiered(&byteStore{}, cache.NewMemory(10_000))
	for n := range 40 {
		require.NoError(t, s.Put(t.Context(), entry(n), ints{}))
	}
	evicted := 0
	for n := range 40 {
		if s.(cache.Lister).Evicted(cache.Key{byte(n)}) {
			evicted++
		}
	}
	require.Positive(t, evicted)
}

func TestTieredHitInFrontAllocatesNothing(t *testing.T) {
	s, ctx := cache.Tiered(memory(), &byteStore{}), context.Background()
	require.NoError(t, s.Put(ctx, entry(1), ints{}))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := s.Get(ctx, cache.Key{1}, nil); err != nil {
			t.Fail()
		}
	}))
}
