package content

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Walker makes contents of the values of one type. It may be used by many goroutines at once.
type Walker struct {
	typ  reflect.Type
	root *node
	// elem is the walker of the elements if this one joins, else nil.
	elem *Walker
	// shape is what every encoding begins with.
	shape []byte
	size  uintptr
	err   *UnkeyableError
	fixed bool
	// short says that the memory of a value, after the shape, is its content.
	short bool
	// direct and id are for values in interfaces: where they are, and what stands before them.
	direct bool
	id     [32]byte
}

// Type returns the type whose values are walked.
func (w *Walker) Type() reflect.Type { return w.typ }

// Err returns an *UnkeyableError if no value of the type can be keyed, and nil if that depends on the value.
func (w *Walker) Err() error {
	if w.err == nil {
		return nil
	}
	return w.err
}

// Fixed reports whether no value of the type can be changed by somebody else who holds it, because it has no slices,
// maps, pointers and interfaces. Strings cannot be changed, nor can a time.Time or a netip.Addr.
func (w *Walker) Fixed() bool { return w.fixed }

// Fingerprint returns a hash of the type: its package path and name, and the names, tags and types of its fields, and of
// theirs. A type that was changed has another one.
func (w *Walker) Fingerprint() [32]byte { return fingerprint(w.typ) }

// Append appends one byte n and the n bytes of the content of the value at p, together 42 bytes at most. size is an
// estimate of the memory that the value takes, in bytes, with all that was walked; what is met twice counts twice. If err
// is not nil, it is an *UnkeyableError, and out is dst.
//
// p escapes, dst does not. Append allocates nothing of its own for values without maps.
func (w *Walker) Append(dst []byte, p unsafe.Pointer) (out []byte, size int64, err error) {
	if w.short {
		dst = append(dst, byte(1+len(w.shape)+int(w.size)), kindInline)
		dst = append(dst, w.shape...)
		return append(dst, unsafe.Slice((*byte)(p), w.size)...), int64(w.size), nil
	}
	if w.err != nil {
		return dst, 0, w.err
	}
	e := newEncoder()
	defer e.release()
	if err := w.encode(e, p); err != nil {
		return dst, 0, err
	}
	return e.appendSum(dst), int64(w.size) + e.size, nil
}

// encode gives e the encoding of the value at p.
func (w *Walker) encode(e *encoder, p unsafe.Pointer) *UnkeyableError {
	e.bytes(w.shape)
	if w.elem == nil {
		return w.root.walk(e, p)
	}
	s := *(*[]byte)(p) // of whatever elements: only its data and length are used
	n, data := len(s), unsafe.Pointer(unsafe.SliceData(s))
	e.length(n, s == nil)
	e.size += int64(n) * int64(w.elem.size)
	if err := e.enter(data, n, w.root); err != nil {
		return err
	}
	for i := range n {
		inner := e.nested()
		if err := w.elem.encode(inner, unsafe.Add(data, uintptr(i)*w.elem.size)); err != nil {
			return at(err, index(i))
		}
		e.bytes(inner.appendSum(e.scratch[:0]))
	}
	e.leave(data, n, w.root)
	return nil
}

// Joins reports whether the type is a slice whose content is made of those of its elements, so that AppendJoined can be
// used. Slices of numbers, and of arrays and structs of such, are not: they are hashed as they stand.
func (w *Walker) Joins() bool { return w.elem != nil }

// AppendJoined appends what Append would for a slice of n elements, given what Append of a walker of the element type, with
// the same rules, writes for each: elem has to append that for element i. If n is negative, it is what Append writes for a
// nil slice. An error of elem is returned as it is, with dst as out. AppendJoined panics if Joins is false, or if elem
// appends something else than one content.
func (w *Walker) AppendJoined(
	dst []byte, n int, elem func(dst []byte, i int) ([]byte, error),
) (out []byte, err error) {
	if w.elem == nil {
		panic(fmt.Sprintf("content: AppendJoined: %s is not made of the contents of elements: ask Joins", w.typ))
	}
	e := newEncoder()
	defer e.release()
	e.bytes(w.shape)
	e.length(n, n < 0)
	for i := range n {
		c, err := elem(e.scratch[:0], i)
		if err != nil {
			return dst, err
		}
		if len(c) < 2 || len(c) > contentMax || int(c[0]) != len(c)-1 {
			panic(fmt.Sprintf("content: AppendJoined: elem appended %d bytes that are not one content", len(c)))
		}
		e.bytes(c)
	}
	return e.appendSum(dst), nil
}
