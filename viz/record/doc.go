// Package record keeps what runs: an observer for [github.com/dally-go/dally/lazy] that notes every call in rings of its
// own, one a worker. What shows runs – progress, timelines, reports, live pages, metrics – reads it.
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
// ([Spans] changes that), and how many older ones were dropped. Per function: exact counts, times and a histogram, which
// nothing is ever dropped from. Of runs the latest 4,096, of failures the first 1,000, with stacks of panics.
//
// It keeps no value, and nothing that a program computed stays in memory for it, unless [Graphs], [Values] or [Reasons]
// ask for pictures of the graphs that ran.
//
// # What it costs
//
// Some 40 ns per call besides the clock, and no allocation. That is less than a worker's hand-off, and more than a very
// cheap call: a program with nothing but calls below a microsecond has no use for a record of each. Without an observer
// the library pays nothing. Readers hold a worker up for some microseconds at most.
package record
