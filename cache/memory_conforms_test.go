package cache_test

import (
	"testing"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/cache/cachetest"
)

func TestMemoryConforms(t *testing.T) {
	const room = 64 << 20
	cachetest.Run(t, func(*testing.T) cache.Store { return cache.NewMemory(room) }, cachetest.Budget(room))
}
