package cache

import "github.com/dally-go/dally/internal/kept"

// Store keeps results under keys. It has two methods:
//
//	// Get returns the entry kept under key, or an error: ErrMiss if there is none, and nothing else is wrong. codec is
//	// what values are read with where they are kept as bytes; nil says that values of the function never leave the
//	// process: a store that keeps bytes then answers ErrMiss. ctx ends the waiting.
//	Get(ctx context.Context, key Key, codec Codec) (Entry, error)
//	// Put keeps an entry under its Meta.Key, in place of what was kept there. If codec is nil, a store that keeps bytes
//	// returns ErrStays. A reader finds the former entry, the new one or none, but never a part of one.
//	Put(ctx context.Context, e Entry, codec Codec) error
//
// They may be called from many goroutines at once.
type Store = kept.Store

// Lister is a Store that can tell what it keeps, by which lazy.Explain finds reasons. It has two more methods:
//
//	// List goes through the metadata of the entries kept, in no order.
//	List(ctx context.Context) iter.Seq[*Meta]
//	// Evicted reports whether an entry under key was dropped to make room, as far as the store remembers.
//	Evicted(key Key) bool
type Lister = kept.Lister

// Codec turns the values of one type into bytes and back. lazy.Codec makes one of two functions. It has two methods:
//
//	Encode(w io.Writer, v any) error
//	Decode(r io.Reader) (v any, err error) // an error, never a wrong value, for bytes that Encode cannot have written
type Codec = kept.Codec

// Meta is what is known about a kept result. Its fields are
//
//	Key               Key           // what it is kept under
//	Function, Version string        // name of the function; its version, or "program" and the fingerprint of that
//	Inputs            []Content     // of the arguments, one each; "" for one that is not part of the key
//	Content           Content       // of the result; "" if it has none
//	Size              int64         // in bytes, as an estimate of the memory that the result takes
//	Cost              time.Duration // how long it took to compute
//	Created           time.Time     // when that was
type Meta = kept.Meta

// Entry is a kept result: what is known about it, in the field Meta, and its value, by the method
//
//	Value(ctx context.Context) (any, error) // which may have to read it, from a disk or a server
//
// NewEntry and LoadedEntry make one. Its field Trouble is what went wrong with other stores on the way, for a log.
type Entry = kept.Entry

// Key names a result, and prints as 64 hexadecimal digits: the SHA-256 of what the function is and of the contents of its arguments.
type Key = kept.Key

// Content is what a value comes to in keys: its encoding if that is short, else the SHA-256 of it. It is a string of bytes,
// the same for equal values in all processes.
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
