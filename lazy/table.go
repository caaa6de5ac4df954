package lazy

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/dally-go/dally/internal/invariant"
)

// Table has values under keys, of which many may not have been computed yet. It is filled in ordinary loops, like a
// map, and what is assigned to a key is a handle or a plain value:
//
//	var table lazy.Table[[2]int, float64]
//	for lat := range 5 {
//		for lon := range 5 {
//			table.Set([2]int{lat, lon}, process.Of(lat, lon)) // recorded: nothing has run
//		}
//	}
//	v, err := table.Get(ctx, [2]int{2, 3}) // runs this one
//	all, err := table.Map(ctx)             // runs the others, in parallel
//
// The last assignment to a key wins, in the order of the program; what it replaces does not run for the table. Keys are
// in order of first assignment.
//
// Functions wrapped by [Write1] are handed a [View] of a table and write to it. Their calls are recorded, too, and the
// next read of the table applies them, in the order of the program: what is read is what a serial program would have
// there. A call of a writer may read any key. So for the first read after it all handles that were assigned before it
// are computed, and from then on the table has their values: these do not change any more if something is Set. A table
// without writers keeps the handles.
//
// If what a read has to apply fails, the read fails, and all later ones until it works: the failed call is tried again,
// and it and what comes after it stay recorded. What comes before it is applied, and [KeepGoing] returns that beside
// the error: this is where a serial program would have stopped. [Table.Discard] takes back the rest.
//
// A read of a table with writers is several runs, to an [Observer]: of the handles that writers may read, of the
// writers, of each that runs again, and of what is read.
//
// The zero Table is empty and ready for use. It may be used by many goroutines at a time; then the order of the program
// is the order in which they come to it. It must not be copied. What a call has read from a table by a Get inside it,
// given its context, is an input of the call like any other; that another handle is assigned later is not told to it.
type Table[K comparable, V any] struct {
	mu      sync.Mutex
	rows    rows[K, V]    // guarded by mu; but see writes_apply.go
	log     []edit[K, V]  // what was done and cannot be applied before a read, in order. Guarded by mu
	applied int           // edits that are not in the log any more: log[0] is edit number applied. Guarded by mu
	written int           // one more than the number of the last call of a writer. Guarded by mu
	recent  map[K]int     // assignments in the log that come after all calls of writers. Guarded by mu
	inUse   []*view[K, V] // views of functions that have not returned. Guarded by mu
	length  int           // of the slice that the table was made of
	ofList  bool          // it was made of a slice
}

// TableOf makes a table of a copy of s: its keys are the indices, there are never others, and none can be deleted.
// [Slice] is the way back.
func TableOf[V any](s []V) *Table[int, V] {
	t := &Table[int, V]{length: len(s), ofList: true}
	t.rows.list = make([]row[int, V], len(s))
	for i, v := range s {
		t.rows.list[i] = row[int, V]{key: i, slot: slot[V]{v: v, known: true}}
	}
	t.rows.live, t.rows.byIndex = len(s), true
	return t
}

// Set assigns a handle to a key. It runs nothing. A zero Data is an error of whoever reads the key. Set panics if the
// table was made of a slice that has no such index, or if the key is not equal to itself, as NaN is not.
func (t *Table[K, V]) Set(key K, d Data[V]) {
	if d.n == nil {
		d = failing[V]("Set", ErrZeroData)
	}
	t.assign("Table.Set", key, slot[V]{d: d})
}

// Put assigns a value to a key. It panics as [Table.Set] does.
func (t *Table[K, V]) Put(key K, v V) { t.assign("Table.Put", key, slot[V]{v: v, known: true}) }

func (t *Table[K, V]) assign(op string, key K, s slot[V]) {
	if err := t.refuse(key); err != nil {
		panic(fmt.Errorf("lazy: %s: %w", op, err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.log) == 0 {
		invariant.Check(len(t.inUse) == 0, "a view is in use, and there is nothing to apply")
		t.rows.assign(key, s, t.applied)
		return
	}
	if n, ok := t.recent[key]; ok && n >= t.written && n >= t.applied && !s.mayLook() { // nobody has seen what is replaced
		t.log[n-t.applied].slot = s
		return
	}
	if t.recent == nil {
		t.recent = make(map[K]int)
	}
	t.recent[key] = t.applied + len(t.log)
	t.log = append(t.log, edit[K, V]{kind: assigned, key: key, slot: s})
}

// Delete takes a key out of the table, if it is there. It panics if the table was made of a slice.
func (t *Table[K, V]) Delete(key K) {
	if t.ofList {
		panic(fmt.Sprintf("lazy: Table.Delete(%v): the table was made of a slice of %d, whose indices stay; Put a value", key, t.length))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.log) == 0 {
		t.rows.remove(key, t.applied)
		t.rows.removed = nil // nobody asks
		return
	}
	delete(t.recent, key)
	t.log = append(t.log, edit[K, V]{kind: removed, key: key})
}

// Discard takes back what no read has applied: the first call of a writer that is not, and all that was done to the
// table after it, so that a table goes on after a call that can never work. Handles of [Table.At] that wait for that
// fail. A read that is on its way meanwhile ends; whether it fails depends on how far it had come.
func (t *Table[K, V]) Discard() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.log {
		if l := t.log[i].look; l != nil {
			l.done, l.err = true, errDiscarded
		}
	}
	t.partLocked()
	t.appliedLocked(len(t.log))
}

// Get returns the value under key, computing what it needs and nothing else. Errors are a [*KeyError]: of the key, if
// there is none ([ErrNoKey]); of its handle, as [Data.Get] returns them; or of a call of a writer that has to be
// applied first, which with [KeepGoing] comes beside the value from before that call.
func (t *Table[K, V]) Get(ctx context.Context, key K, opts ...RunOption) (v V, err error) {
	applied := t.apply(ctx, opts, nil)
	if applied != nil && !keepsGoing(opts) {
		return v, keyError(key, firstOf(applied))
	}
	s, ok := t.slotOf(key)
	switch {
	case s.known:
		v = s.v
	case applied != nil:
	case !ok:
		return v, &KeyError[K]{Key: key, Err: t.noKey(key)}
	default:
		v, err = s.d.Get(ctx, opts...)
	}
	if applied != nil {
		err = firstOf(applied)
	}
	if err != nil {
		return v, keyError(key, err)
	}
	return v, nil
}

// slotOf returns what is under key, without what is yet to be applied.
func (t *Table[K, V]) slotOf(key K) (slot[V], bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows.get(key)
}

// At returns a handle on what is under key now: the handle that was assigned, or one of the value. If there is no such
// key, its Get is an error that is [ErrNoKey]. If calls of writers come before, its Get applies them, and knows nothing
// of what comes after. At runs nothing.
func (t *Table[K, V]) At(key K) Data[V] {
	refused := t.refuse(key) != nil
	t.mu.Lock()
	if !refused && len(t.log) > 0 {
		defer t.mu.Unlock()
		return t.lookLocked(key)
	}
	s, ok := t.rows.get(key)
	t.mu.Unlock()
	if !ok {
		return failing[V]("At", &KeyError[K]{Key: key, Err: t.noKey(key)})
	}
	return s.handle()
}

// Len is how many keys the table has. It waits for nothing: keys that calls of writers will add are not counted before
// the next read.
func (t *Table[K, V]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ofList {
		return t.length
	}
	n := t.rows.live
	there := make(map[K]bool) // of the keys in the log
	for i := range t.log {
		e := &t.log[i]
		if e.kind != assigned && e.kind != removed {
			continue
		}
		before, known := there[e.key]
		if !known {
			_, before = t.rows.find(e.key)
		}
		switch now := e.kind == assigned; {
		case now && !before:
			n++
		case before && !now:
			n--
		}
		there[e.key] = e.kind == assigned
	}
	return n
}

// Keys returns the keys, in order of first assignment. Like [Table.Len] it waits for nothing.
func (t *Table[K, V]) Keys() []K {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keysLocked()
}

// All goes through the keys, in order of first assignment, and what [Table.At] returns for them. Assignments made
// meanwhile show in the handles of keys that are yet to come. It runs nothing.
func (t *Table[K, V]) All() iter.Seq2[K, Data[V]] {
	return func(yield func(K, Data[V]) bool) {
		for _, k := range t.Keys() {
			if !yield(k, t.At(k)) {
				return
			}
		}
	}
}

// refuse says what is wrong with a key; nil: nothing.
func (t *Table[K, V]) refuse(key K) error {
	if t.ofList && !t.rows.hasIndex(key) {
		return t.outside(key)
	}
	if key != key { //nolint:staticcheck // NaN
		return fmt.Errorf("the key %v is not equal to itself: nobody could read it again", key)
	}
	return nil
}

// noKey is the error of a key that is not there.
func (t *Table[K, V]) noKey(key K) error {
	if t.ofList {
		return fmt.Errorf("%w: %w", ErrNoKey, t.outside(key))
	}
	return ErrNoKey
}

func (t *Table[K, V]) outside(key K) error {
	return fmt.Errorf("index %v is outside of the slice of %d that the table was made of", key, t.length)
}

// keysLocked needs mu.
func (t *Table[K, V]) keysLocked() []K {
	if len(t.log) == 0 || t.ofList {
		return t.rows.keys()
	}
	known := t.rows.clone()
	for i := range t.log {
		switch e := &t.log[i]; e.kind {
		case assigned:
			known.assign(e.key, e.slot, 0)
		case removed:
			known.remove(e.key, 0)
		}
	}
	return known.keys()
}

// failing returns a handle whose Get is the error. Its place is where the exported function was called.
func failing[V any](name string, err error) Data[V] {
	return Wrap0(func(context.Context) (v V, _ error) { return v, err }, Name(name))()
}
