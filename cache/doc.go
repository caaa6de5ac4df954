// Package cache has the stores in which results of package lazy's Memo functions outlive their handles: [NewMemory] for
// one process, [OpenDir] for the processes of one machine, [OpenHTTP] for many machines, and [Tiered] for several of
// these, one before the other.
//
//	disk, err := cache.OpenDir("results")
//	…
//	session := &lazy.Session{Cache: cache.Tiered(cache.NewMemory(1<<30), disk)}
//	parse := lazy.Wrap1(parseFile, lazy.Memo())
//	facts, err := parse.Of(file).Get(ctx, lazy.In(session))
//
// # The rules
//
// A result is kept under a [Key]: the SHA-256 of what the function is and of the contents of its arguments (see
// lazy.Memo). So nothing has to be invalidated: what has changed has another key. What is not used any more makes room
// for the rest, and a store may forget what it likes, when it likes.
//
// A store gives no wrong value. What is read from a disk or from a server is verified: an entry that is damaged, cut
// short, or another's is an error that is [ErrCorrupt], and is dropped. Nor does a store fail a Get, or hold it up for
// ever: its errors are warnings, after which the call runs.
//
// Stores that keep bytes need values that can be encoded and a function with a name that means the same in another
// process. What is not so stays in memory, as far as there is some ([ErrStays]).
//
// Values in memory are kept as they are and handed to all who ask for them: nobody may write to them.
//
// # What it costs
//
// Measured on two shared cores of a small server; a key of two words takes 0.1 µs to make:
//
//	memory                     20 to 75 ns a hit, 0.5 to 2 µs a put
//	directory, 1 KB            6 µs a hit, 1 µs a miss, 15 to 50 µs a put
//	directory, 64 MB           about 1 GB/s either way: it is hashed
//	server on the same machine 0.15 ms a hit, 0.1 ms a miss, 1 ms a put
//
// # When not to use it
//
// For functions that take less time than the store: microseconds in memory, some ten of them in a directory,
// milliseconds on a server. For functions that depend on more than their arguments. For results that are as large as
// what they are made of and made as fast as they are read.
//
// A directory on a network file system is not supported: nothing is believed that is not verified, so no wrong value
// comes of it, but times and renames may not be what the store expects.
//
// # Stores of one's own
//
// A [Store] is two methods, Get and Put. [NewEntry] and [LoadedEntry] make what Get returns; package cachetest checks
// that a store does what it has to.
package cache
