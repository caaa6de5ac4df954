package proc

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
)

// Output is what a command has written to a stream. It is not changed; copies of it are the same output. Up to
// [Program].MemoryMax bytes are in memory, more are in a temporary file, which is open and, on Unix, already removed:
// it takes up a file descriptor, and goes with the last copy of the Output, at a garbage collection, or with the
// process. Its methods may be called from many goroutines. The zero Output is empty.
type Output struct{ o *output }

type output struct {
	mem  []byte   // all of it, if file is nil
	file *os.File // read by ReadAt alone
	n    int64
	sum  [sha256.Size]byte

	drop runtime.Cleanup // closes and removes the file when nobody can reach the output any more
}

// cleanUp has the file closed and removed when nobody can reach o any more.
func (o *output) cleanUp() {
	if o.file != nil {
		o.drop = runtime.AddCleanup(o, removeTemp, o.file)
	}
}

// discard closes and removes the file of an output that nobody else has.
func (o Output) discard() {
	if o.o != nil && o.o.file != nil {
		o.o.drop.Stop()
		removeTemp(o.o.file)
	}
}

// Len is how many bytes there are.
func (o Output) Len() int64 {
	if o.o == nil {
		return 0
	}
	return o.o.n
}

// Bytes returns all of it, read into memory if it is not there. Nobody may write to it. It panics, which in a wrapped
// function is an error, if the temporary file cannot be read; [Output.Open] returns errors.
func (o Output) Bytes() []byte {
	if o.o == nil {
		return nil
	}
	if o.o.file == nil {
		return o.o.mem[:o.o.n:o.o.n]
	}
	b := make([]byte, o.o.n)
	if _, err := o.readAt(b, 0); err != nil {
		panic(fmt.Errorf("proc: a command's output cannot be read again: %w", err))
	}
	return b
}

// String is [Output.Bytes] as a string.
func (o Output) String() string { return string(o.Bytes()) }

// Open returns a reader that starts at the beginning. Each has a place of its own. Closing it does nothing, and so it
// may be left out; the Output stays.
func (o Output) Open() io.ReadCloser {
	if o.o == nil || o.o.file == nil {
		return unclosed{bytes.NewReader(o.Bytes())}
	}
	return unclosed{reading{io.NewSectionReader(o.o.file, 0, o.o.n), o.o}}
}

// reading keeps the output, whose file would be closed, while somebody reads.
type reading struct {
	*io.SectionReader
	o *output
}

// Read is SectionReader's.
func (r reading) Read(b []byte) (int, error) {
	n, err := r.SectionReader.Read(b)
	runtime.KeepAlive(r.o)
	return n, err
}

// readAt reads all of b from offset on.
func (o Output) readAt(b []byte, offset int64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if o.o.file == nil {
		return copy(b, o.o.mem[offset:]), nil
	}
	n, err := o.o.file.ReadAt(b, offset)
	runtime.KeepAlive(o.o)
	if n == len(b) {
		err = nil
	}
	return n, err
}

// Equal reports whether two outputs have the same content.
func (o Output) Equal(other Output) bool {
	return o == other || o.Len() == other.Len() && o.sum() == other.sum()
}

var emptySum = sha256.Sum256(nil)

func (o Output) sum() [sha256.Size]byte {
	if o.o == nil {
		return emptySum
	}
	return o.o.sum
}

// CacheKey is what an output comes to in the keys of Memo functions: its length and the SHA-256 of it.
func (o Output) CacheKey() []byte {
	sum := o.sum()
	return append(binary.AppendUvarint(nil, uint64(o.Len())), sum[:]...)
}

// MarshalBinary returns the content, so that results can be kept in stores.
func (o Output) MarshalBinary() ([]byte, error) {
	b := make([]byte, o.Len())
	_, err := o.readAt(b, 0)
	return b, err
}

// UnmarshalBinary makes o an output with the content b. Large content goes to a temporary file, if there can be one.
func (o *Output) UnmarshalBinary(b []byte) error {
	s := newSpool(&Program{OutputMax: max(1, int64(len(b)))}, "", nil)
	if s.take(b) != nil {
		s = newSpool(&Program{OutputMax: max(1, int64(len(b))), MemoryMax: max(1, int64(len(b)))}, "", nil)
		_ = s.take(b) // to memory: cannot fail
	}
	*o = s.output()
	return nil
}
