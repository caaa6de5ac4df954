package trace

import (
	"cmp"
	"slices"
)

// slice is something with a start and an end that is drawn: a span, or a run. Times are in ns from the first of all.
type slice struct {
	start, end int64
	// next is the start of the slice after it on its lane. Until then a reader that closes slices only when the next one
	// comes takes this one for the topmost.
	next int64
	// tid is its lane, at its place in the record.
	tid, at int32
}

// byTime puts slices in the order in which they are laid: by their start, and what contains others before them.
func byTime(a, b *slice) int {
	if a.start != b.start {
		return cmp.Compare(a.start, b.start)
	}
	// What takes no time comes first, so that it does not need a lane beside what starts with it.
	if zeroA, zeroB := a.end == a.start, b.end == b.start; zeroA != zeroB {
		if zeroA {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.end, a.end), cmp.Compare(a.at, b.at))
}

// depthMax is how many slices may be open on one lane. Perfetto drops what is deeper than 512.
const depthMax = 256

// stack is a lane on which slices nest.
type stack []*slice

// put lays s onto the lane if it nests in all that is open. A slice ends before one that starts at the same moment, but
// readers stack slices without a length onto each other.
func (l *stack) put(s *slice) bool {
	open := *l
	for len(open) > 0 {
		top := open[len(open)-1]
		both := top.end == top.start && s.end == s.start
		if top.end > s.start || top.end == s.start && both {
			break
		}
		open = open[:len(open)-1]
	}
	*l = open
	if len(open) >= depthMax || len(open) > 0 && s.end > open[len(open)-1].end {
		return false
	}
	*l = append(open, s)
	return true
}

// packing lays slices onto as few lanes as can be without one over the other.
type packing struct {
	busy   minHeap // by the time from which the lane is free
	free   minHeap // by number, so that the first lanes fill first
	lanes  []packed
	placed []int32 // the lane of each slice that was put, in order
}

type packed struct {
	until int64
	flat  int // how many slices without a length stand at until
}

func (p *packing) put(s *slice) {
	for len(p.busy) > 0 && p.busy[0].key <= s.start {
		lane := p.busy.pop().lane
		p.free.push(entry{int64(lane), lane})
	}
	if len(p.free) == 0 {
		p.free.push(entry{int64(len(p.lanes)), int32(len(p.lanes))})
		p.lanes = append(p.lanes, packed{until: s.start - 1})
	}
	lane := p.free.pop().lane
	l := &p.lanes[lane]
	until := s.end
	if s.end > s.start || l.until < s.start {
		l.flat = 0
	}
	if l.until = s.end; s.end == s.start {
		if l.flat++; l.flat >= depthMax {
			until++ // they are stacked, and the stack is full
		}
	}
	p.busy.push(entry{until, lane})
	p.placed = append(p.placed, lane)
}

type entry struct {
	key  int64
	lane int32
}

// less orders lanes that are free at one moment, too: the output must not depend on the order of the heap.
func (e entry) less(f entry) bool { return e.key < f.key || e.key == f.key && e.lane < f.lane }

type minHeap []entry

func (h *minHeap) push(e entry) {
	a := append(*h, e)
	i := len(a) - 1
	for i > 0 && e.less(a[(i-1)/2]) {
		a[i] = a[(i-1)/2]
		i = (i - 1) / 2
	}
	a[i] = e
	*h = a
}

func (h *minHeap) pop() entry {
	a := *h
	top, e := a[0], a[len(a)-1]
	a = a[:len(a)-1]
	i := 0
	for {
		child := 2*i + 1
		if child >= len(a) {
			break
		}
		if child+1 < len(a) && a[child+1].less(a[child]) {
			child++
		}
		if !a[child].less(e) {
			break
		}
		a[i] = a[child]
		i = child
	}
	if len(a) > 0 {
		a[i] = e
	}
	*h = a
	return top
}

// group is what belongs together: the slices of one worker, or all that have none. Nested slices share its first lane
// if it may nest; the rest is packed onto lanes below.
type group struct {
	nests bool
	first stack
	rest  packing
	over  []*slice // those on rest
}

func (g *group) put(s *slice) {
	if g.nests && g.first.put(s) {
		return
	}
	g.rest.put(s)
	g.over = append(g.over, s)
}

// number gives lanes their tids, from tid, and returns how many there are. Slices start with the first.
func (g *group) number(tid int32) int32 {
	lanes := int32(0)
	if g.nests {
		lanes = 1
	}
	for i, s := range g.over {
		s.tid = tid + lanes + g.rest.placed[i]
	}
	return lanes + int32(len(g.rest.lanes))
}

// link tells each slice when the next one on its lane starts. They are in order of time.
func link(slices []*slice, tids int32) {
	last := make([]*slice, tids+1)
	for _, s := range slices {
		if l := last[s.tid]; l != nil {
			l.next = s.start
		}
		last[s.tid] = s
	}
}

func sortSlices(s []*slice) {
	slices.SortFunc(s, byTime) // it is fast where they are in order, as they mostly are
}
