package executor

import "sync/atomic"

// counts knows, for the calls from base on, who takes a call's result and how many inputs have not ended.
type counts struct {
	first int32 // calls below first have ended: their edges are not here
	base  int32 // calls below base are not counted: they have ended or are the owner's
	// users of call i are list[off[i-first]:off[i-first+1]], in rising order.
	off, list []int32
	// left[i-base] is the number of inputs of call i that have not ended; 0 from the start where there is only one, so
	// that it needs no counting down.
	left []int32
}

// countLocked turns the job: calls below lo have ended, lo … hi-1 are the owner's, the rest is counted. Needs j.mu.
func (j *job) countLocked(lo, hi int32) {
	c := counts{first: lo, base: hi}
	c.off = make([]int32, j.n-lo+2)
	c.left = make([]int32, j.n-hi)
	for i := hi; i < j.n; i++ {
		for _, in := range j.w.Inputs(int(i)) {
			if in >= lo {
				c.off[in-lo+2]++
				c.left[i-hi]++
			}
		}
	}
	for k := 2; k < len(c.off); k++ {
		c.off[k] += c.off[k-1]
	}
	c.list = make([]int32, c.off[len(c.off)-1])
	var roots []int32
	for i := hi; i < j.n; i++ {
		for _, in := range j.w.Inputs(int(i)) {
			if in >= lo {
				c.list[c.off[in-lo+1]] = i
				c.off[in-lo+1]++
			}
		}
		switch c.left[i-hi] {
		case 0:
			roots = append(roots, i)
		case 1:
			c.left[i-hi] = 0
		}
	}
	j.counts = c
	j.ready.init(roots, j.w.Ranks())
}

// users lists who waits for call i.
func (c *counts) users(i int32) []int32 { return c.list[c.off[i-c.first]:c.off[i-c.first+1]] }

// ended counts down u, one of whose inputs has ended, and reports whether u is ready.
func (c *counts) ended(u int32) bool {
	left := &c.left[u-c.base]
	return atomic.LoadInt32(left) == 0 || atomic.AddInt32(left, -1) == 0
}
