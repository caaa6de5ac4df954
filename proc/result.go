package proc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dally-go/dally/lazy"
)

// Result is what has come of a command.
type Result struct {
	Stdout, Stderr Output
	ExitCode       int    // 0, or one of [Program].Codes
	Files          []File // those of [Cmd].Outputs, in that order
}

// String says how much there is of everything, in a line for pictures.
func (r Result) String() string {
	s := fmt.Sprintf("exit code %d, %d bytes of stdout, %d of stderr", r.ExitCode, r.Stdout.Len(), r.Stderr.Len())
	if len(r.Files) > 0 {
		s += fmt.Sprintf(", %d files", len(r.Files))
	}
	return s
}

// sameResult reports whether two results are equal: a command that comes to the same result hides a change from its
// users.
func sameResult(a, b Result) bool {
	return a.ExitCode == b.ExitCode && a.Stdout.Equal(b.Stdout) && a.Stderr.Equal(b.Stderr) && slices.Equal(a.Files, b.Files)
}

var text = lazy.Pure1(func(r Result) string { return strings.TrimRight(r.Stdout.String(), "\r\n") }, lazy.Name("Text"))

// Text records a call for what a command has written to stdout, without line ends at its end: what a shell makes of
// $(command). It is one argument for another command, whatever it contains.
func Text(r lazy.Data[Result]) lazy.Data[string] { return text(r) }

var made = lazy.Wrap2(func(_ context.Context, r Result, i int) (File, error) {
	if i >= len(r.Files) {
		return File{}, fmt.Errorf("proc: Made: there is no file %d: the command has %d Outputs, counted from 0", i, len(r.Files))
	}
	return r.Files[i], nil
}, lazy.Name("Made"))

// Made records a call for the i-th file, from 0, that a command has made: see [Cmd].Outputs. What takes it depends on
// the file's content: it does not run again if the command does and makes the same. It panics if i < 0; that the
// command has no such file is an error of the call.
func Made(r lazy.Data[Result], i int) lazy.Data[File] {
	if i < 0 {
		panic(fmt.Sprintf("proc: Made(…, %d): want the place of a file among the command's Outputs, from 0", i))
	}
	return made(r, lazy.Const(i))
}

var errEncoding = errors.New("proc: not the encoding of a Result")

// MarshalBinary encodes the result for stores: of the files what is known about them, not their content.
func (r Result) MarshalBinary() ([]byte, error) {
	var b []byte
	for _, o := range []Output{r.Stdout, r.Stderr} {
		data, err := o.MarshalBinary()
		if err != nil {
			return nil, err
		}
		b = appendText(b, data)
	}
	b = binary.AppendVarint(b, int64(r.ExitCode))
	b = binary.AppendUvarint(b, uint64(len(r.Files)))
	for _, f := range r.Files {
		b = appendText(appendText(b, []byte(f.Path)), []byte(f.Digest))
		b = binary.AppendVarint(b, f.Size)
	}
	return b, nil
}

// UnmarshalBinary decodes what MarshalBinary has written. It fails if one of the files is not there any more, or has
// another content: then the result does not stand, and a store that holds it is as one that does not.
func (r *Result) UnmarshalBinary(b []byte) error {
	d := decoder{b: b}
	outputs := [2][]byte{d.text(), d.text()}
	code := d.varint()
	var files []File
	for range d.count() {
		files = append(files, File{Path: string(d.text()), Digest: string(d.text()), Size: d.varint()})
	}
	if d.failed || len(d.b) > 0 {
		return errEncoding
	}
	for _, f := range files {
		if err := f.verify(context.Background()); err != nil {
			return err
		}
	}
	*r = Result{ExitCode: int(code), Files: files}
	_ = r.Stdout.UnmarshalBinary(outputs[0]) // any bytes are an output
	_ = r.Stderr.UnmarshalBinary(outputs[1])
	return nil
}

func appendText(b, text []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// decoder takes values off b. Once one cannot be, it has failed, and all others are empty.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	return v * d.skip(n)
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	return v * int64(d.skip(n))
}

// skip takes n bytes off, and returns 1; or has failed, for n <= 0, and returns 0.
func (d *decoder) skip(n int) uint64 {
	if n <= 0 || d.failed {
		d.failed, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return 1
}

// count is the length of a list, each of whose elements takes a byte at least.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.failed, d.b, n = true, nil, 0
	}
	return int(n)
}

func (d *decoder) text() []byte {
	n := d.count()
	text := d.b[:n]
	d.b = d.b[n:]
	return text
}
