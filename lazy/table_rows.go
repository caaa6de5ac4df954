package lazy

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
	gone bool
}

// rows is a map that keeps the order of first assignment.
type rows[K comparable, V any] struct {
	list    []row[K, V]
	at      map[K]int // where in list
	live    int       // rows that are not gone
	byIndex bool      // K is int, and row i has key i: at is not used

	// handles are keys that were assigned a handle; those may have been replaced since. So there may be more of them than
	// rows, but never more than twice as many.
	handles []K
}

// hasIndex reports whether key is the index of a row.
func (r *rows[K, V]) hasIndex(key K) bool {
	i, ok := any(key).(int)
	return ok && i >= 0 && i < len(r.list)
}

func (r *rows[K, V]) find(key K) (int, bool) {
	if r.byIndex {
		i, ok := any(key).(int)
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

// assign reports whether the key is a new one.
func (r *rows[K, V]) assign(key K, s slot[V]) (added bool) {
	i, ok := r.find(key)
	if ok {
		r.list[i].slot = s
	} else {
		if r.at == nil {
			r.at = make(map[K]int)
		}
		r.at[key] = len(r.list)
		r.list = append(r.list, row[K, V]{key: key, slot: s})
		r.live++
	}
	if !s.known {
		r.noteHandle(key)
	}
	return !ok
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

// remove reports whether the key was there.
func (r *rows[K, V]) remove(key K) bool {
	i, ok := r.at[key]
	if !ok {
		return false
	}
	delete(r.at, key)
	r.list[i] = row[K, V]{gone: true}
	r.live--
	if r.live < len(r.list)/2 {
		r.compact()
	}
	return true
}

func (r *rows[K, V]) compact() {
	var list []row[K, V]
	for i := range r.list {
		if !r.list[i].gone {
			r.at[r.list[i].key] = len(list)
			list = append(list, r.list[i])
		}
	}
	r.list = list
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

// clone shares nothing with r.
func (r *rows[K, V]) clone() *rows[K, V] {
	c := &rows[K, V]{live: r.live, byIndex: r.byIndex}
	c.list = append(c.list, r.list...)
	c.handles = append(c.handles, r.handles...)
	if !r.byIndex {
		c.at = make(map[K]int, len(r.at))
		for k, i := range r.at {
			c.at[k] = i
		}
	}
	return c
}

// applyKnown applies what is known of the changes before any function has run.
func (r *rows[K, V]) applyKnown(edits []edit[K, V]) {
	for i := range edits {
		switch c := &edits[i]; c.kind {
		case assigned:
			r.assign(c.key, c.slot)
		case removed:
			r.remove(c.key)
		}
	}
}
