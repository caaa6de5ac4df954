// Package dallyprom gives what [github.com/dally-go/dally/viz/record] counts to Prometheus: by function, never by
// call. It is a module of its own; the library itself does not know Prometheus.
//
//	rec := record.New(record.Spans(0)) // totals alone; a Recorder that keeps spans will do as well
//	lazy.Default.Observer = rec
//	prometheus.MustRegister(dallyprom.New(rec))
//	http.Handle("/metrics", promhttp.Handler())
//
// # What there is
//
//	dally_calls_total{function,state}     counter    calls that ended: done, cached, failed, skipped, cancelled
//	dally_call_duration_seconds{function} histogram  times of calls that ran: done, failed and cancelled ones
//	dally_calls_running{function}         gauge      calls that run now
//	dally_calls_planned_total             counter    calls of all runs, also of those that go on
//	dally_runs_total{result}              counter    runs that are over: done, failed, cancelled
//	dally_runs_active                     gauge      runs that go on
//	dally_spans_dropped_total             counter    spans that the Recorder had no room for
//
// A run is a Get, or whatever else had calls run. It is cancelled if all who waited left before it was over; a time
// limit inside a function is a failure like any other. All numbers are exact, however long the program runs. The
// functions of one scrape belong together: a call is in dally_calls_total and in the histogram, or in neither.
//
// The histogram has buckets from 1 µs to 18 minutes, each four times the one before. Those of the Recorder are twice
// the one before, and count times below their bounds where Prometheus counts those up to it: a call that took exactly
// 4 µs is in the next. There is no native histogram: the bounds of its buckets are seconds times powers of two, and no
// microsecond times a power of two is one of them.
//
// Labels are clean, valid UTF-8 of at most 100 characters. Functions whose names become the same are counted together,
// and so, as "other", are all those that come when there are 1,000 ([MaxFunctions]): a function that has a series
// keeps it. Names like Load-4711, made up for each call, are for spans and pictures; they fill the 1,000 quickly.
//
// Where a program has several Recorders, [prometheus.WrapRegistererWith] tells them apart by a label.
//
// # What it costs
//
// A call costs what the Recorder costs, some 40 ns, with or without this package. A scrape takes some 10 µs per
// function, most of it in Prometheus's own library, and holds up no worker for more than a few microseconds.
package dallyprom
