package content

import (
	"reflect"
	"sync/atomic"
	"unsafe"
)

func walkArray(elem *node, n int) walkFunc {
	if elem.raw {
		size := elem.size * uintptr(n)
		return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
			e.memory(p, size)
			return nil
		}
	}
	return func(e *encoder, p unsafe.Pointer) *UnkeyableError { return walkElems(e, p, n, elem) }
}

func walkElems(e *encoder, p unsafe.Pointer, n int, elem *node) *UnkeyableError {
	for i := range n {
		if err := elem.walk(e, unsafe.Add(p, uintptr(i)*elem.size)); err != nil {
			return at(err, index(i))
		}
	}
	return nil
}

// walkSlice reads the slice's header once, as that of a []byte: only its data and length are used.
func walkSlice(slice, elem *node) walkFunc {
	if elem.raw {
		return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
			s := *(*[]byte)(p)
			size := uintptr(len(s)) * elem.size
			e.length(len(s), s == nil)
			e.memory(unsafe.Pointer(unsafe.SliceData(s)), size)
			e.size += int64(size)
			return nil
		}
	}
	return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
		s := *(*[]byte)(p)
		n, data := len(s), unsafe.Pointer(unsafe.SliceData(s))
		e.length(n, s == nil)
		e.size += int64(n) * int64(elem.size)
		if err := e.enter(data, n, slice); err != nil {
			return err
		}
		if err := walkElems(e, data, n, elem); err != nil {
			return err
		}
		e.leave(data, n, slice)
		return nil
	}
}

func walkPointer(pointer, elem *node) walkFunc {
	return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
		to := *(*unsafe.Pointer)(p)
		if !e.present(to != nil) {
			return nil
		}
		e.size += int64(elem.size)
		if elem.raw {
			e.memory(to, elem.size)
			return nil
		}
		if err := e.enter(to, 0, pointer); err != nil {
			return err
		}
		if err := elem.walk(e, to); err != nil {
			return err
		}
		e.leave(to, 0, pointer)
		return nil
	}
}

// run is a part of a struct: memory that is its own encoding, or if that has no size, one field to walk.
type run struct {
	offset, size uintptr
	field        *node
	name         string
}

// structLocked returns how structs of type t are walked, and whether their memory is their encoding. Rules.mu is held.
func (r *Rules) structLocked(t reflect.Type) (walk walkFunc, raw bool) {
	var runs []run
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		n := r.nodeLocked(f.Type)
		switch last := len(runs) - 1; {
		case n.raw && n.size == 0:
		case n.raw && last >= 0 && runs[last].field == nil && runs[last].offset+runs[last].size == f.Offset:
			runs[last].size += n.size
		case n.raw:
			runs = append(runs, run{offset: f.Offset, size: n.size})
		default:
			runs = append(runs, run{offset: f.Offset, field: n, name: "." + f.Name})
		}
	}
	raw = len(runs) == 0 && t.Size() == 0 || len(runs) == 1 && runs[0].size == t.Size()
	return walkStruct(runs), raw
}

func walkStruct(runs []run) walkFunc {
	return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
		for i := range runs {
			r := &runs[i]
			if r.field == nil {
				e.memory(unsafe.Add(p, r.offset), r.size)
				continue
			}
			if err := r.field.walk(e, unsafe.Add(p, r.offset)); err != nil {
				return at(err, r.name)
			}
		}
		return nil
	}
}

// walkInterface takes the type of what the interface holds, and then that. Most interfaces hold the same type as the last
// one in the same place, so its walker is kept at hand.
func (r *Rules) walkInterface(n *node) walkFunc {
	var last atomic.Pointer[Walker]
	empty := n.typ.NumMethod() == 0
	return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
		var v any
		if empty {
			v = *(*any)(p)
		} else {
			// All interfaces with methods look the same, whichever methods they are.
			v = *(*interface{ method() })(p)
		}
		if !e.present(v != nil) {
			return nil
		}
		t := reflect.TypeOf(v)
		w := last.Load()
		if w == nil || w.typ != t {
			w = r.Of(t)
			last.Store(w)
		}
		if w.err != nil {
			return w.err
		}
		e.bytes(w.id[:])
		return w.walkHeld(e, unsafe.Add(p, unsafe.Sizeof(p)))
	}
}

// walkHeld walks the value that an interface holds, given the address of the interface's second word.
func (w *Walker) walkHeld(e *encoder, word unsafe.Pointer) *UnkeyableError {
	if w.direct {
		return w.root.walk(e, word)
	}
	held := *(*unsafe.Pointer)(word)
	e.size += int64(w.size)
	if err := e.enter(held, 0, w.root); err != nil {
		return err
	}
	if err := w.root.walk(e, held); err != nil {
		return err
	}
	e.leave(held, 0, w.root)
	return nil
}
