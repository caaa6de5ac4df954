package lazy

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// function is what all calls of one wrapped function share.
type function struct {
	name  string
	where string // file:line of the wrap
	opts  options
	typ   valueType

	// call runs the function for n: reads the inputs' values, runs, writes n's value. The context is nil for functions
	// that take none, the frame where neither n nor its inputs are tracked.
	call func(n *node, ctx context.Context, at *frame) error
	// stride is the distance between nodes of the function in a slab.
	stride uintptr
	// clone records the same call once more.
	clone func(n *node) *node
	// binds says that call leaves the node whose value is to be n's in n's extra.
	binds bool
	// wantsContext says that call's context is used.
	wantsContext bool
	// plain says that a call may be run where it stands, among others: it does not wait by itself.
	plain bool
	// updates says that the function is an Update's, takes that it is to have a donated value, gives that it is Donate's.
	updates, takes, gives bool
	// given says that the nodes were given their values.
	given bool
	// paces are what is known about the waits of a poll; nil: the function is none.
	paces *[spinsLen]pace
	// ranks is how many of them a Gang has; 0: the function is none.
	ranks int
	// looks says that a call is a Table.At: it depends on what was done to the table before.
	looks bool
	// detached says that a call runs on a goroutine that is not a worker's of the session's executor.
	detached bool

	// memo says how results are kept; nil: they are not.
	memo *memo
	// elem is the type of the elements of a function that gathers its inputs in a slice; nil for others.
	elem reflect.Type

	// equal is made by equality.
	equal     func(a, b unsafe.Pointer) bool
	equalOnce sync.Once

	// est is what a call is thought to cost.
	est estimate

	// body is the function that was wrapped, and recorder the closure that records calls of it, if it is one of Pure1 or
	// Wrap1: see map.go.
	body     any
	recorder unsafe.Pointer
}

// equality is how results of f are compared; nil if no two are the same.
func (f *function) equality() func(a, b unsafe.Pointer) bool {
	f.equalOnce.Do(func() {
		if f.equal = f.opts.equal; f.equal == nil {
			f.equal = equalOf(f.typ.typ())
		}
	})
	return f.equal
}

// none is the context of functions that take none.
var none context.Context

// valueType is what the ungeneric part needs to know about the type of a value.
type valueType interface {
	// any returns the value at p.
	any(p unsafe.Pointer) any
	// copy copies the value at from to the node itself.
	copy(to *node, from unsafe.Pointer)
	// box puts the value at from into a cell of its own.
	box(from unsafe.Pointer) *cellHead
	// source makes a source of the value at from.
	source(name string, from unsafe.Pointer) *node
	typ() reflect.Type
	// set is where a value goes that was not computed by n's function. It reports false if v is of another type.
	set(n *node, at *frame, v any) bool
}

// typeOf implements valueType. It has no size: as an interface it is one word that points to its methods.
type typeOf[T any] struct{}

func (typeOf[T]) any(p unsafe.Pointer) any           { return *(*T)(p) }
func (typeOf[T]) copy(to *node, from unsafe.Pointer) { *valueAt[T](to) = *(*T)(from) }
func (typeOf[T]) box(from unsafe.Pointer) *cellHead  { return newCell(*(*T)(from)) }
func (typeOf[T]) source(name string, from unsafe.Pointer) *node {
	return &sourceOf(name, *(*T)(from)).node
}
func (typeOf[T]) typ() reflect.Type { return reflect.TypeFor[T]() }
func (typeOf[T]) set(n *node, at *frame, v any) bool {
	t, ok := v.(T)
	if !ok && (v != nil || reflect.TypeFor[T]().Kind() != reflect.Interface) {
		return false
	}
	put(n, at, t)
	return true
}

// sourceFunction stands in nodes that were given a value.
var sourceFunction = &function{plain: true, given: true}

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
	f.checkTypes(reflect.TypeFor[R]())
	if v.IsNil() {
		panic(fmt.Sprintf("lazy: wrap at %s: the function is nil", f.where))
	}
	if f.opts.transient {
		changes.state.Or(everChanged)
	}
	f.name = f.opts.name
	if f.name == "" {
		f.name = nameOf(runtime.FuncForPC(v.Pointer()).Name())
	}
	if f.opts.priority != 0 {
		prioritized.Store(true)
	}
	switch m := &f.opts.memo; {
	case m.on:
		f.memo = newMemo(f, v)
		memoised.Store(true)
	case m.first != "":
		panic(fmt.Sprintf("lazy: wrap at %s: %s without Memo: results are not kept", f.where, m.first))
	}
	f.settle()
	return f
}

// memoised says that some function is Memo.
var memoised atomic.Bool

// prioritized says that some function has a Priority: calls are not made in the order in which they are come by any more.
var prioritized atomic.Bool

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
	f := userFrame()
	if f.File == "" {
		return ""
	}
	dir, base := filepath.Split(f.File)
	return filepath.Join(filepath.Base(dir), base) + ":" + strconv.Itoa(f.Line)
}

// userFrame is the frame from which this package was called, by way of package proc perhaps, which wraps for its users;
// it is zero if there is none.
func userFrame() runtime.Frame {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	here, more := frames.Next()
	own := filepath.Dir(here.File) // not by the functions' names: those of inlined generic functions are their callers'
	last := runtime.Frame{}
	for f := here; ; f, more = frames.Next() {
		dir := filepath.Dir(f.File)
		ours := dir == own || dir == filepath.Join(filepath.Dir(own), "proc") || strings.HasPrefix(f.Function, "sync.")
		switch {
		case !ours && strings.HasPrefix(f.Function, "runtime."): // of what package proc wraps when it is initialised
			return last
		case !ours || strings.HasSuffix(f.File, "_test.go"):
			return f
		}
		if last = f; !more {
			return runtime.Frame{}
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
	word := statePending
	if maxTrace.Load() > 0 && !f.gives {
		n.meta |= uint64(inputs)
		word |= n.bound()
	}
	n.meta |= newMeta(offset, inputs) // the place in the slab is there already
	n.word.Store(word)
	return n
}

// withoutInput returns a function that stands in for f in a call with a zero Data, or a donated one, among its inputs:
// running it is the error. These inputs are replaced by a source of nothing.
func (f *function) withoutInput(in []*node) *function {
	g := &function{name: f.name, where: f.where, opts: options{name: f.name}, typ: f.typ, plain: true, clone: f.clone, stride: f.stride}
	recordedAt := userLine()
	for k := range in {
		var err error
		switch {
		case in[k] == nil:
			err = zeroArgument(k+1, f.name, recordedAt)
		case in[k].isDonated():
			err = donatedArgument(in[k], k+1, f.name, recordedAt)
		default:
			continue
		}
		in[k] = nothing
		if g.call == nil {
			g.call = func(*node, context.Context, *frame) error { return err }
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
