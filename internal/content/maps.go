package content

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"unsafe"
)

// scratchMax is how much memory for the entries of a map is kept for the next one, in bytes.
const scratchMax = 64 << 10

// mapScratch is what walking maps of one type takes besides the encoder.
type mapScratch struct {
	iter *reflect.MapIter
	// key and value take each entry in turn. keyAt and valueAt are where they are.
	key, value     reflect.Value
	keyAt, valueAt unsafe.Pointer
	// text has the contents of the entries, each of the key and then of the value. entries say where.
	text    []byte
	entries []span
}

// span is where an entry's contents are. first are its first bytes that differ between most keys of a type, those after
// the length and kind: to compare them first took a quarter off the time for a map of 1000 strings.
type span struct {
	first    uint64
	from, to int
}

// walkMap takes the entries as pairs of contents, in the order of those: it has to sort them, but not to hold large keys
// and values. Entries whose keys look the same, as only NaNs do, come in the order of their values.
func walkMap(m, key, value *node) walkFunc {
	pool := sync.Pool{New: func() any {
		k, v := reflect.New(key.typ), reflect.New(value.typ)
		return &mapScratch{
			iter: new(reflect.MapIter), key: k.Elem(), value: v.Elem(), keyAt: k.UnsafePointer(), valueAt: v.UnsafePointer(),
		}
	}}
	return func(e *encoder, p unsafe.Pointer) *UnkeyableError {
		to := *(*unsafe.Pointer)(p)
		if to == nil {
			e.length(0, true)
			return nil
		}
		if err := e.enter(to, 0, m); err != nil {
			return err
		}
		s := pool.Get().(*mapScratch)
		s.iter.Reset(reflect.NewAt(m.typ, p).Elem())
		err := s.collect(e, key, value)
		if err == nil {
			s.give(e, key.size+value.size)
		}
		s.clear()
		pool.Put(s)
		e.leave(to, 0, m)
		return err
	}
}

// collect makes contents of all entries.
func (s *mapScratch) collect(e *encoder, key, value *node) *UnkeyableError {
	for s.iter.Next() {
		s.key.SetIterKey(s.iter)
		s.value.SetIterValue(s.iter)
		from := len(s.text)
		inner := e.nested()
		if err := key.walk(inner, s.keyAt); err != nil {
			return at(err, "[key]")
		}
		s.text = inner.appendSum(s.text)
		inner.reset()
		if err := value.walk(inner, s.valueAt); err != nil {
			return at(err, keyStep(s.key))
		}
		s.text = inner.appendSum(s.text)
		s.entries = append(s.entries, span{first(s.text[from+2:]), from, len(s.text)})
	}
	return nil
}

// first returns the first eight bytes of b, and zeros for those that are not there, as a number.
func first(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var padded [8]byte
	copy(padded[:], b)
	return binary.BigEndian.Uint64(padded[:])
}

// give hands the contents of the entries to e, in order. entry is how many bytes of memory an entry takes itself.
func (s *mapScratch) give(e *encoder, entry uintptr) {
	slices.SortFunc(s.entries, func(a, b span) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		return bytes.Compare(s.text[a.from:a.to], s.text[b.from:b.to])
	})
	e.length(len(s.entries), false)
	for _, at := range s.entries {
		e.bytes(s.text[at.from:at.to])
	}
	// A map is on average three quarters full, and has a byte more for each entry.
	e.size += 48 + int64(len(s.entries))*int64(entry+1)*4/3
}

// clear lets go of the map and its entries.
func (s *mapScratch) clear() {
	s.iter.Reset(reflect.Value{})
	s.key.SetZero()
	s.value.SetZero()
	s.text, s.entries = s.text[:0], s.entries[:0]
	if cap(s.text) > scratchMax {
		s.text, s.entries = nil, nil
	}
}

// keyStep returns the step of a path to the value under a key. It calls no methods of the key.
func keyStep(key reflect.Value) string {
	switch {
	case key.Kind() == reflect.String:
		return "[" + strconv.Quote(key.String()) + "]"
	case key.CanInt():
		return "[" + strconv.FormatInt(key.Int(), 10) + "]"
	case key.CanUint():
		return "[" + strconv.FormatUint(key.Uint(), 10) + "]"
	case key.Kind() == reflect.Bool:
		return "[" + strconv.FormatBool(key.Bool()) + "]"
	}
	return "[]"
}
