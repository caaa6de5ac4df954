package cache

import (
	"context"
	"crypto/sha256"
	"io"
)

// decodeVerified decodes a value while it reads it from r, and returns it if r has held size bytes with that sum, no
// fewer and no more, however many of them the codec has read. Else the error is ErrCorrupt, or that of r if r could not
// be read. One byte more than size is read at most.
func decodeVerified(ctx context.Context, r io.Reader, codec Codec, size int64, sum [sha256.Size]byte) (any, error) {
	in := newBlobReader(ctx, r, size)
	defer in.release()
	v, err := decode(codec, in)
	// What the codec has made of damaged bytes, even an error, is of no interest.
	if bad := in.check(sum); bad != nil {
		return nil, bad
	}
	switch n, bad := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return nil, corrupt("longer than what was put")
	case bad != io.EOF:
		return nil, bad
	}
	return v, err
}
