package cachetest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
)

func TestRun(t *testing.T) {
	t.Run("values", func(t *testing.T) {
		Run(t, func(*testing.T) cache.Store { return &model{room: budgetMin} }, Budget(budgetMin))
	})
	t.Run("bytes", func(t *testing.T) {
		Run(t, func(*testing.T) cache.Store { return &model{room: budgetMin, bytes: true} }, Budget(budgetMin), Bytes())
	})
	t.Run("no lister, no budget", func(t *testing.T) {
		Run(t, func(*testing.T) cache.Store { return struct{ cache.Store }{&model{room: 1 << 40}} })
	})
}

// TestEachCheckCanFail breaks a good store in one way at a time and wants the named checks to see it.
func TestEachCheckCanFail(t *testing.T) {
	faults := []struct {
		name    string
		fault   fault
		seenBy  string // names of checks, each of which must fail
		noBytes bool   // the store keeps values as they are
	}{
		{"another error for a miss", fault{miss: func(cache.Key) error { return cache.ErrCorrupt }}, "Miss", false},
		{"a value for a miss", fault{miss: func(cache.Key) error { return nil }}, "Miss", false},
		{"nothing is kept", fault{drop: func(*cache.Meta) bool { return true }}, "PutThenGet Replace Meta Empty Large ValueTwice List Room Concurrent", false},
		{"the first is kept for ever", fault{keepsFirst: true}, "Replace Concurrent", false},
		{"another key's value", fault{key: func(cache.Key) cache.Key { return keyOf(1) }}, "Miss PutThenGet Concurrent", false},
		{"the last byte is lost", fault{read: func(b []byte) []byte { return b[:max(0, len(b)-1)] }}, "PutThenGet Replace Large", false},
		{"a byte too many", fault{read: func(b []byte) []byte { return append(b, ' ') }}, "PutThenGet Empty Large", false},
		{"the function is lost", fault{meta: func(m *cache.Meta) { m.Function = "" }}, "Meta PutThenGet", false},
		{"inputs are lost", fault{meta: func(m *cache.Meta) { m.Inputs = nil }}, "Meta", false},
		{"nanoseconds are lost", fault{meta: func(m *cache.Meta) { m.Created = m.Created.Truncate(time.Microsecond) }}, "Meta", false},
		{"no size", fault{meta: func(m *cache.Meta) { m.Size = 0 }}, "Meta", false},
		{"bytes that are not UTF-8 are lost", fault{meta: func(m *cache.Meta) { m.Content = cache.Content(strings.ToValidUTF8(string(m.Content), "?")) }}, "Meta", false},
		{"the given Meta is changed", fault{given: func(m *cache.Meta) { m.Size++ }}, "Meta", true},
		{"empty is no entry", fault{drop: func(m *cache.Meta) bool { return m.Size == 0 }}, "Empty", false},
		{"a value is read once", fault{once: true}, "ValueTwice", false},
		{"a late value is torn", fault{late: func(b []byte) []byte { return append(slices.Clone(b[:len(b)/2]), 'x') }}, "ValueOfReplaced", false},
		{"the error of a loaded value is lost", fault{noValueError: true}, "Loaded", true},
		{"no codec, no error", fault{stays: true}, "NoCodec", false},
		{"half a value when the codec fails", fault{half: true}, "EncodeFails EncodePanics", false},
		{"the codec's error is lost", fault{codecErr: cache.ErrTooLarge}, "EncodeFails", false},
		{"locked after a panic", fault{locksInPanic: true}, "EncodePanics", false},
		{"a wrong value when the codec fails", fault{decodeErr: true}, "DecodeFails", false},
		{"a half-read entry is damaged", fault{eats: true}, "DecodeReadsPart", false},
		{"it hangs when cancelled", fault{hangs: true}, "Cancelled", false},
		{"half a value when cancelled", fault{halfCancelled: true}, "CancelledWhileEncoding", false},
		{"values are torn by others", fault{tears: true}, "Concurrent", false},
		{"not all are listed", fault{listed: func(ms []*cache.Meta) []*cache.Meta { return ms[:len(ms)/2] }}, "List", false},
		{"one is listed twice", fault{listed: func(ms []*cache.Meta) []*cache.Meta { return append(ms, ms...) }}, "List", false},
		{"all were evicted", fault{evicted: true}, "List Room", false},
		{"what is too large is kept", fault{room: 1 << 40}, "TooLarge Room", false},
		{"room is made for what is too large", fault{clears: true}, "TooLarge", false},
		{"everything goes at once", fault{clearsWhenFull: true}, "Room", false},
	}
	seen := make(map[string]bool)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for _, name := range strings.Fields(f.seenBy) {
				seen[name] = true
				s := &model{room: budgetMin, bytes: !f.noBytes, fault: f.fault}
				require.NotEmpty(t, problemsOf(t, name, s), "%s sees nothing", name)
			}
		})
	}
	for _, c := range checks {
		require.True(t, seen[c.name], "no fault is seen by %s", c.name)
	}
}

// problemsOf runs one check and returns what it says is wrong.
func problemsOf(t *testing.T, name string, s *model) []string {
	at := slices.IndexFunc(checks, func(c struct {
		name string
		run  func(*checker)
	},
	) bool {
		return c.name == name
	})
	require.GreaterOrEqual(t, at, 0, "no check %s", name)
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // for Fatalf ends its goroutine
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.Errorf("panic: %v", p)
			}
		}()
		checks[at].run(&checker{TB: r, settings: settings{bytes: s.bytes, budget: budgetMin, patience: 300 * time.Millisecond}, store: s})
	}()
	<-done
	return r.problems
}

// recorder is a test whose failures are kept instead of counted.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	problems []string // Guarded by mu.
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

func (r *recorder) Error(args ...any) { r.Errorf("%s", fmt.Sprint(args...)) }

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// model is a store that is as simple as can be; it keeps the first in first, and does one thing wrong.
type model struct {
	bytes bool
	room  int64
	fault fault

	mu      sync.Mutex
	kept    map[cache.Key]item // Guarded by mu.
	order   []cache.Key        // Guarded by mu: the order of Put.
	evicted map[cache.Key]bool // Guarded by mu.
}

type item struct {
	meta    *cache.Meta
	value   any
	encoded []byte
	reads   *int
}

// fault is what a model does wrong; the zero fault is nothing.
type fault struct {
	miss                                  func(cache.Key) error
	drop                                  func(*cache.Meta) bool
	key                                   func(cache.Key) cache.Key
	read, late                            func([]byte) []byte
	meta, given                           func(*cache.Meta)
	listed                                func([]*cache.Meta) []*cache.Meta
	codecErr                              error
	room                                  int64
	keepsFirst, once, noValueError, stays bool
	half, halfCancelled, locksInPanic     bool
	decodeErr, eats, hangs, tears         bool
	evicted, clears, clearsWhenFull       bool
}

func (m *model) Get(ctx context.Context, key cache.Key, codec cache.Codec) (cache.Entry, error) {
	if m.fault.hangs && ctx.Err() != nil {
		select {}
	}
	if m.fault.key != nil {
		key = m.fault.key(key)
	}
	m.mu.Lock()
	it, ok := m.kept[key]
	m.mu.Unlock()
	if !ok && m.fault.miss != nil {
		return cache.NewEntry(metaOf(1, 1, 1), nil), m.fault.miss(key)
	}
	if !ok || m.bytes && codec == nil {
		return cache.Entry{}, cache.ErrMiss
	}
	meta := *it.meta
	if m.fault.meta != nil {
		m.fault.meta(&meta)
	}
	if !m.bytes {
		return cache.NewEntry(&meta, it.value), nil
	}
	return cache.LoadedEntry(&meta, func(context.Context) (any, error) { return m.load(key, it, codec) }), nil
}

// load decodes an item that was found before.
func (m *model) load(key cache.Key, it item, codec cache.Codec) (any, error) {
	m.mu.Lock()
	now := m.kept[key]
	*it.reads++
	reads := *it.reads
	m.mu.Unlock()
	b := it.encoded
	if m.fault.once && reads > 1 {
		return nil, cache.ErrMiss
	}
	if m.fault.read != nil {
		b = m.fault.read(slices.Clone(b))
	}
	if m.fault.late != nil && now.meta != it.meta {
		b = m.fault.late(b)
	}
	r := bytes.NewReader(b)
	v, err := codec.Decode(r)
	if m.fault.eats && r.Len() > 0 {
		m.mu.Lock()
		it.encoded = b[:len(b)/2]
		m.kept[key] = it
		m.mu.Unlock()
	}
	if m.fault.decodeErr {
		err = nil
	}
	return v, err
}

func (m *model) Put(ctx context.Context, e cache.Entry, codec cache.Codec) error {
	meta := e.Meta
	if m.fault.given != nil {
		m.fault.given(meta)
	}
	if m.bytes && codec == nil {
		if m.fault.stays {
			return nil
		}
		return cache.ErrStays
	}
	value, err := e.Value(ctx)
	if err != nil && !m.fault.noValueError {
		return err
	}
	it := item{meta: meta, value: value, reads: new(int)}
	size := meta.Size
	if m.bytes {
		if it.encoded, err = m.encode(ctx, codec, value); err != nil {
			return err
		}
		size = int64(len(it.encoded))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.keepLocked(it, size)
}

func (m *model) encode(ctx context.Context, codec cache.Codec, value any) ([]byte, error) {
	if m.fault.locksInPanic {
		m.mu.Lock()
	}
	var b bytes.Buffer
	err := func() (err error) {
		defer func() {
			if m.fault.half && recover() != nil {
				err = nil
			}
		}()
		return codec.Encode(&b, value)
	}()
	if m.fault.locksInPanic {
		m.mu.Unlock()
	}
	switch {
	case m.fault.half, m.fault.halfCancelled && ctx.Err() != nil:
		return b.Bytes()[:b.Len()/2], nil
	case err != nil && m.fault.codecErr != nil:
		return nil, m.fault.codecErr
	}
	return b.Bytes(), err
}

// keepLocked keeps an item and drops the oldest ones for it. The caller holds mu.
func (m *model) keepLocked(it item, size int64) error {
	room := max(m.room, m.fault.room)
	if m.fault.clears || m.fault.clearsWhenFull && m.sizeLocked()+size > room {
		clear(m.kept)
		m.order = nil
	}
	if size > room {
		return cache.ErrTooLarge
	}
	if m.kept == nil {
		m.kept, m.evicted = make(map[cache.Key]item), make(map[cache.Key]bool)
	}
	key := it.meta.Key
	old, replaces := m.kept[key]
	if m.fault.drop != nil && m.fault.drop(it.meta) || m.fault.keepsFirst && replaces {
		return nil
	}
	if m.fault.tears && replaces && len(old.encoded) > 50 {
		it.encoded = append(slices.Clone(old.encoded[:50]), it.encoded[50:]...)
	}
	delete(m.kept, key)
	m.order = slices.DeleteFunc(m.order, func(k cache.Key) bool { return k == key })
	for m.sizeLocked()+size > room {
		delete(m.kept, m.order[0])
		m.evicted[m.order[0]] = true
		m.order = m.order[1:]
	}
	delete(m.evicted, key)
	m.kept[key], m.order = it, append(m.order, key)
	return nil
}

func (m *model) sizeLocked() (sum int64) {
	for _, it := range m.kept {
		sum += it.meta.Size
	}
	return sum
}

func (m *model) List(context.Context) iter.Seq[*cache.Meta] {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ms []*cache.Meta
	for it := range maps.Values(m.kept) {
		ms = append(ms, it.meta)
	}
	if m.fault.listed != nil {
		ms = m.fault.listed(ms)
	}
	return slices.Values(ms)
}

func (m *model) Evicted(key cache.Key) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.evicted[key] || m.fault.evicted
}
