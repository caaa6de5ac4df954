package lazy

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	previewMax   = 60 // runes of a preview
	previewElems = 4  // elements, or fields, that are shown
)

// preview describes a value in one short line, at a cost that does not depend on its size: numbers and strings as they
// are, short slices and structs of such by their elements, anything else by type and length. A String or Error method
// is used where there is one; if it panics, the type stands in.
func preview(v any) string {
	s, ok := previewMethod(v)
	if !ok {
		s = previewValue(reflect.ValueOf(v), true)
	}
	return oneLine(s, previewMax)
}

// previewMethod calls the value's String or Error method, on a goroutine of its own: the method may end it.
func previewMethod(v any) (s string, ok bool) {
	var method func() string
	switch v := v.(type) {
	case error:
		method = v.Error
	case fmt.Stringer:
		method = v.String
	default:
		return "", false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		s, ok = method(), true
	}()
	<-done
	return s, ok
}

func previewValue(v reflect.Value, deep bool) string {
	switch v.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.String:
		return strconv.Quote(cut(v.String(), previewMax))
	case reflect.Slice, reflect.Array:
		return previewList(v, deep)
	case reflect.Map:
		return fmt.Sprintf("%s len %d", v.Type(), v.Len())
	case reflect.Struct:
		return previewStruct(v, deep)
	case reflect.Pointer, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		if v.IsNil() {
			return "nil"
		}
		return v.Type().String()
	case reflect.Interface:
		return previewValue(v.Elem(), deep)
	default:
		return fmt.Sprint(v)
	}
}

func previewList(v reflect.Value, deep bool) string {
	if !deep || v.Len() > previewElems || v.Type().Elem().Kind() == reflect.Uint8 {
		return fmt.Sprintf("%s len %d", v.Type(), v.Len())
	}
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = previewValue(v.Index(i), false)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func previewStruct(v reflect.Value, deep bool) string {
	if !deep || v.NumField() > previewElems {
		return v.Type().String()
	}
	parts := make([]string, v.NumField())
	for i := range parts {
		parts[i] = v.Type().Field(i).Name + ":" + previewValue(v.Field(i), false)
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// cut returns the first n runes of s, or all of it if it is shorter.
func cut(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// oneLine makes s fit for one line of at most n runes.
func oneLine(s string, n int) string {
	short := cut(s, n)
	if len(short) < len(s) {
		short = cut(s, n-1) + "…"
	}
	if !utf8.ValidString(short) {
		short = strings.ToValidUTF8(short, "\uFFFD")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, short)
}

// textOf is err.Error(), or says that this panicked: a nil pointer of an error type is all it takes.
func textOf(err error) string {
	if s, ok := previewMethod(err); ok {
		return s
	}
	return fmt.Sprintf("%T (its Error method panics)", err)
}
