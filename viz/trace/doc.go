// Package trace writes what ran as a timeline for ui.perfetto.dev and chrome://tracing, and finds the calls that
// decided how long it took.
//
//	err := trace.Write(file, record, lazy.Snapshot(report))
//	fmt.Print(trace.Critical(lazy.Snapshot(report)))
//
// # How to open a file
//
// Open ui.perfetto.dev in a browser and drop the file onto it; it is read in the browser and not sent anywhere. Or
// open chrome://tracing in Chromium and press Load; new versions want that page allowed at chrome://chrome-urls
// first. Keys W and S zoom, A and D move. A click on a call tells its ID, its inputs and its error, and shows the
// arrow from the input that it waited for.
//
// # The critical path
//
// A call cannot start before the last of its inputs has ended. From the call that ended last, [Critical] goes back
// to the input of it that ended last, to the input of that, and so on. The share of the time that these calls ran
// says what to do: at 95 % more workers will not help, these calls must get faster; at 30 % they waited, for a free
// worker, for a limit, or to be asked for.
//
// A snapshot knows the last time of each call that took 20 µs or more. A record knows them all: [Timed] takes them
// over.
//
// # Rules
//
// The snapshot should be that of the record's targets. It may be empty or know only some of the calls, as with streams:
// arrows and path are then those of the calls that it knows. Text from outside is made printable, cut, and escaped.
// Output is the same, byte for byte, for the same arguments.
//
// # What it costs
//
// Measured on two shared cores, in time of the processor: Write takes 1.2 to 1.4 µs per call, 120 ms for 88,000
// calls of a random graph with up to three inputs each. It writes 300 bytes per call and needs 200 bytes of memory
// per call while it does. Critical takes 0.1 µs and 44 bytes per call, and 24 bytes for each on the path.
//
// # When not to use it
//
// To see what runs while it runs. For totals by function: a record has them ready. For millions of calls: a million
// are a file of 300 MB, and viewers in a browser get slow.
package trace
