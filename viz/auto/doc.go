// Package auto shows runs without a line of code: imported for its effect, it has environment variables say what is
// shown of the runs of [github.com/dally-go/dally/lazy.Default].
//
//	import _ "github.com/dally-go/dally/viz/auto"
//
//	DALLY_PROGRESS=auto        progress on standard error: auto, tty, plain, json or quiet
//	DALLY_REPORT=report.html   a page with the picture, the functions, the timeline and the failures
//	DALLY_TRACE=trace.json     a trace for ui.perfetto.dev
//	DALLY_LIVE=:6070           a live page on http://127.0.0.1:6070/; ":0" takes a free port. Standard error tells
//
// They are read at the first Get that computes something. A value that makes no sense, an address that is taken, and a
// file that cannot be created are errors of that Get and of all that follow; an unknown variable that begins with DALLY_
// is logged, with those that are known. Empty is as good as not set. Where none is set, nothing is paid.
//
// # Files
//
// A file is written when a run ends and no other goes on, before its Get returns, and again after every later run; while
// runs go on, after a second and then after pauses that double up to half a minute, so that a program that is killed
// leaves something. It is always whole, unless another file cannot stand beside it. To write takes some milliseconds, and a few microseconds per
// call that has run. A program is held up for a second by that, all in all, and then for a tenth of its time: what is not
// written at once is written soon after. If a program with so many runs ends in between, the last of them are not in the
// file, unless it calls [Flush]. So should one that ends when a context does: the Get returns before the functions that it
// has left behind, and with them the run is over. Files hold previews of values and the texts of errors.
//
// Programs that the program starts have the same environment: they replace the same files, and the address is taken. Take
// the variables out of theirs.
//
// # Addresses
//
// The live page listens on the loopback interface unless the address names another one, "0.0.0.0:6070": then everybody
// who can reach it sees names, errors and times, but no values.
//
// # When not to use it
//
// In a library: what is shown is the program's business. A program that runs calls in sessions of its own, or that has
// flags for all this, uses packages record, progress, trace and live itself.
package auto
