package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"math"
	"sync"
)

// dirChunk is how much of a value is read or written at a time, in bytes: what is hashed should still be in the cache
// of the processor.
const dirChunk = 256 << 10

var blobBuffers = sync.Pool{New: func() any { return new([dirChunk]byte) }}

// blobReader reads a value and hashes it on the way. Large reads go straight to where the reader of it wants them.
type blobReader struct {
	ctx  context.Context
	from io.Reader
	hash hash.Hash
	// left is how much was not read yet, of from.
	left int64
	// buf is nil until a small read needs it; ahead is the part of it that was read from from, but not from this.
	buf   *[dirChunk]byte
	ahead []byte
	// err is what from, or ctx, has failed with: what is read next.
	err error
}

func newBlobReader(ctx context.Context, from io.Reader, size int64) *blobReader {
	return &blobReader{ctx: ctx, from: from, hash: sha256.New(), left: size}
}

// Len returns how many bytes are left to read. Codecs may make room for them at once.
func (r *blobReader) Len() int { return int(min(r.left+int64(len(r.ahead)), math.MaxInt)) }

// Read reads up to len(p) bytes.
func (r *blobReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.ahead) == 0 {
		if len(p) > dirChunk { // so much that what is hashed is still in the processor's cache
			return r.fill(p[:dirChunk])
		}
		if err := r.readAhead(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.ahead)
	r.ahead = r.ahead[n:]
	return n, nil
}

// ReadByte reads a byte, so that codecs which need this put no buffer of their own before the reader.
func (r *blobReader) ReadByte() (byte, error) {
	if len(r.ahead) == 0 {
		if err := r.readAhead(); err != nil {
			return 0, err
		}
	}
	c := r.ahead[0]
	r.ahead = r.ahead[1:]
	return c, nil
}

func (r *blobReader) readAhead() error {
	if r.buf == nil {
		r.buf = blobBuffers.Get().(*[dirChunk]byte)
	}
	n, err := r.fill(r.buf[:])
	r.ahead = r.buf[:n]
	return err
}

// fill reads into p, and hashes that. It reads something or returns an error; io.EOF only when all was read.
func (r *blobReader) fill(p []byte) (int, error) {
	n, err := r.next(p)
	r.hash.Write(p[:n])
	return n, err
}

// next reads into p, as fill does.
func (r *blobReader) next(p []byte) (int, error) {
	if r.err == nil {
		r.err = r.ctx.Err()
	}
	if r.err != nil {
		return 0, r.err
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	n, err := io.ReadFull(r.from, p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	if err != nil {
		r.err = err
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			r.err = corrupt("the value's file is too short")
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// check reads what the codec has left, and returns an error unless all that was read has the sum.
func (r *blobReader) check(sum [sha256.Size]byte) error {
	for r.left > 0 {
		if err := r.readAhead(); err != nil {
			break
		}
	}
	if r.err != nil {
		return r.err
	}
	if !bytes.Equal(r.hash.Sum(nil), sum[:]) {
		return corrupt("checksum of the value")
	}
	return nil
}

// release ends the reading: a codec that goes on to read gets io.EOF.
func (r *blobReader) release() {
	r.ahead, r.left = nil, 0
	if r.buf != nil {
		blobBuffers.Put(r.buf)
		r.buf = nil
	}
}
