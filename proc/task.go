package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// task is a command with all values in place, checked.
type task struct {
	spec    *spec
	path    string // of the program
	line    string // for errors
	args    []string
	env     []string
	dir     string // absolute
	stdin   any
	outputs []string // absolute
}

// task puts the inputs' values in their places, and checks what can be checked before the program runs.
func (s *spec) task(in []any) (*task, error) {
	fill := func(v any) any {
		if h, ok := v.(hole); ok {
			return in[h]
		}
		return v
	}
	t := &task{spec: s, stdin: fill(s.stdin), dir: absolute(fill(s.dir).(string))}
	used := files(t.stdin)
	for _, a := range s.args {
		t.args = append(t.args, words(fill(a))...)
		used = append(used, files(fill(a))...)
	}
	t.line = commandLine(s.program.Name, t.args)
	for _, v := range s.env {
		t.env = append(t.env, v.name+"="+words(fill(v.value))[0])
		used = append(used, files(fill(v.value))...)
	}
	for _, o := range s.outputs {
		t.outputs = append(t.outputs, fill(o).(string))
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	for i, o := range t.outputs {
		if !filepath.IsAbs(o) {
			t.outputs[i] = filepath.Join(t.dir, o)
		}
	}
	for _, f := range used {
		if err := f.present(); err != nil {
			return nil, fmt.Errorf("proc: a file for %s: %w", t.line, err)
		}
	}
	var err error
	if t.path, err = s.program.find(t.dir); err != nil {
		return nil, err
	}
	return t, nil
}

// check refuses what no process can be started with.
func (t *task) check() error {
	for i, a := range t.args {
		if strings.ContainsRune(a, 0) {
			return fmt.Errorf("proc: %s: argument %d, %q, has a NUL byte: no program can be given one; Stdin can have any bytes",
				t.spec.program.Name, i+1, a)
		}
	}
	for i, e := range t.env {
		if strings.ContainsRune(e, 0) {
			return fmt.Errorf("proc: %s: the value of variable %s, %q, has a NUL byte: no program can be given one",
				t.line, t.spec.env[i].name, e)
		}
	}
	for i, o := range t.outputs {
		if o == "" || strings.ContainsRune(o, 0) {
			return fmt.Errorf("proc: %s: path %q of output file %d: want a path without NUL bytes", t.line, o, i+1)
		}
	}
	if strings.ContainsRune(t.dir, 0) {
		return fmt.Errorf("proc: %s: directory %q has a NUL byte: no directory has", t.line, t.dir)
	}
	switch info, err := os.Stat(t.dir); {
	case err != nil:
		return fmt.Errorf("proc: %s: the directory to run in: %w", t.line, err)
	case !info.IsDir():
		return fmt.Errorf("proc: %s: the directory to run in: %s is not a directory", t.line, t.dir)
	}
	return nil
}

// isRelative reports whether a program's name is a path that depends on where one stands.
func isRelative(name string) bool { return filepath.Base(name) != name && !filepath.IsAbs(name) }

// find returns the path of the program for a command that runs in dir.
func (p *Program) find(dir string) (string, error) {
	name := p.Name
	if isRelative(name) {
		name = filepath.Join(dir, name)
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path, nil
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound):
		return "", p.notFound(name)
	}
	return "", fmt.Errorf("proc: %w", err) // exec.ErrDot, or no permission
}

// notFoundError is exec.ErrNotFound in other words.
type notFoundError string

func (e notFoundError) Error() string { return string(e) }

func (e notFoundError) Unwrap() error { return exec.ErrNotFound }

// notFound is the error of a program that is not there; path is where it was looked for, or its name.
func (p *Program) notFound(path string) error {
	switch fields := strings.Fields(p.Name); {
	case len(fields) > 1:
		return notFoundError(fmt.Sprintf("proc: there is no program called %q; a command line is not taken apart: "+
			"write the arguments one by one, Command(%q, %q, …)", p.Name, fields[0], fields[1]))
	case filepath.Base(p.Name) != p.Name:
		return notFoundError("proc: there is no program " + path)
	}
	return notFoundError(fmt.Sprintf("proc: there is no program called %q in PATH", p.Name))
}

// lineMax is how many bytes of a command line errors show.
const lineMax = 200

// commandLine is a command as errors show it.
func commandLine(name string, args []string) string {
	line := quoted(name)
	for i, a := range args {
		if line += " " + quoted(a); len(line) > lineMax {
			more := ""
			if left := len(args) - i - 1; left > 0 {
				more = fmt.Sprintf(" and %d more arguments", left)
			}
			return strings.ToValidUTF8(line[:lineMax], "") + "…" + more
		}
	}
	return line
}
