package cachetest

import (
	"context"
	"testing"
	"time"

	"github.com/dally-go/dally/cache"
)

// Run checks a store, in subtests of t. Each opens a store of its own, which must be empty and able to keep 32 MiB of
// entries; to close it is for open, by t.Cleanup. A store that hangs fails after 20 s, and its goroutine is left behind.
func Run(t *testing.T, open func(t *testing.T) cache.Store, opts ...Option) {
	t.Helper()
	set := settings{patience: 20 * time.Second}
	for _, o := range opts {
		o(&set)
	}
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) {
			check.run(&checker{TB: t, settings: set, store: open(t)})
		})
	}
}

// Option says what a store is like.
type Option func(*settings)

// Bytes says that the store keeps values as bytes only: what has no codec stays out of it, and a codec that fails makes
// Put fail. Without it, values may be kept as they are, or both ways.
func Bytes() Option { return func(s *settings) { s.bytes = true } }

// Budget says that the store keeps no more than so many bytes, counted as Meta.Size and as what a codec writes. Without
// it, nothing that has to do with room is checked. It must be 32 MiB or more.
func Budget(bytes int64) Option { return func(s *settings) { s.budget = bytes } }

type settings struct {
	bytes    bool
	budget   int64 // 0 is none
	patience time.Duration
}

var checks = []struct {
	name string
	run  func(*checker)
}{
	{"Miss", miss},
	{"PutThenGet", putThenGet},
	{"Replace", replace},
	{"Meta", metaComesBack},
	{"Empty", empty},
	{"Large", large},
	{"ValueTwice", valueTwice},
	{"ValueOfReplaced", valueOfReplaced},
	{"Loaded", loaded},
	{"NoCodec", noCodec},
	{"EncodeFails", encodeFails},
	{"EncodePanics", encodePanics},
	{"DecodeFails", decodeFails},
	{"DecodeReadsPart", decodeReadsPart},
	{"Cancelled", cancelled},
	{"CancelledWhileEncoding", cancelledWhileEncoding},
	{"Concurrent", concurrent},
	{"List", list},
	{"TooLarge", tooLarge},
	{"Room", room},
}

// checker is what a check has at hand.
type checker struct {
	testing.TB
	settings
	store cache.Store
}

// within fails the test if f has not come back in time. What f panics with is returned.
func (c *checker) within(what string, f func()) (panicked any) {
	c.Helper()
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	timer := time.NewTimer(c.patience)
	defer timer.Stop()
	select {
	case panicked = <-done:
	case <-timer.C:
		c.Fatalf("%s has not come back after %v", what, c.patience)
	}
	return panicked
}

// put stores an entry; that must work.
func (c *checker) put(e cache.Entry, codec cache.Codec) {
	c.Helper()
	if err := c.tryPut(c.Context(), e, codec); err != nil {
		c.Fatalf("Put: %v, want no error", err)
	}
}

func (c *checker) tryPut(ctx context.Context, e cache.Entry, codec cache.Codec) (err error) {
	c.Helper()
	if p := c.within("Put", func() { err = c.store.Put(ctx, e, codec) }); p != nil {
		c.Fatalf("Put panicked: %v", p)
	}
	return err
}

// get returns the entry under key and its value, each with its own error.
func (c *checker) get(ctx context.Context, key cache.Key, codec cache.Codec) (r got) {
	c.Helper()
	p := c.within("Get", func() {
		if r.entry, r.err = c.store.Get(ctx, key, codec); r.err == nil {
			r.value, r.valueErr = r.entry.Value(ctx)
		}
	})
	if p != nil {
		c.Fatalf("Get or Value panicked: %v", p)
	}
	if r.err == nil && r.entry.Meta == nil {
		c.Fatalf("Get: an entry with no Meta")
	}
	return r
}

// got is what came of a Get: an error, or an entry with a value or an error of that.
type got struct {
	entry    cache.Entry
	value    any
	err      error
	valueErr error
}
