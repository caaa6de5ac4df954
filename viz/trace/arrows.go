package trace

import (
	"cmp"
	"slices"
	"sort"

	"github.com/dally-go/dally/graph"
)

// history has the spans that gave each node a value, in order of their ends.
type history struct {
	first []int32 // where the spans of a node begin; one more than there are nodes
	spans []int32
}

func newHistory(x *index, nodes int, spans []graph.Span, slicesOf []slice) history {
	h := history{first: make([]int32, nodes+1)}
	of := make([]int32, len(spans)) // the node of each span that counts
	for k := range spans {
		of[k] = -1
		if s := spans[k].State; s == graph.Done || s == graph.Cached {
			of[k] = x.at(spans[k].Call)
		}
		if of[k] >= 0 {
			h.first[of[k]+1]++
		}
	}
	for i := range nodes {
		h.first[i+1] += h.first[i]
	}
	h.spans = make([]int32, h.first[nodes])
	next := slices.Clone(h.first[:nodes])
	for k, i := range of {
		if i >= 0 {
			h.spans[next[i]] = int32(k)
			next[i]++
		}
	}
	for i := range nodes {
		if own := h.of(int32(i)); len(own) > 1 {
			slices.SortStableFunc(own, func(a, b int32) int { return cmp.Compare(slicesOf[a].end, slicesOf[b].end) })
		}
	}
	return h
}

func (h *history) of(node int32) []int32 { return h.spans[h.first[node]:h.first[node+1]] }

// sameRunMax is how many spans are looked at for one of the same run, before the one that ended last is taken: a call
// that is run over and over must not be gone through for each of its users.
const sameRunMax = 32

// before returns the span of the node that a span which started at start in run took the value of: the last that had
// ended by then, of the same run if there is one. It is -1 if there is none.
func (l *layout) before(node int32, start int64, run uint64) int32 {
	own := l.values.of(node)
	n := sort.Search(len(own), func(i int) bool { return l.spans[own[i]].end > start })
	for i := n - 1; i >= max(0, n-sameRunMax); i-- {
		if l.record.Spans[own[i]].Run == run {
			return own[i]
		}
	}
	if n == 0 {
		return -1
	}
	return own[n-1]
}

// lastInput returns the span that span k waited for: of its inputs the one that ended last. It is -1 if k did not
// run, or no input is known to have ended before.
func (l *layout) lastInput(k int32) int32 {
	span := &l.record.Spans[k]
	if span.State == graph.Skipped || span.State == graph.Cached {
		return -1
	}
	i := l.index.at(span.Call)
	if i < 0 {
		return -1
	}
	best := int32(-1)
	for _, id := range l.shape.inputsOf(i) {
		j := l.index.at(id)
		if j < 0 || j == i {
			continue
		}
		if m := l.before(j, l.spans[k].start, span.Run); m >= 0 && (best < 0 || l.spans[m].end > l.spans[best].end) {
			best = m
		}
	}
	return best
}

// leaves is the moment at which an arrow leaves s: just before the end, while readers still take s for the topmost slice
// of its lane.
func (s *slice) leaves() int64 { return max(s.start, min(s.end, s.next)-1) }
