package proc

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dally-go/dally/lazy"
)

// spec is a command as it was recorded: plain values, and holes for those of the inputs. It is not changed.
type spec struct {
	program *Program
	args    []any
	stdin   any // nil: nothing
	env     []variable
	dir     any
	outputs []any
}

type variable struct {
	name  string
	value any
}

// newSpec takes c apart. It panics if something in it is of a wrong kind.
func newSpec(op string, p *Program, c Cmd) (*spec, []lazy.Data[any]) {
	t := &taker{op: op, program: p.Name}
	s := &spec{program: p, args: t.all(c.Args, wordKinds, "argument"), dir: ""}
	if c.Stdin != nil {
		s.stdin = t.take(c.Stdin, contentKinds, "Stdin")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			panic(fmt.Sprintf("proc: %s of %q: Env has a variable called %q: want a name without = and NUL, such as "+
				`Env: map[string]any{"LANG": "C"}`, op, p.Name, name))
		}
		s.env = append(s.env, variable{name, t.take(c.Env[name], variableKinds, "Env["+strconv.Quote(name)+"]")})
	}
	if c.Dir != nil {
		s.dir = t.take(c.Dir, dirKinds, "Dir")
	}
	s.outputs = t.all(c.Outputs, outputKinds, "output file")
	return s, t.inputs
}

// String is the command line, in which ‹1› stands for the value of the first input. It is how pictures show a command.
func (s *spec) String() string {
	parts := []string{quoted(s.program.Name)}
	for _, a := range s.args {
		if h, ok := a.(hole); ok {
			parts = append(parts, fmt.Sprintf("‹%d›", h+1))
			continue
		}
		for _, w := range words(a) {
			parts = append(parts, quoted(w))
		}
	}
	return strings.Join(parts, " ")
}

// quoted is a word as one would write it for a shell to see it as one.
func quoted(word string) string {
	if word == "" || strings.ContainsAny(word, " \t\n\"'\\$&|;<>()*?`") {
		return strconv.Quote(word)
	}
	return word
}

// words are the arguments that a value comes to.
func words(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case int:
		return []string{strconv.Itoa(v)}
	case []string:
		return v
	}
	fs := files(v)
	paths := make([]string, len(fs))
	for i, f := range fs {
		paths[i] = f.Path
	}
	return paths
}

// files are the files that a value refers to.
func files(v any) []File {
	switch v := v.(type) {
	case File:
		return []File{v}
	case content:
		return []File{v.File}
	case []File:
		return v
	}
	return nil
}

// CacheKey is what a command comes to in the keys of Memo calls. The values of its inputs have a place of their own
// there. What is not in it: the variables inherited from this process, other files that the program reads, the time,
// and of the program's file the content – its path, size and modification time stand for that.
func (s *spec) CacheKey() []byte {
	k := keyer{sha256.New()}
	p := s.program
	k.text("proc 1", p.Name, s.binary())
	k.number(len(p.Codes))
	for _, c := range slices.Sorted(slices.Values(p.Codes)) {
		k.number(c)
	}
	k.text(strconv.FormatBool(p.CleanEnv))
	k.values(s.args)
	k.value(s.stdin)
	k.number(len(s.env))
	for _, v := range s.env {
		k.text(v.name)
		k.value(v.value)
	}
	if dir, ok := s.dir.(string); ok {
		k.text(absolute(dir))
	}
	k.value(s.dir)
	k.values(s.outputs)
	return k.h.Sum(nil)
}

// binary tells the program's file from others. It panics, for there is no key then, if the file is not there or cannot
// be found before the command's directory is known: an earlier call may make it.
func (s *spec) binary() string {
	dir, known := s.dir.(string)
	if !known && isRelative(s.program.Name) {
		panic(fmt.Sprintf("the program %s is in a directory that comes from a handle: give an absolute path", s.program.Name))
	}
	path, err := s.program.find(absolute(dir))
	if err != nil {
		panic(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("%s %d %d", path, info.Size(), info.ModTime().UnixNano())
}

// absolute is a directory as seen from that of the process, or as it is where there is none.
func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// keyer hashes values such that no two lists of values come to the same bytes.
type keyer struct{ h hash.Hash }

func (k keyer) number(n int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	k.h.Write(b[:])
}

func (k keyer) text(ts ...string) {
	for _, t := range ts {
		k.number(len(t))
		k.h.Write([]byte(t))
	}
}

func (k keyer) values(vs []any) {
	k.number(len(vs))
	for _, v := range vs {
		k.value(v)
	}
}

func (k keyer) value(v any) {
	k.text(fmt.Sprintf("%T", v))
	switch v := v.(type) {
	case hole:
		k.number(int(v))
	case []byte:
		k.text(string(v))
	case content:
		k.text(v.Digest)
	case Output:
		k.text(string(v.CacheKey()))
	default:
		ws := words(v)
		k.number(len(ws))
		k.text(ws...)
		for _, f := range files(v) {
			k.text(f.Digest)
		}
	}
}
