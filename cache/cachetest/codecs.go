package cachetest

import (
	"context"
	"errors"
	"io"
)

// encodeFails puts with a codec that writes half of a value and then fails: under a key with nothing, and under one
// with a value.
func encodeFails(c *checker) {
	codec := broken{half: func() error { return errCodec }}
	c.put(textEntry(2, 1, 3000), text{})
	for n, before := range map[int]int{1: 0, 2: 1} {
		err := c.tryPut(c.Context(), textEntry(n, 2, 3000), codec)
		if err == nil && c.bytes {
			c.Errorf("Put with a codec that fails: no error")
		}
		if err != nil && !errors.Is(err, errCodec) {
			c.Errorf("Put with a codec that fails: %v, want the codec's error in it", err)
		}
		c.wantWhole(n, before, 2, "when the codec has failed")
	}
	c.stillWorks()
}

// encodePanics checks that a codec that panics, though it must not, leaves neither half a value nor a locked store.
func encodePanics(c *checker) {
	codec := broken{half: func() error { panic(errCodec) }}
	c.put(textEntry(1, 1, 3000), text{})
	var err error
	p := c.within("Put", func() { err = c.store.Put(c.Context(), textEntry(1, 2, 3000), codec) })
	if c.bytes && p == nil && err == nil {
		c.Errorf("Put with a codec that panics: neither an error nor a panic")
	}
	c.wantWhole(1, 1, 2, "when the codec has panicked")
	c.stillWorks()
}

func decodeFails(c *checker) {
	c.put(textEntry(1, 1, 3000), text{})
	codecs := []broken{
		{decode: func(io.Reader) (any, error) { return nil, errCodec }},
		{decode: func(io.Reader) (any, error) { return textOf(1, 9, 10), errCodec }},
		{decode: func(r io.Reader) (any, error) {
			_, err := io.CopyN(io.Discard, r, 10)
			return nil, errors.Join(err, errCodec)
		}},
	}
	for _, codec := range codecs {
		r := c.get(c.Context(), keyOf(1), codec)
		if r.err == nil && r.valueErr == nil {
			if c.bytes {
				c.Errorf("Get with a codec that fails: %.40v, want an error", r.value)
			}
			c.isText(1, 1, r, "with a codec that fails")
		}
	}
	c.wantWhole(1, 0, 1, "when the codec has failed")
	c.stillWorks()
}

// decodeReadsPart reads with a codec that is content before the end of the bytes.
func decodeReadsPart(c *checker) {
	c.put(textEntry(1, 1, 30_000), text{})
	part := broken{decode: func(r io.Reader) (any, error) {
		b := make([]byte, 10)
		_, err := io.ReadFull(r, b)
		return string(b), err
	}}
	r := c.get(c.Context(), keyOf(1), part)
	whole := textOf(1, 1, 30_000)
	if r.err == nil && r.valueErr == nil && r.value != whole && r.value != whole[:10] {
		c.Errorf("Get with a codec that reads 10 bytes: %.40v, want the beginning of the value", r.value)
	}
	c.wantWhole(1, 0, 1, "when the codec has read a part")
	c.stillWorks()
}

func cancelled(c *checker) {
	ctx, cancel := context.WithCancel(c.Context())
	c.put(textEntry(1, 1, 3000), text{})
	alive := c.get(ctx, keyOf(1), text{})
	cancel()
	for range 10 {
		if r := c.get(ctx, keyOf(1), text{}); r.err == nil && r.valueErr == nil {
			c.isText(1, 1, r, "with a cancelled context")
		}
		c.get(ctx, keyOf(2), text{})
		c.within("Value", func() { alive.value, alive.valueErr = alive.entry.Value(ctx) })
		if alive.valueErr == nil {
			c.isText(1, 1, alive, "with a context that was cancelled after it")
		}
	}
	c.wantText(1, 1, "after those with a cancelled context")
	_ = c.tryPut(ctx, textEntry(1, 2, 5000), text{})
	c.wantWhole(1, 1, 2, "after a Put with a cancelled context")
	c.stillWorks()
}

func cancelledWhileEncoding(c *checker) {
	ctx, cancel := context.WithCancel(c.Context())
	defer cancel()
	codec := broken{half: func() error { cancel(); return nil }}
	c.put(textEntry(1, 1, 3000), text{})
	_ = c.tryPut(ctx, textEntry(1, 2, 100_000), codec)
	c.wantWhole(1, 1, 2, "after a Put that was cancelled meanwhile")
	c.stillWorks()
}

// wantWhole gets the nth key and wants nothing, or all of one of two versions.
func (c *checker) wantWhole(n, former, latter int, when string) {
	c.Helper()
	r := c.get(c.Context(), keyOf(n), text{})
	if r.err != nil || r.valueErr != nil {
		return
	}
	v, ok := versionOf(n, r.value)
	if !ok || v != former && v != latter {
		c.Errorf("Get %s: %.40q, want a value that was put, whole, or none", when, r.value)
		return
	}
	c.sameMeta(r.entry.Meta, metaOf(n, v, int64(len(r.value.(string)))))
}

// stillWorks checks that what has gone wrong did so for one entry, once.
func (c *checker) stillWorks() {
	c.Helper()
	for _, n := range []int{1, 1000} {
		c.put(textEntry(n, 99, 4000), text{})
		c.wantText(n, 99, "after trouble")
	}
}
