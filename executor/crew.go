package executor

// Crew bounds how many workers of a pool serve a set of works together. Make one with [NewCrew]; its works must go to
// one pool.
type Crew struct {
	max int

	// Guarded by the pool's mu.
	taken   int    // workers serving, but those that wait for other calls; places in the pool's queue; of gangs
	waiting []*job // jobs that wanted a worker when taken was max, in order
	resume  line   // workers that have waited for other calls and want their place back, and gangs
}

// NewCrew returns a crew of at most n workers. It panics if n < 1.
func NewCrew(n int) *Crew {
	if n < 1 {
		panic("executor: NewCrew: want at least 1")
	}
	pools.several.Store(true) // a slot is now more than its pool's: see SlotHere
	return &Crew{max: n}
}

// takeLocked takes a place for j, or has it wait for one. Needs pool.mu.
func (c *Crew) takeLocked(j *job) bool {
	if c == nil {
		return true
	}
	if c.taken >= c.max {
		j.waiting = true
		c.waiting = append(c.waiting, j)
		return false
	}
	c.taken++
	return true
}

// giveLocked gives a place back: to a worker that wants its own or a gang, or to a job of the crew that waits for one, which is
// then queued in the pool. Needs p.mu.
func (c *Crew) giveLocked(p *pool) {
	if c == nil {
		return
	}
	if c.resume.give() {
		return
	}
	c.taken--
	if len(c.waiting) == 0 {
		return
	}
	j := c.waiting[0]
	c.waiting = c.waiting[1:]
	j.waiting = false
	c.taken++
	p.enqueueLocked(j)
}

// makeWayLocked gives the place of a worker that leaves j to who is in line for one; j then waits for another. It reports
// whether j has a place. Needs p.mu.
func (c *Crew) makeWayLocked(j *job) bool {
	if c == nil || !c.resume.give() {
		return true
	}
	return c.takeLocked(j)
}

// wanted reports whether somebody is in line for a place, and gathers whether the first is a gang.
func (c *Crew) wanted() bool  { return c != nil && c.resume.somebody.Load() }
func (c *Crew) gathers() bool { return c != nil && c.resume.gathers.Load() }

// lend gives the place of a worker that waits for other calls to whoever wants it.
func (c *Crew) lend(p *pool) {
	if c == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c.giveLocked(p)
	p.noteLocked()
}

// reclaim takes a place again, and blocks until there is one.
func (c *Crew) reclaim(p *pool) {
	if c == nil {
		return
	}
	p.mu.Lock()
	if c.taken < c.max {
		c.taken++
		p.mu.Unlock()
		return
	}
	back := c.resume.join(1, 0)
	p.mu.Unlock()
	<-back
}
