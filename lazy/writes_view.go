package lazy

import (
	"fmt"
	"iter"
	"sync"

	"github.com/dally-go/dally/internal/invariant"
)

// View is a table as a call of a writer sees it: see [Write1]. What the call has written itself, it sees. A view may be
// used by all goroutines of the call's function until that returns. Then all its methods panic, if the call has
// succeeded; of one that has failed nothing is written, and the view is empty.
type View[K comparable, V any] struct{ made *view[K, V] }

// view returns what is behind v.
func (v *View[K, V]) view() *view[K, V] {
	if v == nil || v.made == nil {
		panic("lazy: a View that was not made for a call: want the one that Write1 gives to the function")
	}
	return v.made
}

// Get returns the value under key, and whether there is one.
func (v *View[K, V]) Get(key K) (V, bool) { return v.view().read(key) }

// At returns the value under key. As with a map, it is zero if there is none; as with a slice, At panics if the table
// was made of a slice and has no such index.
func (v *View[K, V]) At(key K) V {
	x, ok := v.view().read(key)
	if t := v.view().t; !ok && t.ofList && !t.rows.hasIndex(key) {
		panic(fmt.Errorf("lazy: View.At: %w", t.noKey(key)))
	}
	return x
}

// Set writes a value. It panics if the table was made of a slice that has no such index, or if the key is not equal to
// itself.
func (v *View[K, V]) Set(key K, x V) {
	if err := v.view().t.refuse(key); err != nil {
		panic(fmt.Errorf("lazy: View.Set: %w", err))
	}
	v.view().write(key, x)
}

// Len is how many keys there are. Where writers add keys, it counts as reading them all.
func (v *View[K, V]) Len() int { return v.view().length() }

// Keys goes through the keys, in order of first assignment. The values are not read: a call that asks for the keys does
// not run again because another has written to one that was there already. Keys that are added meanwhile do not come.
func (v *View[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		for _, k := range v.view().keys() {
			if !yield(k) {
				return
			}
		}
	}
}

// All goes through the keys, in order of first assignment, and their values. It counts as reading the whole table.
func (v *View[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		v.view().readsAll()
		for _, k := range v.view().keys() {
			if x, _ := v.view().read(k); !yield(k, x) {
				return
			}
		}
	}
}

// view is what a call of a writer sees and has done.
type view[K comparable, V any] struct {
	given View[K, V] // to the function
	t     *Table[K, V]
	since int // the age of the table that it shows
	place int // in t.inUse; -1: it is not there. Guarded by t.mu

	mu    sync.Mutex
	rows  *rows[K, V] // nobody writes to it as long as this refers to it. Guarded by mu
	ended viewEnd     // guarded by mu

	// Guarded by mu until the view has ended.
	reads  keySet[K]
	all    bool // all keys and values were read
	shape  bool // which keys there are was read
	writes []keyed[K, V]
	own    keySet[K] // of writes, in their order
	added  int       // keys of writes that were not there
}

type viewEnd uint8

const (
	inUse viewEnd = iota
	succeeded
	failed
)

type keyed[K comparable, V any] struct {
	key K
	v   V
}

// lock reports whether the view may be used. It panics if its call has succeeded: what is written now would be lost.
// What is done for a call that has failed counts for nothing anyway, and does not end the process: goroutines that its
// function has left behind, the context having ended, may be at it.
func (v *view[K, V]) lock() (ok bool) {
	v.mu.Lock()
	if v.ended == succeeded {
		v.mu.Unlock()
		panic("lazy: a View is used after its call has ended: it is for the function it was given to, until that returns")
	}
	return v.ended == inUse
}

func (v *view[K, V]) read(key K) (x V, ok bool) {
	ok = v.lock()
	defer v.mu.Unlock()
	if !ok {
		return x, false
	}
	if i, ok := v.own.find(key); ok {
		return v.writes[i].v, true
	}
	if !v.all {
		v.reads.add(key)
	}
	if i, ok := v.rows.find(key); ok {
		r := &v.rows.list[i]
		invariant.Check(r.known, "a view of a table with a handle")
		return r.v, true
	}
	return x, false
}

func (v *view[K, V]) write(key K, x V) {
	ok := v.lock()
	defer v.mu.Unlock()
	if !ok {
		return
	}
	if i, ok := v.own.find(key); ok {
		v.writes[i].v = x
		return
	}
	v.own.add(key)
	v.writes = append(v.writes, keyed[K, V]{key, x})
	if _, ok := v.rows.find(key); !ok {
		v.added++
	}
}

func (v *view[K, V]) length() int {
	ok := v.lock()
	defer v.mu.Unlock()
	if !ok {
		return 0
	}
	v.shape = true
	return v.rows.live + v.added
}

func (v *view[K, V]) keys() []K {
	ok := v.lock()
	defer v.mu.Unlock()
	if !ok {
		return nil
	}
	v.shape = true
	keys := v.rows.keys()
	for _, w := range v.writes {
		if _, ok := v.rows.find(w.key); !ok {
			keys = append(keys, w.key)
		}
	}
	return keys
}

func (v *view[K, V]) readsAll() {
	v.lock()
	defer v.mu.Unlock()
	v.all = true
}

// end is the end of the call.
func (v *view[K, V]) end(badly bool) {
	t := v.t
	t.mu.Lock()
	if v.place >= 0 {
		last := len(t.inUse) - 1
		t.inUse[v.place] = t.inUse[last]
		t.inUse[v.place].place = v.place
		t.inUse[last] = nil
		t.inUse = t.inUse[:last]
		v.place = -1
	}
	t.mu.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended, v.rows = succeeded, nil
	if badly {
		v.ended = failed
	}
}

// part has the view go on with a copy of the rows. Needs t.mu.
func (v *view[K, V]) part(copied *rows[K, V]) {
	v.place = -1
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rows = copied
}
