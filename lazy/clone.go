package lazy

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// # What a value refers to, and how it is copied
//
// Values are of three kinds, by type. A flat one refers to no memory that anybody could write to: numbers, strings, arrays
// and structs of such. An assignment copies it. A shallow one refers to flat memory, and where that lies can be told from
// the value alone: slices and maps of flat values, arrays and structs of such. All else is deep: what it refers to is not
// known without following pointers.

// memory is what values of a type refer to.
type memory uint8

const (
	memoryUnknown memory = iota
	memoryFlat
	memoryShallow
	memoryDeep
)

// memories has a memory per reflect.Type. It only grows, with the types of the program.
var memories sync.Map

func memoryOf(t reflect.Type) memory {
	if m, ok := memories.Load(t); ok {
		return m.(memory)
	}
	m := findMemory(t)
	memories.Store(t, m)
	return m
}

func findMemory(t reflect.Type) memory {
	switch t.Kind() {
	case reflect.Slice:
		return behind(memoryOf(t.Elem()))
	case reflect.Map:
		return behind(max(memoryOf(t.Key()), memoryOf(t.Elem())))
	case reflect.Array:
		return memoryOf(t.Elem())
	case reflect.Struct:
		most := memoryFlat
		for i := range t.NumField() {
			most = max(most, memoryOf(t.Field(i).Type))
		}
		return most
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return memoryDeep
	default:
		return memoryFlat
	}
}

// behind is the memory of a reference to what has memory m.
func behind(m memory) memory {
	if m == memoryFlat {
		return memoryShallow
	}
	return memoryDeep
}

// region is a part of memory.
type region struct{ from, to uintptr }

// regionsOf appends the memory that a shallow value refers to. The room behind the end of a slice counts: whoever appends
// writes there. A map is where its header is.
func regionsOf(rs []region, v reflect.Value) []region {
	switch v.Kind() {
	case reflect.Slice:
		from := v.Pointer()
		if size := uintptr(v.Cap()) * v.Type().Elem().Size(); size > 0 {
			return append(rs, region{from, from + size})
		}
	case reflect.Map:
		if from := v.Pointer(); from != 0 {
			return append(rs, region{from, from + 1})
		}
	case reflect.Array:
		for i := range v.Len() {
			rs = regionsOf(rs, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			rs = regionsOf(rs, v.Field(i))
		}
	}
	return rs
}

// overlap reports whether some memory is in both.
func overlap(as, bs []region) bool {
	for _, a := range as {
		for _, b := range bs {
			if a.from < b.to && b.from < a.to {
				return true
			}
		}
	}
	return false
}

// cloner is a type that copies its own values.
type cloner[T any] interface{ Clone() T }

// copierOf returns the function that makes a copy which shares nothing with the value, or an error that names what in T
// cannot be copied.
func copierOf[T any]() (func(T) T, error) {
	t := reflect.TypeFor[T]()
	switch {
	case t.Implements(reflect.TypeFor[cloner[T]]()):
		return cloneByMethod[T], nil
	case memoryOf(t) == memoryFlat:
		return func(v T) T { return v }, nil
	case t.Kind() == reflect.Slice && memoryOf(t) == memoryShallow:
		return func(v T) T { cloneSlice(t, unsafe.Pointer(&v)); return v }, nil
	case t.Kind() == reflect.Map && memoryOf(t) == memoryShallow:
		return func(v T) T { cloneMap(t, unsafe.Pointer(&v)); return v }, nil
	}
	path, culprit := obstacle(t.String(), t)
	return nil, fmt.Errorf("%s is %v, which an assignment would share: give %v a method Clone() %v", path, culprit, t, t)
}

// cloneByMethod calls v's Clone. Nothing has to be copied of nil, and a method may not expect it.
func cloneByMethod[T any](v T) T {
	switch r := reflect.ValueOf(&v).Elem(); r.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan:
		if r.IsNil() {
			return v
		}
	}
	return any(v).(cloner[T]).Clone()
}

// cloneSlice puts a copy of the slice at p there.
func cloneSlice(t reflect.Type, p unsafe.Pointer) {
	v := reflect.NewAt(t, p).Elem()
	if v.IsNil() {
		return
	}
	c := reflect.MakeSlice(t, v.Len(), v.Len())
	reflect.Copy(c, v)
	v.Set(c)
}

// cloneMap puts a copy of the map at p there.
func cloneMap(t reflect.Type, p unsafe.Pointer) {
	v := reflect.NewAt(t, p).Elem()
	if v.IsNil() {
		return
	}
	c := reflect.MakeMapWithSize(t, v.Len())
	key, elem := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	for i := v.MapRange(); i.Next(); {
		key.SetIterKey(i)
		elem.SetIterValue(i)
		c.SetMapIndex(key, elem)
	}
	v.Set(c)
}

// obstacle finds what keeps values of type t from being copied: the way to it from path, and its type. Slices and maps are
// copied where they are the whole value, so there it is an element's fault.
func obstacle(path string, t reflect.Type) (string, reflect.Type) {
	switch t.Kind() {
	case reflect.Slice:
		return partNotFlat(path+"[i]", t.Elem())
	case reflect.Map:
		if memoryOf(t.Key()) != memoryFlat {
			return partNotFlat(path+" (key)", t.Key())
		}
		return partNotFlat(path+"[key]", t.Elem())
	}
	return partNotFlat(path, t)
}

// partNotFlat finds the first part of a value of type t that is not flat.
func partNotFlat(path string, t reflect.Type) (string, reflect.Type) {
	switch t.Kind() {
	case reflect.Array:
		return partNotFlat(path+"[i]", t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); memoryOf(f.Type) != memoryFlat {
				return partNotFlat(path+"."+f.Name, f.Type)
			}
		}
	}
	return path, t
}
