package lazy

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync"
)

// Writer1 is a function that writes to a table, wrapped by [Write1]. Calling it records a call and runs nothing; what it
// writes is there for whoever reads the table next. Calls may be recorded from any goroutine.
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
// has written by then runs again first, by itself. So calls that read what others write cost up to twice the time of the
// serial program, and the result is never another one.
//
// So the function must change nothing but the table, through its view, and must end whatever it finds there: it may be run
// on a table as no serial program would show it, and what it does there, failing included, counts for nothing then. It
// must not get from the table itself, but use its view, and not record calls that write to it.
//
// Options, context, errors and panics are those of [Wrap1]; Memo and Equal, which are about results, are not for writers.
// Of a call that has failed nothing is written: see [Table] for what becomes of the others.
//
// What was written is known by what is given to the view. So Write1 panics if V is, or has in it, a pointer, slice, map,
// channel, function or interface: who has one could write to what is behind it without telling. It panics if fn is nil,
// too, and the calls do if the table is nil.
func Write1[K comparable, V, A any](fn func(context.Context, *View[K, V], A) error, opts ...Option) Writer1[K, V, A] {
	name, opts := writer[V](fn, opts)
	call := Wrap2(func(ctx context.Context, c pendingCall[K, V], a A) (*view[K, V], error) {
		return c().run(func(v *View[K, V]) error { return fn(ctx, v, a) })
	}, opts...)
	return func(t *Table[K, V], a Data[A]) {
		t.record(name, func(c pendingCall[K, V]) Data[*view[K, V]] { return call(Const(c), a) })
	}
}

// Write2 is [Write1] for functions of a table and two arguments.
func Write2[K comparable, V, A, B any](fn func(context.Context, *View[K, V], A, B) error, opts ...Option) Writer2[K, V, A, B] {
	name, opts := writer[V](fn, opts)
	call := Wrap3(func(ctx context.Context, c pendingCall[K, V], a A, b B) (*view[K, V], error) {
		return c().run(func(v *View[K, V]) error { return fn(ctx, v, a, b) })
	}, opts...)
	return func(t *Table[K, V], a Data[A], b Data[B]) {
		t.record(name, func(c pendingCall[K, V]) Data[*view[K, V]] { return call(Const(c), a, b) })
	}
}

// writer looks at what a writer is made of. It returns the function's name, and the options with it.
func writer[V any](fn any, opts []Option) (name string, all []Option) {
	where := userLine()
	v := reflect.ValueOf(fn)
	if v.IsNil() {
		panic(fmt.Sprintf("lazy: wrap at %s: the function is nil", where))
	}
	if t := reflect.TypeFor[V](); memoryOf(t) != memoryFlat {
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
	case o.name != "":
		name = o.name
	}
	return name, all
}

// reference finds what in a type refers to memory that others may hold. There is something.
func reference(path string, t reflect.Type) (string, reflect.Kind) {
	switch t.Kind() {
	case reflect.Array:
		return reference(path+"[]", t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); memoryOf(f.Type) != memoryFlat {
				return reference(path+"."+f.Name, f.Type)
			}
		}
	}
	return path, t.Kind()
}

// writerCall is a recorded call of a writer.
type writerCall[K comparable, V any] struct {
	t *Table[K, V]
	// again records the call once more.
	again func() Data[*view[K, V]]

	call Data[*view[K, V]] // used by the batch alone

	mu    sync.Mutex
	since int         // how many edits have been applied where it is to run, or notToRun. Guarded by mu
	last  *view[K, V] // of the last try of call. Guarded by mu
}

// pendingCall refers to a call. It is a function to be opaque to those who look at arguments: the call changes.
type pendingCall[K comparable, V any] func() *writerCall[K, V]

// String is what pictures show as the writer's first argument.
func (pendingCall[K, V]) String() string { return reflect.TypeFor[Table[K, V]]().String() }

// record notes a call.
func (t *Table[K, V]) record(name string, call func(pendingCall[K, V]) Data[*view[K, V]]) {
	if t == nil {
		panic(fmt.Sprintf("lazy: %s at %s: the table is nil: want one from TableOf, or a new(lazy.Table[…])", name, userLine()))
	}
	c := &writerCall[K, V]{t: t, since: notToRun}
	c.again = func() Data[*view[K, V]] { return call(func() *writerCall[K, V] { return c }) }
	c.call = c.again()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = append(t.open, edit[K, V]{kind: written, call: c})
	clear(t.recent)
}

const notToRun = -1

// run calls the writer's function, if that is what the batch wants: else, a source having changed, the engine looks
// whether something that was written long ago would still be so.
func (c *writerCall[K, V]) run(fn func(*View[K, V]) error) (*view[K, V], error) {
	v := c.newView()
	if v == nil {
		return nil, nil
	}
	defer v.end()
	return v, fn(&View[K, V]{v})
}

// newView returns nil if the call is not to run.
func (c *writerCall[K, V]) newView() *view[K, V] {
	c.mu.Lock() // release must not come between since and last
	defer c.mu.Unlock()
	if c.since == notToRun {
		return nil
	}
	c.last = &view[K, V]{rows: &c.t.rows, since: c.since, t: c.t}
	return c.last
}

// lastView is the view of the last try; nil if the function has not been called.
func (c *writerCall[K, V]) lastView() *view[K, V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// prepare has the call run on what the batch has applied so far. If it has run already, it does not have to; then what it
// has seen is known, also if it has failed for good.
func (c *writerCall[K, V]) prepare(since int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = since
}

// release has the call not run any more. If its function was abandoned and is running, it goes on with copied rows.
func (c *writerCall[K, V]) release(copied func() *rows[K, V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = notToRun
	if c.last != nil {
		c.last.part(copied)
	}
}

// renew makes it a call that has not run.
func (c *writerCall[K, V]) renew() {
	c.call = c.again()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = nil
}
