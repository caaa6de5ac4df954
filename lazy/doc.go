// Package lazy makes ordinary functions lazy. Calling a wrapped function records a call and hands back a [Data], a
// handle on its value. [Data.Get] works out the least that must run for the value, runs that once, in parallel, and
// keeps the results.
//
//	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
//	mul := lazy.Pure2(func(x, y int) int { return x * y }, lazy.Name("Mul"))
//	add := lazy.Pure2(func(x, y int) int { return x + y }, lazy.Name("Add"))
//
//	a, b := square.Of(2), square.Of(3) // recorded: nothing has run
//	c, d := mul(a, b), add(a, b)       // likewise
//
//	v, err := c.Get(ctx) // 36: both squares at the same time, then Mul
//	w, err := d.Get(ctx) // 13: Add alone, for the squares are known
//
// A function is wrapped once, with all that is to be said about it ([Option]); its calls are recorded as often as
// wanted, by calling what the wrap returned. [Pure1] and its kin wrap functions that cannot fail, [Wrap1] those that
// can or that want a context, [Bind1] those that look at a value and then say how the computation goes on, [Poll1] those
// that have to look again and again until something is ready.
//
// # What runs, when, and how often
//
// Recording runs nothing, takes no lock and may be done by many goroutines. A Get runs the calls that its handle
// depends on and that have no value yet, or an input that has changed: no others, each once, each after its inputs, at
// most [Session].Parallelism at the same time over all Gets of the session. The order is otherwise free, but what was
// begun is finished before something new is begun. Any number of goroutines may Get overlapping computations; no call
// ever runs twice at the same time, and those who come later wait for the one that runs.
//
// Two calls with equal arguments are two calls and run twice. To share, share the handle – or wrap the function with [Memo].
//
// Several handles wanted together go into one [GetAll] or [Run]: what runs in parallel is what one Get asks for.
//
// # What is kept
//
// A value stays in its handle, whatever it is: nil, zero and empty are values. A handle keeps alive what it depends on,
// values included, and nothing that depends on it; dropped handles are collected with everything only they needed.
// Recorded calls lie in slabs of up to 64 calls of the same function, at most 4 KB, and a slab is collected as a whole:
// one handle can keep its neighbours' values and inputs alive. A function that was called seldom has slabs of one call:
// a slab is never longer than an eighth of what the function has recorded before. What a function has recorded last may stay
// for one garbage collection more than its handles.
//
// A function that is [Transient] has its values kept only as long as a run needs them.
//
// # Results that outlive their handles
//
//	session := &lazy.Session{Cache: store} // package cache: in memory, in a directory, on a server
//	parse := lazy.Wrap1(parseFile, lazy.Memo())
//
// With a cache, the results of functions that are [Memo] are kept under keys made of the function and of the contents
// of its arguments. A call whose result is kept does not run, and is in state Cached: a call with equal arguments
// somewhere else in the program, in a later run of it, or on another machine. Of several with the same key that are
// wanted at once, one runs.
//
// A key needs contents and no values. So where nothing was ever Set a Get asks the cache first, from the sources on:
// what only led to a result that is kept neither runs nor is read. Elsewhere a call is looked up when its turn comes,
// after its inputs.
//
// The key of a call knows its arguments and the function, and of the function its name, its types and the program, or
// the [Version]. Whatever else a result depends on – the time, a file, a global variable, a handle got inside – makes
// for wrong hits, or, where the library notices, for results that are not kept. [Session].VerifyHits runs a share of
// the hits again, and tells.
//
// A cache never fails a Get: an entry that is damaged, a full disk, a server that hangs are a miss, and a warning to
// [Session].Logger. [Explain] says why a call would run although there is a cache: that its version or an input has
// changed, that its result was evicted or has expired, or which argument cannot be part of a key.
//
// # Change
//
//	width, height := lazy.Source("width", 4), lazy.Source("height", 5)
//	picture := draw(isLarge(mul(width, height)))
//
//	v, err := picture.Get(ctx) // a card: Mul, IsLarge, Draw
//	width.Set(6)               // what depends on the width is stale; nothing runs
//	w, err := picture.Get(ctx) // a card: Mul, IsLarge, and not Draw: still not large
//
// [Data.Set] gives a source a new value, from any goroutine at any time. What depends on it is stale. The next Get that
// wants something stale runs the calls of which an input has changed, inputs first. A call that comes to the same value as
// before is no change to its users. Same are equal bits, for types that == knows, and what [Equal] says, for others; slices
// and maps without an Equal never are.
//
// A Get sees the sources as they are when it begins. A run that is on its way when something is Set goes on with the
// values it began with: no call is ever given the old value by one input and the new one by another, and a Get ends however
// often something is Set. What it has computed from replaced values goes to those who wait for it, and is not kept.
//
// A call can be given a value, too, which holds until one of its inputs changes later. [Data.Invalidate] has a call run
// again that depends on more than its arguments, [Refresh] everything that the targets depend on. A call that was told to
// run [After] others runs again when they have. What a call has got by a Get inside it, given its context, and what a Bind
// went on to, are inputs like the others. A [Permanent] error is kept until an input changes.
//
// A source keeps none of the calls that depend on it alive. The first value of a call stays in memory as long as the call,
// also when it has another one.
//
// # Values that can change
//
// A value given as an argument, to [Const], [Source], Of, Each or Outer, is copied as an assignment copies it. What a
// slice, a map or a pointer refers to is not copied: a call sees it as it is when the call runs. A value that has been
// computed stays as it is, whatever becomes of what the arguments refer to: the library sees the changes that it is told
// of, by Set and Invalidate, and no others. So change nothing that a recorded call may still read – during a Get it would
// be a data race – and let no function change its arguments or what others may hold of its result: the same value is
// handed to all who ask.
//
// A new version of a value is made by [Update]: its function may write into what it is given, which is a copy, or, if
// the old version was given away by [Donate], the old one's memory. [Session].CheckInputs finds functions that write to
// their arguments all the same.
//
// # Errors
//
// The error of a call reaches Get inside an [*Error], which names the call, the line where its function was wrapped and
// the way from there to the target; errors.Is and errors.As see through it. The first failure ends the run: nothing
// more is started, running calls have their context cancelled, what depends on the failure is skipped. With [KeepGoing]
// everything that does not depend on the failure is finished, and a Get of several handles returns the values there are
// beside a [*PartialError].
//
// Errors are not kept, unless they are [Permanent]: the next Get tries again, and runs only what has no value. [Retry] tries
// again at once.
//
// A panic, or a call of runtime.Goexit, in a wrapped function becomes a [*PanicError] with the stack for all who wait
// for the call. The process lives.
//
// # Cancelling
//
// When its context ends, Get returns at once with the context's error. Calls that nobody else waits for see their own
// context end ([context.Cause] is [ErrNoWaiters]); what others wait for goes on. A function that does not heed its
// context holds its worker until it returns, but never the caller. The values of a call's context are those of the
// context given to the Get that started the run.
//
// # Functions that Get
//
// A wrapped function may itself record calls and Get them. Given the function's own context, such a Get gives its
// worker away while it waits, and its places in limits, so one worker is enough to any depth, and the calls count as
// inputs of the one that runs. Calls that, by such Gets, would wait for each other in a circle fail with a
// [*CycleError]. Where the rest of a computation depends on a value, a Bind says so without waiting.
//
// # Where calls run
//
// By default a pool of GOMAXPROCS workers runs everything, in goroutines that end when there is nothing to do: nothing
// needs to be closed. A [Session] bounds one part of a program by itself. [Blocking] is for functions that wait for
// disks and networks: their calls hold no worker and have a bound of their own. [Limit] shares a bound among functions.
// A function wrapped by [Poll1] holds a worker while it looks and none while it waits; when to look is learned from its
// earlier calls. [RunsOn] and [Data.On] hand calls to another executor. Cheap calls are run in place, one after another;
// a call goes to another worker when what was measured of its function says that this is worth the hand-off.
//
// # Maps, streams, tables, gangs
//
// Each records a call per element, Outer one per combination, and [GetAll] gets them all. [Map] is for slices that have yet to
// be computed, and for cheap elements: of long slices it makes many in one call, as many as take 100 µs. [OrElse] has a
// value stand in for a failure. [Stream] and [TryStream] compute the elements of an iterator, a bounded number ahead, and
// remember none. A [Table] has handles under keys, for loops that assign results where a serial program would; functions wrapped
// by [Write1] write to one by index, in parallel, with the outcome of the serial program. A [Gang] is one call whose function
// runs as several ranks at once, which talk to each other by package comm. Package proc has commands as calls.
//
// # Looking
//
// [Snapshot] is the computation as plain data, with states, times and previews of values; package viz draws it, and
// gonum's graph algorithms run over it. [Plan] is what a Get would run now, [Explain] tells why. An [Observer] is told
// what runs while it runs. If runtime/trace is on, runs are tasks and calls are regions.
//
// # What it costs
//
// Measured on two shared cores of a small server with Go 1.26, functions that do next to nothing, results that take one
// word:
//
//	Get of a value that is there           4 to 7 ns, no allocation
//	recording a call of 1 or 2 arguments     40 ns, 58 to 66 bytes, one allocation in 14 calls
//	a constant as argument                   60 ns and 80 bytes more
//	recording a call, and a Get that runs it  0.8 µs, 4 allocations, if it is cheap
//	a Get of a new call whose result is kept
//	in memory                                 1.5 µs; 0.5 µs a call in a graph, 0.15 of that the key and the look
//	recording and running 100,000 calls      75 to 100 ns a call: chain, fan, tree, grid; 140: random graph
//	likewise, functions with context, error 140 ns and 150 bytes more
//
// For 1,000,000 calls that is about the same for chain, tree and fan, a fifth more for the others, and twice as much for a
// random graph, whose inputs are no longer in the cache. And where sources change:
//
//	Set of a source                          22 ns, one allocation; the same whatever depends on it
//	Set, and Get of one of 10,000 results
//	of which three calls have to run          3 µs
//	likewise, 49 of 1,225 calls              10 µs: 0.2 µs a call
//	1,000 calls of a chain                   90 µs: 0.09 µs a call
//	100,000 calls of a chain                 0.2 µs a call; 0.3 to 0.5 µs of other graphs, 1.3 of a random one
//
// Cheap calls that nobody observes are made under the lock for planning there: a Get that has to plan something else
// meanwhile waits for the call at hand, for a millisecond at most.
//
// A graph in which nothing was Set pays little for what is Set elsewhere: a Get that has to run something is planned under
// a lock, and the first Gets of a handle look whether it depends on what was Set.
//
// A plain loop over the same functions takes 2 to 25 ns a call. With 10 µs of work in each call, two workers take 0.55 of
// the time of the loop on a grid. The program examples/bench prints such figures for your machine.
//
// # When not to use it
//
// Calls that take less than a microsecond each and that all run anyway are faster in a plain loop; make the unit of
// work larger. A handful of independent tasks whose results nobody combines is what errgroup is for. One value, computed
// on first use, is sync.OnceValue. Values live in memory, in one process. What has no end is not a graph: every call that
// a handle depends on is remembered, unless [SetMaxTrace] bounds that. Elements without end are for [Stream].
package lazy
