package lazy

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
)

// function is what all calls of one wrapped function share.
type function struct {
	name  string
	where string // file:line of the wrap
	opts  options
	typ   valueType

	// call runs the function for n: reads the inputs' values, runs, writes n's value. The context is nil for functions
	// that take none.
	call func(n *node, ctx context.Context) error
	// clone records the same call once more.
	clone func(n *node) *node
	// binds says that call leaves the node whose value is to be n's in n's extra.
	binds bool
	// wantsContext says that call's context is used.
	wantsContext bool
	// plain says that a call may be run where it stands, among others: it does not wait by itself.
	plain bool
	// paces are what is known about the waits of a poll; nil: the function is none.
	paces *[spinsLen]pace
	// detached says that a call runs on a goroutine that is not a worker's of the session's executor.
	detached bool

	// est is what a call is thought to cost.
	est estimate
}

// none is the context of functions that take none.
var none context.Context

// valueType is what the ungeneric part needs to know about the type of a value.
type valueType interface {
	// any returns n's value. n must be ready.
	any(n *node) any
	// copy copies the value of from to that of to.
	copy(to, from *node)
	name() string
}

// typeOf implements valueType. It has no size: as an interface it is one word that points to its methods.
type typeOf[T any] struct{}

func (typeOf[T]) any(n *node) any     { return *valueAt[T](n) }
func (typeOf[T]) copy(to, from *node) { *valueAt[T](to) = *valueAt[T](from) }
func (typeOf[T]) name() string        { return reflect.TypeFor[T]().String() }

// sourceFunction stands in nodes that were given a value.
var sourceFunction = &function{plain: true}

// newFunction describes a wrapped function.
func newFunction[R any](fn any, opts []Option) *function {
	v := reflect.ValueOf(fn)
	f := &function{typ: typeOf[R]{}}
	f.where = userLine()
	for i, o := range opts {
		if o == nil {
			panic(fmt.Sprintf("lazy: wrap at %s: option %d is nil", f.where, i+1))
		}
		o(&f.opts)
	}
	if v.IsNil() {
		panic(fmt.Sprintf("lazy: wrap at %s: the function is nil", f.where))
	}
	f.name = f.opts.name
	if f.name == "" {
		f.name = nameOf(runtime.FuncForPC(v.Pointer()).Name())
	}
	f.settle()
	return f
}

// settle derives what depends on the options.
func (f *function) settle() {
	o := &f.opts
	f.detached = o.blocking || o.runsOn != nil
	f.plain = !f.detached && o.limit == nil && o.timeout == 0
}

// nameOf shortens the runtime's name of a function to what its author would call it.
//
//	example.com/x/y.Load        Load
//	example.com/x/y.main.func1  main.func1
//	example.com/x/y.(*T).Mul-fm T.Mul
//	example.com/x/y.Map[...]    Map
func nameOf(full string) string {
	name := full[strings.LastIndexByte(full, '/')+1:]
	if _, after, ok := strings.Cut(name, "."); ok {
		name = after
	}
	name = strings.TrimSuffix(name, "-fm")
	name = strings.ReplaceAll(name, "[...]", "")
	return strings.NewReplacer("(*", "", "(", "", ")", "").Replace(name)
}

// userLine returns the file:line, with the last folder of the path only, from which this package was called.
func userLine() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	here, more := frames.Next()
	own := filepath.Dir(here.File) // not by the functions' names: those of inlined generic functions are their callers'
	for f := here; ; f, more = frames.Next() {
		if filepath.Dir(f.File) != own || strings.HasSuffix(f.File, "_test.go") {
			dir, base := filepath.Split(f.File)
			return filepath.Join(filepath.Base(dir), base) + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return ""
		}
	}
}

// detached reports whether the call needs no worker of the session's executor.
func (n *node) detached() bool {
	return n.fn.detached || (n.word.Load()&flagOwn != 0 && n.more.Load().runsOn != nil)
}

// record finishes a form that has its inputs: from here on it is a call.
func (f *function) record(n *node, offset uintptr, inputs int) *node {
	n.fn = f
	n.meta = newMeta(offset, inputs)
	n.word.Store(statePending)
	return n
}

// withoutInput returns a function that stands in for f in a call with a zero Data among its inputs: running it is the
// error. The missing inputs are replaced by a source of nothing.
func (f *function) withoutInput(in []*node) *function {
	g := &function{name: f.name, where: f.where, opts: options{name: f.name}, typ: f.typ, plain: true, clone: f.clone}
	recordedAt := userLine()
	for k := range in {
		if in[k] != nil {
			continue
		}
		in[k] = nothing
		if g.call == nil {
			err := zeroArgument(k+1, f.name, recordedAt)
			g.call = func(*node, context.Context) error { return err }
		}
	}
	return g
}

// zeroArgument is the error of a call that was given a zero Data.
func zeroArgument(k int, name, recordedAt string) error {
	return fmt.Errorf("argument %d of %s, recorded at %s: %w", k, name, recordedAt, ErrZeroData)
}

// nothing stands in for an input that is a zero Data.
var nothing = &sourceOf("nothing", struct{}{}).node
