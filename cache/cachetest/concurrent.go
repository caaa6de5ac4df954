package cachetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/dally-go/dally/cache"
)

// concurrent has many goroutines put and get, under keys that they share and under keys of their own.
func concurrent(c *checker) {
	rounds := 100
	if testing.Short() {
		rounds = 25
	}
	const goroutines = 8
	problems := make(chan error, goroutines)
	p := c.within("many goroutines at once", func() {
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() { problems <- c.mix(g, rounds) })
		}
		all.Wait()
	})
	if p != nil {
		c.Fatalf("a panic among many goroutines: %v", p)
	}
	for range goroutines {
		if err := <-problems; err != nil {
			c.Error(err)
		}
	}
}

// mix is what one goroutine does. It returns the first thing that is wrong.
func (c *checker) mix(g, rounds int) error {
	const shared = 3
	for i := range rounds {
		version := g*rounds + i + 1
		size := 100 + (version*7919)%20_000
		own := 100 + g
		for _, n := range []int{own, i % shared} {
			if err := c.store.Put(c.Context(), textEntry(n, version, size), text{}); err != nil {
				return fmt.Errorf("one Put of many: %w", err)
			}
		}
		have, err := c.whole(own)
		if err != nil || have != version {
			return fmt.Errorf("a Get of a key that no other goroutine puts: version %d, %v, want %d", have, err, version)
		}
		for n := range shared {
			if _, err := c.whole(n); err != nil && !errors.Is(err, cache.ErrMiss) {
				return err
			}
		}
	}
	return nil
}

// whole gets the nth key and returns the version of its value.
func (c *checker) whole(n int) (int, error) {
	e, err := c.store.Get(c.Context(), keyOf(n), text{})
	if err != nil {
		return 0, fmt.Errorf("one Get of many: %w", err)
	}
	var version int
	if _, err := fmt.Sscanf(e.Meta.Version, "v%d", &version); err != nil {
		return 0, fmt.Errorf("one Get of many: Meta.Version is %q", e.Meta.Version)
	}
	want := metaOf(n, version, e.Meta.Size)
	if e.Meta.Key != want.Key || e.Meta.Function != want.Function || e.Meta.Content != want.Content || e.Meta.Cost != want.Cost {
		return 0, fmt.Errorf("one Get of many: the Meta of key %d is a mix: %+v", n, *e.Meta)
	}
	v, err := e.Value(c.Context())
	if err != nil {
		// The entry was replaced, which may show like this. The next one is looked at.
		return version, nil
	}
	if version, ok := versionOf(n, v); !ok {
		return version, fmt.Errorf("one Get of many: the value of key %d is torn or another key's: %.40q", n, v)
	}
	return version, nil
}
