package proc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dally-go/dally/lazy"
)

// File is a file as it was when it was looked at. Files are equal if path and content are: what depends on a File does
// not run again because the file was written anew, if it was written as it had been.
//
// As an argument of a Memo command its path and its content are in the key, for the command sees both, and its
// modification time is not. A file that is given as [Cmd].Stdin is there with its content alone.
//
// A File does not hold the file, which must stay as it is while calls that take it may run. A command that is given a
// File fails, before it starts, if the file is gone or has another size.
type File struct {
	Path   string // absolute
	Digest string // SHA-256 of the content, in hexadecimal digits
	Size   int64  // in bytes
}

var open = lazy.Wrap1(func(ctx context.Context, path string) (File, error) {
	f, err := digest(ctx, absolute(path))
	if err != nil {
		return File{}, fmt.Errorf("proc: Open: %w", err)
	}
	return f, nil
}, lazy.Name("Open"))

// Open records a call that looks at a file that exists: reads and digests it. path may be a handle. The call does not
// see that the file changes later: Invalidate its handle, and the next Get looks again.
func Open[P string | lazy.Data[string]](path P) lazy.Data[File] {
	if d, ok := any(path).(lazy.Data[string]); ok {
		return open(d)
	}
	return open.Of(any(path).(string))
}

// digestStep is how many bytes of a file are read between looks at the context.
const digestStep = 4 << 20

// digest looks at the file at path, until ctx ends.
func digest(ctx context.Context, path string) (File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return File{}, err
	}
	if !info.Mode().IsRegular() { // to open a named pipe could take for ever
		return File{}, fmt.Errorf("%s is not a regular file, but %v: only a file's content can be digested", path, info.Mode())
	}
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	sum, size := sha256.New(), int64(0)
	for {
		if ctx.Err() != nil {
			return File{}, context.Cause(ctx)
		}
		n, err := io.CopyN(sum, f, digestStep)
		size += n
		if err == io.EOF {
			return File{filepath.Clean(path), hex.EncodeToString(sum.Sum(nil)), size}, nil
		}
		if err != nil {
			return File{}, err
		}
	}
}

// present reports, by a cheap look, that the file is not there any more.
func (f File) present() error {
	info, err := os.Stat(f.Path)
	if err != nil {
		return fmt.Errorf("it was there when it was looked at: %w; Invalidate the call that has made it", err)
	}
	if info.Size() != f.Size {
		return fmt.Errorf("%s had %d bytes when it was looked at, and has %d now: "+
			"have what changes it run before proc.Open, with lazy.After, or Invalidate what has looked", f.Path, f.Size, info.Size())
	}
	return nil
}

// verify reports that the file is not what it was.
func (f File) verify(ctx context.Context) error {
	now, err := digest(ctx, f.Path)
	if err != nil {
		return fmt.Errorf("proc: a file that the command has made: %w", err)
	}
	if now != f {
		return fmt.Errorf("proc: %s, which the command has made, was changed since", f.Path)
	}
	return nil
}
