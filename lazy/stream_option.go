package lazy

import (
	"context"
	"fmt"
)

// StreamOption changes one [Stream]: [LookAhead], [Unordered], and of the run options [In] and [Observe].
type StreamOption interface{ forStream(*streamOptions) }

// streamOptions are the options of one stream.
type streamOptions struct {
	run       runOptions
	ahead     int // 0: as the session's workers need it
	unordered bool
}

// streamOption implements StreamOption.
type streamOption func(*streamOptions)

func (f streamOption) forStream(o *streamOptions) { f(o) }

// forStream implements StreamOption.
func (f RunOption) forStream(o *streamOptions) { f(&o.run) }

// LookAhead bounds how many elements may be on their way: pulled from the source, and their result not yet done with.
// The one that the loop's body has at the moment counts. So the element n+1 is pulled only when the body has done with
// the first result, and LookAhead(1) goes like a plain loop. Calls that are [Blocking] run up to n at once. LookAhead
// panics if n < 1.
//
// Without LookAhead there are at first 16 elements on their way per worker of the session, and as many as take the
// workers about a millisecond, at most 1024 each, as soon as the calls are found to be cheap.
func LookAhead(n int) StreamOption {
	if n < 1 {
		panic(fmt.Sprintf("lazy: LookAhead(%d): want 1 or more", n))
	}
	return streamOption(func(o *streamOptions) { o.ahead = n })
}

// Unordered yields results as they come: a slow one holds back no other.
func Unordered() StreamOption { return streamOption(func(o *streamOptions) { o.unordered = true }) }

// streamOptionsOf applies the options of a call of Stream or TryStream, and panics if its arguments are no good.
func streamOptionsOf(name string, ctx context.Context, noSource, noFunction bool, opts []StreamOption) (o streamOptions) {
	switch {
	case ctx == nil:
		panic("lazy: " + name + ": the context is nil")
	case noSource:
		panic("lazy: " + name + ": the source is nil: want an iterator, as slices.Values returns one")
	case noFunction:
		panic("lazy: " + name + ": the function is nil: want a wrapped one, as Pure1 returns one")
	}
	for i, opt := range opts {
		if isNilOption(opt) {
			panic(fmt.Sprintf("lazy: %s: option %d is nil", name, i+1))
		}
		opt.forStream(&o)
	}
	switch {
	case o.run.hasWorkers:
		panic("lazy: " + name + ": Workers bounds one Get, and a stream is many: want In(&Session{Parallelism: n})")
	case o.run.refresh:
		panic("lazy: " + name + ": Refresh is for one Get, and a stream is many: want a Run with Refresh before it")
	}
	o.run.keepGoing = true
	return o
}

func isNilOption(opt StreamOption) bool {
	switch f := opt.(type) {
	case nil:
		return true
	case RunOption:
		return f == nil
	}
	return false
}
