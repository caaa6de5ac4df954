package main

import (
	"container/list"
	"context"
	"encoding/binary"
	"errors"

	"github.com/maypok86/otter/v2"

	"github.com/dally-go/dally/cache"
)

// contestant keeps some of what it is given. The value of an object is its number.
type contestant interface {
	get(i int) (value int, ok bool)
	put(i int, o object) error
}

// way makes contestants for so much room.
type way struct {
	name string
	open func(room int64) contestant
}

func ways() []way {
	return []way{
		{"LRU", func(room int64) contestant { return newLRU(room) }},
		{"otter", newOtter},
		{"Dally", func(room int64) contestant { return &memory{cache.NewMemory(room)} }},
	}
}

// lru drops what was not used for the longest time.
type lru struct {
	room, taken int64
	order       *list.List // Of kept, the latest first.
	at          map[int]*list.Element
}

type kept struct {
	i    int
	size int64
}

func newLRU(room int64) *lru {
	return &lru{room: room, order: list.New(), at: make(map[int]*list.Element)}
}

func (c *lru) get(i int) (int, bool) {
	e := c.at[i]
	if e == nil {
		return 0, false
	}
	c.order.MoveToFront(e)
	return e.Value.(kept).i, true
}

func (c *lru) put(i int, o object) error {
	if o.size > c.room {
		return nil
	}
	if e := c.at[i]; e != nil {
		c.drop(e)
	}
	for c.taken > c.room-o.size {
		c.drop(c.order.Back())
	}
	c.at[i] = c.order.PushFront(kept{i, o.size})
	c.taken += o.size
	return nil
}

func (c *lru) drop(e *list.Element) {
	k := c.order.Remove(e).(kept)
	c.taken -= k.size
	delete(c.at, k.i)
}

// otterCache is otter with sizes as weights. It catches up with itself after each call, so that what it decides depends
// on no other goroutine.
type otterCache struct{ c *otter.Cache[int, kept] }

func newOtter(room int64) contestant {
	return otterCache{otter.Must(&otter.Options[int, kept]{
		MaximumWeight: uint64(room),
		Weigher:       func(_ int, k kept) uint32 { return uint32(k.size) },
		Executor:      func(f func()) { f() },
	})}
}

func (c otterCache) get(i int) (int, bool) {
	k, ok := c.c.GetIfPresent(i)
	return k.i, ok
}

func (c otterCache) put(i int, o object) error {
	c.c.Set(i, kept{i, o.size})
	c.c.CleanUp()
	return nil
}

// memory is the library's.
type memory struct{ s cache.Store }

func keyOf(i int) (k cache.Key) {
	binary.LittleEndian.PutUint64(k[:], uint64(i)+1)
	return k
}

func (c *memory) get(i int) (int, bool) {
	e, err := c.s.Get(context.Background(), keyOf(i), nil)
	if err != nil {
		return 0, false
	}
	v, err := e.Value(context.Background())
	n, ok := v.(int)
	return n, ok && err == nil
}

func (c *memory) put(i int, o object) error {
	err := c.s.Put(context.Background(), cache.NewEntry(&cache.Meta{Key: keyOf(i), Size: o.size, Cost: o.cost}, i), nil)
	if errors.Is(err, cache.ErrTooLarge) {
		return nil
	}
	return err
}
