package cachetest

import (
	"errors"
	"time"

	"github.com/dally-go/dally/cache"
)

const budgetMin = 32 << 20

// list checks what a Lister lists while nothing is dropped.
func list(c *checker) {
	l, ok := c.store.(cache.Lister)
	if !ok {
		c.Skip("not a cache.Lister")
	}
	c.sees(l, nil)
	want := make(map[cache.Key]*cache.Meta)
	for n := range 20 {
		for version := range 2 {
			c.put(textEntry(n, version, 100), text{})
			want[keyOf(n)] = metaOf(n, version, int64(len(textOf(n, version, 100))))
		}
	}
	c.sees(l, want)
	seen := 0
	for range l.List(c.Context()) {
		if seen++; seen == 3 {
			break
		}
	}
	if seen != 3 {
		c.Errorf("List has gone through %d entries, want 3 and then a break", seen)
	}
	for n := range 25 {
		if l.Evicted(keyOf(n)) {
			c.Errorf("Evicted says that key %d was dropped; there is room for all", n)
		}
	}
	c.stillWorks()
}

// sees wants exactly these metadata listed.
func (c *checker) sees(l cache.Lister, want map[cache.Key]*cache.Meta) {
	c.Helper()
	seen := make(map[cache.Key]bool)
	for m := range l.List(c.Context()) {
		if seen[m.Key] {
			c.Errorf("List has key %v twice", m.Key)
		}
		seen[m.Key] = true
		if want[m.Key] == nil {
			c.Errorf("List has key %v, which was not put", m.Key)
			continue
		}
		c.sameMeta(m, want[m.Key])
	}
	if len(seen) < len(want) {
		c.Errorf("List has %d entries, want %d", len(seen), len(want))
	}
}

// hasBudget skips the check of a store that keeps everything.
func (c *checker) hasBudget() {
	c.Helper()
	if c.budget == 0 {
		c.Skip("no Budget")
	}
	if c.budget < budgetMin {
		c.Fatalf("Budget(%d): want %d or more", c.budget, budgetMin)
	}
}

// tooLarge puts what is larger than all the room: that is an error, and nothing is dropped for it.
func tooLarge(c *checker) {
	c.hasBudget()
	for n := range 10 {
		c.put(textEntry(n, 1, 1000), text{})
	}
	big := blobEntry(99, c.budget+1, time.Hour)
	if err := c.tryPut(c.Context(), big, blobs{}); !errors.Is(err, cache.ErrTooLarge) {
		c.Errorf("Put of %d bytes where %d may be kept: %v, want ErrTooLarge", c.budget+1, c.budget, err)
	}
	c.wantMiss(c.get(c.Context(), big.Meta.Key, blobs{}), "of what was too large")
	for n := range 10 {
		c.wantText(n, 1, "after a Put of something too large")
	}
}

// room puts more than there is room for. What was just put is there, and what is kept has room.
func room(c *checker) {
	c.hasBudget()
	l, _ := c.store.(cache.Lister)
	size := c.budget/8 + 1
	for n := range 12 {
		c.put(blobEntry(n, size, time.Second), blobs{})
		r := c.get(c.Context(), keyOf(n), blobs{})
		if want := (blob{byte(n), size}); r.err != nil || r.valueErr != nil || r.value != want {
			c.Fatalf("Get right after Put, where others had to go: %v, %v, %v, want %v", r.value, r.err, r.valueErr, want)
		}
		if l == nil {
			continue
		}
		kept, sum := 0, int64(0)
		for m := range l.List(c.Context()) {
			kept, sum = kept+1, sum+m.Size
		}
		if sum > c.budget {
			c.Fatalf("%d bytes are kept, want %d at most", sum, c.budget)
		}
		if kept < min(n+1, 3) {
			c.Errorf("%d entries are kept, each an eighth of the room and a bit, want 3 at least", kept)
		}
		if l.Evicted(keyOf(n)) {
			c.Errorf("Evicted says that key %d was dropped, which is kept", n)
		}
	}
}
