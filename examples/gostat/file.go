package main

import (
	"io/fs"
	"time"
)

// File is a file as the walk has found it. Results are kept under this: equal Files have equal texts, unless somebody
// changes a file and sets its time back.
type File struct {
	Root string // where the walk began
	Path string // from there, slash-separated
	Size int64  // in bytes
	// Time is that of the last change, in nanoseconds since 1970; 0 if that says nothing: see newFile.
	Time int64
}

// settleTime is how old a change has to be before a file's time says which one it was: file systems count time in steps
// of up to 2 s, and another change in the same step would not show.
const settleTime = 2 * time.Second

// newFile describes the file at p; info is nil if that is not known. A file that was changed after settled, or in a file
// system without times, gets no Time: nothing is kept of it.
func newFile(root, p string, info fs.FileInfo, settled time.Time) File {
	f := File{Root: root, Path: p}
	if info == nil {
		return f
	}
	f.Size = info.Size()
	if t := info.ModTime(); t.Unix() > 0 && t.Before(settled) {
		f.Time = t.UnixNano()
	}
	return f
}

// settled reports whether the file can be told from what it will be after its next change.
func (f File) settled() bool { return f.Time != 0 }

// is reports whether info is of the file as the walk found it, or as near as can be told.
func (f File) is(info fs.FileInfo) bool {
	return !f.settled() || info.Size() == f.Size && info.ModTime().UnixNano() == f.Time
}

func (f File) String() string { return f.Path }
