package lazy

import "maps"

// slot is what is under a key: a value, or a handle.
type slot[V any] struct {
	v     V
	d     Data[V]
	known bool // v is the value
}

func (s *slot[V]) handle() Data[V] {
	if s.known {
		return Const(s.v)
	}
	return s.d
}

type row[K comparable, V any] struct {
	key K
	slot[V]
	gone    bool
	changed int // how many edits had been applied when this was the last to write here: see rows.changedSince
}

// rows is a map that keeps the order of first assignment, and knows what was written when.
type rows[K comparable, V any] struct {
	list    []row[K, V]
	at      map[K]int // where in list
	live    int       // rows that are not gone
	byIndex bool      // K is int, and row i has key i: at is not used

	// handles are keys that were assigned a handle; those may have been replaced since. So there may be more of them
	// than rows, but never more than twice as many.
	handles []K

	changed int       // the last edit that wrote at all
	shape   int       // the last that added or removed a key
	removed map[K]int // the last that removed a key, as long as somebody may ask
}

// hasIndex reports whether key is the index of a row.
func (r *rows[K, V]) hasIndex(key K) bool {
	i, ok := asIndex(&key)
	return ok && i >= 0 && i < len(r.list)
}

// asIndex does not convert the key itself to an interface: that would allocate.
func asIndex[K comparable](key *K) (int, bool) {
	if i, ok := any(key).(*int); ok {
		return *i, true
	}
	return 0, false
}

func (r *rows[K, V]) find(key K) (int, bool) {
	if r.byIndex {
		i, ok := asIndex(&key)
		return i, ok && i >= 0 && i < len(r.list)
	}
	i, ok := r.at[key]
	return i, ok
}

func (r *rows[K, V]) get(key K) (s slot[V], ok bool) {
	if i, ok := r.find(key); ok {
		return r.list[i].slot, true
	}
	return s, false
}

// assign notes that edit number n-1 has written to a key.
func (r *rows[K, V]) assign(key K, s slot[V], n int) {
	r.changed = n
	if i, ok := r.find(key); ok {
		row := &r.list[i]
		row.slot, row.changed = s, n
	} else {
		r.shape = n
		r.add(key)
		r.list = append(r.list, row[K, V]{key: key, slot: s, changed: n})
		r.live++
	}
	if !s.known {
		r.noteHandle(key)
	}
}

// add notes where a new key is about to be. As long as keys come as 0, 1, 2 and so on, no map is needed.
func (r *rows[K, V]) add(key K) {
	if i, isIndex := asIndex(&key); isIndex && i == len(r.list) && (r.byIndex || i == 0) {
		r.byIndex = true
		return
	}
	r.useMap()
	r.at[key] = len(r.list)
}

func (r *rows[K, V]) useMap() {
	if r.at == nil {
		r.at = make(map[K]int, len(r.list)+1)
	}
	if r.byIndex {
		r.byIndex = false
		for i := range r.list {
			r.at[r.list[i].key] = i
		}
	}
}

func (r *rows[K, V]) noteHandle(key K) {
	const few = 16
	if len(r.handles) >= 2*len(r.list)+few {
		r.handles = r.handles[:0]
		for i := range r.list {
			if row := &r.list[i]; !row.gone && !row.known {
				r.handles = append(r.handles, row.key)
			}
		}
		return // key is among them
	}
	r.handles = append(r.handles, key)
}

// remove notes that edit number n-1 has removed a key, if it was there.
func (r *rows[K, V]) remove(key K, n int) {
	i, ok := r.find(key)
	if !ok {
		return
	}
	r.useMap()
	r.changed, r.shape = n, n
	if r.removed == nil {
		r.removed = make(map[K]int)
	}
	r.removed[key] = n
	delete(r.at, key)
	r.list[i] = row[K, V]{gone: true}
	r.live--
	if r.live < len(r.list)/2 {
		r.compact()
	}
}

func (r *rows[K, V]) compact() {
	list := make([]row[K, V], 0, r.live)
	at := make(map[K]int, r.live) // maps do not shrink
	for i := range r.list {
		if !r.list[i].gone {
			at[r.list[i].key] = len(list)
			list = append(list, r.list[i])
		}
	}
	r.list, r.at = list, at
}

// changedSince reports whether an edit has written to a key, or removed it, since the first n had been applied.
func (r *rows[K, V]) changedSince(key K, n int) bool {
	if i, ok := r.find(key); ok {
		return r.list[i].changed > n
	}
	return r.removed[key] > n
}

func (r *rows[K, V]) keys() []K {
	keys := make([]K, 0, r.live)
	for i := range r.list {
		if !r.list[i].gone {
			keys = append(keys, r.list[i].key)
		}
	}
	return keys
}

// clone shares nothing with r. It does not know what was written when.
func (r *rows[K, V]) clone() *rows[K, V] {
	c := &rows[K, V]{live: r.live, byIndex: r.byIndex}
	c.list = append(c.list, r.list...)
	if !r.byIndex {
		c.at = maps.Clone(r.at)
	}
	return c
}
