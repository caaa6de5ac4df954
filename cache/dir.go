package cache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Below its folder a store in a directory has
//
//	CACHEDIR.TAG     says to backup programs that this can be left out
//	.gitignore       says the same to git
//	v1/ac/ab/cd…     the record of the key abcd…, with the value if that is small
//	v1/cas/ab/cd…    a larger value, encoded, under its SHA-256; records with equal values share it
//	v1/tmp/          files that are being written
//	v1/trimmed       its time is that of the last look at how much is kept
//	v1/evicted       the keys dropped last, 16 bytes of each
//
// A file is written in v1/tmp and renamed when it is whole, first that of the value, then the record. The time of a
// file is that of its last use, to the hour. There are no locks: whoever finds that a file has gone since it read of it
// takes that for a miss, and whoever loses a race to write an entry has the other's entry replaced, or replaced by it,
// whole.

// What a store in a directory keeps if not told otherwise.
const (
	dirBytesMax = 10_000_000_000
	dirAgeMax   = 30 * 24 * time.Hour
)

// dirInlineMax is up to which length an encoded value is part of the record, in bytes: up to here a hit is one file.
const dirInlineMax = 64 << 10

const (
	dirTag = "Signature: 8a477f597d28d172789f06886806bc55\n" +
		"# This directory holds results that can be computed again. What the line above means: https://bford.info/cachedir/\n"
	dirIgnore = "*\n"
)

type dirStore struct {
	// root is the folder, the others are in it. Set by OpenDir, as are the limits.
	root, records, blobs, temps, trimmed, evicted string

	bytesMax int64
	ageMax   time.Duration
	// touchAfter is how old the time of an entry has to be for a hit to set it.
	touchAfter time.Duration

	// instance and files make names of temporary files, different in all processes.
	instance string
	files    atomic.Uint64

	trim   dirTrim
	limits dirLimits
	// buffers are *dirBuffer.
	buffers sync.Pool
}

var _ Lister = (*dirStore)(nil)

// DirOption is an option of OpenDir.
type DirOption func(*dirStore) error

// MaxBytes makes a store in a directory keep n bytes at most, instead of 10 GB. What counts is what files take on the
// disk, in blocks of 4 KiB, without the folders. n is not negative or 0.
func MaxBytes(n int64) DirOption {
	return func(s *dirStore) error {
		if n <= 0 {
			return fmt.Errorf("cache: MaxBytes(%d): want a number above 0", n)
		}
		s.bytesMax = n
		return nil
	}
}

// MaxAge makes a store in a directory drop entries that were not used for as long as d, instead of 30 days. Uses count
// by the hour, or by a quarter of d if that is less. d is not negative or 0.
func MaxAge(d time.Duration) DirOption {
	return func(s *dirStore) error {
		if d <= 0 {
			return fmt.Errorf("cache: MaxAge(%v): want a duration above 0", d)
		}
		s.ageMax = d
		return nil
	}
}

// OpenDir returns a store that keeps results in the folder path, which it makes if it is not there: for this user
// alone, so to share it with others, make it first. Any number of stores, in any number of processes, may use one
// folder at once. It should be on a local disk: network file systems are not supported, though what is read is checked
// there as well. Whoever can write to the folder can forge results.
//
// What is read is checked against a SHA-256. Nothing waits for the disk: after a power cut entries may be damaged,
// which is found when they are read. A damaged entry is removed, so the next Put repairs it. A folder that is removed
// while it is in use is made again by the next Put. If the folder can only be read, Get works, and Put returns an error.
//
// The store bounds itself, within its calls of Put: it drops what costs little to compute for its size and was not used
// for long. It looks how much is kept after Puts of a 32nd of MaxBytes, and once a day. So it usually holds between
// 7/8 and all of MaxBytes once it is full; many processes that put at once may exceed that by a 32nd each, and values
// on their way into the store come on top. A look takes 0.2 s at most, about: if MaxBytes was much larger before, many
// Puts share the work.
//
// The store is a Lister. It remembers the 16,000 to 32,000 entries dropped last, in the folder, so all processes do. Its
// entries' values are decoded when they are asked for, each time, and those larger than 64 KiB are read then; Value
// returns an error that is ErrMiss if such a one was dropped meanwhile. Codecs get a reader with a method Len() int, the number of bytes left.
func OpenDir(path string, opts ...DirOption) (Store, error) {
	s := &dirStore{bytesMax: dirBytesMax, ageMax: dirAgeMax, limits: dirLimitsUsual}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("cache: OpenDir: option %d is nil", i+1)
		}
		if err := opt(s); err != nil {
			return nil, err
		}
	}
	if path == "" {
		return nil, errors.New(`cache: OpenDir(""): want the path of a folder`)
	}
	// The working directory may change.
	root, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("cache: OpenDir(%q): %w", path, err)
	}
	s.init(root)
	info, err := os.Stat(root)
	switch {
	case err == nil && !info.IsDir():
		return nil, fmt.Errorf("cache: OpenDir(%q): not a folder", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cache: OpenDir(%q): %w", path, err)
	}
	// A folder that is there may be one that can only be read: that is for Put to say.
	if missing := err != nil; !s.complete() {
		if err := s.create(); err != nil && missing {
			return nil, fmt.Errorf("cache: OpenDir(%q): %w", path, err)
		}
	}
	return s, nil
}

func (s *dirStore) init(root string) {
	format := filepath.Join(root, "v1")
	s.root = root
	s.records, s.blobs = filepath.Join(format, "ac"), filepath.Join(format, "cas")
	s.temps = filepath.Join(format, "tmp")
	s.trimmed, s.evicted = filepath.Join(format, "trimmed"), filepath.Join(format, "evicted")
	s.touchAfter = min(time.Hour, s.ageMax/4)
	s.instance = strconv.FormatUint(rand.Uint64(), 36)
	s.trim.start(s)
	s.buffers.New = func() any { return new(dirBuffer) }
}

// complete reports whether the last file that create makes is there.
func (s *dirStore) complete() bool {
	_, err := os.Stat(s.trimmed)
	return err == nil
}

// create makes what is missing of the folder. Files that are there stay as they are.
func (s *dirStore) create() error {
	if err := os.MkdirAll(s.root, 0o700); err != nil {
		return err
	}
	if s.alone() {
		if err := writeNew(filepath.Join(s.root, "CACHEDIR.TAG"), dirTag); err != nil {
			return err
		}
		if err := writeNew(filepath.Join(s.root, ".gitignore"), dirIgnore); err != nil {
			return err
		}
	}
	for _, folder := range []string{s.records, s.blobs, s.temps} {
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
	}
	return writeNew(s.trimmed, "")
}

// alone reports whether there is nothing but the store in its folder. If there is, files that say what the folder is
// would be wrong of the rest.
func (s *dirStore) alone() bool {
	names, err := os.ReadDir(s.root)
	for _, name := range names {
		switch name.Name() {
		case "v1", "CACHEDIR.TAG", ".gitignore":
		default:
			return false
		}
	}
	return err == nil
}

// writeNew writes a file unless there is one.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// recordPath and blobPath return where the record of a key, and the value with a sum, are.
func (s *dirStore) recordPath(key Key) string            { return hashPath(s.records, key) }
func (s *dirStore) blobPath(sum [len(Key{})]byte) string { return hashPath(s.blobs, sum) }

func hashPath(folder string, hash [len(Key{})]byte) string {
	path := make([]byte, 0, 256)
	path = append(path, folder...)
	path = append(path, filepath.Separator)
	path = hex.AppendEncode(path, hash[:1])
	path = append(path, filepath.Separator)
	return string(hex.AppendEncode(path, hash[1:]))
}

// parseHash returns the hash that a file in a folder of this name has; false if the file is none of the store's.
func parseHash(folder, name string) (hash [len(Key{})]byte, ok bool) {
	if len(folder) != 2 || len(name) != 2*len(hash)-2 {
		return hash, false
	}
	_, err := hex.Decode(hash[:], []byte(folder+name))
	return hash, err == nil
}

// dirBuffer is a buffer that is used again.
type dirBuffer struct{ b []byte }

// free gives a buffer back, unless it has become large.
func (s *dirStore) free(b *dirBuffer) {
	if cap(b.b) <= 4*dirInlineMax {
		s.buffers.Put(b)
	}
}
