package cache

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
)

// encodeValue writes the encoded value of an entry to w. A codec that panics makes an error, as does a ctx that ends,
// which is looked at before each write.
func encodeValue(ctx context.Context, w io.Writer, e Entry, codec Codec) (err error) {
	defer recoverAs(&err, "encode")
	v, err := e.Value(ctx)
	if err != nil {
		return err
	}
	return codec.Encode(untilDone{ctx, w}, v)
}

// recoverAs makes an error of a panic.
func recoverAs(err *error, what string) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("cache: %s: panic: %v", what, p)
	}
}

// untilDone is a writer that fails when ctx has ended.
type untilDone struct {
	ctx context.Context
	io.Writer
}

func (u untilDone) Write(b []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.Writer.Write(b)
}

// decodeVerified decodes a value while it reads it from r, and returns it if r has held size bytes with that sum, no
// fewer and no more, however many of them the codec has read. Else the error is ErrCorrupt, or that of r if r could not
// be read. It reads one byte more than size at most. A codec that panics makes an error.
func decodeVerified(r io.Reader, codec Codec, size int64, sum [sha256.Size]byte) (any, error) {
	in := &verifier{r: io.LimitReader(r, size), sum: sha256.New()}
	v, err := decodeValue(in, codec)
	if _, drained := io.Copy(io.Discard, in); drained != nil {
		return nil, drained
	}
	if in.n != size || [sha256.Size]byte(in.sum.Sum(nil)) != sum {
		return nil, corrupt("not the bytes that were put")
	}
	if over, err := hasMore(r); over || err != nil {
		if err == nil {
			err = corrupt("longer than what was put")
		}
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// decodeValue decodes a value. A codec that panics makes an error.
func decodeValue(r io.Reader, codec Codec) (v any, err error) {
	defer recoverAs(&err, "decode")
	if v, err = codec.Decode(r); err != nil {
		return nil, fmt.Errorf("cache: decode: %w", err)
	}
	return v, nil
}

// hasMore reports whether there are bytes left in r.
func hasMore(r io.Reader) (over bool, err error) {
	n, err := io.ReadFull(r, make([]byte, 1))
	if err == io.EOF {
		err = nil
	}
	return n > 0, err
}

// verifier sums up what is read from r. An error stays, even if a codec reads on: what it makes of an error is nothing
// to rely on.
type verifier struct {
	r   io.Reader
	sum hash.Hash
	n   int64
	err error
}

func (v *verifier) Read(b []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.r.Read(b)
	v.sum.Write(b[:n])
	v.n += int64(n)
	v.err = err
	return n, err
}
