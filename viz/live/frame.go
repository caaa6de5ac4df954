package live

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// Limits of text, in runes, as in the page's other data.
const (
	nameMax = 120
	errMax  = 600
)

// frame is an event that is being written: JSON without line ends, as server-sent events want it.
type frame struct{ b []byte }

func (j *frame) raw(s string) *frame { j.b = append(j.b, s...); return j }

func (j *frame) int(v int64) *frame { j.b = strconv.AppendInt(j.b, v, 10); return j }

func (j *frame) uint(v uint64) *frame { j.b = strconv.AppendUint(j.b, v, 10); return j }

// comma comes before element i of a list.
func (j *frame) comma(i int) *frame {
	if i > 0 {
		j.b = append(j.b, ',')
	}
	return j
}

// text writes text that may be anything.
func (j *frame) text(s string, limit int) *frame {
	j.b = appendString(j.b, label.Clean(s, limit))
	return j
}

// appendString writes s as a JSON string that may also stand in a script.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s { // invalid bytes arrive as U+FFFD
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == '<' || r == '>' || r == '&' || r == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		case r == 0x2028 || r == 0x2029:
			b = append(b, `\u202`...)
			b = append(b, hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func (j *frame) ints(n int, at func(int) int64) *frame {
	j.b = append(j.b, '[')
	for i := range n {
		j.comma(i).int(at(i))
	}
	j.b = append(j.b, ']')
	return j
}

// spans writes spans in columns. numbers are those of their functions.
func (j *frame) spans(spans []graph.Span, numbers []int32) *frame {
	n := len(spans)
	j.raw(`{"call":`).ints(n, func(i int) int64 { return int64(spans[i].Call) })
	j.raw(`,"fn":`).ints(n, func(i int) int64 { return int64(numbers[i]) })
	j.raw(`,"run":`).ints(n, func(i int) int64 { return int64(spans[i].Run) })
	j.raw(`,"worker":`).ints(n, func(i int) int64 { return int64(spans[i].Worker) })
	j.raw(`,"state":"`)
	for i := range spans {
		j.b = append(j.b, '0'+byte(int(spans[i].State)%graph.NumStates))
	}
	before := time.Duration(0)
	j.raw(`","start":`).ints(n, func(i int) int64 {
		start := max(0, spans[i].Start)
		d := start - before
		before = start
		return int64(d)
	})
	return j.raw(`,"dur":`).ints(n, func(i int) int64 { return int64(spans[i].Duration()) }).raw("}")
}

func (j *frame) total(fn int, f *graph.Function) *frame {
	j.raw(`{"fn":`).int(int64(fn)).raw(`,"done":`).int(int64(f.Calls[graph.Done]))
	j.raw(`,"cached":`).int(int64(f.Calls[graph.Cached])).raw(`,"failed":`).int(int64(f.Calls[graph.Failed]))
	j.raw(`,"skipped":`).int(int64(f.Calls[graph.Skipped])).raw(`,"cancelled":`).int(int64(f.Calls[graph.Pending]))
	j.raw(`,"running":`).int(int64(f.Calls[graph.Running]))
	return j.raw(`,"total":`).int(int64(f.Total)).raw(`,"max":`).int(int64(f.Max)).raw("}")
}

func (j *frame) run(r *graph.Run, base time.Time) *frame {
	start, end := max(0, r.Start.Sub(base)), time.Duration(-1)
	if !r.End.IsZero() {
		end = max(start, r.End.Sub(base))
	}
	j.raw(`{"id":`).uint(r.ID).raw(`,"op":`).text(r.Op, nameMax).raw(`,"target":`).text(r.Target, nameMax)
	j.raw(`,"start":`).int(int64(start)).raw(`,"end":`).int(int64(end)).raw(`,"calls":`).int(int64(r.Calls))
	return j.raw(`,"workers":`).int(int64(r.Workers)).raw(`,"err":`).text(r.Err, errMax).raw("}")
}

func (j *frame) failure(f *graph.Failure) *frame {
	j.raw(`{"id":`).uint(uint64(f.Call)).raw(`,"name":`).text(f.Name, nameMax).raw(`,"at":`).int(int64(max(0, f.At)))
	j.raw(`,"run":`).uint(f.Run).raw(`,"err":`).text(f.Err, errMax)
	j.b = appendString(append(j.b, `,"stack":`...), cleanStack(f.Stack))
	return j.raw("}")
}

// event wraps JSON as an event.
func event(name string, data []byte) []byte {
	b := make([]byte, 0, len(data)+len(name)+16)
	b = append(append(append(b, "event: "...), name...), "\ndata: "...)
	return append(append(b, data...), "\n\n"...)
}
