package codec

import (
	"encoding"
	"reflect"
	"unsafe"
)

// gobEncoder and gobDecoder are what package encoding/gob calls by these names. The package itself is not needed.
type (
	gobEncoder interface{ GobEncode() ([]byte, error) }
	gobDecoder interface{ GobDecode([]byte) error }
)

// methods returns how values of t encode themselves, and whether they do: both methods must be there, by pointer at least.
func methods(t reflect.Type) (op, bool) {
	switch {
	case t == timeType:
		return opTime, true
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
		return 0, false // *X is nil, or an X
	case own(t, binaryMarshaler, binaryUnmarshaler):
		return opBinary, true
	case own(t, gobEncoderType, gobDecoderType):
		return opGob, true
	}
	return 0, false
}

// own reports whether t has the methods of both interfaces, and has them of its own. A struct that embeds a type with
// such methods may have got them from there: struct{ time.Time; Place string } has a MarshalBinary that knows nothing of
// Place. Whether it declares others cannot be seen, so it is encoded field by field, which is right either way.
func own(t, marshaler, unmarshaler reflect.Type) bool {
	p := reflect.PointerTo(t)
	if !p.Implements(marshaler) || !p.Implements(unmarshaler) {
		return false
	}
	if t.Kind() != reflect.Struct {
		return true
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous {
			continue
		}
		ft := f.Type
		if k := ft.Kind(); k != reflect.Pointer && k != reflect.Interface {
			ft = reflect.PointerTo(ft)
		}
		if ft.Implements(marshaler) || ft.Implements(unmarshaler) {
			return false
		}
	}
	return true
}

// marshal returns the bytes that the value at p gives of itself.
func marshal(n *node, p unsafe.Pointer) (data []byte, err error) {
	v := reflect.NewAt(n.t, p).Interface()
	if n.op == opGob {
		err = recovered("GobEncode", n.t, func() (err error) {
			data, err = v.(gobEncoder).GobEncode()
			return err
		})
		return data, err
	}
	err = recovered("MarshalBinary", n.t, func() (err error) {
		data, err = v.(encoding.BinaryMarshaler).MarshalBinary()
		return err
	})
	return data, err
}

// unmarshal sets the value at p, which is zero, from data, which it may keep.
func unmarshal(n *node, p unsafe.Pointer, data []byte) error {
	v := reflect.NewAt(n.t, p).Interface()
	if n.op == opGob {
		return recovered("GobDecode", n.t, func() error { return v.(gobDecoder).GobDecode(data) })
	}
	return recovered("UnmarshalBinary", n.t, func() error { return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(data) })
}
