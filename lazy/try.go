package lazy

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/dally-go/dally/comm"
	"github.com/dally-go/dally/executor"
)

// This file calls the function of a call: as often as it may be tried, and for as long as a try may take.

// tries calls the function until it succeeds or may not be tried again.
func (x *execution) tries() error {
	err := x.try(x.node.fn.opts.retry > 0)
	if err == nil || x.node.fn.opts.retry == 0 {
		return err
	}
	return x.retried(err)
}

// retried goes on after a try that ended with err.
func (x *execution) retried(err error) error {
	for left := x.node.fn.opts.retry; left > 0 && x.mayRetry(err); left-- {
		if err = x.try(left > 1); err == nil {
			return nil
		}
	}
	return err
}

func (x *execution) mayRetry(err error) bool {
	switch e := err.(type) { // as they are: of this very call
	case *PanicError:
		return false
	case *comm.RankError:
		if _, panicked := e.Err.(*PanicError); panicked {
			return false
		}
	}
	if p := (*permanentError)(nil); errors.As(err, &p) {
		return false
	}
	if x.isMistake(err) {
		return false
	}
	return x.late == nil && !x.run.halted.Load()
}

// try calls the function once. again says that another try may follow.
func (x *execution) try(again bool) error {
	if err := x.muster(); err != nil {
		return err
	}
	if d := x.node.fn.opts.timeout; d > 0 {
		return x.tryFor(d, again)
	}
	if x.c == nil {
		return x.once(none)
	}
	return x.once(x.c)
}

// once calls the function and turns a panic into an error. runtime.Goexit passes through.
func (x *execution) once(ctx context.Context) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			err = newPanicError(x.node.fn.name, v)
		}
	}()
	if h := x.run.hooks; h.marks() {
		err = h.marked(x, ctx)
	} else {
		err = x.callChecked(ctx)
	}
	returned = true
	return err
}

// tryFor calls the function on a goroutine of its own and waits for at most d. A function that does not return when its
// context has ended leaves x.late behind.
func (x *execution) tryFor(d time.Duration, again bool) error {
	ctx, cancel := context.WithTimeout(x.c, d)
	defer cancel()
	if x.node.fn.opts.orElse != nil {
		x.setApart()
	}
	done := make(chan error, 1)
	go x.onTime(ctx, done)
	select {
	case err := <-done:
		if err != nil && isContextError(err) && ctx.Err() != nil {
			return timedOut(ctx, d)
		}
		return x.takeApart(err)
	case <-ctx.Done():
	}
	if again { // the next try needs the function to have returned: it gets as much time again for that
		late := time.NewTimer(d)
		defer late.Stop()
		select {
		case <-done: // too late, whatever it is
			return timedOut(ctx, d)
		case <-late.C:
		}
	}
	const patience = 100
	for range patience {
		select {
		case <-done:
			return timedOut(ctx, d)
		default:
			runtime.Gosched()
		}
	}
	x.late = done
	return timedOut(ctx, d)
}

// onTime calls the function, for a goroutine that waits and whose slot is the function's meanwhile, and sends what came
// of it.
func (x *execution) onTime(ctx context.Context, done chan<- error) {
	err := error(newPanicError(x.node.fn.name, nil)) // unless it returns
	defer func() { done <- err }()
	if s := x.c.slotHeld(); s != nil {
		executor.Holding(s, func() { err = x.once(ctx) })
		return
	}
	err = x.once(ctx)
}

// timedOut is the error of a try whose context has ended: its own time, or the run, was over.
func timedOut(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != context.DeadlineExceeded { // what contexts return, as it is
		return err
	}
	return fmt.Errorf("timed out after %v: %w", d, context.DeadlineExceeded)
}
