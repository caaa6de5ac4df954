package cache

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
)

// valueWriter takes an encoded value: in memory while that is small, then in a temporary file.
type valueWriter struct {
	store *dirStore
	ctx   context.Context
	// buf is what is not in the file: all, while file is nil.
	buf  *dirBuffer
	file *os.File
	hash hash.Hash
	// size is the length of all that was written.
	size int64
	// err is what has failed, whatever the codec makes of it.
	err error
}

func (s *dirStore) newValueWriter(ctx context.Context) *valueWriter {
	w := &valueWriter{store: s, ctx: ctx, buf: s.buffers.Get().(*dirBuffer)}
	w.buf.b = w.buf.b[:0]
	return w
}

// encode writes a value, and returns what a record says of it. An inline value is valid until release.
func (w *valueWriter) encode(codec Codec, value any) (v payload, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = payload{}, fmt.Errorf("cache: panic while encoding: %v", p)
		}
	}()
	err = codec.Encode(w, value)
	if w.err == nil && err == nil && w.file != nil {
		w.flush()
	}
	switch {
	case w.err != nil:
		return payload{}, w.err
	case err != nil:
		return payload{}, fmt.Errorf("cache: encoding: %w", err)
	case w.file == nil:
		return payload{inline: w.buf.b, size: w.size}, nil
	}
	v = payload{blob: true, size: w.size}
	w.hash.Sum(v.sum[:0])
	return v, nil
}

// Write appends p to the value.
func (w *valueWriter) Write(p []byte) (int, error) {
	if w.err == nil {
		w.write(p)
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

func (w *valueWriter) write(p []byte) {
	w.size += int64(len(p))
	if w.size > w.store.bytesMax {
		w.err = ErrTooLarge
		return
	}
	if len(w.buf.b)+len(p) <= dirInlineMax {
		w.buf.b = append(w.buf.b, p...)
		return
	}
	if w.file == nil {
		w.hash = sha256.New()
		w.file, w.err = w.store.newTemp()
	}
	w.flush()
	for len(p) > dirInlineMax {
		n := min(len(p), dirChunk)
		w.writeFile(p[:n])
		p = p[n:]
	}
	w.buf.b = append(w.buf.b, p...)
}

// flush writes what is in buf to the file.
func (w *valueWriter) flush() {
	w.writeFile(w.buf.b)
	w.buf.b = w.buf.b[:0]
}

func (w *valueWriter) writeFile(p []byte) {
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	if w.err != nil {
		return
	}
	w.hash.Write(p)
	if _, err := w.file.Write(p); err != nil {
		w.err = fmt.Errorf("cache: %w", err)
	}
}

// keep puts the file in place.
func (w *valueWriter) keep(path string) error {
	f := w.file
	w.file = nil
	err := f.Close()
	if err == nil {
		err = w.store.place(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

// release ends the writing: a codec that goes on to write gets an error. A file that was not kept is removed.
func (w *valueWriter) release() {
	w.err = errors.New("cache: write after Encode")
	if w.file != nil {
		_ = w.file.Close()
		_ = os.Remove(w.file.Name())
		w.file = nil
	}
	w.store.free(w.buf)
	w.buf = nil
}
