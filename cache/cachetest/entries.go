package cachetest

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/dally-go/dally/cache"
)

func miss(c *checker) {
	c.put(textEntry(1, 1, 100), text{})
	for _, codec := range []cache.Codec{text{}, nil} {
		r := c.get(c.Context(), keyOf(2), codec)
		c.wantMiss(r, "of a key under which nothing was put")
	}
}

func putThenGet(c *checker) {
	for n := range 100 {
		c.put(textEntry(n, n, 10*n+1), text{})
		c.wantText(n, n, "right after Put")
	}
	for n := range 100 {
		c.wantText(n, n, "later")
	}
}

func replace(c *checker) {
	for version, size := range []int{5000, 10, 100_000, 5000, 1} {
		c.put(textEntry(1, version, size), text{})
		c.put(textEntry(2, version, size), text{})
		c.wantText(1, version, "after it was replaced")
	}
}

func metaComesBack(c *checker) {
	odd := *metaOf(1, 1, 9)
	odd.Function = "a\x00b\n\"%s\\/../ \u2028é\xff" + string(make([]byte, 3000))
	odd.Version = "(devel) ‑ \t"
	odd.Inputs = slices.Repeat([]cache.Content{"\x00\x00", "", "x\ny", cache.Content(make([]byte, 5000))}, 50)
	odd.Content = "\xff\xfe"
	least := cache.Meta{Key: keyOf(2), Size: 9, Created: odd.Created}
	most := *metaOf(3, 3, 9)
	most.Cost = 1<<63 - 1
	for n, m := range []cache.Meta{odd, least, most} {
		n++
		before := m
		before.Inputs = slices.Clone(m.Inputs)
		c.put(cache.NewEntry(&m, textOf(n, 1, 9)), text{})
		if !reflect.DeepEqual(before, m) {
			c.Errorf("Put has changed the Meta that it was given: %+v, was %+v", m, before)
		}
		r := c.get(c.Context(), m.Key, text{})
		if r.err != nil {
			c.Fatalf("Get: %v, want the entry", r.err)
		}
		c.sameMeta(r.entry.Meta, &before)
	}
}

func empty(c *checker) {
	m := metaOf(1, 1, 0)
	c.put(cache.NewEntry(m, ""), text{})
	r := c.get(c.Context(), m.Key, text{})
	if r.err != nil || r.valueErr != nil || r.value != "" {
		c.Fatalf("Get: %#v, %v, %v, want an empty string", r.value, r.err, r.valueErr)
	}
}

func large(c *checker) {
	const size = 5<<20 + 7
	e := blobEntry(1, size, 1)
	c.put(e, blobs{})
	for range 2 {
		r := c.get(c.Context(), keyOf(1), blobs{})
		if want := (blob{1, size}); r.err != nil || r.valueErr != nil || r.value != want {
			c.Fatalf("Get: %v, %v, %v, want %v", r.value, r.err, r.valueErr, want)
		}
	}
}

func valueTwice(c *checker) {
	c.put(textEntry(1, 1, 3000), text{})
	r := c.get(c.Context(), keyOf(1), text{})
	c.isText(1, 1, r, "the first Value")
	c.again(&r)
	c.isText(1, 1, r, "the second Value")
}

// valueOfReplaced checks that an entry's value that is read after another was put is one of the two.
func valueOfReplaced(c *checker) {
	c.put(textEntry(1, 1, 3000), text{})
	r := c.get(c.Context(), keyOf(1), text{})
	for version := 2; version < 5; version++ {
		c.put(textEntry(1, version, 3000+version), text{})
		c.again(&r)
		if r.valueErr != nil {
			continue
		}
		if v, ok := versionOf(1, r.value); !ok || v < 1 || v > version {
			c.Fatalf("Value, when another was put: %.40q, want one that was put, or an error", r.value)
		}
	}
}

// loaded puts entries whose value is elsewhere, as one store hands to another.
func loaded(c *checker) {
	e := textEntry(1, 1, 3000)
	load := func(context.Context) (any, error) { return textOf(1, 1, 3000), nil }
	c.put(cache.LoadedEntry(e.Meta, load), text{})
	c.wantText(1, 1, "whose value was loaded")

	failed := func(context.Context) (any, error) { return nil, errCodec }
	err := c.tryPut(c.Context(), cache.LoadedEntry(metaOf(2, 1, 3000), failed), text{})
	r := c.get(c.Context(), keyOf(2), text{})
	if err == nil && r.err == nil && r.valueErr == nil {
		c.Errorf("an entry whose value cannot be had came back with the value %v", r.value)
	}
	if r.value != nil {
		c.Errorf("the value of an entry that has none is %v", r.value)
	}
}

// noCodec puts a value that cannot leave the process.
func noCodec(c *checker) {
	value := &struct{ f func() }{func() {}}
	e := cache.NewEntry(metaOf(1, 1, 8), value)
	err := c.tryPut(c.Context(), e, nil)
	r := c.get(c.Context(), keyOf(1), nil)
	if c.bytes {
		if !errors.Is(err, cache.ErrStays) {
			c.Errorf("Put with no codec: %v, want ErrStays", err)
		}
		c.wantMiss(r, "of what has no codec")
		return
	}
	if err != nil && !errors.Is(err, cache.ErrStays) {
		c.Errorf("Put with no codec: %v, want no error or ErrStays", err)
	}
	if err != nil && errors.Is(r.err, cache.ErrMiss) {
		return
	}
	if r.err != nil || r.valueErr != nil || r.value != value {
		c.Errorf("Get with no codec: %v, %v, %v, want the pointer that was put", r.value, r.err, r.valueErr)
	}
}

// again reads the entry's value once more.
func (c *checker) again(r *got) {
	c.Helper()
	if p := c.within("Value", func() { r.value, r.valueErr = r.entry.Value(c.Context()) }); p != nil {
		c.Fatalf("Value panicked: %v", p)
	}
}

func (c *checker) wantMiss(r got, which string) {
	c.Helper()
	if !errors.Is(r.err, cache.ErrMiss) {
		c.Errorf("Get %s: %.40v, %v, want ErrMiss", which, r.value, r.err)
	}
}

// wantText gets the nth key and wants the text of that version, and its metadata.
func (c *checker) wantText(n, version int, when string) {
	c.Helper()
	r := c.get(c.Context(), keyOf(n), text{})
	c.isText(n, version, r, when)
	c.sameMeta(r.entry.Meta, metaOf(n, version, int64(len(r.value.(string)))))
}

func (c *checker) isText(n, version int, r got, when string) {
	c.Helper()
	if r.err != nil || r.valueErr != nil {
		c.Fatalf("Get %s: error %v, Value: error %v, want the entry", when, r.err, r.valueErr)
	}
	if v, ok := versionOf(n, r.value); !ok || v != version {
		c.Fatalf("Get %s: %.40q, want %.40q", when, r.value, textOf(n, version, 40))
	}
}

// sameMeta compares all fields; of Created the instant, and of Size in a store of bytes only that there is one.
func (c *checker) sameMeta(have, want *cache.Meta) {
	c.Helper()
	if !have.Created.Equal(want.Created) {
		c.Errorf("Meta.Created is %v, want %v", have.Created, want.Created)
	}
	if c.bytes && have.Size <= 0 || !c.bytes && have.Size != want.Size {
		c.Errorf("Meta.Size is %d, was put as %d", have.Size, want.Size)
	}
	if !slices.Equal(have.Inputs, want.Inputs) {
		c.Errorf("Meta.Inputs is %.100q, want %.100q", have.Inputs, want.Inputs)
	}
	a, b := *have, *want
	a.Inputs, a.Created, a.Size = b.Inputs, b.Created, b.Size
	if !reflect.DeepEqual(a, b) {
		c.Errorf("Meta is %.300q, want %.300q", []any{a.Key, a.Function, a.Version, a.Content, a.Cost}, []any{b.Key, b.Function, b.Version, b.Content, b.Cost})
	}
}
