package content

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
	"unsafe"
)

const (
	// inlineMax is how long an encoding may be, in bytes, to be a content as it stands.
	inlineMax = 40
	// The first byte of a content says which kind it is.
	kindInline, kindHashed = 0, 1
	// contentMax is how long what Append writes can get: the length, the kind, and an encoding.
	contentMax = 2 + inlineMax
	// bufLen is how much of an encoding is gathered before it is hashed, in bytes. Larger ones gained nothing: what is
	// long is mostly hashed from where it stands.
	bufLen = 512
)

// encoder takes an encoding piece by piece, and makes a content of it. It never holds more than bufLen bytes of it.
type encoder struct {
	buf [bufLen]byte
	n   int
	// hash is made when an encoding first gets longer than buf, and then kept. It holds what was in buf before if
	// hashing is set.
	hash    hash.Hash
	hashing bool
	digest  [sha256.Size]byte
	// scratch is for a content that becomes part of this encoding.
	scratch [contentMax]byte
	// inner is for contents that become part of this encoding: entries of maps, elements of joined slices.
	inner *encoder
	// trail is shared with inner.
	*trail
}

var encoders = sync.Pool{New: func() any { return &encoder{trail: new(trail)} }}

// newEncoder returns an empty encoder, for a walk that begins.
func newEncoder() *encoder {
	e := encoders.Get().(*encoder)
	e.trail.reset()
	e.reset()
	return e
}

// release gives the encoder back. A deep value leaves a long chain of inner ones, which is not kept.
func (e *encoder) release() {
	if e.trail.deep {
		e.inner = nil
	}
	encoders.Put(e)
}

func (e *encoder) reset() { e.n, e.hashing = 0, false }

// nested returns an empty encoder for a content that becomes part of this encoding. There is only one at a time.
func (e *encoder) nested() *encoder {
	if e.inner == nil {
		e.inner = &encoder{trail: e.trail}
	}
	e.inner.reset()
	return e.inner
}

// appendSum appends what was gathered as a content, with its length before it.
func (e *encoder) appendSum(dst []byte) []byte {
	switch {
	case e.hashing:
		e.flush()
		e.hash.Sum(e.digest[:0])
	case e.n > inlineMax:
		e.digest = sha256.Sum256(e.buf[:e.n])
	default:
		dst = append(dst, byte(1+e.n), kindInline)
		return append(dst, e.buf[:e.n]...)
	}
	dst = append(dst, 1+sha256.Size, kindHashed)
	return append(dst, e.digest[:]...)
}

// flush makes room for bufLen bytes.
func (e *encoder) flush() {
	if !e.hashing {
		e.startHash()
	}
	e.hash.Write(e.buf[:e.n])
	e.n = 0
}

func (e *encoder) startHash() {
	if e.hash == nil {
		e.hash = sha256.New()
	}
	e.hash.Reset()
	e.hashing = true
}

func (e *encoder) bytes(b []byte) {
	if len(b) > bufLen-e.n {
		e.flush()
		if len(b) >= bufLen {
			e.hash.Write(b)
			return
		}
	}
	e.n += copy(e.buf[e.n:], b)
}

// memory takes size bytes from where they stand.
func (e *encoder) memory(p unsafe.Pointer, size uintptr) { e.bytes(unsafe.Slice((*byte)(p), size)) }

// text takes the bytes of a string, with their number before them.
func (e *encoder) text(s string) {
	e.uvarint(uint64(len(s)))
	e.bytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

func (e *encoder) byte(v byte) {
	if e.n == bufLen {
		e.flush()
	}
	e.buf[e.n] = v
	e.n++
}

func (e *encoder) uint16(v uint16) {
	if e.n > bufLen-2 {
		e.flush()
	}
	binary.LittleEndian.PutUint16(e.buf[e.n:], v)
	e.n += 2
}

func (e *encoder) uint32(v uint32) {
	if e.n > bufLen-4 {
		e.flush()
	}
	binary.LittleEndian.PutUint32(e.buf[e.n:], v)
	e.n += 4
}

func (e *encoder) uint64(v uint64) {
	if e.n > bufLen-8 {
		e.flush()
	}
	binary.LittleEndian.PutUint64(e.buf[e.n:], v)
	e.n += 8
}

// uvarint takes a number in as few bytes as it needs, seven bits in each.
func (e *encoder) uvarint(v uint64) {
	if e.n > bufLen-binary.MaxVarintLen64 {
		e.flush()
	}
	e.n += binary.PutUvarint(e.buf[e.n:], v)
}

// length takes the length of a slice or map: 0 says that it is nil.
func (e *encoder) length(n int, isNil bool) {
	if isNil {
		e.byte(0)
		return
	}
	e.uvarint(uint64(n) + 1)
}

// present takes whether a pointer or interface holds something, and returns it.
func (e *encoder) present(ok bool) bool {
	if ok {
		e.byte(1)
	} else {
		e.byte(0)
	}
	return ok
}

// IsContent reports whether c, which somebody else has kept, looks like a content, as Append writes it after its length.
func IsContent[C ~string](c C) bool {
	switch {
	case len(c) == 0:
		return false
	case c[0] == kindHashed:
		return len(c) == 1+sha256.Size
	}
	return c[0] == kindInline && len(c) <= 1+inlineMax
}

// IsHash reports whether a content, as Append writes it after its length, is the hash of an encoding that is longer.
func IsHash[C ~string](c C) bool { return len(c) > 0 && c[0] == kindHashed }
