package cache

import (
	"hash/maphash"
	"iter"
	"sync/atomic"
)

// index finds items by key. Any number of goroutines may call find and all, and one at a time set and remove.
//
// It is a hash table in parts, so that growing is a short thing. Each part is a list of slots with open addressing.
// A slot's tag is written once, before its item is; an item that was removed leaves the mark gone in its slot, which only
// an item with the same tag may take. So a reader that goes from slot to slot never misses an item that was there all
// along. A part that has become full, or that is almost empty, is copied, without its gone ones; readers of the former
// copy see it as it was then.
type index struct {
	seed  maphash.Seed
	parts [64]atomic.Pointer[part]
	// used is how many slots of each part have a tag, live how many an item. Only for set and remove.
	used, live [64]int
}

// partBits is the logarithm of the number of parts, and slotsMin the number of slots that a part starts with.
const (
	partBits = 6
	slotsMin = 8
)

type part struct {
	slots []slot // Their number is a power of two. Half of them are empty at least.
}

type slot struct {
	tag  atomic.Uint64
	item atomic.Pointer[item]
}

// gone is in the slots of removed items.
var gone = new(item)

func newIndex() *index { return &index{seed: maphash.MakeSeed()} }

// tagOf returns the tag of a key, which find wants, and which an item has. It is not one that somebody who makes up keys
// could know.
func (x *index) tagOf(key *Key) uint64 { return maphash.Bytes(x.seed, key[:]) }

// find returns the item under key, or nil.
func (x *index) find(tag uint64, key *Key) *item {
	p := x.parts[tag>>(64-partBits)].Load()
	if p == nil {
		return nil
	}
	mask := uint64(len(p.slots) - 1)
	for i := tag & mask; ; i = (i + 1) & mask {
		s := &p.slots[i]
		it := s.item.Load()
		if it == nil {
			return nil
		}
		if s.tag.Load() == tag && it.key == *key && it != gone {
			return it
		}
	}
}

// set publishes an item, in place of the one with the same key if there is one.
func (x *index) set(it *item) {
	n := it.tag >> (64 - partBits)
	p := x.parts[n].Load()
	if p == nil || 2*(x.used[n]+1) > len(p.slots) {
		p = x.renew(n, p)
	}
	free := (*slot)(nil)
	mask := uint64(len(p.slots) - 1)
	for i := it.tag & mask; ; i = (i + 1) & mask {
		s := &p.slots[i]
		was := s.item.Load()
		switch {
		case was == nil:
			x.fill(n, s, free, it)
			return
		case s.tag.Load() != it.tag:
		case was == gone:
			free = s
		case was.key == it.key:
			s.item.Store(it)
			return
		}
	}
}

// fill puts an item of part n into free, a slot that has the tag already, or if that is nil into the empty slot s.
func (x *index) fill(n uint64, s, free *slot, it *item) {
	x.live[n]++
	if free != nil {
		s = free
	} else {
		s.tag.Store(it.tag)
		x.used[n]++
	}
	s.item.Store(it)
}

// renew makes a copy of part n with two thirds of its slots empty or more, and publishes it. p may be nil.
func (x *index) renew(n uint64, p *part) *part {
	size := slotsMin
	for size < 3*(x.live[n]+1) {
		size *= 2
	}
	fresh := &part{slots: make([]slot, size)}
	x.used[n] = x.live[n]
	for it := range p.all() {
		i := it.tag & uint64(size-1)
		for fresh.slots[i].item.Load() != nil {
			i = (i + 1) & uint64(size-1)
		}
		fresh.slots[i].tag.Store(it.tag)
		fresh.slots[i].item.Store(it)
	}
	x.parts[n].Store(fresh)
	return fresh
}

// emptyShare is how many slots an item may have before its part is made smaller: when a few large entries have come in
// place of many small ones, the room that those had in the index is theirs no more.
const emptyShare = 24

// remove takes out an item that is there.
func (x *index) remove(it *item) {
	n := it.tag >> (64 - partBits)
	p := x.parts[n].Load()
	mask := uint64(len(p.slots) - 1)
	for i := it.tag & mask; ; i = (i + 1) & mask {
		if s := &p.slots[i]; s.item.Load() == it {
			s.item.Store(gone)
			x.live[n]--
			break
		}
	}
	if len(p.slots) > emptyShare*max(x.live[n], slotsMin) {
		x.renew(n, p)
	}
}

// all goes through all items; those that are set or removed meanwhile may be among them.
func (x *index) all() iter.Seq[*item] {
	return func(yield func(*item) bool) {
		for n := range x.parts {
			for it := range x.parts[n].Load().all() {
				if !yield(it) {
					return
				}
			}
		}
	}
}

// all goes through the items of a part, which may be nil.
func (p *part) all() iter.Seq[*item] {
	return func(yield func(*item) bool) {
		if p == nil {
			return
		}
		for i := range p.slots {
			if it := p.slots[i].item.Load(); it != nil && it != gone && !yield(it) {
				return
			}
		}
	}
}
