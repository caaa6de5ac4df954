package cache

import (
	"bytes"
	"context"
	"iter"
	"os"
	"path/filepath"
)

// evictedKey is how much of a key is remembered of an entry that was dropped, evictedMax how long the file of these may
// become, in bytes.
const (
	evictedKey = 16
	evictedMax = 32_000 * evictedKey
)

// List goes through the metadata of the entries kept. It reads all their records, about 10 µs each, and ends when ctx
// does.
func (s *dirStore) List(ctx context.Context) iter.Seq[*Meta] {
	return func(yield func(*Meta) bool) {
		var buf dirBuffer
		for _, shard := range shuffled(s.records) {
			for _, file := range readFolder(filepath.Join(s.records, shard)) {
				if ctx.Err() != nil {
					return
				}
				key, ok := parseHash(shard, file.Name())
				if !ok {
					continue
				}
				if m := s.meta(key, &buf); m != nil && !yield(m) {
					return
				}
			}
		}
	}
}

// meta returns what is known about an entry, nil if it is not kept.
func (s *dirStore) meta(key Key, buf *dirBuffer) *Meta {
	if _, err := readFile(s.recordPath(key), buf); err != nil {
		return nil
	}
	m, v, err := parseRecord(key, buf.b)
	if err != nil {
		return nil
	}
	if v.blob {
		if _, err := os.Stat(s.blobPath(v.sum)); err != nil {
			return nil
		}
	}
	return m
}

// Evicted reports whether an entry under key was dropped, by any process, to make room or because it was not used for
// too long, and was not put again since. It reads the list of those, of half a megabyte at most.
func (s *dirStore) Evicted(key Key) bool {
	list, err := os.ReadFile(s.evicted)
	if err != nil {
		return false
	}
	for len(list) >= evictedKey {
		if bytes.Equal(list[:evictedKey], key[:evictedKey]) {
			_, err := os.Stat(s.recordPath(key))
			return err != nil
		}
		list = list[evictedKey:]
	}
	return false
}

// remember notes which entries were dropped. What cannot be written, or gets lost between two processes that write at
// once, is not remembered.
func (s *dirStore) remember(keys []Key) {
	if len(keys) == 0 {
		return
	}
	add := make([]byte, 0, len(keys)*evictedKey)
	for _, key := range keys {
		add = append(add, key[:evictedKey]...)
	}
	f, err := os.OpenFile(s.evicted, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return
	}
	_, err = f.Write(add)
	info, statErr := f.Stat()
	_ = f.Close()
	// A write that was cut short, as on a full disk, leaves all that follows out of step: begin anew.
	if err == nil && statErr == nil && info.Size() <= evictedMax && info.Size()%evictedKey == 0 {
		return
	}
	list, err := os.ReadFile(s.evicted)
	if err != nil || len(list)%evictedKey != 0 {
		list = nil
	}
	if half := evictedMax / 2; len(list) > half {
		list = list[len(list)-half:]
	}
	if f, err := s.newTemp(); err == nil {
		_, err = f.Write(list)
		if f.Close() != nil || err != nil || os.Rename(f.Name(), s.evicted) != nil {
			_ = os.Remove(f.Name())
		}
	}
}

// forget drops an entry that was not used for too long.
func (s *dirStore) forget(key Key) {
	if os.Remove(s.recordPath(key)) == nil {
		s.remember([]Key{key})
	}
}
