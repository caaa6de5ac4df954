package lazy

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/internal/kept"
)

// Session says how calls are run. The zero value works; its fields are not to be changed while it is in use. Handles
// belong to no session: a value computed in one is there for all.
type Session struct {
	// Parallelism is the number of functions that may run at once, over all Gets of the session together. 0 is
	// runtime.GOMAXPROCS(0); 1 runs calls one after another. Calls wrapped with Blocking or RunsOn, and calls that wait
	// in a Get of their own, do not count: Blocking calls run side by side also where Parallelism is 1.
	Parallelism int
	// Executor runs the session's calls. nil is a built-in pool of Parallelism workers, which has no goroutine while
	// nothing runs. If it is set, Parallelism means nothing.
	Executor executor.Executor
	// Observer is told about every run and every call of the session. nil is nobody.
	Observer Observer
	// Labels has calls run with the pprof label "dally" set to the function's name, so that CPU profiles can be split by
	// function (go tool pprof -tagfocus). It costs about a microsecond per call.
	Labels bool
	// PollMin and PollMax are the least and the greatest wait between two looks of a poll (see [Task.Spin]), whatever has
	// been learned. 0 is 1 ms and 1 min. Where PollMax is less than PollMin, PollMin holds.
	PollMin, PollMax time.Duration
	// CheckInputs finds functions that write to their arguments, and values that were changed after they were computed: a
	// call that such a thing shows in fails with an [*InputError]. It is for tests and for looking for a mistake. Before
	// and after each call all that its arguments refer to is read, through pointers, maps, interfaces, unexported fields
	// and the room behind the ends of slices: that takes some ns per word, and runs have no fast paths. Calls that run
	// at the same time and share an argument may all be blamed for what one of them has done; Parallelism: 1 tells which.
	// Memory that others may write to while a call has it, under a lock of its own, is not for this mode.
	CheckInputs bool
	// Cache keeps the results of [Memo] functions: see package cache for what there is. nil keeps none but in handles.
	Cache kept.Store
	// VerifyHits is the share, from 0 to 1, of results found in the cache that are computed again all the same. One
	// that comes out different is reported to Logger, with its key, both digests and its inputs, and replaces the one
	// that was kept; an error of such a call is that of the Get. 0 is none. If it is not 0, calls are looked up one by
	// one, after their inputs.
	VerifyHits float64
	// Logger takes warnings. nil is slog.Default().
	Logger *slog.Logger

	parallelism atomic.Int64          // set by SetParallelism; 0: not set
	builtin     atomic.Pointer[sized] // the pool in use
	troubles    sync.Map              // of troubleKey: what has been warned of
}

// sized is a pool and the size it was made for.
type sized struct {
	n    int
	pool executor.Executor
}

// Default is the session of every Get that is given no other.
var Default = &Session{}

// SetParallelism sets how many functions [Default] runs at once, and returns the former setting, as runtime.GOMAXPROCS
// does; n < 1 changes nothing. Runs that have begun keep what they began with.
//
//	defer lazy.SetParallelism(lazy.SetParallelism(1)) // serial until the function returns
func SetParallelism(n int) (old int) {
	old = Default.workers()
	if n >= 1 {
		Default.parallelism.Store(int64(n))
	}
	return old
}

// workers is the parallelism in force.
func (s *Session) workers() int {
	if n := s.parallelism.Load(); n > 0 {
		return int(n)
	}
	if s.Parallelism > 0 {
		return s.Parallelism
	}
	return runtime.GOMAXPROCS(0)
}

// workersOf is how many functions a run with the given options may run at once; 0 if an Executor of the user's knows.
func (s *Session) workersOf(o *runOptions) int {
	size := s.workers()
	switch {
	case s.Executor != nil:
		return 0
	case o.hasWorkers && (o.workers < size || s.mayExceed()):
		return o.workers
	}
	return size
}

// mayExceed reports whether nobody has asked for a bound: then a run may have what it asks for.
func (s *Session) mayExceed() bool { return s.Parallelism == 0 && s.parallelism.Load() == 0 }

// executor returns what runs the session's calls; n > 0 is the bound of one run.
func (s *Session) executor(n int) executor.Executor {
	if s.Executor != nil {
		return s.Executor
	}
	size := s.workers()
	if n > size && s.mayExceed() {
		return executor.NewPool(n)
	}
	for {
		have := s.builtin.Load()
		if have != nil && have.n == size {
			return have.pool
		}
		s.builtin.CompareAndSwap(have, &sized{n: size, pool: executor.NewPool(size)})
	}
}

// lender returns the executor of a run without [Workers], if others may take its slots.
func (s *Session) lender() (lender, bool) {
	if have := s.builtin.Load(); have != nil && s.Executor == nil {
		return have.pool.(lender), true // of another size, perhaps, if that was changed a moment ago
	}
	ex, ok := s.executor(0).(lender)
	return ex, ok
}

// RunOption changes one Get or Run.
type RunOption func(*runOptions)

type runOptions struct {
	session    *Session
	keepGoing  bool
	workers    int
	hasWorkers bool
	observer   Observer
	refresh    bool
}

// In runs in session s instead of [Default], or instead of the session of the call the Get stands in. In(nil) is
// Default.
func In(s *Session) RunOption { return func(o *runOptions) { o.session = s } }

// KeepGoing does not stop at a failure: everything that does not depend on it is finished. A Get of one handle then
// returns the failure that caused its own; a Get of several returns the values there are, and a [*PartialError].
func KeepGoing() RunOption { return func(o *runOptions) { o.keepGoing = true } }

// Workers bounds how many workers this run uses at once; n < 1 is an error. The session's Parallelism holds all the
// same, if it was set: Workers can only ask for more than that where it was not.
func Workers(n int) RunOption { return func(o *runOptions) { o.workers, o.hasWorkers = n, true } }

// Observe tells obs about this run, besides the session's observer. Runs that start inside the run's calls are not
// told to it.
func Observe(obs Observer) RunOption { return func(o *runOptions) { o.observer = obs } }

// Refresh uses no result that was kept: every call that the targets depend on runs again, and what comes of it replaces
// what was kept. Sources keep their values. What a call comes to depend on only while it runs – a Bind's or If's handle, a
// nested Get, which it had not got the last time – is not among them. The users of a call whose new value is equal to the
// last one see no change. It costs a walk over all that the targets depend on, besides the run.
func Refresh() RunOption { return func(o *runOptions) { o.refresh = true } }

// refreshes reports whether Refresh is among the options.
func refreshes(opts []RunOption) bool { return applied(opts).refresh }

// keepsGoing reports whether KeepGoing is among the options.
func keepsGoing(opts []RunOption) bool { return applied(opts).keepGoing }

// applied is what the options say, unchecked.
func applied(opts []RunOption) (o runOptions) {
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return o
}

// settle applies the options and checks what they say.
func settle(ctx context.Context, opts []RunOption) (o runOptions, outer *callContext, err error) {
	for i, opt := range opts {
		if opt == nil {
			return o, nil, fmt.Errorf("run option %d is nil", i+1)
		}
		opt(&o)
	}
	outer = callOf(ctx)
	if o.session == nil {
		o.session = Default
		if outer != nil {
			o.session = outer.run.options.session
		}
	}
	_, err = o.session.switchedOn()
	switch {
	case err != nil:
	case o.hasWorkers && o.workers < 1:
		err = fmt.Errorf("Workers(%d): want 1 or more", o.workers)
	case o.session.Parallelism < 0:
		err = fmt.Errorf("Session.Parallelism is %d: want 0 (GOMAXPROCS) or more", o.session.Parallelism)
	case o.session.PollMin < 0:
		err = fmt.Errorf("Session.PollMin is %v: want 0 (1ms) or more", o.session.PollMin)
	case !(o.session.VerifyHits >= 0 && o.session.VerifyHits <= 1):
		err = fmt.Errorf("Session.VerifyHits is %v: want 0 (none) to 1 (all)", o.session.VerifyHits)
	case o.session.PollMax < 0:
		err = fmt.Errorf("Session.PollMax is %v: want 0 (1m) or more", o.session.PollMax)
	}
	return o, outer, err
}

// pollBounds are the bounds in force for the wait between two looks.
func (s *Session) pollBounds() (least, most time.Duration) {
	least, most = cmp.Or(s.PollMin, time.Millisecond), cmp.Or(s.PollMax, time.Minute)
	return least, max(least, most)
}

// logger is where warnings go.
func (s *Session) logger() *slog.Logger {
	if s.Logger != nil {
		return s.Logger
	}
	return slog.Default()
}
