package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Put keeps an entry. A value that is larger than 64 KiB when it is encoded goes to the disk as it is encoded.
func (s *dirStore) Put(ctx context.Context, e Entry, codec Codec) error {
	if codec == nil {
		return ErrStays
	}
	if e.Meta == nil {
		return errors.New("cache: Put of an entry without metadata")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	value, err := e.Value(ctx)
	if err != nil {
		return err
	}
	w := s.newValueWriter(ctx)
	defer w.release()
	v, err := w.encode(codec, value)
	if err != nil {
		return err
	}
	return s.putEncoded(e.Meta, v, w)
}

// putEncoded keeps an entry with a value that was written to w.
func (s *dirStore) putEncoded(meta *Meta, v payload, w *valueWriter) error {
	m := *meta
	m.Size = v.size
	buf := s.buffers.Get().(*dirBuffer)
	defer s.free(buf)
	buf.b = appendRecord(buf.b[:0], &m, v)
	room := roomOf(int64(len(buf.b)))
	if v.blob {
		room += roomOf(v.size)
	}
	if len(buf.b) > recordMax || room > s.bytesMax {
		return ErrTooLarge
	}
	s.makeRoom(room)
	if !v.blob {
		return s.putRecord(m.Key, buf.b)
	}
	old := s.oldBlob(m.Key, v)
	if err := w.keep(s.blobPath(v.sum)); err != nil {
		return err
	}
	if err := s.putRecord(m.Key, buf.b); err != nil {
		return err
	}
	old.drop()
	return nil
}

// putRecord puts a record in place.
func (s *dirStore) putRecord(key Key, record []byte) error {
	f, err := s.newTemp()
	if err != nil {
		return err
	}
	_, err = f.Write(record)
	if err = errors.Join(err, f.Close()); err == nil {
		err = s.place(f.Name(), s.recordPath(key))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

// newTemp opens a new file to write to.
func (s *dirStore) newTemp() (*os.File, error) {
	for try := 0; ; try++ {
		name := s.instance + "-" + strconv.FormatUint(s.files.Add(1), 36)
		f, err := os.OpenFile(filepath.Join(s.temps, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			return f, nil
		}
		if try > 0 || !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cache: %w", err)
		}
		// The folder was removed.
		if err := s.create(); err != nil {
			return nil, fmt.Errorf("cache: %w", err)
		}
	}
}

// place renames a file to where it belongs, in a folder that may have to be made.
func (s *dirStore) place(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// blobInUse is a value's file, and when a record of it was used.
type blobInUse struct {
	path string
	used time.Time
}

// oldBlob returns the value that a record of key has now, if it has a file, and is not v.
func (s *dirStore) oldBlob(key Key, v payload) blobInUse {
	path := s.recordPath(key)
	head, err := readHead(path)
	if err != nil || !head.blob || head.sum == v.sum {
		return blobInUse{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return blobInUse{}
	}
	return blobInUse{path: s.blobPath(head.sum), used: info.ModTime()}
}

// sharedSlack is by how much the file of a value may be newer than the record it was put with or touched with. The
// record follows at once, but a process may be stopped between the two.
const sharedSlack = 2 * time.Second

// drop removes the value of a record that goes. It stays if it was used later than the record was: then it is another
// record's too. If two records were last used at one time, the other one's value is lost, which is a miss.
func (b blobInUse) drop() bool {
	if b.path == "" {
		return false
	}
	info, err := os.Stat(b.path)
	return err == nil && info.ModTime().Before(b.used.Add(sharedSlack)) && os.Remove(b.path) == nil
}
