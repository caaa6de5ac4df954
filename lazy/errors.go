package lazy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// Errors that callers may want to tell apart with errors.Is.
var (
	// ErrZeroData is the error of a Get on a handle that was never made, and of a call that was given one.
	ErrZeroData = errors.New("zero Data: the handle was never made by a wrapped function, Const or Source")
	// ErrSkipped is in the error of a target that was not run because the run had stopped for another's failure.
	ErrSkipped = errors.New("skipped")
	// ErrDonated is the error of using a handle that was given to [Donate], or what Donate returned for anything but one
	// [Update].
	ErrDonated = errors.New("donated")
	// ErrNoWaiters is the cause (context.Cause) of the end of a run's context when all who waited have left.
	ErrNoWaiters = errors.New("lazy: nobody waits for the run any more")
)

// Error tells which call failed, where it was wrapped, and how the target depends on it. It unwraps to what the
// function returned, or to a [*PanicError], or to the context's error.
type Error struct {
	Op    string // what was being done: "get", "run"
	Call  string // the call that failed: "Load#3"
	Where string // file:line where its function was wrapped
	// Path is the way from the call that failed to the target, both included: "Load#3", "Gather#4[17]", "Report#7". Of a call that
	// takes many values it says which one this was, counted from 0.
	Path []string
	Err  error
}

// Error reads "lazy: get: Load#3 (app/main.go:12) → Clean#4 → Report#7: open sales.csv: no such file".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("lazy: " + e.Op + ": " + e.Call)
	if e.Where != "" {
		b.WriteString(" (" + e.Where + ")")
	}
	const most = 6 // calls of a long way that are named
	way := e.Path
	if len(way) > 0 {
		way = way[1:]
	}
	for k, call := range way {
		if len(way) > most && k == most/2 {
			fmt.Fprintf(&b, " → … %d more …", len(way)-most+1)
		}
		if len(way) > most && k >= most/2 && k < len(way)-most/2+1 {
			continue
		}
		b.WriteString(" → " + call)
	}
	return b.String() + ": " + textOf(e.Err)
}

// Format prints the error; with %+v, and if a panic is behind it, the stack of that, too.
func (e *Error) Format(f fmt.State, verb rune) {
	_, _ = io.WriteString(f, e.Error())
	var p *PanicError
	if verb == 'v' && f.Flag('+') && errors.As(e.Err, &p) {
		_, _ = io.WriteString(f, "\n"+string(p.Stack))
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// PanicError is the error of a call whose function panicked or ended its goroutine with runtime.Goexit.
type PanicError struct {
	Op    string // the function's name
	Value any    // what it panicked with; [ErrGoexit] after runtime.Goexit
	Stack []byte // of the goroutine at that moment, as runtime/debug.Stack gives it
}

// ErrGoexit is the Value of a [PanicError] that came of runtime.Goexit (testing.T.FailNow calls it, too).
var ErrGoexit = errors.New("runtime.Goexit was called")

// Error names function and value. The stack is left to Stack and to the format %+v.
func (e *PanicError) Error() string {
	if e.Value == ErrGoexit { // the value itself is meant
		return e.Op + " called runtime.Goexit"
	}
	return fmt.Sprintf("%s panicked: %v", e.Op, e.Value)
}

// Unwrap returns the value if it is an error, so that errors.Is and errors.As see through the panic.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Format prints the error; with %+v, the stack behind it.
func (e *PanicError) Format(f fmt.State, verb rune) {
	_, _ = io.WriteString(f, e.Error())
	if verb == 'v' && f.Flag('+') {
		_, _ = io.WriteString(f, "\n"+string(e.Stack))
	}
}

// newPanicError describes what recover returned; nil is runtime.Goexit.
func newPanicError(op string, value any) *PanicError {
	if value == nil {
		value = ErrGoexit
	}
	return &PanicError{Op: op, Value: value, Stack: debug.Stack()}
}

// PartialError is the error of a [KeepGoing] Get of several targets when some failed: Errs has an entry per target, nil
// where it worked.
type PartialError struct{ Errs []error }

// Error counts the failures and tells the first.
func (e *PartialError) Error() string {
	failed := e.Unwrap()
	if len(failed) == 0 {
		return "lazy: 0 targets failed"
	}
	return fmt.Sprintf("lazy: %d of %d targets failed; the first: %v", len(failed), len(e.Errs), failed[0])
}

// Unwrap returns the errors that are not nil, in order of the targets.
func (e *PartialError) Unwrap() []error {
	var failed []error
	for _, err := range e.Errs {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// CycleError is the error of a call that would have to wait for itself: a Bind whose graph leads back to it, or calls
// that Get each other.
type CycleError struct {
	Calls []string // in the direction of the edges; the first stands only once
}

// Error names the calls.
func (e *CycleError) Error() string {
	return "cycle: " + strings.Join(append(e.Calls, e.Calls[0]), " → ")
}

// Permanent marks an error as one that trying again will not mend: a call that returns it, or an error that wraps it, is
// not run again by the next Get, which fails with the same error at once, until one of the call's inputs changes,
// [Data.Invalidate] or [Refresh] forgets it, or the call is given a value by [Data.Set]. A call that passes on the error of
// a Get inside it is tried again, but what it got is not. errors.Is and errors.As see through it. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// isPermanent reports whether the failure is one of the call's own function, for good: not of something that it has got
// or gone on to, which may mend without the call being told.
func (f *failure) isPermanent() bool {
	var p *permanentError
	var through *Error
	return f != nil && f.at >= 0 && (f.way == nil || f.way.before == nil) && errors.As(f.err, &p) && !errors.As(f.err, &through)
}

// isContextError reports whether err is, or wraps, the end of a context.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// Must returns v, or panics if err is not nil: for examples and tests.
//
//	area := lazy.Must(width.Get(ctx))
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
