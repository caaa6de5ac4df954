package record

import (
	"math/bits"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/dally-go/dally/graph"
)

// chunkLen is how many spans a ring makes room for at a time: 64 KB.
const chunkLen = 1 << 10

// ring has the latest spans of a worker, what it is running, and the totals of what it has run.
type ring struct {
	mu      sync.Mutex
	chunks  [][]graph.Span // Guarded by mu. Span number n lies at n modulo limit.
	limit   int            // spans
	written uint64         // Guarded by mu. Spans ever.
	chunk   []graph.Span   // Guarded by mu. The one that is being written to,
	used    int            // Guarded by mu. and how much of it is written.

	open   []graph.Span         // Guarded by mu. What runs: the innermost call of nested ones is the last.
	placed map[callRun]int      // Guarded by mu. Places in open, once there are many.
	recent [16]*function        // Guarded by mu. Functions by recentAt: a look into totals takes 15 ns.
	totals map[string]*function // Guarded by mu.
}

// function is what a worker has run of a function. It has cache lines of its own.
type function struct {
	graph.Function
	_ [(64 - unsafe.Sizeof(graph.Function{})%64) % 64]byte
}

type callRun struct {
	run  uint64
	call graph.ID
}

// openMax is how many open calls are looked through one by one: a worker has one, or some nested ones; of calls
// without a worker there may be thousands.
const openMax = 8

// functionsMax is how many names a worker tells apart; the others are counted together as functionsOther.
const (
	functionsMax   = 1 << 12
	functionsOther = "(other functions)"
)

func newRing(spans int) *ring {
	return &ring{limit: spans, open: make([]graph.Span, 0, openMax), totals: map[string]*function{}}
}

// openLocked returns a place for one more open call. It needs mu.
func (g *ring) openLocked() *graph.Span {
	if n := len(g.open); n < cap(g.open) {
		g.open = g.open[:n+1]
	} else {
		g.open = append(g.open, graph.Span{})
	}
	return &g.open[len(g.open)-1]
}

// placeLocked notes where the last of many open calls is. It needs mu.
func (g *ring) placeLocked() {
	if g.placed == nil {
		g.placed = make(map[callRun]int, 4*openMax)
		for i := range g.open {
			g.placed[callRun{g.open[i].Run, g.open[i].Call}] = i
		}
		return
	}
	last := len(g.open) - 1
	g.placed[callRun{g.open[last].Run, g.open[last].Call}] = last
}

// closeLocked reports whether the call was open. It needs mu.
func (g *ring) closeLocked(run uint64, call graph.ID) bool {
	last := len(g.open) - 1
	if last == 0 && g.open[0].Call == call && g.open[0].Run == run {
		g.open = g.open[:0]
		return true
	}
	return g.closeAnyLocked(run, call, last)
}

// closeAnyLocked is closeLocked where several calls are open, or none. It needs mu.
func (g *ring) closeAnyLocked(run uint64, call graph.ID, last int) bool {
	at, ok := g.findLocked(run, call)
	if !ok {
		return false
	}
	g.open[at] = g.open[last]
	g.open = g.open[:last]
	if g.placed == nil {
		return true
	}
	delete(g.placed, callRun{run, call})
	if at != last {
		g.placed[callRun{g.open[at].Run, g.open[at].Call}] = at
	}
	if last <= openMax/2 {
		g.placed = nil
	}
	return true
}

// findLocked returns the place of an open call. It needs mu.
func (g *ring) findLocked(run uint64, call graph.ID) (at int, ok bool) {
	if g.placed != nil {
		at, ok = g.placed[callRun{run, call}]
		return at, ok
	}
	for at = len(g.open) - 1; at >= 0; at-- {
		if g.open[at].Call == call && g.open[at].Run == run {
			return at, true
		}
	}
	return 0, false
}

// closeRunLocked forgets all open calls of a run. It needs mu.
func (g *ring) closeRunLocked(run uint64) {
	before := len(g.open)
	g.open = slices.DeleteFunc(g.open, func(s graph.Span) bool { return s.Run == run })
	if len(g.open) == before {
		return
	}
	if g.placed = nil; len(g.open) > openMax {
		g.placeLocked()
	}
}

// countLocked counts a call. It needs mu.
func (g *ring) countLocked(name string, state graph.State, took time.Duration) {
	slot := &g.recent[recentAt(name)]
	if *slot == nil || (*slot).Name != name {
		*slot = g.functionLocked(name)
	}
	f := *slot
	f.Calls[int(state)%graph.NumStates]++
	if state == graph.Cached || state == graph.Skipped {
		return
	}
	took = max(took, 0)
	f.Total += took
	f.Max = max(f.Max, took)
	f.Buckets[bucketOf(took)]++
}

// nextLocked returns the place of the next span, which is that of the oldest if there is no more room; nil if no spans
// are kept. It needs mu.
func (g *ring) nextLocked() *graph.Span {
	g.written++
	if g.limit == 0 {
		return nil
	}
	if g.used == len(g.chunk) {
		g.turnLocked()
	}
	g.used++
	return &g.chunk[g.used-1]
}

// turnLocked goes on to the next chunk, or to the first again. It needs mu.
func (g *ring) turnLocked() {
	number := int((g.written - 1) % uint64(g.limit) / chunkLen)
	if number == len(g.chunks) {
		g.chunks = append(g.chunks, make([]graph.Span, min(chunkLen, g.limit-number*chunkLen)))
	}
	g.chunk, g.used = g.chunks[number], 0
}

func (g *ring) functionLocked(name string) *function {
	f := g.totals[name]
	if f == nil && len(g.totals) >= functionsMax {
		name = functionsOther
		f = g.totals[name]
	}
	if f == nil {
		f = &function{Function: graph.Function{Name: name}}
		g.totals[name] = f
	}
	return f
}

// recentAt is a place in recent that differs for most names.
func recentAt(name string) int {
	if name == "" {
		return 0
	}
	return int((uint8(len(name)) + 5*name[0] + name[len(name)-1]) % 16)
}

// bucketOf returns the place of a time in [graph.Function.Buckets].
func bucketOf(d time.Duration) int {
	return min(bits.Len64(uint64(d/time.Microsecond)), graph.NumBuckets-1)
}

// read appends the spans from number from on, up to those that are there now. It returns the number to go on with, and
// how many there would have been before the first that is still there.
func (g *ring) read(to []graph.Span, from uint64) (spans []graph.Span, next uint64, lost int) {
	g.mu.Lock()
	end := g.written
	g.mu.Unlock()
	if from < end {
		to = slices.Grow(to, int(min(end-from, uint64(g.limit)))) // without the lock: it may take milliseconds
	}
	for from < end {
		var missed int
		to, from, missed = g.copy(to, from, end)
		lost += missed
	}
	return to, from, lost
}

// copy is read for as many spans as fit into a lock of some microseconds.
func (g *ring) copy(to []graph.Span, from, end uint64) (spans []graph.Span, next uint64, lost int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if first := g.written - min(g.written, uint64(g.limit)); from < first {
		lost = int(first - from)
		from = first
	}
	next = max(from, min(end, from+chunkLen))
	for n := from; n < next; {
		at := int(n % uint64(g.limit))
		piece := g.chunks[at/chunkLen][at%chunkLen:]
		piece = piece[:min(uint64(len(piece)), next-n)]
		to = append(to, piece...)
		n += uint64(len(piece))
	}
	return to, next, lost
}

// running appends the calls that run.
func (g *ring) running(to []graph.Span) []graph.Span {
	const more = 64
	g.mu.Lock()
	n := len(g.open)
	g.mu.Unlock()
	if n == 0 {
		return to
	}
	to = slices.Grow(to, n+more) // without the lock
	g.mu.Lock()
	defer g.mu.Unlock()
	return append(to, g.open...)
}

// functions appends the totals, in no order.
func (g *ring) functions(to []graph.Function) []graph.Function {
	const more = 8
	g.mu.Lock()
	n := len(g.totals)
	g.mu.Unlock()
	if n == 0 {
		return to
	}
	to = slices.Grow(to, n+more) // without the lock
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.totals {
		to = append(to, f.Function)
	}
	return to
}
