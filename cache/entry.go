package cache

import (
	"context"

	"github.com/dally-go/dally/internal/kept"
)

// NewEntry returns an entry with a value that is at hand.
func NewEntry(m *Meta, value any) Entry { return kept.NewEntry(m, value) }

// LoadedEntry returns an entry whose value is read when it is asked for, each time. A store returns such entries for
// values that are elsewhere.
func LoadedEntry(m *Meta, load func(context.Context) (any, error)) Entry {
	return kept.LoadedEntry(m, load)
}
