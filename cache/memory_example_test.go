package cache_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/dally-go/dally/cache"
)

func ExampleNewMemory() {
	store := cache.NewMemory(64 << 20)
	ctx := context.Background()
	key := cache.Key(sha256.Sum256([]byte("the square of 12")))
	_, err := store.Get(ctx, key, nil)
	fmt.Println(errors.Is(err, cache.ErrMiss))

	meta := &cache.Meta{Key: key, Function: "square", Size: 8, Cost: time.Second}
	if err := store.Put(ctx, cache.NewEntry(meta, 144), nil); err != nil {
		fmt.Println(err)
	}
	entry, err := store.Get(ctx, key, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := entry.Value(ctx)
	fmt.Println(entry.Meta.Function, value, err)
	// Output:
	// true
	// square 144 <nil>
}

func ExampleLoadedEntry() {
	entry := cache.LoadedEntry(&cache.Meta{Function: "square"}, func(context.Context) (any, error) {
		return 144, nil // From wherever it is.
	})
	value, err := entry.Value(context.Background())
	fmt.Println(entry.AtHand(), value, err)
	// Output: false 144 <nil>
}

func ExampleTiered() {
	small, large := cache.NewMemory(1<<20), cache.NewMemory(64<<20)
	store := cache.Tiered(small, large)
	ctx := context.Background()
	meta := &cache.Meta{Key: cache.Key{1}, Size: 2 << 20, Cost: time.Second}
	err := store.Put(ctx, cache.NewEntry(meta, "two megabytes"), nil)
	fmt.Println(errors.Is(err, cache.ErrTooLarge))

	entry, err := store.Get(ctx, cache.Key{1}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(entry.Value(ctx))
	// Output:
	// true
	// two megabytes <nil>
}
