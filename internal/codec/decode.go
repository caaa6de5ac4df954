package codec

import (
	"encoding/binary"
	"io"
	"math"
	"reflect"
	"strings"
	"time"
	"unsafe"
)

const (
	aheadMax   = 1 << 20 // how many bytes of memory are asked for before bytes to fill them have come
	vouchedMax = 1 << 30 // how many, if the reader says that they will come
	aheadMin   = 4 << 10 // how many in any case, on each of the levels of a value
	idleMax    = 100     // reads in sequence that give nothing
	unsetMin   = 1 << 16 // bytes: from here on memory is in whole pages, whatever it is for
)

// decoder reads one value.
type decoder struct {
	r        io.Reader
	length   interface{ Len() int } // r, if it tells how much is left; else nil
	buf      []byte
	off, end int // buf[off:end] is read from r, but not yet used
	depth    int
	ahead    int // memory that was asked for, in bytes, and is not yet filled; of slices and maps that hold others
	refs     []target
	zones    zones
}

// target is what a reference refers to.
type target struct {
	n    *node
	p    unsafe.Pointer // the pointer or map itself; the data of a slice
	len  int            // of slices
	open bool           // a slice that is not yet read to its end: where it will be is not known
}

func newDecoder() *decoder { return &decoder{buf: make([]byte, bufLen)} }

func (d *decoder) start(r io.Reader) {
	d.r = r
	d.length, _ = r.(interface{ Len() int })
}

// reset makes d as new, but for the room it has.
func (d *decoder) reset() {
	if cap(d.refs) > refsKept {
		d.refs = nil
	}
	clear(d.refs)
	*d = decoder{buf: d.buf, refs: d.refs[:0], zones: d.zones.kept()}
}

// read reads something into b, which has room, or returns an error. At the end that is io.EOF.
func (d *decoder) read(b []byte) (int, error) {
	for range idleMax {
		n, err := d.r.Read(b)
		if n < 0 || n > len(b) {
			return 0, io.ErrNoProgress // the reader is broken
		}
		if n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}

// full reads as many bytes as b has room for.
func (d *decoder) full(b []byte) error {
	n := copy(b, d.buf[d.off:d.end])
	d.off += n
	for b = b[n:]; len(b) > 0; b = b[n:] {
		var err error
		if len(b) >= len(d.buf) {
			n, err = d.read(b)
		} else {
			d.off = 0
			d.end, err = d.read(d.buf)
			n = copy(b, d.buf[:d.end])
			d.off = n
		}
		if err != nil {
			return readError(err)
		}
	}
	return nil
}

// atEnd returns nil if nothing is left to read.
func (d *decoder) atEnd() error {
	if d.off < d.end {
		return corrupt("bytes after the value")
	}
	switch _, err := d.read(d.buf); err {
	case io.EOF:
		return nil
	case nil:
		return corrupt("bytes after the value")
	default:
		return readError(err)
	}
}

func (d *decoder) uvarint() (uint64, error) {
	if x, n := binary.Uvarint(d.buf[d.off:d.end]); n == 1 || n > 1 && d.buf[d.off+n-1] != 0 {
		d.off += n
		return x, nil
	}
	var b [binary.MaxVarintLen64]byte
	for i := range b {
		if err := d.full(b[i : i+1]); err != nil {
			return 0, err
		}
		if b[i] < 0x80 {
			x, n := binary.Uvarint(b[:i+1])
			if n <= 0 || i > 0 && b[i] == 0 {
				break
			}
			return x, nil
		}
	}
	return 0, corrupt("not a number as numbers are written")
}

// count reads how many there are of something.
func (d *decoder) count() (int, error) {
	x, err := d.uvarint()
	if err == nil && x > math.MaxInt {
		err = corrupt("more than memory can hold")
	}
	return int(x), err
}

// room returns for how many of count values of that size memory may be asked now, at least one: for all of them if the
// reader says that as many bytes are to come, as they take in memory. What takes room in memory takes at least one byte
// where it is written, so memory and time stay within a factor of what has come, whatever the bytes say.
func (d *decoder) room(count int, size uintptr) int {
	if size == 0 {
		return count
	}
	ahead := aheadMax
	if d.length != nil {
		ahead += min(max(d.length.Len(), 0), vouchedMax)
	}
	return min(count, max(1, max(ahead-d.ahead, aheadMin)/int(size)))
}

// data reads count bytes into memory of their own, for which it asks as they come: for all of it if decoder.room allows
// that, else for as much again as is full.
func (d *decoder) data(count int) ([]byte, error) {
	b := unset(d.room(count, 1))
	for n := 0; ; {
		if err := d.full(b[n:]); err != nil || len(b) == count {
			return b, err
		}
		n = len(b)
		more := unset(n + min(count-n, max(n, d.room(count-n, 1))))
		copy(more, b)
		b = more
	}
}

// unset returns n bytes that are all going to be written. If they are many, they are not set to zero first, and start
// where values of any type may: 64 MB are filled at 5 to 7 GB/s so, and at 2 to 3 with make.
func unset(n int) []byte {
	if n < unsetMin {
		return make([]byte, n)
	}
	var b strings.Builder
	b.Grow(n) // the only way to such memory
	_ = b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n) // nobody else has this string
}

func (d *decoder) string() (string, error) {
	count, err := d.count()
	if err != nil || count == 0 {
		return "", err
	}
	if count <= d.end-d.off {
		s := string(d.buf[d.off : d.off+count])
		d.off += count
		return s, nil
	}
	b, err := d.data(count)
	return unsafe.String(unsafe.SliceData(b), len(b)), err
}

// value reads a value of n to p, where zeros are.
func (d *decoder) value(n *node, p unsafe.Pointer) (err error) {
	switch n.op {
	case opPlain:
		return d.full(memory(p, n.size))
	case opBool:
		return d.elems(n, p, 1)
	case opNumber:
		return d.number(n, p)
	case opString:
		*(*string)(p), err = d.string()
		return err
	case opSlice:
		return d.slice(n, (*sliceHeader)(p))
	case opArray:
		return d.elems(n.elem, p, n.t.Len())
	case opStruct:
		return d.structure(n, p)
	case opMap:
		return d.mapping(n, p)
	case opPtr:
		return d.pointer(n, (*unsafe.Pointer)(p))
	case opTime:
		*(*time.Time)(p), err = d.time()
		return err
	default:
		count, err := d.count()
		if err != nil {
			return err
		}
		data, err := d.data(count)
		if err != nil {
			return err
		}
		return unmarshal(n, p, data)
	}
}

// checkBools returns an error if n is of bools, and b has one that is neither true nor false.
func checkBools(n *node, b []byte) error {
	if n.op != opBool {
		return nil
	}
	for _, x := range b {
		if x > 1 {
			return corrupt("neither true nor false")
		}
	}
	return nil
}

// number reads a number to where memory is not as it is written.
func (d *decoder) number(n *node, p unsafe.Pointer) error {
	var b [16]byte
	width := int(n.size)
	kind := n.t.Kind()
	if kind == reflect.Int || kind == reflect.Uint {
		width = 8
	}
	if err := d.full(b[:width]); err != nil {
		return err
	}
	x := binary.LittleEndian.Uint64(b[:])
	v := reflect.NewAt(n.t, p).Elem()
	switch {
	case v.CanInt():
		shift := 64 - 8*width
		i := int64(x) << shift >> shift
		if v.OverflowInt(i) {
			return corrupt("a number too large for this machine")
		}
		v.SetInt(i)
	case v.CanUint():
		if v.OverflowUint(x) {
			return corrupt("a number too large for this machine")
		}
		v.SetUint(x)
	case kind == reflect.Float32:
		*(*float32)(p) = math.Float32frombits(uint32(x))
	case kind == reflect.Float64:
		*(*float64)(p) = math.Float64frombits(x)
	case kind == reflect.Complex64:
		*(*[2]float32)(p) = [2]float32{math.Float32frombits(uint32(x)), math.Float32frombits(uint32(x >> 32))}
	case kind == reflect.Complex128:
		y := binary.LittleEndian.Uint64(b[8:])
		*(*[2]float64)(p) = [2]float64{math.Float64frombits(x), math.Float64frombits(y)}
	}
	return nil
}

func (d *decoder) structure(n *node, p unsafe.Pointer) error {
	for i := range n.runs {
		if err := d.value(n.runs[i].n, unsafe.Add(p, n.runs[i].off)); err != nil {
			return err
		}
	}
	if len(n.runs) > 0 {
		return nil
	}
	x, err := d.uvarint()
	if err == nil && x != 0 {
		err = corrupt("content where there is none")
	}
	return err
}

// elems reads count values of n to p.
func (d *decoder) elems(n *node, p unsafe.Pointer, count int) error {
	if n.size == 0 || count == 0 {
		return nil
	}
	if n.bulk || n.op == opBool {
		b := memory(p, uintptr(count)*n.size)
		if err := d.full(b); err != nil {
			return err
		}
		return checkBools(n, b)
	}
	for i := range count {
		if err := d.value(n, unsafe.Add(p, uintptr(i)*n.size)); err != nil {
			return err
		}
	}
	return nil
}
