package lazy

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"go/token"
	"io"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// This file is about what a function is that results are kept of. What the runtime tells of a function value is a name and
// an address of code: closures of one literal share both whatever they have captured, and so do the method values of all
// receivers and the instances of a generic function. So a function is told from others by the Name it was given, or by the
// runtime's name if it is a plain one at package level; else by its wrap alone, which means nothing in another process.

// functionID is what tells a function from all others.
type functionID struct {
	text  string
	given string // the Name, if that is what it goes by
	local string // why it means nothing outside the process; "" if it does
}

// identify says what f, which wraps fn, is.
func identify(f *function, fn reflect.Value) functionID {
	full := runtime.FuncForPC(fn.Pointer()).Name()
	switch {
	case f.opts.name != "":
		return functionID{text: "name " + packageOfWrap() + " " + f.opts.name, given: f.opts.name}
	case isDeclared(full):
		file, _ := runtime.FuncForPC(fn.Pointer()).FileLine(fn.Pointer())
		return functionID{text: "function " + inProgram(full, file)}
	}
	number := make([]byte, 16)
	_, _ = rand.Read(number) // never fails
	return functionID{
		text:  fmt.Sprintf("wrap %x", number),
		local: fmt.Sprintf("%s, wrapped at %s, cannot be told from others in another process: give it a Name", full, f.where),
	}
}

// isDeclared reports whether the runtime's name of a function is that of one at package level, which has captured nothing:
// example.com/x/y.Load, but not y.Load.func1 (a literal), y.T.Load-fm (a method value), y.Load[...] (an instance). A method
// expression, y.T.Load, looks like the literal y.F.func1 if the method is called func1: it is not taken for one. What
// reflect has made goes by the name of the code that all of it begins with.
func isDeclared(full string) bool {
	pkg, name, _ := strings.Cut(full[strings.LastIndexByte(full, '/')+1:], ".")
	return token.IsIdentifier(name) && pkg != "reflect"
}

// inProgram is a runtime's name of a function with package main named after the program or, if that was built from a
// list of files, after the function's file.
func inProgram(full, file string) string {
	rest, isMain := strings.CutPrefix(full, "main.")
	if !isMain {
		return full
	}
	info, ok := debug.ReadBuildInfo()
	switch {
	case !ok || info.Path == "":
		return full
	case info.Path == "command-line-arguments":
		return "main(" + strings.ReplaceAll(file, ".", "_") + ")." + rest
	}
	return info.Path + "." + rest
}

// packageOfWrap is the package that is wrapping a function.
func packageOfWrap() string {
	f := userFrame()
	if f.File == "" {
		return ""
	}
	return packageOf(inProgram(f.Function, f.File))
}

// packageOf is the path of the package in the runtime's name of a function.
func packageOf(full string) string {
	slash := strings.LastIndexByte(full, '/') + 1
	name, _, _ := strings.Cut(full[slash:], ".")
	return full[:slash] + name
}

// wrapped are the functions with a Name that results are kept of, and where they were wrapped.
var wrapped struct {
	mu sync.Mutex
	at map[string]string // guarded by mu
}

// register panics if a function with the same Name and version was registered before.
func (id functionID) register(f *function, version string) {
	if o := &f.opts.memo; id.given == "" && len(o.own) == 0 && o.codec == nil {
		return // wraps of one and the same function: nothing tells them apart, and nothing needs to
	}
	wrapped.mu.Lock()
	defer wrapped.mu.Unlock()
	key := fmt.Sprintf("%q %q", id.text, version)
	if at, twice := wrapped.at[key]; twice {
		panic(fmt.Sprintf("lazy: %s is wrapped at %s and at %s as Memo: the cache could not tell which of the two a result is of; "+
			"give them different Names or Versions, or wrap once", named(f.name, version), at, f.where))
	}
	if wrapped.at == nil {
		wrapped.at = make(map[string]string)
	}
	wrapped.at[key] = f.where
}

// named is a function with its version.
func named(name, version string) string {
	if version == "" {
		return name
	}
	return fmt.Sprintf("%s, version %q,", name, version)
}

// programPrint is the SHA-256 of the running executable. If that cannot be read it is one of the process's own, and the
// error says why.
var programPrint = sync.OnceValues(func() (sum [32]byte, err error) {
	if sum, err = printOf(os.Executable); err != nil {
		_, _ = rand.Read(sum[:])
	}
	return sum, err
})

func printOf(path func() (string, error)) (sum [32]byte, err error) {
	name, err := path()
	if err != nil {
		return sum, err
	}
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err = io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
