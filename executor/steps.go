package executor

import (
	"context"
	"time"
)

// Steps is a Work that a pool can drive without lending a worker to calls that only wait, and without counting the
// inputs of calls that are too cheap to be shared out. Package lazy's works are Steps. An executor that wraps a pool
// need not know: it hands the work on as it got it.
type Steps interface {
	Work
	// Attach is called once, before anything else, with the context to be the parent of all calls (nil: the work's
	// own) and with the host to be told about calls that end elsewhere.
	Attach(ctx context.Context, h Host)
	// Piece returns hi such that calls lo … hi-1 are best run in one go, and what one of them is thought to cost; 0 is
	// not known. hi == lo means that call lo must be given to Start.
	Piece(lo int32) (hi int32, cost time.Duration)
	// Range runs calls *next … hi-1 in order. Before each it moves *next past it, so that the place is known even when
	// a function ends its goroutine. It returns Ended at hi, Again when there is more to do, Wait when call *next is
	// being run by someone else, Stopped when nothing more is to be run.
	Range(worker int, next *int32, hi int32) Status
	// Await blocks until call i, for which Range said Wait, can be tried again.
	Await(i int32)
	// Start runs call i, of which all inputs have ended. It returns Ended, Later, Gone or Stopped.
	Start(worker int, i int32) Status
	// Ranks orders calls that are ready at the same time: lower first. nil is: by number.
	Ranks() []int32
	// Detached reports whether call i needs no worker: Start then runs nothing on the goroutine that calls it, and may be
	// called with worker -1 as soon as the call is ready.
	Detached(i int32) bool
	// AnyDetached reports whether there is any such call.
	AnyDetached() bool
	// Crew bounds how many workers the work may use, together with all works of the same crew; nil is no bound.
	Crew() *Crew
	// Over is called once, when no call runs and none will.
	Over()
}

// Status is how a step of [Steps] came out.
type Status uint8

// What Range and Start can say.
const (
	Ended   Status = iota // the call, or the piece, has ended, well or badly
	Again                 // Range: call it once more
	Wait                  // Range: someone else runs the next call
	Later                 // Start: the call goes on without a worker; the host will be told
	Gone                  // Start: the host was told, by Abandon, before the function returned
	Stopped               // nothing more is to be started
)

// Host is told by a [Steps] about calls that do not end on the worker that started them. Its methods may be called from
// any goroutine and do not block. A host whose workers hold slots is a [Slot], too.
type Host interface {
	// Later announces, before the fact, that a call will be woken.
	Later()
	// Wake says that call i has ended or, if not ended, that it is to be started again.
	Wake(i int32, ended bool)
	// Stop says that nothing more is to be started: Range and Start would say Stopped from now on.
	Stop()
	// Abandon says that call i has ended although its function has not returned: users of the call go on, the worker
	// stays taken until Start returns Gone.
	Abandon(i int32)
}
