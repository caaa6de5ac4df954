package executor

import "sync/atomic"

// counts knows, for the calls from base on, who takes a call's result and how many inputs have not ended. Calls below
// base have ended.
type counts struct {
	base int32
	// users of call i are list[off[i-base]:off[i-base+1]], in rising order.
	off, list []int32
	// left[i-base] is the number of inputs of call i that have not ended; 0 from the start where there is only one, so
	// that it needs no counting down.
	left []int32
}

// countLocked counts the job from call base on. Needs j.mu.
func (j *job) countLocked(base int32) {
	c := counts{base: base}
	c.off = make([]int32, j.n-base+2)
	c.left = make([]int32, j.n-base)
	for i := base; i < j.n; i++ {
		for _, in := range j.w.Inputs(int(i)) {
			if in >= base {
				c.off[in-base+2]++
				c.left[i-base]++
			}
		}
	}
	for k := 2; k < len(c.off); k++ {
		c.off[k] += c.off[k-1]
	}
	c.list = make([]int32, c.off[len(c.off)-1])
	var roots []int32
	for i := base; i < j.n; i++ {
		for _, in := range j.w.Inputs(int(i)) {
			if in >= base {
				c.list[c.off[in-base+1]] = i
				c.off[in-base+1]++
			}
		}
		switch c.left[i-base] {
		case 0:
			roots = append(roots, i)
		case 1:
			c.left[i-base] = 0
		}
	}
	j.counts = c
	j.ready.init(roots, j.w.Ranks())
}

// users lists who waits for call i.
func (c *counts) users(i int32) []int32 { return c.list[c.off[i-c.base]:c.off[i-c.base+1]] }

// ended counts down u, one of whose inputs has ended, and reports whether u is ready.
func (c *counts) ended(u int32) bool {
	left := &c.left[u-c.base]
	return atomic.LoadInt32(left) == 0 || atomic.AddInt32(left, -1) == 0
}
