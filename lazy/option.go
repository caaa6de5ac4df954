package lazy

import (
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"github.com/dally-go/dally/executor"
)

// Option says how the calls of a function are to be run. Options are given once, where the function is wrapped.
type Option func(*options)

type options struct {
	name          string
	retry         int
	timeout       time.Duration
	blocking      bool
	blockingLimit int
	limit         *executor.Limit
	ownLimit      *executor.Limit // of Blocking
	runsOn        executor.Executor
	priority      int
	equal         func(a, b unsafe.Pointer) bool
	equalType     reflect.Type
	orElse        func(err error) any
	orElseType    reflect.Type
	transient     bool
	memo          memoOptions
}

// insists reports whether an error of the function is not yet the call's failure.
func (o *options) insists() bool { return o.retry > 0 || o.orElse != nil }

// Name gives the function the name that handles, errors, pictures and profiles show. Without it a function is called
// what Go calls it, without its package.
func Name(name string) Option { return func(o *options) { o.name = name } }

// Retry runs a call that fails again, at once, up to n more times. A panic is not tried again, and neither is anything
// once the run has been stopped. Retry panics if n < 0.
func Retry(n int) Option {
	if n < 0 {
		panic(fmt.Sprintf("lazy: Retry(%d): want 0 or more", n))
	}
	return func(o *options) { o.retry = n }
}

// Timeout bounds each try of a call: after d its context ends and the try has failed with an error that is
// [context.DeadlineExceeded]. A function that does not heed its context is abandoned: the call has failed all the same,
// what the function returns later is dropped, and its worker stays taken until it returns. Where [Retry] has a try left,
// the function is given as much time again to return, for two tries must not run side by side; if it does not, there is
// no further try. Timeout panics if d <= 0.
func Timeout(d time.Duration) Option {
	if d <= 0 {
		panic(fmt.Sprintf("lazy: Timeout(%v): want a positive duration", d))
	}
	return func(o *options) { o.timeout = d }
}

// Blocking says that the function mostly waits for something outside: disk, network, another process. Its calls hold no
// worker, each has a goroutine of its own; at most limit of them run at once, over all Gets; 0 means no limit. As with
// [Limit], a call lends its place while it waits in a Get of its own. Blocking panics if limit < 0.
func Blocking(limit int) Option {
	if limit < 0 {
		panic(fmt.Sprintf("lazy: Blocking(%d): want 0 (no limit) or more", limit))
	}
	return func(o *options) {
		o.blocking, o.blockingLimit, o.ownLimit = true, limit, nil
		if limit > 0 {
			o.ownLimit = executor.NewLimit(limit)
		}
	}
}

// Limit bounds the function's calls by l, which other functions may share. A call that waits for the limit holds no
// worker. While a call waits in a Get of its own, given its context, it lends its place, as it lends its worker: what it
// holds on to meanwhile is not counted. Limit panics if l was not made by executor.NewLimit.
func Limit(l *executor.Limit) Option {
	if l == nil {
		panic("lazy: Limit(nil): want a limit made by executor.NewLimit")
	}
	if l.N() == 0 {
		panic("lazy: Limit of a zero executor.Limit: want a limit made by executor.NewLimit")
	}
	return func(o *options) { o.limit = l }
}

// RunsOn has the function's calls run by ex instead of the session's executor: each call is given to it as a work of
// one. [Data.On] does the same for a single call. RunsOn panics if ex is nil.
func RunsOn(ex executor.Executor) Option {
	if ex == nil {
		panic("lazy: RunsOn(nil): want an executor")
	}
	return func(o *options) { o.runsOn = ex }
}

// Priority has calls of this function run before calls with a lower priority that are ready at the same time. The
// default is 0; negative is later. In a run with a call of another priority than 0, calls of equal priority start in the
// order of the plan; in others each worker rather goes on with what it has made ready. Calls that wait for a [Limit] or
// for [Blocking]'s bound are served in order of arrival, whatever their priority.
func Priority(p int) Option { return func(o *options) { o.priority = p } }

// Equal says when two results of the function are the same: a call that runs again and comes to the same result as
// before hides the change from its users, which then do not run, and the earlier result stays. Without it, results of
// comparable types are the same if their bits are, and those of other types never. A panic of equal is the call's
// [*PanicError]. equal runs where the call runs, or inside a [Data.Set] of the call, on many goroutines at once; it must
// change nothing. T must be the type that the function returns; wrapping panics if it is not. Equal panics if equal is nil.
func Equal[T any](equal func(a, b T) bool) Option {
	if equal == nil {
		panic("lazy: Equal(nil): want a function")
	}
	return func(o *options) {
		o.equalType = reflect.TypeFor[T]()
		o.equal = func(a, b unsafe.Pointer) bool { return equal(*(*T)(a), *(*T)(b)) }
	}
}

// Transient has the library let go of the function's results as soon as the run that computed them needs them no more:
// when the last call that takes one has ended, however it has ended. The call is then pending. Whoever wants the result
// later has it computed again, which is no change to its users as long as no input has changed. A result that a Get asks
// for is handed out, and then let go of, too. It is for results that are large and cheap to compute again.
//
// The price: when a user may have to run again, the result is computed again to see, also where it turns out that nothing
// before it has changed; once an input has changed, the users run again even if the result is equal, for there is nothing
// left to compare it with; and once a function is Transient, Gets all over the process are planned one at a time.
func Transient() Option { return func(o *options) { o.transient = true } }
