package cachetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dally-go/dally/cache"
)

// pieceLen is how much a codec of these checks writes at a time.
const pieceLen = 1024

// keyOf returns the nth key.
func keyOf(n int) cache.Key { return sha256.Sum256(fmt.Appendf(nil, "cachetest %d", n)) }

// metaOf returns the metadata of the nth key in some version. All fields tell the version, so that a mix is seen.
func metaOf(n, version int, size int64) *cache.Meta {
	zone := time.FixedZone("somewhere", 3600*(version%12))
	return &cache.Meta{
		Key:      keyOf(n),
		Function: fmt.Sprintf("a/b.F[int].func%d", version),
		Version:  fmt.Sprintf("v%d", version),
		Inputs:   []cache.Content{"", cache.Content(fmt.Sprint("in", version)), "\x00\xff\n\"\\"},
		Content:  cache.Content(fmt.Sprint("out", version)),
		Size:     size,
		Cost:     time.Duration(version)*time.Microsecond + time.Nanosecond,
		Created:  time.Date(2024, 2, 29, 23, 59, 59, 123_456_000+version, zone),
	}
}

// textEntry returns an entry of the nth key whose value says of which key and version it is, and of what size, over and
// over, and at least once.
func textEntry(n, version, size int) cache.Entry {
	s := textOf(n, version, size)
	return cache.NewEntry(metaOf(n, version, int64(len(s))), s)
}

func textOf(n, version, size int) string {
	word := fmt.Sprintf("%d/%d/%d;", n, version, size)
	size = max(size, len(word))
	return strings.Repeat(word, size/len(word)+1)[:size]
}

// versionOf finds the version of a text that textOf has returned for the nth key; ok is false for anything else.
func versionOf(n int, value any) (version int, ok bool) {
	s, isText := value.(string)
	if !isText {
		return 0, false
	}
	var key, size int
	if _, err := fmt.Sscanf(s, "%d/%d/%d;", &key, &version, &size); err != nil || size > 1<<20 {
		return 0, false
	}
	return version, s == textOf(n, version, size)
}

// text is a codec of strings. It takes any bytes, so that only the store stands between damage and a wrong value.
type text struct{}

// Encode implements cache.Codec.
func (text) Encode(w io.Writer, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%T is not a string", v)
	}
	for len(s) > 0 {
		piece := s[:min(len(s), pieceLen)]
		if _, err := io.WriteString(w, piece); err != nil {
			return err
		}
		s = s[len(piece):]
	}
	return nil
}

// Decode implements cache.Codec.
func (text) Decode(r io.Reader) (any, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}

// blob is a value whose encoding has size bytes, all of them seed.
type blob struct {
	seed byte
	size int64
}

func blobEntry(n int, size int64, cost time.Duration) cache.Entry {
	m := metaOf(n, 1, size)
	m.Cost = cost
	return cache.NewEntry(m, blob{byte(n), size})
}

// blobs is the codec of blobs.
type blobs struct{}

// Encode implements cache.Codec.
func (blobs) Encode(w io.Writer, v any) error {
	b, ok := v.(blob)
	if !ok {
		return fmt.Errorf("%T is not a blob", v)
	}
	piece := bytes.Repeat([]byte{b.seed}, pieceLen)
	for left := b.size; left > 0; left -= pieceLen {
		if _, err := w.Write(piece[:min(left, pieceLen)]); err != nil {
			return err
		}
	}
	return nil
}

// Decode implements cache.Codec.
func (blobs) Decode(r io.Reader) (any, error) {
	var b blob
	piece := make([]byte, 16*pieceLen)
	for {
		n, err := r.Read(piece)
		if n > 0 && b.size == 0 {
			b.seed = piece[0]
		}
		if bytes.Count(piece[:n], []byte{b.seed}) < n {
			return nil, fmt.Errorf("not all bytes are %d from %d on", b.seed, b.size)
		}
		b.size += int64(n)
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

var errCodec = errors.New("cachetest: the codec fails, as it is meant to")

// broken is a codec of strings that calls its functions, where there are any, before it goes on or fails.
type broken struct {
	half   func() error // when half of a value is written
	decode func(io.Reader) (any, error)
}

// Encode implements cache.Codec.
func (b broken) Encode(w io.Writer, v any) error {
	s, ok := v.(string)
	if !ok || b.half == nil {
		return text{}.Encode(w, v)
	}
	if _, err := io.WriteString(w, s[:len(s)/2]); err != nil {
		return err
	}
	if err := b.half(); err != nil {
		return err
	}
	_, err := io.WriteString(w, s[len(s)/2:])
	return err
}

// Decode implements cache.Codec.
func (b broken) Decode(r io.Reader) (any, error) {
	if b.decode == nil {
		return text{}.Decode(r)
	}
	return b.decode(r)
}
