package content

import (
	"reflect"
	"unsafe"
)

// Keyer makes contents of values of type T. It may be used by many goroutines at once.
type Keyer[T any] struct{ *Walker }

// For returns the keyer of values of type T, with rules of the caller's for some types. It never fails: see Walker.Err.
// Without rules, the work for a type is done once in a process.
func For[T any](own ...Own) *Keyer[T] {
	return &Keyer[T]{NewRules(own...).Of(reflect.TypeFor[T]())}
}

// Append is Walker.Append for the value at v, which escapes.
func (k *Keyer[T]) Append(dst []byte, v *T) (out []byte, size int64, err error) {
	return k.Walker.Append(dst, unsafe.Pointer(v))
}
