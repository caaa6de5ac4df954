package lazy

import (
	"context"
	"iter"
	"sync"
	"time"
)

// spinsLen is the number of Spins of one function whose paces are told apart: a function may wait for one thing after
// another. The last stands for all further ones.
const spinsLen = 4

// Task is what a poll's function is given: the way to wait. It is good until the function returns; its methods may be
// called from several goroutines.
type Task struct {
	ctx  context.Context
	call *callContext
	done chan struct{} // closed when the function has returned

	mu    sync.Mutex
	waits []*wait // guarded by mu
	ended error   // of the context, if it has ended a Spin. Guarded by mu
	over  bool    // no more waits are begun. Guarded by mu
}

func newTask(ctx context.Context) *Task {
	return &Task{ctx: ctx, call: ctx.Value(callKey{}).(*callContext), done: make(chan struct{})}
}

// Context is the call's context. It ends when the run is cancelled and when the call's [Timeout] is over. A Get that is
// given it counts as an input of the call, and lends the call's slot while it waits.
func (t *Task) Context() context.Context { return t.ctx }

// Err is the error of the call's context, nil while that has not ended. After a loop over Spin that was not left it is
// not nil. Once the function has returned, Err is [context.Canceled].
func (t *Task) Err() error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	select {
	case <-t.done:
		return context.Canceled
	default:
		return nil
	}
}

// Spin is for a loop that looks whether something is ready and is left when it is:
//
//	for range t.Spin() {
//		if ready() {
//			return result()
//		}
//	}
//	return nil, t.Err()
//
// It yields the number of looks so far, from 0. Look 0 comes at once; before each further one Spin waits, holding no
// worker and no place in a [Limit], and then until it has both again. How long it waits is learned from the function's
// earlier calls, within the session's PollMin and PollMax, for each of the function's first few loops by itself. The
// latency is the time from the beginning of the loop to the look in which it is left; it counts when the function
// then returns without an error.
//
// When the call's context ends, a wait ends at once and Spin yields no more. Err says why. The call has then failed
// with that error, also where the function returns a value and no error: a loop that was not left has not seen what it
// waited for.
func (t *Task) Spin() iter.Seq[int] {
	return func(yield func(int) bool) {
		w := t.begin()
		if w == nil {
			return
		}
		for n := 0; t.goesOn(); n++ {
			w.look(clock())
			if !yield(n) {
				t.found(w)
				return
			}
			t.sleep(w.next(t.call.run.options.session.pollBounds()))
		}
	}
}

// clock is the time for paces.
func clock() time.Duration { return time.Duration(mono()) }

// begin begins a wait; nil if the task is over.
func (t *Task) begin() *wait {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	w := t.call.node.fn.paces[min(len(t.waits), spinsLen-1)].begin(clock())
	t.waits = append(t.waits, w)
	return w
}

// found notes that the loop has been left.
func (t *Task) found(w *wait) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.found = true
}

// goesOn reports whether there is to be another look.
func (t *Task) goesOn() bool {
	err := t.Err()
	if err != nil {
		t.mu.Lock()
		t.ended = err
		t.mu.Unlock()
	}
	return err == nil
}

// sleep waits for so long, or until the context ends.
func (t *Task) sleep(d time.Duration) {
	t.call.poll.pause(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-t.ctx.Done():
		case <-t.done:
		}
	})
}

// end ends the task with what the function returned, and returns what the call is to return.
func (t *Task) end(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		err = t.ended
	}
	for _, w := range t.waits {
		w.found = w.found && err == nil
		w.end()
	}
	t.waits = nil
	return err
}

// close ends the task also where the function has not returned, but panicked or ended its goroutine.
func (t *Task) close() {
	close(t.done)
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	_ = t.end(ErrGoexit)
}
