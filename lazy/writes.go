package lazy

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"time"
)

// Writer1 is a function that writes to a table, wrapped by [Write1]. Calling it records a call and runs nothing; what
// it writes is there for whoever reads the table next. Calls may be recorded from any goroutine.
type Writer1[K comparable, V, A any] func(t *Table[K, V], a Data[A])

// Of records a call with a plain value as its argument.
func (w Writer1[K, V, A]) Of(t *Table[K, V], a A) { w(t, Const(a)) }

// Writer2 is a function of a table and two arguments, like [Writer1].
type Writer2[K comparable, V, A, B any] func(t *Table[K, V], a Data[A], b Data[B])

// Of records a call with plain values as its arguments.
func (w Writer2[K, V, A, B]) Of(t *Table[K, V], a A, b B) { w(t, Const(a), Const(b)) }

// Write1 wraps a function that writes to a table by key.
//
//	clean := lazy.Write1(func(_ context.Context, v *lazy.View[int, float64], i int) error {
//		v.Set(i, max(v.At(i), 0))
//		return nil
//	})
//	for i := range 3 {
//		clean.Of(table, i) // recorded: nothing has run
//	}
//	s, err := lazy.Slice(ctx, table) // all three, in parallel; then what they wrote is applied, in order
//
// What is read from the table is what the serial program would have there, in which each call sees what the ones before
// it have written. Calls that are read together run in parallel all the same, each on the table as it was before the
// first of them. What they wrote is applied in the order of the program; a call that has read a key that an earlier one
// has written by then runs again first, by itself. So calls that read what others write cost up to twice the time of
// the serial program, and the result is never another one.
//
// So the function must change nothing but the table, through its view, and must end whatever it finds there: it may be
// run on a table as no serial program would show it, and what it does there, failing included, counts for nothing then.
// It must not get from the table itself, but use its view, and not record calls that write to it.
//
// Options, context, errors and panics are those of [Wrap1]; Memo, Equal and OrElse, which are about results, are not
// for writers. Of a call that has failed nothing is written: see [Table] for what becomes of the others.
//
// What was written is known by what is given to the view. So Write1 panics if V is, or has in it, a pointer, slice,
// map, channel, function or interface: who has one could write to what is behind it without telling. A time.Time may be
// in it, and what package net/netip has. Write1 panics if fn is nil, too, and the calls do if the table is nil.
func Write1[K comparable, V, A any](fn func(context.Context, *View[K, V], A) error, opts ...Option) Writer1[K, V, A] {
	name, opts := writer[V](fn, opts)
	call := Wrap2(func(ctx context.Context, try pendingCall[K, V], a A) (viewRef[K, V], error) {
		return try().run(func(v *View[K, V]) error { return fn(ctx, v, a) })
	}, opts...)
	return func(t *Table[K, V], a Data[A]) {
		t.record(name, func(c pendingCall[K, V]) Data[viewRef[K, V]] { return call(Const(c), a) })
	}
}

// Write2 is [Write1] for functions of a table and two arguments.
func Write2[K comparable, V, A, B any](fn func(context.Context, *View[K, V], A, B) error, opts ...Option) Writer2[K, V, A, B] {
	name, opts := writer[V](fn, opts)
	call := Wrap3(func(ctx context.Context, try pendingCall[K, V], a A, b B) (viewRef[K, V], error) {
		return try().run(func(v *View[K, V]) error { return fn(ctx, v, a, b) })
	}, opts...)
	return func(t *Table[K, V], a Data[A], b Data[B]) {
		t.record(name, func(c pendingCall[K, V]) Data[viewRef[K, V]] { return call(Const(c), a, b) })
	}
}

// writer looks at what a writer is made of. It returns the function's name, and the options with it.
func writer[V any](fn any, opts []Option) (name string, all []Option) {
	where := userLine()
	v := reflect.ValueOf(fn)
	if v.IsNil() {
		panic(fmt.Sprintf("lazy: wrap at %s: the function is nil", where))
	}
	if t := reflect.TypeFor[V](); refers(t) {
		path, kind := reference(t.String(), t)
		panic(fmt.Sprintf("lazy: wrap at %s: writes to a table of %v cannot be followed: %s is a %v, and who has it can write to "+
			"what is behind it; use a type without, or keep an index into a table of those", where, t, path, kind))
	}
	name = nameOf(runtime.FuncForPC(v.Pointer()).Name())
	all = append([]Option{Name(name)}, opts...)
	var o options
	for _, opt := range opts {
		if opt == nil {
			return name, all // Wrap2 refuses it
		}
		opt(&o)
	}
	switch {
	case o.memo.on:
		panic(fmt.Sprintf("lazy: wrap at %s: a writer cannot be Memo: it has no result; have the functions before it be so", where))
	case o.equalType != nil:
		panic(fmt.Sprintf("lazy: wrap at %s: a writer has no result for Equal to compare", where))
	case o.orElseType != nil:
		panic(fmt.Sprintf("lazy: wrap at %s: a writer has no result for which OrElse could stand in: to write something else, or "+
			"nothing, where its work fails, have the function do so, and return nil", where))
	case o.name != "":
		name = o.name
	}
	return name, all
}

// refers reports whether who has a value of the type can write to memory that others have, too.
func refers(t reflect.Type) bool {
	switch {
	case t == reflect.TypeFor[time.Time](), t.PkgPath() == "net/netip": // nobody can write to what they refer to
		return false
	case t.Kind() == reflect.Array:
		return refers(t.Elem())
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if refers(t.Field(i).Type) {
				return true
			}
		}
		return false
	}
	return memoryOf(t) != memoryFlat
}

// reference finds what in a type refers to memory that others may hold. There is something.
func reference(path string, t reflect.Type) (string, reflect.Kind) {
	switch t.Kind() {
	case reflect.Array:
		return reference(path+"[]", t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); refers(f.Type) {
				return reference(path+"."+f.Name, f.Type)
			}
		}
	}
	return path, t.Kind()
}

// writerCall is a recorded call of a writer.
type writerCall[K comparable, V any] struct {
	t      *Table[K, V]
	call   func(pendingCall[K, V]) Data[viewRef[K, V]]
	number int              // of its edit. Guarded by t.mu
	now    *writerTry[K, V] // guarded by t.mu
	first  writerTry[K, V]
}

// writerTry is a writer's call as the engine has it. If the writer must run again, where it stands, that is another
// one.
type writerTry[K comparable, V any] struct {
	of   *writerCall[K, V]
	data Data[viewRef[K, V]]
	last *view[K, V] // of the last time that the function was called. Guarded by the table's mu
}

// pendingCall refers to a try. It is a function to be opaque to those who look at arguments: the try changes.
type pendingCall[K comparable, V any] func() *writerTry[K, V]

// viewRef is the result of a writer: its view, or nil. It is a function for the same reason: behind a view is the whole
// table.
type viewRef[K comparable, V any] func() *view[K, V]

// String is what pictures show as the writer's first argument.
func (pendingCall[K, V]) String() string { return reflect.TypeFor[Table[K, V]]().String() }

// record notes a call.
func (t *Table[K, V]) record(name string, call func(pendingCall[K, V]) Data[viewRef[K, V]]) {
	if t == nil {
		panic(fmt.Sprintf("lazy: %s at %s: the table is nil: want one from TableOf, or a new(lazy.Table[…])", name, userLine()))
	}
	c := &writerCall[K, V]{t: t, call: call}
	c.now = c.record(&c.first)
	t.mu.Lock()
	defer t.mu.Unlock()
	c.number = t.applied + len(t.log)
	t.written = c.number + 1
	t.log = append(t.log, edit[K, V]{kind: written, call: c})
}

// record has the engine know a try.
func (c *writerCall[K, V]) record(try *writerTry[K, V]) *writerTry[K, V] {
	try.of = c
	try.data = c.call(func() *writerTry[K, V] { return try })
	return try
}

// run calls the writer's function, unless what it writes has been applied: then a source has changed, and the engine
// looks whether something that was written long ago would still be so.
func (try *writerTry[K, V]) run(fn func(*View[K, V]) error) (viewRef[K, V], error) {
	v := try.newView()
	if v == nil {
		return nil, nil
	}
	failed := true
	defer func() { v.end(failed) }()
	err := fn(&v.given)
	failed = err != nil
	return func() *view[K, V] { return v }, err
}

// newView returns nil if the function is not to be called.
func (try *writerTry[K, V]) newView() *view[K, V] {
	t := try.of.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if try.of.number < t.applied {
		return nil
	}
	v := &view[K, V]{t: t, since: t.applied, rows: &t.rows, place: len(t.inUse)}
	v.given.made = v
	t.inUse = append(t.inUse, v)
	try.last = v
	return v
}
