package cache

import "github.com/dally-go/dally/internal/kept"

// Store keeps results under keys: see its methods, Get and Put.
type Store = kept.Store

// Lister is a Store that can tell what it keeps: see its methods, List and Evicted.
type Lister = kept.Lister

// Codec turns the values of one type into bytes and back: see its methods, Encode and Decode.
type Codec = kept.Codec

// Meta is what is known about a kept result.
type Meta = kept.Meta

// Entry is a kept result: what is known about it, and its value.
type Entry = kept.Entry

// Key names a result: the SHA-256 of what the function is and of the contents of its arguments.
type Key = kept.Key

// Content is what a value comes to in keys.
type Content = kept.Content

// The errors of stores.
var (
	// ErrMiss says that nothing is kept under a key.
	ErrMiss = kept.ErrMiss
	// ErrStays says that a value was not kept because it cannot leave the process.
	ErrStays = kept.ErrStays
	// ErrCorrupt says that what was kept under a key is not what was put there. Stores drop such entries.
	ErrCorrupt = kept.ErrCorrupt
	// ErrTooLarge says that a value was not kept because it is larger than all that the store may keep.
	ErrTooLarge = kept.ErrTooLarge
)
