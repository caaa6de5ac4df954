package graph

import "time"

// Record tells what ran: which call, when, on which worker, and how it came out. It goes with a [Snapshot], which tells
// what depends on what. It shares nothing with what it was taken from: it may be kept and read from any goroutine.
type Record struct {
	// Start is the moment from which the times of spans and failures count.
	Start time.Time
	// Runs are in order of their start. At most the latest few thousand are kept.
	Runs []Run
	// Spans are in order of their start; those of calls that were running when the record was taken come last.
	Spans []Span
	// Functions are in order of their names. They count all calls, also those whose spans were dropped.
	Functions []Function
	// Failures are the first that there were, in order of time.
	Failures []Failure
	// Dropped is the number of spans that were not kept for want of room: the oldest.
	Dropped int
}

// Run is one Get, or whatever else had calls run.
type Run struct {
	ID uint64
	// Op is what was being done: "get", "run". Target is the handle that it was for, as "Report#7", or the first
	// of several.
	Op, Target string
	Start      time.Time
	// End is zero while the run goes on.
	End time.Time
	// Calls is the number of calls that were planned, also of those that a Bind added on the way.
	Calls int
	// Workers is how many functions could run at once; 0 if that is not known.
	Workers int
	// Err is the text of the error that the run ended with; "" for none.
	Err string
}

// Span is one running of a call. A call that was run again, or tried again, has several.
type Span struct {
	Call ID
	Run  uint64 // Run.ID
	Name string
	// Worker is the number of the worker, from 0; -1 for none: a call that waits outside, or did not run.
	Worker int
	// State is how the call came out: Done, Cached, Failed, Skipped; Pending if it was cancelled; Running if it still ran.
	State State
	// Start and End count from [Record.Start]. End is 0 for a call that still ran.
	Start, End time.Duration
}

// Duration is how long the call ran; 0 while it does.
func (s Span) Duration() time.Duration { return max(0, s.End-s.Start) }

// Failure is a call that failed.
type Failure struct {
	Call ID
	Run  uint64
	Name string
	At   time.Duration // from Record.Start
	// Err is the error's text, Stack the stack of the goroutine if it was a panic.
	Err, Stack string
}

// NumBuckets is the length of [Function.Buckets].
const NumBuckets = 40

// Function counts the calls of all functions of one name.
type Function struct {
	Name string
	// Calls is how many ended in each state. Pending are those that were cancelled; Running those that run.
	Calls [NumStates]int
	// Total is how long the calls that ran took together, Max the longest of them: Done, Failed and cancelled ones.
	Total, Max time.Duration
	// Buckets counts those calls by their time: Buckets[0] took less than 1 µs, Buckets[i] less than 2^i µs and not less
	// than half of that. The last has all that are longer.
	Buckets [NumBuckets]int
}

// Ran is how many calls Total is the time of.
func (f *Function) Ran() int { return f.Calls[Done] + f.Calls[Failed] + f.Calls[Pending] }

// Mean is how long a call took on average; 0 if none ran.
func (f *Function) Mean() time.Duration {
	if n := f.Ran(); n > 0 {
		return f.Total / time.Duration(n)
	}
	return 0
}
