package cache

import "encoding/binary"

// The wire types of protocol buffers. Those of groups, 3 and 4, are errors here: the messages read here have none, and
// fields that are not known have had none since the second version.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// wireField is one field of a message.
type wireField struct {
	number uint64
	wire   int
	varint uint64 // if wire is wireVarint
	bytes  []byte // a part of the message, if wire is wireBytes
}

// eachField calls f for the fields of a message, in its order, up to the first error.
func eachField(message []byte, f func(wireField) error) error {
	for len(message) > 0 {
		field, rest, ok := cutField(message)
		if !ok {
			return errNotMessage
		}
		if err := f(field); err != nil {
			return err
		}
		message = rest
	}
	return nil
}

// cutField cuts the first field off.
func cutField(b []byte) (f wireField, rest []byte, ok bool) {
	const numberMax = 1<<29 - 1
	tag, b, ok := cutVarint(b)
	f.number, f.wire = tag>>3, int(tag&7)
	if !ok || f.number == 0 || f.number > numberMax {
		return f, nil, false
	}
	switch f.wire {
	case wireVarint:
		f.varint, rest, ok = cutVarint(b)
	case wireBytes:
		var n uint64
		n, b, ok = cutVarint(b)
		if !ok || n > uint64(len(b)) {
			return f, nil, false
		}
		f.bytes, rest = b[:n:n], b[n:]
	case wireFixed64:
		ok, rest = cutFixed(b, 8)
	case wireFixed32:
		ok, rest = cutFixed(b, 4)
	default:
		ok = false
	}
	return f, rest, ok
}

func cutVarint(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 { // cut off, or more than 64 bits
		return 0, nil, false
	}
	return v, b[n:], true
}

func cutFixed(b []byte, n int) (ok bool, rest []byte) {
	if len(b) < n {
		return false, nil
	}
	return true, b[n:]
}
