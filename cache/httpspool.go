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
// discard.
type spool struct {
	ctx  context.Context // of the writing
	buf  bytes.Buffer
	file *os.File      // nil while all is in buf
	out  *bufio.Writer // to file
	sum  hash.Hash
	size int64
	err  error // what has failed, whatever the codec makes of it
}

// ownError is an error of the caller's: it says nothing about the server, even if it is that of another server, which the
// value could not be got from.
type ownError struct{ error }

// Unwrap returns the error itself.
func (e ownError) Unwrap() error { return e.error }

// spoolValue returns the encoded value of an entry. Its error is an ownError.
func spoolValue(ctx context.Context, e Entry, codec Codec) (*spool, error) {
	s := &spool{ctx: ctx, sum: sha256.New()}
	if err := s.encode(e, codec); err != nil {
		s.discard()
		return nil, ownError{fmt.Errorf("cache: put %v: %w", e.Meta.Key, err)}
	}
	return s, nil
}

// spoolBytes returns a spool of b, which it keeps.
func spoolBytes(b []byte) *spool {
	return &spool{buf: *bytes.NewBuffer(b), size: int64(len(b))}
}

// encode writes a value. A codec that panics makes an error.
func (s *spool) encode(e Entry, codec Codec) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while encoding: %v", p)
		}
	}()
	v, err := e.Value(s.ctx)
	if err != nil {
		return err
	}
	err = codec.Encode(s, v)
	if s.err == nil && s.file != nil {
		s.err = s.out.Flush()
	}
	if s.err != nil {
		return s.err
	}
	return err
}

// Write implements io.Writer. It looks at ctx each time.
func (s *spool) Write(b []byte) (int, error) {
	if s.err == nil && s.ctx.Err() != nil {
		s.err = context.Cause(s.ctx)
	}
	if s.err == nil {
		s.write(b)
	}
	if s.err != nil {
		return 0, s.err
	}
	return len(b), nil
}

func (s *spool) write(b []byte) {
	if s.file == nil && s.buf.Len()+len(b) > spoolMemory {
		if s.err = s.spill(); s.err != nil {
			return
		}
	}
	s.sum.Write(b)
	s.size += int64(len(b))
	if s.file == nil {
		s.buf.Write(b)
	} else {
		_, s.err = s.out.Write(b)
	}
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
	s.err = errors.New("cache: write after Encode")
	if s.file != nil {
		// There is nobody to tell: what was to be sent was sent, or has failed for a reason that is known.
		_ = errors.Join(s.file.Close(), os.Remove(s.file.Name()))
	}
}
