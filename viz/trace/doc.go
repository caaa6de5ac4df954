// Package trace writes what ran as a timeline for ui.perfetto.dev and chrome://tracing, and finds the calls that decided
// how long it took.
//
//	err := trace.Write(file, record, lazy.Snapshot(report))
//	fmt.Print(trace.Critical(lazy.Snapshot(report)))
//
// # How to open a file
//
// Open ui.perfetto.dev in a browser and drop the file onto it; it is read in the browser and not sent anywhere. Or
// open chrome://tracing in Chromium and press Load; new versions want that page allowed at chrome://chrome-urls first.
// Keys W and S zoom, A and D move. A click on a call tells its ID, its inputs and its error, and shows the arrow from the
// input that it waited for.
//
// # The critical path
//
// A call cannot start before the last of its inputs has ended. From the call that ended last, [Critical] goes back from
// call to the input that ended last, and so finds the one chain that has to get shorter before the whole gets faster. Its
// share says what can be gained: where the path ran 95 % of the time, more workers will not help; where it ran 30 %, its
// calls waited for workers, for a limit, or to be asked for.
//
// A snapshot knows the last time of each call that took 20 µs or more. A record knows them all: [Timed] takes them over.
//
// # Rules
//
// The snapshot should be that of the record's targets. It may be empty or know only some of the calls, as with streams:
// arrows and path are then those of the calls that it knows. Text from outside is made printable, cut, and escaped.
// Output is the same, byte for byte, for the same arguments.
//
// # What it costs
//
// # COSTS
//
// # When not to use it
//
// To see what runs while it runs. For totals by function: a record has them ready. And Perfetto reads some hundred
// thousand calls with ease, not many millions.
package trace
