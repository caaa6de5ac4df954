package lazy_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/lazy"
)

// This file is what the tests of kept results share.

var memoNames atomic.Int64

// unique is a name that no other wrap in this process has, however often the tests are repeated.
func unique(t *testing.T, name string) string {
	return fmt.Sprintf("%s/%s/%d", t.Name(), name, memoNames.Add(1))
}

// kept are the options of a function whose results are kept, under a name of its own.
func kept(t *testing.T, name string, more ...lazy.Option) []lazy.Option {
	return append([]lazy.Option{lazy.Name(unique(t, name)), lazy.Memo()}, more...)
}

// remembering is a session with a cache in memory, and what it has to complain of.
func remembering(store cache.Store) (*lazy.Session, *warnings) {
	w := &warnings{}
	return &lazy.Session{Cache: store, Logger: slog.New(w)}, w
}

// warnings is a handler that keeps what is logged.
type warnings struct {
	mu   sync.Mutex
	text []string // guarded by mu
}

func (w *warnings) Enabled(context.Context, slog.Level) bool { return true }
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler       { return w }
func (w *warnings) WithGroup(string) slog.Handler            { return w }

func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
	return nil
}

func (w *warnings) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.text...)
}

// get gets d in s.
func get[T any](t *testing.T, s *lazy.Session, d lazy.Data[T], opts ...lazy.RunOption) T {
	t.Helper()
	v, err := d.Get(context.Background(), append(opts, lazy.In(s))...)
	require.NoError(t, err)
	return v
}

// spoiled is a store whose methods can be replaced.
type spoiled struct {
	cache.Store
	get func(ctx context.Context, k cache.Key, c cache.Codec) (cache.Entry, error)
	put func(ctx context.Context, e cache.Entry, c cache.Codec) error
}

func (s *spoiled) Get(ctx context.Context, k cache.Key, c cache.Codec) (cache.Entry, error) {
	if s.get != nil {
		return s.get(ctx, k, c)
	}
	return s.Store.Get(ctx, k, c)
}

func (s *spoiled) Put(ctx context.Context, e cache.Entry, c cache.Codec) error {
	if s.put != nil {
		return s.put(ctx, e, c)
	}
	return s.Store.Put(ctx, e, c)
}
