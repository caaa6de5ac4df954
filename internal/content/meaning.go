package content

import (
	"context"
	"reflect"
	"strings"
	"time"
)

// way is how the values of a type are taken.
type way uint8

const (
	byKind  way = iota // by the kind of the type
	byOwn              // by a function
	asTime             // as a time.Time
	asType             // as a reflect.Type
	refused            // not at all
)

// meaning is what a type is taken for. Everything that looks at types looks at this, so that they agree.
type meaning struct {
	way way
	own keyFunc // if byOwn
	why string  // if refused
}

var (
	contextType  = reflect.TypeFor[context.Context]()
	timeType     = reflect.TypeFor[time.Time]()
	locationType = reflect.TypeFor[time.Location]()
	typeType     = reflect.TypeFor[reflect.Type]()
	rtypeType    = reflect.TypeOf(timeType) // what is in a reflect.Type: *reflect.rtype
)

// meaning says what t is taken for. Rules that were given come first, then what a type says itself.
func (r *Rules) meaning(t reflect.Type) meaning {
	if key, ok := r.own[t]; ok {
		return meaning{way: byOwn, own: key}
	}
	switch t {
	case timeType:
		return meaning{way: asTime}
	case typeType, rtypeType:
		return meaning{way: asType}
	}
	if key := cacheKey(t); key != nil {
		return meaning{way: byOwn, own: key}
	}
	if why := refusal(t); why != "" {
		return meaning{way: refused, why: why}
	}
	return meaning{}
}

// refusal says why values of a type cannot be keyed, whatever is in them, or "".
func refusal(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Func:
		return "funcs that do different things cannot be told apart"
	case reflect.Chan:
		return "a channel has no value"
	case reflect.UnsafePointer:
		return "nobody knows what it points to"
	case reflect.Uintptr:
		// Not on all systems is there a syscall.Errno: it is found by its name.
		if t.PkgPath() != "syscall" || t.Name() != "Errno" {
			return "it may be an address"
		}
	}
	switch {
	case t.PkgPath() == "sync" || t.PkgPath() == "sync/atomic":
		return "it is how goroutines meet, not a value"
	case t.Implements(contextType) || t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(contextType):
		return "a context is not part of what is computed"
	case t == locationType:
		return "it changes when it is used: keep its name instead"
	case opaque(t):
		return "it stands for something outside the program's values"
	}
	return ""
}

// opaque reports whether t is a struct that is a handle on something, such as os.File, net.TCPConn or poll.FD. Those with
// nothing but exported fields, such as net.IPNet, are just data.
func opaque(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	switch path := t.PkgPath(); path {
	case "os", "os/exec", "net", "net/http", "crypto/tls", "database/sql", "reflect", "runtime", "syscall", "context":
	default:
		if !strings.HasPrefix(path, "internal/") && !strings.HasPrefix(path, "crypto/internal/") {
			return false
		}
	}
	for i := range t.NumField() {
		if t.Field(i).PkgPath != "" {
			return true
		}
	}
	return false
}

// fixed reports whether no value of type t can be changed by somebody else who holds it.
func fixed(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() == 0 || fixed(t.Elem())
	case reflect.Struct:
		if t == timeType || t.PkgPath() == "net/netip" {
			return true
		}
		for i := range t.NumField() {
			if !fixed(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Interface:
		return t == typeType
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return true
}

// flat reports whether the encodings of t's values all have the same length, and hold nothing but numbers. It is the same
// on all machines, for joins depend on it.
func (r *Rules) flat(t reflect.Type) bool {
	if r.meaning(t).way != byKind {
		return false
	}
	switch t.Kind() {
	case reflect.Array:
		return t.Len() == 0 || r.flat(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" && !r.flat(f.Type) {
				return false
			}
		}
		return true
	}
	return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Complex128
}

// find returns why t is refused for its type alone, with the path of the first part at fault, or nil. seen are the types
// that were looked into.
func (r *Rules) find(t reflect.Type, seen map[reflect.Type]bool) *UnkeyableError {
	if seen[t] {
		return nil
	}
	seen[t] = true
	switch m := r.meaning(t); m.way {
	case refused:
		return &UnkeyableError{Type: t, Why: m.why}
	case byKind:
		return r.findInside(t, seen)
	}
	return nil
}

func (r *Rules) findInside(t reflect.Type, seen map[reflect.Type]bool) *UnkeyableError {
	switch t.Kind() {
	case reflect.Pointer:
		return r.find(t.Elem(), seen)
	case reflect.Slice:
		return below("[]", r.find(t.Elem(), seen))
	case reflect.Array:
		if t.Len() > 0 {
			return below("[]", r.find(t.Elem(), seen))
		}
	case reflect.Map:
		if u := r.find(t.Key(), seen); u != nil {
			return below("[key]", u)
		}
		return below("[]", r.find(t.Elem(), seen))
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" {
				continue
			}
			if u := r.find(f.Type, seen); u != nil {
				return below("."+f.Name, u)
			}
		}
	}
	return nil
}

// below adds a step to the path of an error that is new, or nil.
func below(step string, u *UnkeyableError) *UnkeyableError {
	if u != nil {
		u.Path = step + u.Path
	}
	return u
}
