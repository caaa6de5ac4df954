package codec

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"reflect"
	"sync"

	"github.com/dally-go/dally/internal/kept"
)

// UnencodableError says which part of a type keeps its values from being encoded. errors.Is finds kept.ErrStays in it.
type UnencodableError struct {
	// Path leads from the type asked for to the part: "Result.Rows[].Done".
	Path string
	// Type is the type of the part.
	Type reflect.Type
	// Why is the reason, as the end of a sentence that starts with the part.
	Why string
}

// Error names the part, its type and the reason.
func (e *UnencodableError) Error() string {
	return fmt.Sprintf("codec: %s (%s) %s", e.Path, e.Type, e.Why)
}

// Unwrap returns kept.ErrStays.
func (e *UnencodableError) Unwrap() error { return kept.ErrStays }

// For returns the codec of type T: see ForType.
func For[T any]() (kept.Codec, error) { return ForType(reflect.TypeFor[T]()) }

// ForType returns the codec of type t, or an *UnencodableError that names the part of t that it cannot encode. It
// compiles a type once; the codec may be used by many goroutines at once.
func ForType(t reflect.Type) (kept.Codec, error) {
	c, ok := compiled.Load(t)
	if !ok {
		c, _ = compiled.LoadOrStore(t, newStructural(t, littleEndian))
	}
	s := c.(*structural)
	if s.err != nil {
		return nil, s.err
	}
	return s, nil
}

// compiled maps reflect.Type to *structural.
var compiled sync.Map

// The first byte says which codec wrote the rest, the second the version of its format.
const (
	tagStructural, versionStructural = 's', 1
	tagHook, versionHook             = 'h', 1
)

// header is what the bytes of every codec start with: tag, version, and 48 bits of the hash of the type's shape.
type header [8]byte

func newHeader(tag, version byte, shape string) header {
	h := fnv.New64a()
	_, _ = io.WriteString(h, shape)
	var sum header
	copy(sum[:], h.Sum(nil))
	sum[0], sum[1] = tag, version
	return sum
}

func (h header) check(got []byte) error {
	switch {
	case got[0] != h[0] || got[1] != h[1]:
		return corrupt("bytes of another codec")
	case header(got) != h:
		return corrupt("bytes of another type")
	}
	return nil
}

// structural is the codec of a type that is encoded part by part.
type structural struct {
	root   *node
	header header
	err    error // of the compilation: nothing else is set, then
	// encoders and decoders have buffers that are worth keeping: 4 KiB each.
	encoders, decoders sync.Pool
}

// newStructural compiles t. bulk says that numbers in memory are as they are written.
func newStructural(t reflect.Type, bulk bool) *structural {
	root, err := compile(t, bulk)
	if err != nil {
		return &structural{err: err}
	}
	c := &structural{root: root, header: newHeader(tagStructural, versionStructural, shape(root))}
	c.encoders.New = func() any { return newEncoder() }
	c.decoders.New = func() any { return newDecoder() }
	return c
}

// Encode writes v, which holds a value of the codec's type, to w. Large slices and strings are written in pieces straight
// from memory. It fails for values that are nested too deeply, and with the errors of w and of the values' methods.
func (c *structural) Encode(w io.Writer, v any) error {
	if reflect.TypeOf(v) != c.root.t {
		return errType(v, c.root.t)
	}
	p := reflect.New(c.root.t)
	p.Elem().Set(reflect.ValueOf(v))
	e := c.encoders.Get().(*encoder)
	defer func() {
		e.reset()
		c.encoders.Put(e)
	}()
	e.w = w
	e.bytes(c.header[:])
	e.value(c.root, p.UnsafePointer())
	e.flush()
	return e.err
}

// Decode reads what Encode wrote, to the end of r. If r has a method Len() int, it is what tells how much memory may be
// asked for at once: see package codec.
func (c *structural) Decode(r io.Reader) (any, error) {
	d := c.decoders.Get().(*decoder)
	defer func() {
		d.reset()
		c.decoders.Put(d)
	}()
	d.start(r)
	var got header
	if err := d.full(got[:]); err != nil {
		return nil, err
	}
	if err := c.header.check(got[:]); err != nil {
		return nil, err
	}
	p := reflect.New(c.root.t)
	if err := d.value(c.root, p.UnsafePointer()); err != nil {
		return nil, err
	}
	if err := d.atEnd(); err != nil {
		return nil, err
	}
	return p.Elem().Interface(), nil
}

// errType is the error for a value that is not of the codec's type.
func errType(v any, want reflect.Type) error {
	return fmt.Errorf("codec: a value of type %T given to the codec of %s", v, want)
}

// corrupt is the error for bytes that no encoder wrote.
func corrupt(why string) error { return fmt.Errorf("codec: %s: %w", why, kept.ErrCorrupt) }

// readError is err, which reading bytes that must be there gave.
func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return corrupt("the bytes end too soon")
	}
	return fmt.Errorf("codec: reading: %w", err)
}

// recovered calls f, and makes an error of a panic in it: f runs code of others.
func recovered(what string, t reflect.Type, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("codec: %s of %s: panic: %v", what, t, r)
		}
	}()
	if err := f(); err != nil {
		return fmt.Errorf("codec: %s of %s: %w", what, t, err)
	}
	return nil
}
