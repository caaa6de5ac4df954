package lazy

import (
	"context"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
)

// Data is a handle on a value that may not have been computed yet. It is one word, may be copied, compared with ==,
// used as a map key and shared between goroutines. Two handles are equal if they stand for the same recorded call.
//
// A handle keeps what it depends on alive, and nothing that depends on it. The zero Data stands for nothing: using it
// gives [ErrZeroData].
type Data[T any] struct {
	_ [0]*T // keeps Data[A] from being converted to Data[B]
	n *node
}

// Target is any handle, whatever the type of its value.
type Target interface {
	State() graph.State
	String() string
	target() *node
}

func (d Data[T]) target() *node { return d.n }

// Const returns a handle on a value that is known. Pictures show it as an argument of the calls that take it.
func Const[T any](v T) Data[T] { return Data[T]{n: &sourceOf("", v).node} }

// Source is [Const] with a name, for pictures and explanations.
func Source[T any](name string, v T) Data[T] { return Data[T]{n: &sourceOf(name, v).node} }

// Get returns the value, computing what is missing: of the calls the handle depends on, those without a value and those
// of which an input has changed, each once, in parallel as far as the session allows. It sees the sources as they are
// when it begins. A handle that has its value answers at once, in nanoseconds, even if the context has ended, and looks
// at no option but [Refresh]. Nil, zero and empty are values like any other.
//
// Get blocks until the value is there, a call has failed, or ctx ends. In the last case it returns at once with an
// error that is ctx.Err(); calls that no other Get waits for see their own context end, and what they return is
// dropped. Any number of goroutines may Get overlapping graphs: a call never runs twice at the same time, and its value
// is kept for all. Errors are kept for nobody: the next Get tries again, but for those that are [Permanent]. See [Error]
// for what errors look like.
//
// Inside a wrapped function, pass the function's own context: the call then gives its worker away while it waits,
// and what it got counts as an input. A goroutine that the function has started must pass it, too: with another context
// nothing tells that the worker waits for it, and with one worker in all both wait for ever.
func (d Data[T]) Get(ctx context.Context, opts ...RunOption) (T, error) {
	if d.n != nil {
		state := changes.state.Load() // before the word: see settled
		if w := d.n.word.Load(); isOpen(w) && (state == 0 || d.n.settledIn(state, w)) &&
			(ctx == context.Background() || foundBy(ctx, d.n)) && (opts == nil || !refreshes(opts)) {
			if w&flagCell == 0 {
				return *valueAt[T](d.n), nil
			}
			if c := d.n.more.Load().cell.Load(); c != nil {
				return *(*T)(c.value()), nil
			}
		}
	}
	return d.getSlow(ctx, opts)
}

func (d Data[T]) getSlow(ctx context.Context, opts []RunOption) (v T, err error) {
	r, err := force(ctx, "get", d.n, opts)
	if err == nil {
		v = *(*T)(r.valueOf(0).p)
	}
	r.free()
	return v, err
}

// On returns a new handle on the same call – function and inputs – that ex is to run, instead of the session's executor.
// On a source it returns the source. It panics if ex is nil or the handle is zero.
func (d Data[T]) On(ex executor.Executor) Data[T] {
	if ex == nil {
		panic("lazy: Data.On(nil): want an executor")
	}
	if d.n == nil {
		panic("lazy: Data.On: " + ErrZeroData.Error())
	}
	if d.n.isSource() {
		return d
	}
	return Data[T]{n: d.n.again(func(x *extra) { x.runsOn = ex })}
}

// After returns a new handle on the same call – function and inputs – that starts only when the calls of first have
// ended, without taking their values: a file is read after it was written. If one of them fails, the call is skipped. If
// one of them has run again, for a change, so does the call, even if the value is the same: the file may not be.
// It is the call itself that waits, not the calls it takes its inputs from; and d, where somebody else holds it, does
// not wait. On a source, After gives a call that returns the source's value. It panics if a handle is zero.
func After[T any](d Data[T], first ...Target) Data[T] {
	order := nodesOf("After", first)
	if d.n == nil {
		panic("lazy: After: " + ErrZeroData.Error())
	}
	if d.n.isSource() {
		d = identity[T]()(d)
	}
	return Data[T]{n: d.n.again(func(x *extra) { x.order = append(x.order, order...) })}
}

// again records n's call once more, with more said about it.
func (n *node) again(change func(*extra)) *node {
	c := n.fn.clone(n)
	x := c.extra()
	if n.word.Load()&flagOwn != 0 {
		old := n.more.Load()
		x.order, x.runsOn, x.maybe = old.order, old.runsOn, old.maybe
	}
	x.order = x.order[:len(x.order):len(x.order)]
	change(x)
	c.word.Or(flagOwn)
	c.boundOrder(x)
	return c
}

// nodesOf returns the targets' nodes. It panics if one is zero.
func nodesOf(op string, ts []Target) []*node {
	ns := make([]*node, len(ts))
	for i, t := range ts {
		if t == nil || t.target() == nil {
			panic("lazy: " + op + ": " + ErrZeroData.Error())
		}
		ns[i] = t.target()
	}
	return ns
}

// State tells where the call stands, after all that was Set. It runs nothing; where something was Set, it may wait for
// another Get's planning. The zero handle is pending.
func (d Data[T]) State() graph.State {
	if d.n == nil {
		return graph.Pending
	}
	settleAll(d.n)
	return d.n.graphState()
}

// String describes the handle in one short line: "Square#12 pending", "Mul#14 = 36", "Load#3 failed: …". It runs
// nothing.
func (d Data[T]) String() string {
	if d.n == nil {
		return "zero Data"
	}
	settleAll(d.n)
	return d.n.describe()
}
