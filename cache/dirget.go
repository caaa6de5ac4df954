package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Get returns the entry kept under key. The file of the record is read, and so is the value if it is part of that; else
// only whether it is there.
func (s *dirStore) Get(ctx context.Context, key Key, codec Codec) (Entry, error) {
	if codec == nil {
		return Entry{}, ErrMiss
	}
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	path := s.recordPath(key)
	buf := s.buffers.Get().(*dirBuffer)
	defer s.free(buf)
	used, err := readFile(path, buf)
	if err != nil {
		return Entry{}, dropIfCorrupt(missing(err, ErrMiss), path)
	}
	if time.Since(used) > s.ageMax {
		s.forget(key)
		return Entry{}, ErrMiss
	}
	m, v, err := parseRecord(key, buf.b)
	if err != nil {
		return Entry{}, dropIfCorrupt(err, path)
	}
	var e Entry
	if v.blob {
		e, err = s.getBlob(m, v, codec)
	} else {
		e = inlineEntry(m, bytes.Clone(v.inline), codec, func(err error) error { return dropIfCorrupt(err, path) })
	}
	if err != nil {
		return Entry{}, dropIfCorrupt(err, path)
	}
	if time.Since(used) > s.touchAfter {
		s.touch(path, v)
	}
	return e, nil
}

// missing returns gone for an error that says that there is no such file.
func missing(err, gone error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return gone
	case errors.Is(err, ErrCorrupt):
		return err
	}
	return fmt.Errorf("cache: %w", err)
}

// dropIfCorrupt removes files if err says that what was read is damaged, or that a part is gone, and names the first of
// them in the error. If there is a good entry by now, it is lost, which is a miss.
func dropIfCorrupt(err error, paths ...string) error {
	if !errors.Is(err, ErrCorrupt) && !errors.Is(err, errGone) {
		return err
	}
	for _, path := range paths {
		_ = os.Remove(path)
	}
	if errors.Is(err, errGone) {
		return ErrMiss
	}
	return fmt.Errorf("%w: in %s", err, paths[0])
}

// errGone says that there is a record, but its value was dropped.
var errGone = fmt.Errorf("%w: its value was dropped", ErrMiss)

// readFile reads a file that is no longer than a record into buf, and returns when it was used.
func readFile(path string, buf *dirBuffer) (used time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		return time.Time{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return time.Time{}, err
	}
	if !info.Mode().IsRegular() {
		return time.Time{}, corrupt("not a file")
	}
	size := info.Size()
	if size > recordMax {
		return time.Time{}, corrupt("record too long")
	}
	if int64(cap(buf.b)) < size {
		buf.b = make([]byte, size, size+size/4+1024)
	}
	// Files do not change once they are in place, so there is no more to read, and no less.
	buf.b = buf.b[:size]
	n, err := io.ReadFull(f, buf.b)
	buf.b = buf.b[:n]
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil // The record's checksum says the rest.
	}
	return info.ModTime(), err
}

// touch marks an entry as used now. The value comes first: see dropBlob. Errors mean that it cannot be marked, as in a
// folder that can only be read.
func (s *dirStore) touch(path string, v payload) {
	now := time.Now()
	if v.blob {
		_ = os.Chtimes(s.blobPath(v.sum), now, now)
	}
	_ = os.Chtimes(path, now, now)
}

// inlineEntry returns the entry of a record that has the value. That is decoded when it is wanted: who makes keys from
// what is known of kept results wants few of their values. failed says more about an error of that. encoded belongs to
// the entry.
func inlineEntry(m *Meta, encoded []byte, codec Codec, failed func(error) error) Entry {
	return LoadedEntry(m, func(context.Context) (any, error) {
		value, err := decode(codec, bytes.NewReader(encoded))
		if err != nil {
			return nil, failed(err)
		}
		return value, nil
	})
}

// getBlob returns the entry of a record whose value has a file of its own, if that is there.
func (s *dirStore) getBlob(m *Meta, v payload, codec Codec) (Entry, error) {
	info, err := os.Stat(s.blobPath(v.sum))
	if err != nil {
		return Entry{}, missing(err, errGone)
	}
	if info.Size() != v.size || !info.Mode().IsRegular() {
		_ = os.Remove(s.blobPath(v.sum))
		return Entry{}, corrupt("length of the value's file")
	}
	return LoadedEntry(m, func(ctx context.Context) (any, error) {
		value, err := s.load(ctx, v, codec)
		return value, dropIfCorrupt(err, s.recordPath(m.Key), s.blobPath(v.sum))
	}), nil
}

// load reads a value from its file.
func (s *dirStore) load(ctx context.Context, v payload, codec Codec) (any, error) {
	f, err := os.Open(s.blobPath(v.sum))
	if err != nil {
		return nil, missing(err, errGone)
	}
	defer f.Close()
	r := newBlobReader(ctx, f, v.size)
	defer r.release()
	value, err := decode(codec, r)
	// What the codec has made of damaged bytes, even an error, is of no interest.
	if bad := r.check(v.sum); bad != nil {
		return nil, bad
	}
	if err != nil {
		return nil, err
	}
	return value, nil
}

// decode reads a value. What fails is ErrCorrupt: the codec has not written these bytes, or not for such values.
func decode(codec Codec, r io.Reader) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			v, err = nil, corrupt(fmt.Sprintf("panic while decoding: %v", p))
		}
	}()
	v, err = codec.Decode(r)
	if err != nil {
		return nil, fmt.Errorf("%w: decoding: %w", ErrCorrupt, err)
	}
	return v, nil
}
