package codec

import (
	"encoding"
	"encoding/binary"
	"math/bits"
	"reflect"
	"strings"
	"time"
)

// op says how the values of a type are written.
type op uint8

const (
	opPlain  op = iota // as they are in memory: numbers, and what is made of numbers without gaps
	opBool             // as they are in memory, where each byte is 0 or 1
	opNumber           // a number that is in memory otherwise than it is written
	opString
	opSlice
	opArray
	opStruct
	opMap
	opPtr
	opTime
	opBinary // by MarshalBinary and UnmarshalBinary
	opGob    // by GobEncode and GobDecode
)

// node is a type, compiled. It is not changed once compile has returned.
type node struct {
	t    reflect.Type
	op   op
	bulk bool    // in memory as it is written, but for the check of opBool
	size uintptr // in memory, in bytes; 0 means that nothing is written, else at least one byte is
	// recursive says that a value may hold others of the same type: of slices, maps and pointers only.
	recursive bool
	key, elem *node   // of maps; elem also of slices, arrays and pointers
	fields    []field // of structs, but for the blank ones
	runs      []field // fields, where neighbours that are both opPlain are one
}

// field is a field of a struct, or a run of them.
type field struct {
	name string
	off  uintptr
	n    *node
}

var (
	littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

	timeType          = reflect.TypeFor[time.Time]()
	binaryMarshaler   = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshaler = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	gobEncoderType    = reflect.TypeFor[gobEncoder]()
	gobDecoderType    = reflect.TypeFor[gobDecoder]()
)

// compiler compiles one type and all that it is made of.
type compiler struct {
	bulk bool
	seen map[reflect.Type]*node
	path []string // to the type that is being compiled
}

// compile returns the plan of t. bulk says that numbers in memory are as they are written, which they are on
// little-endian machines; without it, they are written one by one, to the same effect.
func compile(t reflect.Type, bulk bool) (*node, error) {
	c := &compiler{bulk: bulk, seen: make(map[reflect.Type]*node)}
	root, err := c.compile(t, t.String())
	if err != nil {
		return nil, err
	}
	for _, n := range c.seen {
		if n.op == opSlice || n.op == opMap || n.op == opPtr {
			n.recursive = n.elem.reaches(n, make(map[*node]bool))
		}
	}
	return root, nil
}

// reaches reports whether values of n may hold values of target.
func (n *node) reaches(target *node, seen map[*node]bool) bool {
	if n == target {
		return true
	}
	if seen[n] {
		return false
	}
	seen[n] = true
	for _, f := range n.fields {
		if f.n.reaches(target, seen) {
			return true
		}
	}
	return n.elem != nil && n.elem.reaches(target, seen) // keys hold no references
}

func (c *compiler) refuse(t reflect.Type, why string) error {
	return &UnencodableError{Path: strings.Join(c.path, ""), Type: t, Why: why}
}

// compile returns the node of t, which step leads to.
func (c *compiler) compile(t reflect.Type, step string) (*node, error) {
	if n := c.seen[t]; n != nil {
		return n, nil // perhaps not yet finished, if it came here by a slice, map or pointer
	}
	n := &node{t: t, size: t.Size()}
	c.seen[t] = n
	c.path = append(c.path, step)
	err := c.fill(n)
	c.path = c.path[:len(c.path)-1]
	return n, err
}

// fill sets all of n but its type, size and recursive.
func (c *compiler) fill(n *node) error {
	if by, ok := methods(n.t); ok && n.size > 0 {
		n.op = by
		return nil
	}
	switch kind := n.t.Kind(); kind {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32,
		reflect.Uint64, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		n.setNumber(c.bulk)
	case reflect.Int, reflect.Uint:
		n.setNumber(c.bulk && bits.UintSize == 64) // written with 64 bits
	case reflect.Bool:
		n.op, n.bulk = opBool, c.bulk
	case reflect.String:
		n.op = opString
	case reflect.Slice:
		n.op = opSlice
		return c.fillElem(n, "[]")
	case reflect.Array:
		return c.fillArray(n)
	case reflect.Map:
		return c.fillMap(n)
	case reflect.Pointer:
		n.op = opPtr
		return c.fillElem(n, "")
	case reflect.Struct:
		return c.fillStruct(n)
	default:
		return c.refuse(n.t, whyNot[kind])
	}
	return nil
}

var whyNot = map[reflect.Kind]string{
	reflect.Interface:     "is an interface: what it will hold is not known",
	reflect.Func:          "is a function",
	reflect.Chan:          "is a channel",
	reflect.UnsafePointer: "is an address, which means nothing in another process",
	reflect.Uintptr:       "is an address or a handle, which means nothing in another process",
}

func (n *node) setNumber(bulk bool) {
	n.op, n.bulk = opNumber, bulk
	if bulk {
		n.op = opPlain
	}
}

func (c *compiler) fillElem(n *node, step string) (err error) {
	n.elem, err = c.compile(n.t.Elem(), step)
	return err
}

func (c *compiler) fillArray(n *node) error {
	if n.size == 0 {
		return nil // holds nothing, of whatever type
	}
	if err := c.fillElem(n, "[]"); err != nil {
		return err
	}
	n.op = opArray
	if n.elem.bulk {
		n.op, n.bulk = n.elem.op, true
	}
	return nil
}

func (c *compiler) fillMap(n *node) (err error) {
	n.op = opMap
	if n.key, err = c.compile(n.t.Key(), "[key]"); err != nil {
		return err
	}
	if n.key.holdsPointers() {
		c.path = append(c.path, "[key]")
		return c.refuse(n.t.Key(), "is or holds a pointer: such a key is found by its address alone")
	}
	return c.fillElem(n, "[]")
}

// holdsPointers reports whether values of n, which can be keys, hold pointers.
func (n *node) holdsPointers() bool {
	for _, f := range n.fields {
		if f.n.holdsPointers() {
			return true
		}
	}
	return n.op == opPtr || n.op == opArray && n.elem.holdsPointers()
}

// fillStruct compiles the fields of a struct. Blank fields have no content: they come back as zeros.
func (c *compiler) fillStruct(n *node) error {
	if n.size == 0 {
		return nil
	}
	for i := range n.t.NumField() {
		f := n.t.Field(i)
		if f.Name == "_" {
			continue
		}
		step := "." + f.Name
		if !f.IsExported() && (!f.Anonymous || f.Type.Kind() != reflect.Struct) {
			c.path = append(c.path, step)
			return c.refuse(f.Type, "is not exported: whether its value means anything outside of its package "+
				"and its process only the package knows; MarshalBinary and UnmarshalBinary could tell")
		}
		fn, err := c.compile(f.Type, step)
		if err != nil {
			return err
		}
		n.fields = append(n.fields, field{f.Name, f.Offset, fn})
	}
	n.op, n.runs = opStruct, runs(n.fields)
	if len(n.runs) == 1 && n.runs[0].n.op == opPlain && n.runs[0].n.size == n.size {
		n.op, n.bulk = opPlain, true
	}
	return nil
}

// runs returns fields, with neighbours in memory that are both plain made one.
func runs(fields []field) []field {
	var rs []field
	for _, f := range fields {
		if f.n.size == 0 {
			continue
		}
		if f.n.op == opPlain && len(rs) > 0 {
			if last := &rs[len(rs)-1]; last.n.op == opPlain && last.off+last.n.size == f.off {
				last.n = &node{op: opPlain, bulk: true, size: last.n.size + f.n.size}
				continue
			}
		}
		rs = append(rs, f)
	}
	return rs
}
