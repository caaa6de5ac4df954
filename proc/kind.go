package proc

import (
	"fmt"
	"io"
	"strings"

	"github.com/dally-go/dally/lazy"
)

// kind is a type of which something may be: a plain value, or a handle.
type kind struct {
	name string
	// take returns what a plain value comes to, or a handle on that for a handle. Both nil: v is not of this kind.
	take func(v any) (plain any, handle *lazy.Data[any])
}

// of makes a kind of the type T. as turns a value into one that the rest of the package knows; what names, in pictures,
// the call that does that to the value of a handle.
func of[T any](what, name string, as func(T) any) kind {
	box := lazy.Pure1(as, lazy.Name(what))
	return kind{name, func(v any) (any, *lazy.Data[any]) {
		switch v := v.(type) {
		case T:
			return as(v), nil
		case lazy.Data[T]:
			d := box(v)
			return nil, &d
		}
		return nil, nil
	}}
}

func itself[T any](v T) any { return v }

// What may be what. The values come to string, int, []string, File, []File for words, and to []byte, string, content
// and Output for what is read. A directory comes to an absolute one.
var (
	wordKinds = []kind{
		of("argument", "string", itself[string]),
		of("argument", "int", itself[int]),
		of("argument", "proc.File", itself[File]),
		of("argument", "[]string", itself[[]string]),
		of("argument", "[]proc.File", itself[[]File]),
	}
	contentKinds = []kind{
		of("stdin", "string", itself[string]),
		of("stdin", "[]byte", itself[[]byte]),
		of("stdin", "proc.File", func(f File) any { return content{f} }),
		of("stdin", "proc.Output", itself[Output]),
		of("stdin", "proc.Result", func(r Result) any { return r.Stdout }),
	}
	variableKinds = []kind{
		of("variable", "string", itself[string]),
		of("variable", "int", itself[int]),
		of("variable", "proc.File", itself[File]),
	}
	dirKinds    = []kind{of("directory", "string", func(dir string) any { return absolute(dir) })} // for keys, too
	outputKinds = []kind{of("output file", "string", itself[string])}
)

// content is a file of which what is in it counts, and not its name.
type content struct{ File }

// CacheKey leaves the path out.
func (c content) CacheKey() []byte { return []byte(c.Digest) }

// hole stands for the value of an input, by number.
type hole int

// taker collects what is given for a command, and refuses what cannot be.
type taker struct {
	op      string // "Command"
	program string
	inputs  []lazy.Data[any]
}

// take returns what v comes to, or a hole for it. It panics if v is of none of the kinds. what says which value it is,
// and place, if it is one of a list, its place there, from 1, and how long the list is.
func (t *taker) take(v any, kinds []kind, what string, place ...int) any {
	for _, k := range kinds {
		switch plain, handle := k.take(v); {
		case plain != nil:
			return plain
		case handle != nil:
			t.inputs = append(t.inputs, *handle)
			return hole(len(t.inputs) - 1)
		}
	}
	if len(place) > 0 {
		what = fmt.Sprintf("%s %d of %d", what, place[0], place[1])
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	panic(fmt.Sprintf("proc: %s of %q: %s is %s: want %s, or a lazy.Data of that%s",
		t.op, t.program, what, describe(v), strings.Join(names, ", "), hint(v)))
}

// all takes a list of values.
func (t *taker) all(vs []any, kinds []kind, what string) []any {
	taken := make([]any, len(vs))
	for i, v := range vs {
		taken[i] = t.take(v, kinds, what, i+1, len(vs))
	}
	return taken
}

func describe(v any) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("a %T", v)
}

// hint is how to mend a value that was refused, where one can guess.
func hint(v any) string {
	switch v.(type) {
	case Result, lazy.Data[Result]:
		return "; proc.Text is what a command has printed, proc.Made a file that it has made"
	case []byte, lazy.Data[[]byte]:
		return "; turn the bytes into a string"
	case []any:
		return "; write ... behind a slice to give its elements"
	case io.Reader:
		return "; a reader can be read once, a call may run again: give a file by proc.Open, or read it before"
	case lazy.Target: // a Stringer, too
		return "; have a call turn its value into one of these: lazy.Pure1"
	case float32, float64, int64, int32, uint, bool, fmt.Stringer:
		return "; format it, with strconv, fmt or its String method"
	}
	return ""
}
