package cache

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// spoolMemory is how much of an encoded value is held in memory, in bytes; one that is longer goes to a temporary file.
const spoolMemory = 1 << 20

// spool takes an encoded value, of which the sum has to be known before the first byte of it can be sent. It ends with
// discard. The zero value is not one: see newSpool.
type spool struct {
	buf  bytes.Buffer
	file *os.File      // nil while all is in buf
	out  *bufio.Writer // to file
	sum  hash.Hash
	size int64
}

// spoolValue returns the encoded value of an entry.
func spoolValue(ctx context.Context, e Entry, codec Codec) (*spool, error) {
	s := &spool{sum: sha256.New()}
	err := encodeValue(ctx, s, e, codec)
	if err == nil && s.file != nil {
		err = s.out.Flush()
	}
	if err != nil {
		s.discard()
		return nil, fmt.Errorf("cache: put %v: %w", e.Meta.Key, err)
	}
	return s, nil
}

// spoolBytes returns a spool of b, which it keeps.
func spoolBytes(b []byte) *spool {
	return &spool{buf: *bytes.NewBuffer(b), size: int64(len(b))}
}

// Write implements io.Writer.
func (s *spool) Write(b []byte) (int, error) {
	if s.file == nil && s.buf.Len()+len(b) > spoolMemory {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	s.sum.Write(b)
	s.size += int64(len(b))
	if s.file == nil {
		return s.buf.Write(b)
	}
	return s.out.Write(b)
}

// spill moves what there is into a temporary file.
func (s *spool) spill() (err error) {
	if s.file, err = os.CreateTemp("", "dally-put-*"); err != nil {
		return err
	}
	s.out = bufio.NewWriterSize(s.file, 64<<10)
	_, err = s.out.Write(s.buf.Bytes())
	s.buf = bytes.Buffer{}
	return err
}

// reader returns a reader of all that was written, apart from other readers.
func (s *spool) reader() io.Reader {
	if s.file != nil {
		return io.NewSectionReader(s.file, 0, s.size)
	}
	return bytes.NewReader(s.buf.Bytes())
}

func (s *spool) digest() blobDigest {
	return blobDigest{[sha256.Size]byte(s.sum.Sum(nil)), s.size}
}

// discard removes the temporary file. A reader that is still read then gets an error.
func (s *spool) discard() {
	if s.file != nil {
		// There is nobody to tell: what was to be sent was sent, or has failed for a reason that is known.
		_ = errors.Join(s.file.Close(), os.Remove(s.file.Name()))
	}
}
