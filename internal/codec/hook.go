package codec

import (
	"bufio"
	"encoding/binary"
	"io"
	"reflect"

	"github.com/dally-go/dally/internal/kept"
)

// Of returns a codec of type T that calls encode and decode, which may run in many goroutines at once. decode is given
// what encode wrote, and then io.EOF; it need not read all of it. A panic in either is an error.
func Of[T any](encode func(io.Writer, T) error, decode func(io.Reader) (T, error)) kept.Codec {
	return OfType(reflect.TypeFor[T](),
		func(w io.Writer, v any) error {
			x, _ := v.(T) // a nil interface is the zero T
			return encode(w, x)
		},
		func(r io.Reader) (any, error) { return decode(r) })
}

// OfType is Of for a type that is known at run time only.
func OfType(t reflect.Type, encode func(io.Writer, any) error, decode func(io.Reader) (any, error)) kept.Codec {
	return &hook{t, newHeader(tagHook, versionHook, t.PkgPath()+" "+t.String()), encode, decode}
}

// hook is a codec that users wrote. What they write is cut into frames, each after its length, the last of which is
// empty: so that the end is known, and what comes after it is refused, without their knowing where it is.
type hook struct {
	t      reflect.Type
	header header
	encode func(io.Writer, any) error
	decode func(io.Reader) (any, error)
}

// fits reports whether v may be a value of the hook's type.
func (h *hook) fits(v any) bool {
	got := reflect.TypeOf(v)
	if h.t.Kind() == reflect.Interface {
		return got == nil || got.Implements(h.t)
	}
	return got == h.t
}

// Encode writes what the user's function writes of v.
func (h *hook) Encode(w io.Writer, v any) error {
	if !h.fits(v) {
		return errType(v, h.t)
	}
	if _, err := w.Write(h.header[:]); err != nil {
		return err
	}
	b := bufio.NewWriterSize(frameWriter{w}, bufLen)
	if err := recovered("encoding", h.t, func() error { return h.encode(b, v) }); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	_, err := w.Write([]byte{0})
	return err
}

// Decode reads to the end of r, and returns what the user's function makes of it.
func (h *hook) Decode(r io.Reader) (v any, err error) {
	b := bufio.NewReaderSize(r, bufLen)
	var got header
	if _, err := io.ReadFull(b, got[:]); err != nil {
		return nil, readError(err)
	}
	if err := h.header.check(got[:]); err != nil {
		return nil, err
	}
	frames := &frameReader{r: b}
	err = recovered("decoding", h.t, func() (err error) {
		v, err = h.decode(frames)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, frames); err != nil {
		return nil, err
	}
	if _, err := b.ReadByte(); err == nil {
		return nil, corrupt("bytes after the value")
	} else if err != io.EOF {
		return nil, readError(err)
	}
	if !h.fits(v) {
		return nil, errType(v, h.t)
	}
	return v, nil
}

// frameWriter writes each piece after its length.
type frameWriter struct{ w io.Writer }

// Write writes p as a frame, unless it is empty.
func (f frameWriter) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if _, err := f.w.Write(binary.AppendUvarint(nil, uint64(len(p)))); err != nil {
		return 0, err
	}
	return f.w.Write(p)
}

// frameReader reads what a frameWriter wrote, up to the empty frame.
type frameReader struct {
	r    *bufio.Reader
	left uint64 // of the frame
	err  error  // stays
}

// Read reads from one frame, or returns io.EOF at the empty one.
func (f *frameReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 || f.err != nil {
		return 0, f.err
	}
	if f.left == 0 {
		f.left, err = binary.ReadUvarint(f.r)
		switch {
		case err != nil:
			f.err = readError(err)
			return 0, f.err
		case f.left == 0:
			f.err = io.EOF
			return 0, f.err
		}
	}
	n, err = f.r.Read(p[:min(uint64(len(p)), f.left)])
	f.left -= uint64(n)
	if err != nil {
		f.err = readError(err)
		err = f.err
	}
	return n, err
}
