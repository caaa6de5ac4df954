package lazy

import (
	"context"
	"errors"
	"fmt"
	"unsafe"
)

// # Who writes to what he was given
//
// With Session.CheckInputs a call is between two looks at its arguments: the digest of all memory that they refer to
// (digest.go) must be the same before and after. The digest is kept with the value, so the next call that takes it also
// sees what was done in between – by whoever got the value from Get, or by a function that has kept it.
//
// Calls are recorded before anybody knows in which session they will run, and to note a line for each would cost a
// microsecond where recording costs 50 ns. So an InputError names what is known anyway: the function and the line of its
// wrap, the argument's number, and the call or source whose value it is – one of few that the function was given – with
// the line of its wrap, too.

// InputError is the error of a call in a session with CheckInputs that an argument shows to have been written to.
type InputError struct {
	Call       string // the call that took the argument: "Sort#7"
	Where      string // file:line where its function was wrapped
	Argument   int    // from 1
	Input      string // the call or source whose value the argument is: "Load#3"
	InputWhere string // file:line where that call's function was wrapped; "" for a source
	// Before says that the value had been changed before the call began, since it was computed or last taken: by who got
	// it from Get, by who gave it, or by a function that kept it. Else it was changed while the call's function ran.
	Before bool
}

// Error reads "Sort#7 (app/main.go:12) wrote to its argument 1, the value of Load#3 (app/main.go:9)".
func (e *InputError) Error() string {
	value := "the value of " + e.Input
	if e.InputWhere != "" {
		value += " (" + e.InputWhere + ")"
	}
	if e.Before {
		return fmt.Sprintf("argument %d of %s (%s), %s, was changed before the call, after it was computed or last taken",
			e.Argument, e.Call, e.Where, value)
	}
	return fmt.Sprintf("%s (%s) wrote to its argument %d, %s: copy it first, or use Update", e.Call, e.Where, e.Argument, value)
}

// seal is the digest of a value that was not to change.
type seal struct {
	of  unsafe.Pointer // where the value lies
	sum uint64
}

// callChecked calls the function, between two looks at the arguments if the session wants that.
func (x *execution) callChecked(ctx context.Context) error {
	n := x.node
	if !x.run.options.session.CheckInputs {
		return n.fn.call(n, ctx, x.frameOrNil())
	}
	if err := x.checkInputs(true); err != nil {
		return err
	}
	err := n.fn.call(n, ctx, x.frameOrNil())
	if e := x.checkInputs(false); e != nil {
		return both(e, err)
	}
	if err == nil && !n.fn.binds && x.apart == nil {
		x.sealResult()
	}
	return err
}

// both is what the checker found, and what the function returned.
func both(found *InputError, err error) error {
	if err == nil {
		return found
	}
	return errors.Join(found, err)
}

// checkInputs looks at the arguments. The one of an Update is its own.
func (x *execution) checkInputs(before bool) *InputError {
	if x.node.fn.updates {
		return nil
	}
	for k, i := range x.node.inputs() {
		p := i.inline()
		if x.tracked {
			p = x.frame.in[k].p
		}
		if !i.sealed(p) {
			return x.inputError(k, i, before)
		}
	}
	return nil
}

func (x *execution) inputError(k int, i *node, before bool) *InputError {
	return &InputError{
		Call: x.node.label(), Where: x.node.fn.where, Argument: k + 1, Input: i.label(), InputWhere: i.fn.where, Before: before,
	}
}

// sealResult notes the digest of what the call's function has just returned.
func (x *execution) sealResult() {
	p := x.node.inline()
	if x.tracked {
		p = x.frame.out.value()
	}
	x.node.sealed(p)
}

// sealed reports whether n's value at p is what it was when it was sealed; it is sealed if it was not.
func (n *node) sealed(p unsafe.Pointer) (same bool) {
	t := n.valueType().typ()
	if memoryOf(t) == memoryFlat { // nobody can write to it
		return true
	}
	now := seal{of: p, sum: digest(t, p)}
	same = true
	n.note(func(x *extra) {
		if x.seal != nil && x.seal.of == p {
			same = x.seal.sum == now.sum
			return
		}
		x.seal = &now
	})
	return same
}
