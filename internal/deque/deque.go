// Package deque holds a work-stealing deque of call numbers.
//
// The algorithm is that of Chase and Lev ("Dynamic Circular Work-Stealing Deque", SPAA 2005) with the orderings of Lê,
// Pop, Cohen and Zappa Nardelli ("Correct and Efficient Work-Stealing for Weak Memory Models", PPoPP 2013); Go's
// atomics are sequentially consistent, so no fence is written out.
package deque

import "sync/atomic"

// Deque is a double-ended queue of non-negative int32. One goroutine, its owner, pushes and pops at one end, last in
// first out; any goroutine steals at the other, oldest first. The zero value is empty and ready for use.
type Deque struct {
	top    atomic.Int64 // next to steal; only grows
	bottom atomic.Int64 // next free place; written by the owner alone
	ring   atomic.Pointer[ring]
}

// ring is a circular buffer whose length is a power of two. The owner replaces it by a larger one when it is full;
// thieves that still hold the old ring read right values from it, because places between top and bottom are never
// overwritten in it.
type ring struct {
	mask  int64
	items []atomic.Int32
}

const firstLen = 64

func newRing(n int64) *ring { return &ring{mask: n - 1, items: make([]atomic.Int32, n)} }

func (r *ring) at(i int64) *atomic.Int32 { return &r.items[i&r.mask] }

// Push adds v at the owner's end. Owner only.
func (d *Deque) Push(v int32) {
	b, t := d.bottom.Load(), d.top.Load()
	r := d.ring.Load()
	if r == nil {
		r = newRing(firstLen)
		d.ring.Store(r)
	} else if b-t > r.mask {
		r = d.grow(r, t, b)
	}
	r.at(b).Store(v)
	d.bottom.Store(b + 1)
}

func (d *Deque) grow(old *ring, t, b int64) *ring {
	r := newRing(2 * (old.mask + 1))
	for i := t; i < b; i++ {
		r.at(i).Store(old.at(i).Load())
	}
	d.ring.Store(r)
	return r
}

// Pop takes the item pushed last, or -1 when there is none. Owner only.
func (d *Deque) Pop() int32 {
	b := d.bottom.Load() - 1
	if b < d.top.Load() { // empty, seen without a write: thieves only raise top
		return -1
	}
	r := d.ring.Load()
	d.bottom.Store(b)
	t := d.top.Load()
	switch {
	case t < b:
		return r.at(b).Load()
	case t > b: // a thief was faster
		d.bottom.Store(b + 1)
		return -1
	}
	v := r.at(b).Load() // the last item: race the thieves for it
	if !d.top.CompareAndSwap(t, t+1) {
		v = -1
	}
	d.bottom.Store(b + 1)
	return v
}

// Steal takes the oldest item, or -1 when there is none. It may be called from any goroutine; it tries again until it
// has an item or sees the deque empty.
func (d *Deque) Steal() int32 {
	for {
		t := d.top.Load()
		if t >= d.bottom.Load() {
			return -1
		}
		v := d.ring.Load().at(t).Load()
		if d.top.CompareAndSwap(t, t+1) {
			return v
		}
	}
}

// Len is the number of items at some moment during the call. Any goroutine may ask.
func (d *Deque) Len() int { return int(max(0, d.bottom.Load()-d.top.Load())) }
