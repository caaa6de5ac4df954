// Package record keeps what runs: an observer for [github.com/dally-go/dally/lazy] that notes every call in rings of
// its own, one a worker. What shows runs – progress, timelines, reports, live pages, metrics – reads it.
//
//	rec := record.New()
//	lazy.Default.Observer = rec
//	total, err := report.Get(ctx)
//	for _, f := range rec.Record().Functions {
//		fmt.Println(f.Name, f.Calls[graph.Done], f.Total)
//	}
//
// # What it keeps
//
// Per call that ran: which, when, on which worker, and how it came out, 64 bytes; of each worker the latest 131,072
// ([Spans] changes that), and how many older ones were dropped. Per function: exact counts, times and a histogram,
// which nothing is ever dropped from; names beyond 4,096 of a worker are counted together, as "(other functions)". Of
// runs the latest 4,096, of failures the first 1,000, with stacks of panics; texts are cut at 4 KB, stacks at 16 KB.
// They are as user code wrote them: who shows them must escape them.
//
// It keeps no value, and nothing that a program computed stays in memory for it, unless [Graphs], [Values] or [Reasons]
// ask for pictures of the graphs that ran: then until the run has been pictured.
//
// # How to read it
//
// Once, when all is over: [Recorder.Record] and [Recorder.Graph]. Again and again: [Recorder.Now] for counts and what
// runs, [Recorder.Read] for the spans that are new, [Recorder.Runs] and [Recorder.Failures]. All readers may be called
// at any time, by several goroutines, and do not wait for runs.
//
// # What it costs
//
// Some 40 ns per call, and no allocation but 64 KB now and then until a ring is full, besides the call of the observer
// and the clock. To be observed at all costs more where calls are cheap, for a run then cannot take the shortest ways.
// Per call of a run of 1,000 with one worker:
//
//	a call takes       0      1 µs    20 µs
//	nobody looks     44 ns  1,100 ns  20.7 µs
//	any observer    340 ns  1,400 ns  20.7 µs
//	a Recorder      380 ns  1,450 ns  20.8 µs
//
// A program with nothing but calls below a microsecond has no use for a record of each. Without an observer the library
// pays nothing. Readers hold a worker up for some microseconds at most, but for tens of them where thousands of calls
// run at once.
package record
