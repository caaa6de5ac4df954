package lazy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// OrElse has a value stand in for the result of a call that fails: or is given the failure – an [*Error] that names the
// call, around what the function returned, a [*PanicError], or the error of its [Timeout] – and what it returns is the
// value of the call, which is done, as though its function had returned that. It is asked after the last [Retry]. It is
// not asked where the call is not to blame: when it is skipped because an input has failed, when the run is cancelled,
// and when CheckInputs or a zero Data show a mistake of the program.
//
// The value stays in the handle like any other: the function does not run again until an input changes, or with
// [Refresh]. It is never kept in a cache. Of a function wrapped with Bind, or can also stand in for the graph that it
// went on to. A function that does not heed its context when its Timeout is over is left behind, and what it returns is
// dropped; until it does it may run beside a later run of the call.
//
// or runs where the call runs, on many goroutines at once. A panic of it is the call's failure. R must be the type that
// the function returns; wrapping panics if it is not. OrElse panics if or is nil.
func OrElse[R any](or func(err error) R) Option {
	if or == nil {
		panic("lazy: OrElse(nil): want a function")
	}
	return func(o *options) {
		o.orElse = func(err error) any { return or(err) }
		o.orElseType = reflect.TypeFor[R]()
	}
}

// checkTypes panics if an option is for another type than the function returns.
func (f *function) checkTypes(returns reflect.Type) {
	if t := f.opts.equalType; t != nil && t != returns {
		panic(fmt.Sprintf("lazy: wrap at %s: Equal compares %v, but the function returns %v", f.where, t, returns))
	}
	if t := f.opts.orElseType; t != nil && t != returns {
		panic(fmt.Sprintf("lazy: wrap at %s: OrElse stands in with %v, but the function returns %v", f.where, t, returns))
	}
}

// mayStandIn reports whether a value is to stand in for the result of a call that ended with err.
func (x *execution) mayStandIn(err error) bool {
	if err == nil || x.node.fn.opts.orElse == nil || x.stoodIn || x.run.ended.Load() {
		return false
	}
	return !x.isMistake(err)
}

// isMistake reports whether CheckInputs has found something at the call: perhaps joined with what the function returned.
func (x *execution) isMistake(err error) bool {
	var mistake *InputError
	return errors.As(err, &mistake) && mistake.Call == x.node.label()
}

// standIn gives the call the value that stands in for its result, or returns why there is none. If OrElse's function
// ends the goroutine, it ends the call.
func (x *execution) standIn(e *Error) (failed error) {
	n := x.node
	x.stoodIn = true
	if n.fn.binds && !x.private && len(e.Path) == 1 { // its own failure: nobody is to go on with what it went on to before
		n.extra().inner = nil
	}
	op := "OrElse of " + n.fn.name
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			failed = newPanicError(op, v)
			return
		}
		x.run.finish(x, x.run.failureOf(x, newPanicError(op, nil)))
	}()
	v := n.fn.opts.orElse(e)
	if at := (&x.frame); x.framed {
		n.fn.typ.set(n, at, v)
	} else {
		n.fn.typ.set(n, nil, v)
	}
	returned = true
	return nil
}

// errorHere is what is said of the call that has ended with err.
func (x *execution) errorHere(err error) *Error {
	label := x.node.label()
	return &Error{Op: x.run.op, Call: label, Where: x.node.fn.where, Path: []string{label}, Err: err}
}

// # Tries that may come too late
//
// A function that is left behind at its Timeout still writes its result some day. Where a value may stand in for that,
// the try has a frame of its own to write to, and nobody looks into it any more.

// setApart gives the next try a frame of its own.
func (x *execution) setApart() {
	x.frame.in = slices.Clone(x.frame.in) // the plan is used again when the run is over, the function perhaps not
	at := x.frame
	if !x.framed {
		for _, i := range x.node.inputs() {
			at.in = append(at.in, argument{version: version{p: i.inline()}, pos: -1})
		}
	}
	x.apart = &at
}

// takeApart takes in what a try has come to that had a frame of its own.
func (x *execution) takeApart(err error) error {
	at := x.apart
	x.apart = nil
	switch {
	case at == nil || err != nil:
		return err
	case x.framed:
		x.frame.out, x.frame.inner = at.out, at.inner
	case x.node.fn.binds:
		bind(x.node, nil, at.inner)
	default:
		x.node.fn.typ.copy(x.node, at.out.value())
	}
	if x.run.options.session.CheckInputs && !x.node.fn.binds {
		x.sealResult()
	}
	return nil
}
