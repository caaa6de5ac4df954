package trace

import (
	"io"

	"github.com/dally-go/dally/graph"
)

// Write writes the record as a trace for ui.perfetto.dev and chrome://tracing, in the JSON object format of the Trace
// Event Format.
//
//   - Each worker has a lane. Calls that a call waits for in a Get of its own stand below it. Calls that overlap
//     without one being inside the other, as the rest of a Bind can, have lanes beside it.
//   - Calls without a worker, which wait for something outside, share as few lanes as they can. Calls that did not run,
//     cached or skipped, are marks.
//   - An arrow goes to each call that ran from the input that ended last.
//   - The critical path, see [Critical], has a lane of its own, and its calls are marked where they stand.
//
// The snapshot tells what depends on what, and may be empty or know only some of the calls: there are no arrows then to
// those that it does not know. The text is the same for the same arguments, byte for byte. It is written as it is made;
// besides it, some 200 bytes per span are needed. A nil w panics; errors are those of w.
func Write(w io.Writer, r graph.Record, s graph.Snapshot) error {
	if w == nil {
		panic("trace: Write: w is nil: give it a file, a buffer, or io.Discard")
	}
	l, p := newLayout(&r, s), newPrinter(w)
	p.head(l)
	p.lanes(l)
	failures := failuresOf(&r)
	for i := range l.runs {
		p.run(l, &l.runs[i])
	}
	for _, s := range l.order {
		if p.call(l, s, failures); p.err != nil {
			return p.err
		}
	}
	p.path(l)
	p.arrows(l)
	p.raw("\n]}\n")
	p.flush()
	return p.err
}
