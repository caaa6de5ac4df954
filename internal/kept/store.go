package kept

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Store keeps results under keys. Its methods may be called from many goroutines at once, and a store may be used by
// many sessions.
//
// Whatever happens to a store – a full disk, a dead server, an entry that was damaged – it gives no wrong value, and
// comes back in bounded time. Its errors are for a log: who asked goes on as though nothing had been kept.
type Store interface {
	// Get returns the entry kept under key. An error that is ErrMiss says that there is none, and nothing else; any
	// other error says that there may have been one, and why it cannot be had. The entry's value may be read later,
	// by Entry.Value. codec is what the result's values are read with where they are kept as bytes; nil says that they
	// never leave the process: a store that keeps bytes then answers ErrMiss. ctx ends the waiting.
	Get(ctx context.Context, key Key, codec Codec) (Entry, error)
	// Put keeps an entry under its key, in place of what was kept there. If codec is nil, a store that keeps bytes
	// returns ErrStays, and keeps nothing. A reader that comes meanwhile finds the former entry, or the new one, or
	// none, but never a part of one.
	Put(ctx context.Context, e Entry, codec Codec) error
}

// Lister is a Store that can tell what it keeps, which is how reasons for a miss are found.
type Lister interface {
	// List goes through the metadata of the entries kept, in no order. What is put or dropped meanwhile may or may not
	// be among them.
	List(ctx context.Context) iter.Seq[*Meta]
	// Evicted reports whether an entry under key was dropped to make room, as far as the store remembers.
	Evicted(key Key) bool
}

// Codec turns the values of one type into bytes and back.
type Codec interface {
	// Encode writes v to w. Equal values need not give equal bytes.
	Encode(w io.Writer, v any) error
	// Decode reads what Encode has written. It reads to the end of r at most, and returns an error, never a wrong value
	// and never a panic, for bytes that Encode cannot have written.
	Decode(r io.Reader) (v any, err error)
}

var (
	// ErrMiss says that nothing is kept under a key.
	ErrMiss = errors.New("cache: nothing kept under this key")
	// ErrStays says that a value was not kept because it cannot leave the process.
	ErrStays = errors.New("cache: the value cannot leave the process")
	// ErrCorrupt says that what was kept under a key is not what was put there. Stores drop such entries.
	ErrCorrupt = errors.New("cache: damaged entry")
	// ErrTooLarge says that a value was not kept because it is larger than all that the store may keep.
	ErrTooLarge = errors.New("cache: larger than the store")
)

// Meta is what is known about a kept result. It is not changed once it is in an Entry.
type Meta struct {
	// Key is what the result is kept under.
	Key Key
	// Function is the name of the function that computed it, Version the version of that, or the fingerprint of the
	// program it was part of, as text.
	Function, Version string
	// Inputs are the contents of the arguments, one each; "" for one that is not part of the key.
	Inputs []Content
	// Content is the content of the result; "" if that is not known.
	Content Content
	// Size is how much room the result takes, in bytes: encoded where a store keeps it so, else as an estimate.
	Size int64
	// Cost is how long it took to compute.
	Cost time.Duration
	// Created is when it was computed.
	Created time.Time
}

// Entry is a kept result: what is known about it, and its value.
type Entry struct {
	// Meta is never nil in an entry that a store returned.
	Meta *Meta
	// Trouble is what went wrong on the way to the entry, though it was had in the end: of several stores, one that was
	// asked first did not answer. It is for a log. Stores do not keep it.
	Trouble error

	value any
	load  func(context.Context) (any, error)
}

// NewEntry returns an entry with a value that is at hand.
func NewEntry(m *Meta, value any) Entry { return Entry{Meta: m, value: value} }

// LoadedEntry returns an entry whose value is read when it is asked for, each time.
func LoadedEntry(m *Meta, load func(context.Context) (any, error)) Entry {
	return Entry{Meta: m, load: load}
}

// AtHand reports whether Value needs to read nothing.
func (e Entry) AtHand() bool { return e.load == nil }

// Value returns the entry's value. It may have to read it from a disk or a server, until ctx ends; an error then says
// that it cannot be had (any more).
func (e Entry) Value(ctx context.Context) (any, error) {
	if e.load == nil {
		return e.value, nil
	}
	return e.load(ctx)
}
