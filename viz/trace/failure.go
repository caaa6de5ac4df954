package trace

import (
	"time"

	"github.com/dally-go/dally/graph"
)

func spanName(l *layout, s *graph.Span) string {
	if s.Name != "" {
		return s.Name
	}
	if i := l.index.at(s.Call); i >= 0 && l.nodes[i].Name != "" {
		return l.nodes[i].Name
	}
	return "(no name)"
}

func spanState(s graph.State) string {
	if s == graph.Pending {
		return "cancelled"
	}
	return s.String()
}

// tried is a call in a run.
type tried struct {
	call graph.ID
	run  uint64
}

func failuresOf(r *graph.Record) map[tried][]int32 {
	m := make(map[tried][]int32, len(r.Failures))
	for i := range r.Failures {
		t := tried{r.Failures[i].Call, r.Failures[i].Run}
		m[t] = append(m[t], int32(i))
	}
	return m
}

// errorOf returns the text of the failure that is nearest to the end of the span: a call that was tried again has
// several.
func errorOf(l *layout, s *graph.Span, failures map[tried][]int32) string {
	best, text := time.Duration(-1), ""
	for _, i := range failures[tried{s.Call, s.Run}] {
		f := &l.record.Failures[i]
		if d := (bounded(f.At) - bounded(s.End)).Abs(); best < 0 || d < best {
			best, text = d, f.Err
		}
	}
	if i := l.index.at(s.Call); best < 0 && i >= 0 {
		return l.nodes[i].Err
	}
	return text
}
