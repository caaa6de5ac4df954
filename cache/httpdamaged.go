package cache

import "sync"

// damagedMax bounds how many damaged values are remembered.
const damagedMax = 1000

// damaged remembers values that came back damaged from a server, which may say of them that it has them. The zero value
// is empty.
type damaged struct {
	mu     sync.Mutex
	values map[blobDigest]struct{} // Guarded by mu.
}

// add remembers a value. If there are too many, others are forgotten.
func (d *damaged) add(v blobDigest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.values == nil || len(d.values) >= damagedMax {
		d.values = make(map[blobDigest]struct{})
	}
	d.values[v] = struct{}{}
}

// take forgets a value, and reports whether it was remembered.
func (d *damaged) take(v blobDigest) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.values[v]
	delete(d.values, v)
	return ok
}
