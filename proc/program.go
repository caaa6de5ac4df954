package proc

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/lazy"
)

// Program is a program, with what is the same for all its commands. Its zero value but for Name works. It must not be
// changed or copied once it was used; its methods may be called from many goroutines.
type Program struct {
	// Name is the name of the program, looked for in PATH as by [exec.LookPath] when the command runs, or a path; a
	// relative path is one from the command's directory. It is a name, never a command line: no shell looks at it.
	Name string

	// Codes are the exit codes, besides 0, that are no failure: 1 for grep, which has then found nothing.
	Codes []int

	// CleanEnv has commands see the variables of [Cmd].Env alone. Else they see those of this process as well.
	CleanEnv bool

	// MemoryMax is how many bytes of each output stream are held in memory; more go to a temporary file. 0: 1 MiB.
	MemoryMax int64

	// OutputMax is how many bytes an output stream may have. A command that writes more is stopped, and has failed
	// with an error that is [ErrOutput]. 0: 1 GiB.
	OutputMax int64

	// TempDir is the directory for the temporary files. "": os.TempDir.
	TempDir string

	// Grace is how long a command that is stopped has to end after SIGTERM, before SIGKILL, and how long processes that
	// it has started may hold its output open after it has ended. 0: 5 s.
	Grace time.Duration

	// Options are options of package lazy for all calls of the program. Its calls are already Blocking, are named after
	// the program, and share a bound with those of all other programs: GOMAXPROCS, as it is when this package is
	// initialised, commands at once. [lazy.Limit] sets another bound in its place, [lazy.Blocking] one in addition. A
	// program that is [lazy.Memo] is best declared at package level, for lazy allows one per Name and Version.
	Options []lazy.Option

	once   sync.Once
	call   lazy.Func2[*spec, []any, Result] // written by once, as is broken
	broken any                              // what wrap has panicked with
}

// Cmd says what is to be run of a [Program]. Its fields are as those of exec.Cmd; each takes plain values and handles,
// which become inputs of the call: the command is run when they have been computed, and again when they have changed.
//
// What is neither is refused where the call is recorded, by a panic that says which one it was.
type Cmd struct {
	// Args are the arguments, without the program's name: string, int, [File] (its path), []string and []File (an
	// argument each), and handles on these.
	Args []any

	// Stdin is what the command reads: string, []byte, [File] (its content), [Output], [Result] (its Stdout), or a
	// handle on one of these. nil: nothing.
	Stdin any

	// Env are variables for the command by name, in addition to those of this process or in their place: string, int,
	// [File] (its path), or a handle on one of these. The names are plain.
	Env map[string]any

	// Dir is the directory in which the command runs: a string or a handle on one. nil and "": that of this process.
	Dir any

	// Outputs are the paths of the files that the command makes, from Dir: strings or handles on such. Once it has
	// ended they are digested, and are in [Result].Files, in this order; see [Made]. It is a failure if one is missing. A
	// file that was there before counts, whether the command has written to it or not: some leave alone what is up to
	// date. Where that can hide a mistake, have the command write to a directory that it makes.
	Outputs []any
}

// The defaults of a Program's fields.
const (
	memoryMax = 1 << 20 // bytes
	outputMax = 1 << 30 // bytes
	grace     = 5 * time.Second
)

// commands bounds how many commands run at once in the process.
var commands = executor.NewLimit(runtime.GOMAXPROCS(0))

// plain are the programs that Command has made, by name: two commands of one program share a function, which pictures
// need to merge them.
var plain sync.Map // string to *Program

// Command records a call that runs a program with arguments, which may be handles: see [Cmd].Args. Nothing runs, and
// the program is not looked for, before somebody Gets the call or what depends on it. It is short for a [Program] that
// has nothing but a name. It panics if name is empty or an argument is of a wrong kind.
//
// name is looked for in PATH, and is no command line: Command("sort", "-u"), not Command("sort -u"). Where a shell is
// wanted, say so: Command("sh", "-c", script).
func Command(name string, args ...any) lazy.Data[Result] {
	p, ok := plain.Load(name)
	if !ok {
		p, _ = plain.LoadOrStore(name, &Program{Name: name})
	}
	return p.(*Program).record("Command", Cmd{Args: args})
}

// Of records a call that runs the program with arguments, which may be handles: see [Cmd].Args. It panics if the
// program has no name, or an argument is of a wrong kind.
func (p *Program) Of(args ...any) lazy.Data[Result] { return p.record("Of", Cmd{Args: args}) }

// Call records a call that runs the program. What c's slices and its map hold is copied. It panics if the program has
// no name or a bound below 0, or something in c is of a wrong kind.
func (p *Program) Call(c Cmd) lazy.Data[Result] { return p.record("Call", c) }

func (p *Program) record(op string, c Cmd) lazy.Data[Result] {
	p.once.Do(func() {
		defer func() { p.broken = recover() }()
		p.wrap()
	})
	if p.broken != nil { // for every use, not for the first alone
		panic(p.broken)
	}
	s, inputs := newSpec(op, p, c)
	if len(inputs) == 0 {
		return p.call.Of(s, nil)
	}
	return p.call(lazy.Const(s), lazy.Gather(inputs...))
}

// wrap makes the program a function.
func (p *Program) wrap() {
	p.check()
	opts := []lazy.Option{lazy.Name(p.base()), lazy.Blocking(0), lazy.Limit(commands), lazy.Equal(sameResult)}
	p.call = lazy.Wrap2(func(ctx context.Context, s *spec, in []any) (Result, error) {
		return s.run(ctx, in)
	}, append(opts, p.Options...)...)
}

// check panics if the program cannot be meant.
func (p *Program) check() {
	switch {
	case p.Name == "":
		panic("proc: a Program without a Name: want the name of a program, such as sort, or a path")
	case strings.ContainsRune(p.Name, 0):
		panic(fmt.Sprintf("proc: Name %q of a Program has a NUL byte: no file has", p.Name))
	}
	for _, b := range []struct {
		field string
		n     int64
	}{{"MemoryMax", p.MemoryMax}, {"OutputMax", p.OutputMax}, {"Grace", int64(p.Grace)}} {
		if b.n < 0 {
			panic(fmt.Sprintf("proc: %s %d of Program %q: want 0, for the default, or more", b.field, b.n, p.Name))
		}
	}
	for _, c := range p.Codes {
		if c < 0 {
			panic(fmt.Sprintf("proc: exit code %d of Program %q: want one from 0 up; what a signal ends has none", c, p.Name))
		}
	}
}

// base is the name of the program without its directory: what its calls are called.
func (p *Program) base() string { return strings.TrimSuffix(filepath.Base(p.Name), ".exe") }

// orDefault is n, or def if n is 0.
func orDefault[T int64 | time.Duration](n, def T) T {
	if n == 0 {
		return def
	}
	return n
}
