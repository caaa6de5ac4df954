package dallyotel

import (
	"container/heap"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// run is what is noted of a run until its spans are made.
type run struct {
	id      uint64
	info    lazy.RunInfo // Written by RunDone. Only emit reads it.
	tree    *tree
	outer   *run     // the run that a call of which has asked for this one; nil: none that is known
	within  graph.ID // that call
	failure *failure // Written by RunDone.

	untracedRuns atomic.Int64 // of those right inside it
	counts       [shards]struct {
		ended [graph.NumStates]atomic.Int64 // 64 bytes: workers do not share a cache line
	}

	own *note // of a nested run that is to have a span. Used by emit alone, as the next
	// span is that of the run, or of what stands for it.
	span trace.Span
}

// shards is how many workers count without being in each other's way.
const shards = 8

// note is a call, or a Get inside a call, that is to have a span.
type note struct {
	run    *run // that it is part of
	nested *run // the Get inside a call; nil: the note is of a call
	weight time.Duration

	id         graph.ID
	name       string
	worker     int
	state      graph.State
	start, end time.Time
	failure    *failure
	inputs     []graph.ID // that have spans

	span trace.Span // Used by emit alone.
}

// weight says what is kept where there is no room for all: what failed, then what took long.
func weight(took time.Duration, failed bool) time.Duration {
	if failed {
		return took/2 + 1<<62
	}
	return max(took, 0)
}

// tree is a run with all runs inside it, which become spans together: what is inside is over first, but the span that
// it is to be below must be made before it.
type tree struct {
	root  *run
	limit int
	// floor is what a note must weigh more than to be kept: that of the lightest when there is no more room.
	floor atomic.Int64

	mu    sync.Mutex
	going int              // runs that are not over. 0: the spans are made, or about to be. Guarded by mu
	notes byWeight         // Guarded by mu.
	noted map[graph.ID]int // how many notes each call has. Guarded by mu
}

func newTree(root *run, limit int) *tree {
	t := &tree{root: root, limit: limit, going: 1}
	t.floor.Store(-1)
	return t
}

// join adds a run. It reports whether it was in time.
func (t *tree) join() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.going == 0 {
		return false
	}
	t.going++
	return true
}

// leave is told that a run is over. It reports whether that was the last.
func (t *tree) leave() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.going--
	return t.going == 0
}

// wants reports whether a note of that weight may be kept.
func (t *tree) wants(w time.Duration) bool { return t.limit > 0 && int64(w) > t.floor.Load() }

// add keeps a note, for which the lightest may have to go.
func (t *tree) add(n *note) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.noted == nil {
		t.noted = map[graph.ID]int{}
	}
	if n.nested == nil {
		t.noted[n.id]++
	}
	heap.Push(&t.notes, n)
	if len(t.notes) > t.limit {
		t.dropLocked()
	}
	if len(t.notes) == t.limit {
		t.floor.Store(int64(t.notes[0].weight))
	}
}

// dropLocked drops the lightest note. It needs mu.
func (t *tree) dropLocked() {
	n := heap.Pop(&t.notes).(*note)
	if n.nested != nil {
		n.run.untracedRuns.Add(1)
		return
	}
	if t.noted[n.id]--; t.noted[n.id] == 0 {
		delete(t.noted, n.id)
	}
}

const (
	// linksMax is how many links the SDK keeps of a span unless it is told otherwise.
	linksMax = 128
	// lookMax bounds how far calls without spans are seen through.
	lookMax = 256
)

// notedInputs returns the nearest calls before i that are to have spans.
func (t *tree) notedInputs(i lazy.CallInfo) (inputs []graph.ID) {
	i.Ancestors(lookMax, func(call graph.ID) (further bool) {
		t.mu.Lock()
		noted := t.noted[call] > 0
		t.mu.Unlock() // each time: no lock is held while package lazy takes its own
		if noted && len(inputs) < linksMax {
			inputs = append(inputs, call)
		}
		return !noted
	})
	return inputs
}

// byWeight is a heap with the lightest note on top.
type byWeight []*note

func (h byWeight) Len() int           { return len(h) }
func (h byWeight) Less(i, j int) bool { return h[i].weight < h[j].weight }
func (h byWeight) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byWeight) Push(n any)        { *h = append(*h, n.(*note)) }

func (h *byWeight) Pop() any {
	last := len(*h) - 1
	n := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return n
}

// failure is the text of an error: to keep the error would keep what it refers to.
type failure struct{ kind, text, stack string }

const (
	errMax   = 4 << 10
	stackMax = 16 << 10
)

// newFailure asks an error what it is. An error that panics when it is asked is not let through.
func newFailure(err error) (f *failure) {
	f = &failure{kind: cut(fmt.Sprintf("%T", err), 200)}
	defer func() {
		if recover() != nil {
			f.text = "an error of type " + f.kind + ", whose methods panic"
		}
	}()
	if err == nil {
		return f
	}
	f.text = cut(err.Error(), errMax)
	if p := (*lazy.PanicError)(nil); errors.As(err, &p) {
		f.stack = cut(string(p.Stack), stackMax)
	}
	return f
}

// cut makes text valid UTF-8 of at most limit bytes, and an ellipsis.
func cut(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
