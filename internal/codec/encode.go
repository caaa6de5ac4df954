package codec

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"reflect"
	"time"
	"unsafe"

	"github.com/dally-go/dally/internal/kept"
)

const (
	bufLen   = 4 << 10 // of encoders and decoders: what is longer goes straight to the writer, or comes from the reader
	pieceLen = 1 << 20 // of one write
	depthMax = 10_000  // of values within values of the same type
	refsKept = 1 << 10 // a table of more references is not used again
)

// sliceHeader is a slice in memory.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// memory returns the n bytes at p.
func memory(p unsafe.Pointer, n uintptr) []byte { return unsafe.Slice((*byte)(p), n) }

// ref names what a pointer, a map, or a slice of a recursive type refers to.
type ref struct {
	p   unsafe.Pointer
	len int // of slices
	n   *node
}

// encoder writes one value. The first error stays in err, and ends the writing.
type encoder struct {
	w     io.Writer
	buf   []byte // not yet written; its capacity is bufLen
	err   error
	depth int
	// refs numbers the references in the order in which they came. A slice that is still being written has ^i for i: a
	// reader does not know yet where it will be.
	refs  map[ref]int
	inKey bool // of a map
	zones zones
}

func newEncoder() *encoder { return &encoder{buf: make([]byte, 0, bufLen)} }

// reset makes e as new, but for the room it has.
func (e *encoder) reset() {
	if len(e.refs) > refsKept {
		e.refs = nil
	}
	clear(e.refs)
	*e = encoder{buf: e.buf[:0], refs: e.refs, zones: e.zones.kept()}
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *encoder) flush() {
	if len(e.buf) > 0 {
		e.write(e.buf)
		e.buf = e.buf[:0]
	}
}

func (e *encoder) write(b []byte) {
	if e.err != nil {
		return
	}
	n, err := e.w.Write(b)
	if err == nil && n != len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		e.fail(fmt.Errorf("codec: writing: %w", err))
	}
}

func (e *encoder) bytes(b []byte) {
	if len(b) > cap(e.buf)-len(e.buf) {
		e.flush()
	}
	if len(b) <= bufLen {
		e.buf = append(e.buf, b...)
		return
	}
	for len(b) > 0 && e.err == nil {
		n := min(len(b), pieceLen)
		e.write(b[:n])
		b = b[n:]
	}
}

func (e *encoder) uvarint(x uint64) {
	if cap(e.buf)-len(e.buf) < binary.MaxVarintLen64 {
		e.flush()
	}
	e.buf = binary.AppendUvarint(e.buf, x)
}

func (e *encoder) string(s string) {
	e.uvarint(uint64(len(s)))
	e.bytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// value writes the value of n at p.
func (e *encoder) value(n *node, p unsafe.Pointer) {
	switch n.op {
	case opPlain, opBool:
		e.bytes(memory(p, n.size))
	case opNumber:
		e.number(n, p)
	case opString:
		e.string(*(*string)(p))
	case opSlice:
		e.slice(n, *(*sliceHeader)(p))
	case opArray:
		e.elems(n.elem, p, n.t.Len())
	case opStruct:
		for i := range n.runs {
			e.value(n.runs[i].n, unsafe.Add(p, n.runs[i].off))
		}
		if len(n.runs) == 0 {
			e.uvarint(0) // what takes room takes a byte: see decoder.room
		}
	case opMap:
		e.mapping(n, p)
	case opPtr:
		e.pointer(n, *(*unsafe.Pointer)(p))
	case opTime:
		e.time(*(*time.Time)(p))
	case opBinary, opGob:
		e.marshaled(n, p)
	}
}

func (e *encoder) marshaled(n *node, p unsafe.Pointer) {
	if e.err != nil {
		return
	}
	data, err := marshal(n, p)
	if err != nil {
		e.fail(err)
	}
	e.uvarint(uint64(len(data)))
	e.bytes(data)
}

// number writes a number where memory is not as it is written.
func (e *encoder) number(n *node, p unsafe.Pointer) {
	var b [16]byte
	v := reflect.NewAt(n.t, p).Elem()
	width := int(n.size)
	switch {
	case v.CanInt():
		binary.LittleEndian.PutUint64(b[:], uint64(v.Int()))
	case v.CanUint():
		binary.LittleEndian.PutUint64(b[:], v.Uint())
	case n.t.Kind() == reflect.Float32:
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(*(*float32)(p)))
	case n.t.Kind() == reflect.Float64:
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(*(*float64)(p)))
	case n.t.Kind() == reflect.Complex64:
		c := *(*[2]float32)(p)
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(c[0]))
		binary.LittleEndian.PutUint32(b[4:], math.Float32bits(c[1]))
	case n.t.Kind() == reflect.Complex128:
		c := *(*[2]float64)(p)
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(c[0]))
		binary.LittleEndian.PutUint64(b[8:], math.Float64bits(c[1]))
	}
	if k := n.t.Kind(); k == reflect.Int || k == reflect.Uint {
		width = 8
	}
	e.bytes(b[:width])
}

func (e *encoder) slice(n *node, s sliceHeader) {
	if n.recursive {
		e.tracked(n, s.data, s.len, func() {
			e.uvarint(uint64(s.len))
			e.elems(n.elem, s.data, s.len)
		})
		return
	}
	if s.data == nil {
		e.uvarint(0)
		return
	}
	e.uvarint(uint64(s.len) + 1)
	e.elems(n.elem, s.data, s.len)
}

// elems writes the count values of n at p.
func (e *encoder) elems(n *node, p unsafe.Pointer, count int) {
	if n.size == 0 || count == 0 {
		return
	}
	if n.bulk {
		e.bytes(memory(p, uintptr(count)*n.size))
		return
	}
	for i := 0; i < count && e.err == nil; i++ {
		e.value(n, unsafe.Add(p, uintptr(i)*n.size))
	}
}

func (e *encoder) pointer(n *node, p unsafe.Pointer) {
	if n.elem.size == 0 && p != nil {
		e.uvarint(1) // all such may have one address
		return
	}
	e.tracked(n, p, 0, func() { e.value(n.elem, p) })
}

func (e *encoder) mapping(n *node, p unsafe.Pointer) {
	v := reflect.NewAt(n.t, p).Elem()
	e.tracked(n, v.UnsafePointer(), 0, func() {
		e.uvarint(uint64(v.Len()))
		key, elem := reflect.New(n.key.t), reflect.New(n.elem.t)
		for it := v.MapRange(); e.err == nil && it.Next(); {
			key.Elem().SetIterKey(it)
			elem.Elem().SetIterValue(it)
			e.inKey = true
			e.value(n.key, key.UnsafePointer())
			e.inKey = false
			e.value(n.elem, elem.UnsafePointer())
		}
	})
}

// tracked writes what a reference refers to: 0 is nil, 1 is what content then writes, and i+2 is what the i-th reference
// refers to, the first being 0. So what was shared comes back shared, values that hold themselves come to an end, and so
// do those that are small only because they share.
func (e *encoder) tracked(n *node, p unsafe.Pointer, count int, content func()) {
	if p == nil || e.err != nil {
		e.uvarint(0)
		return
	}
	r := ref{p, count, n}
	if i, ok := e.refs[r]; ok {
		if i < 0 {
			e.fail(fmt.Errorf("codec: a slice (%s) that holds itself: %w", n.t, kept.ErrStays))
		}
		e.uvarint(uint64(i) + 2)
		return
	}
	if e.refs == nil {
		e.refs = make(map[ref]int)
	}
	i := len(e.refs)
	e.refs[r] = i
	e.uvarint(1)
	if !n.recursive {
		content()
		return
	}
	if e.depth++; e.depth > depthMax {
		e.fail(fmt.Errorf("codec: values (%s) nested more than %d deep: %w", n.t, depthMax, kept.ErrStays))
		return
	}
	if n.op == opSlice {
		e.refs[r] = ^i
		defer func() { e.refs[r] = i }()
	}
	content()
	e.depth--
}
