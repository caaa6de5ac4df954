package content

import (
	"bytes"
	"math"
	"reflect"
	"time"
	"unsafe"
)

// equal says whether two values of one type count as the same. It is slow, and shares no code with walkers.
func equal(a, b reflect.Value) bool {
	switch t := a.Type(); {
	case t == reflect.TypeFor[time.Time]():
		return equalTimes(a.Interface().(time.Time), b.Interface().(time.Time))
	case t == reflect.TypeFor[zooKeyed]():
		return bytes.Equal(a.Interface().(zooKeyed).CacheKey(), b.Interface().(zooKeyed).CacheKey())
	}
	switch a.Kind() {
	case reflect.Float32, reflect.Float64:
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Complex64, reflect.Complex128:
		x, y := a.Complex(), b.Complex()
		return math.Float64bits(real(x)) == math.Float64bits(real(y)) && math.Float64bits(imag(x)) == math.Float64bits(imag(y))
	case reflect.Interface:
		if a.IsNil() || b.IsNil() || a.Elem().Type() != b.Elem().Type() {
			return a.IsNil() && b.IsNil()
		}
		return equal(movable(a.Elem()), movable(b.Elem()))
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && b.IsNil()
		}
		return equal(a.Elem(), b.Elem())
	case reflect.Slice:
		return a.IsNil() == b.IsNil() && equalElems(a, b)
	case reflect.Array:
		return equalElems(a, b)
	case reflect.Map:
		return a.IsNil() == b.IsNil() && equalMaps(a, b)
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).Name != "_" && !equal(open(a.Field(i)), open(b.Field(i))) {
				return false
			}
		}
		return true
	}
	return a.Interface() == b.Interface()
}

// open returns a field as though it were exported.
func open(v reflect.Value) reflect.Value {
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// movable returns a copy of a value that has an address.
func movable(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

func equalTimes(a, b time.Time) bool {
	zoneA, offsetA := a.Zone()
	zoneB, offsetB := b.Zone()
	return a.Equal(b) && zoneA == zoneB && offsetA == offsetB
}

func equalElems(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i := range a.Len() {
		if !equal(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

// equalMaps looks for each entry among those of the other map that were not found yet.
func equalMaps(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	type entry struct{ k, v reflect.Value }
	var left []entry
	for k, v := range b.Seq2() {
		left = append(left, entry{movable(k), movable(v)})
	}
next:
	for k, v := range a.Seq2() {
		for i, e := range left {
			if equal(movable(k), e.k) && equal(movable(v), e.v) {
				left = append(left[:i], left[i+1:]...)
				continue next
			}
		}
		return false
	}
	return true
}
