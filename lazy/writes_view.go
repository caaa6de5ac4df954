package lazy

import (
	"fmt"
	"iter"
	"sync"
)

// View is a table as a call of a writer sees it: see [Write1]. What the call has written itself, it sees. A view may be
// used by all goroutines of the call's function until that returns; then all its methods panic.
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

// At returns the value under key. As with a map, it is zero if there is none; as with a slice, At panics if the table was
// made of a slice and has no such index.
func (v *View[K, V]) At(key K) V {
	x, ok := v.view().read(key)
	if !ok && v.view().t.ofList {
		panic(fmt.Errorf("lazy: View.At: %w", v.view().t.noKey(key)))
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
	t     *Table[K, V]
	since int // edits of the batch that had been applied

	mu    sync.Mutex
	rows  *rows[K, V] // nobody writes to it as long as this refers to it. Guarded by mu
	ended bool        // guarded by mu

	// Guarded by mu until the view has ended.
	reads  map[K]struct{}
	all    bool // all keys and values were read
	shape  bool // which keys there are was read
	writes []keyed[K, V]
	own    map[K]int // in writes
	added  int       // keys of writes that were not there
}

type keyed[K comparable, V any] struct {
	key K
	v   V
}

// lock panics if the view has ended.
func (v *view[K, V]) lock() {
	v.mu.Lock()
	if v.ended {
		v.mu.Unlock()
		panic("lazy: a View is used after its call has ended: it is for the function it was given to, until that returns")
	}
}

func (v *view[K, V]) read(key K) (x V, ok bool) {
	v.lock()
	defer v.mu.Unlock()
	if i, ok := v.own[key]; ok {
		return v.writes[i].v, true
	}
	if !v.all {
		if v.reads == nil {
			v.reads = make(map[K]struct{})
		}
		v.reads[key] = struct{}{}
	}
	if i, ok := v.rows.find(key); ok {
		return v.rows.list[i].v, true
	}
	return x, false
}

func (v *view[K, V]) write(key K, x V) {
	v.lock()
	defer v.mu.Unlock()
	if i, ok := v.own[key]; ok {
		v.writes[i].v = x
		return
	}
	if v.own == nil {
		v.own = make(map[K]int)
	}
	v.own[key] = len(v.writes)
	v.writes = append(v.writes, keyed[K, V]{key, x})
	if _, ok := v.rows.find(key); !ok {
		v.added++
	}
}

func (v *view[K, V]) length() int {
	v.lock()
	defer v.mu.Unlock()
	v.shape = true
	return v.rows.live + v.added
}

func (v *view[K, V]) keys() []K {
	v.lock()
	defer v.mu.Unlock()
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
func (v *view[K, V]) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended, v.rows = true, nil
}

// part has a view that has not ended, since its function was abandoned, go on with rows that copied returns: those of
// the table are about to change.
func (v *view[K, V]) part(copied func() *rows[K, V]) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.ended {
		v.rows = copied()
	}
}
