// Package dallyotel turns runs of [github.com/dally-go/dally/lazy] into OpenTelemetry traces: a span for each run, and
// below it one for each call that took long or failed. It is a module of its own; the library itself does not know
// OpenTelemetry.
//
//	lazy.Default.Observer = dallyotel.New(nil) // nil: the provider that otel.SetTracerProvider was given
//	ctx, span := tracer.Start(ctx, "GET /report")
//	defer span.End()
//	total, err := report.Get(ctx) // spans "dally get Report", "Load", "Parse" … below "GET /report"
//
// To have another observer, too, use [github.com/dally-go/dally/viz/record.Tee].
//
// # What there is to see
//
// The span of a run is named after what was done and the function of its target, "dally get Report", and is a child of
// the span in the context of the Get. Its attributes count the calls:
//
//	dally.run.id, dally.op, dally.target, dally.workers
//	dally.calls.planned, dally.calls.done, .cached, .failed, .skipped, .cancelled
//	dally.calls.untraced  those that ended and have no span of their own
//	dally.runs.untraced   Gets inside calls that have none, if there were any
//
// Calls that took a millisecond or more ([Threshold]) and those that failed have spans of their own, named after their
// functions: of each run the 1,000 longest ([MaxSpans]), failed ones first. Their attributes are dally.call.id,
// dally.function, dally.state, dally.worker (if it had one) and dally.run.id. A span of a call links to the spans of
// its inputs, at most 128. An input without a span is seen through: a Report of a Gather of a hundred Loads links to
// those Loads that have spans, although the Gather has none.
//
// What failed has the status Error, and an event "exception" with type, text and, of a panic, stack.
//
// A Get inside a call, with the context that the call was given, is treated as a call: if it took as long as the
// threshold, or failed, it has a span, below the span of its call. If the function has begun a span in between, it is
// below that.
//
// # What it costs
//
// No span is made while calls run. A call below the threshold costs some 40 ns: a look at its time and one count. One
// that is to have a span is noted, which takes a microsecond, and up to 20 where it has hundreds of inputs without
// spans.
//
// When the run is over, in the goroutine that tells so and before Get returns, the spans are made: some 6 µs for the
// run and 4 µs for each call with one. That is 4 ms at most for the 1,000, however many calls there were, and at most
// 0.4 % of the time that calls of a millisecond took. A program with nothing but Gets of some microseconds has no use
// for a span of each.
//
// There is no goroutine, no queue and nothing to close: when Get has returned, its spans have been given to the
// provider, and the provider's Shutdown exports them. (Where a Get returns early because its context has ended, they
// are given when the last function has returned.) How long the provider takes is its own affair: WithBatcher is quick,
// WithSyncer waits for the exporter.
//
// Spans that a function begins with its own context are not below the span of the call, which does not exist yet, but
// beside it: below the span in the context of the Get. A run of many minutes shows in the trace when it is over.
package dallyotel
