package content

import (
	"crypto/sha256"
	"maps"
	"reflect"
	"sync"
	"unsafe"
)

// Rules are rules for values of some types, and what was compiled with them. They may be used by many goroutines at once.
type Rules struct {
	own map[reflect.Type]keyFunc
	// raw says that numbers stand in memory as they do in encodings, so that they can be taken from there. It holds on
	// little-endian machines.
	raw bool
	// walkers has a *Walker for each reflect.Type that was asked for. They are complete.
	walkers sync.Map
	// mu guards compiling: nodes, and building, which are the walkers that are not in walkers yet.
	mu       sync.Mutex
	nodes    map[reflect.Type]*node
	building map[reflect.Type]*Walker
}

// littleEndian is found out, and not looked up by GOARCH, so that no machine is forgotten.
var littleEndian = func() bool {
	one := uint16(1)
	return *(*byte)(unsafe.Pointer(&one)) == 1
}()

var noRules = makeRules(littleEndian)

// NewRules returns rules to make walkers with. If a type has several, the last one holds. Without any, all callers get the
// same Rules, whose walkers are compiled once in a process.
func NewRules(own ...Own) *Rules {
	if len(own) == 0 {
		return noRules
	}
	return makeRules(littleEndian, own...)
}

func makeRules(raw bool, own ...Own) *Rules {
	r := &Rules{
		own:      make(map[reflect.Type]keyFunc, len(own)),
		raw:      raw,
		nodes:    make(map[reflect.Type]*node),
		building: make(map[reflect.Type]*Walker),
	}
	for _, o := range own {
		r.own[o.typ] = o.key
	}
	return r
}

// Of returns the walker of values of type t. It never fails: see Walker.Err.
func (r *Rules) Of(t reflect.Type) *Walker {
	if w, ok := r.walkers.Load(t); ok {
		return w.(*Walker)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if w, ok := r.walkers.Load(t); ok {
		return w.(*Walker)
	}
	w := r.walkerLocked(t)
	for t, built := range maps.All(r.building) {
		r.walkers.Store(t, built)
	}
	clear(r.building)
	return w
}

// walkerLocked compiles the walker of t, and those of elements that it needs. Rules.mu is held.
func (r *Rules) walkerLocked(t reflect.Type) *Walker {
	if w, ok := r.building[t]; ok {
		return w
	}
	w := &Walker{typ: t, size: t.Size(), fixed: fixed(t)}
	r.building[t] = w
	if w.err = r.find(t, make(map[reflect.Type]bool)); w.err != nil {
		return w
	}
	w.root = r.nodeLocked(t)
	if t.Kind() == reflect.Slice && r.meaning(t).way == byKind && !r.flat(t.Elem()) {
		w.elem = r.walkerLocked(t.Elem())
		w.shape = r.joinedShape(t.Elem())
	} else {
		w.shape = r.shape(t)
	}
	w.short = w.root.raw && uintptr(len(w.shape))+w.size <= inlineMax
	w.direct = direct(t)
	print := fingerprint(t)
	w.id = sha256.Sum256(append(print[:], r.shape(t)...))
	return w
}

// direct reports whether the word in an interface that holds a value of type t is the value, and not where it is. The word
// of a zero value tells: it is nil, or the address of one.
func direct(t reflect.Type) bool {
	if t.Kind() == reflect.Interface {
		return false
	}
	zero := reflect.Zero(t).Interface()
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&zero))[1] == nil
}
