package trace_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/trace"
)

// FuzzWrite makes spans and nodes of a program of bytes, and gives them text from outside.
func FuzzWrite(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, "Load", "no \x00 luck")
	f.Add([]byte{0, 0, 0, 0, 255, 255, 255, 255, 0, 1, 0, 1}, "\xff\xfe\"\\</script>", "\u2028\u202e")
	f.Add([]byte("a program of no meaning at all, but long enough"), strings.Repeat("é\u0301", 300), strings.Repeat("\x1b[31m", 99))
	f.Fuzz(func(t *testing.T, program []byte, name, text string) {
		if len(program) > 400 {
			program = program[:400]
		}
		r := graph.Record{Start: start, Runs: []graph.Run{{ID: 1, Op: name, Target: text, Start: start, Err: text}}}
		var s graph.Snapshot
		at := time.Duration(0)
		for ; len(program) >= 4; program = program[4:] {
			a, b, c, d := program[0], program[1], program[2], program[3]
			at += time.Duration(b % 16)
			span := graph.Span{
				Call: graph.ID(a % 16), Run: uint64(a>>4) % 3, Name: name, Worker: int(c%5) - 1, State: graph.State(c>>4) % 10,
				Start: at, End: at + time.Duration(d),
			}
			if d == 255 {
				span.Start, span.End = math.MinInt64+time.Duration(b), math.MaxInt64-time.Duration(c)
			}
			r.Spans = append(r.Spans, span)
			r.Failures = append(r.Failures, graph.Failure{Call: span.Call, Run: span.Run, Err: text, At: span.End})
			n := graph.Node{ID: graph.ID(len(s.Nodes)) % 16, Name: text, State: graph.State(d) % 10, Err: name}
			n.Inputs = []graph.ID{graph.ID(b % 20), graph.ID(c % 20)}
			s.Nodes = append(s.Nodes, n)
		}
		checkText(t, trace.Critical(s).String())
		checkText(t, trace.Critical(trace.Timed(s, r)).String())
		var b bytes.Buffer
		require.NoError(t, trace.Write(&b, r, s))
		checkText(t, b.String())
		require.NotContains(t, b.String(), "</", "it could end a script")
		require.True(t, json.Valid(b.Bytes()))
		if !reasonable(r) {
			return
		}
		got := read(t, b.Bytes())
		require.Len(t, got.calls(), len(r.Spans))
		for _, d := range got.slices {
			checkText(t, d.Name)
			checkText(t, d.Args.Error)
			checkText(t, d.Args.Inputs)
		}
	})
}

// reasonable reports whether times are such that numbers of readers can hold them to the ns.
func reasonable(r graph.Record) bool {
	for _, s := range r.Spans {
		if s.Start < 0 || s.End > time.Hour {
			return false
		}
	}
	return true
}

func checkText(t *testing.T, s string) {
	require.True(t, utf8.ValidString(s))
	for _, r := range s {
		require.True(t, r == '\n' || unicode.IsPrint(r) || r == '\u2068' || r == '\u2069', "%q in %q", r, s)
	}
}
