package cache

// ghosts remembers how often evicted entries were used: of the last ones to go, so many at most. Its methods are called
// with memory.mu held.
type ghosts struct {
	max   int
	known map[Key]ghost
	// queue has every known key in the order of eviction, and among them some that are not known any more, or are again.
	queue     []departure
	evictions uint64
}

type ghost struct {
	uses uint32
	nth  uint64
}

// departure is an eviction. It is that of a known key if the ghost has the same number.
type departure struct {
	key Key
	nth uint64
}

func newGhosts(most int) ghosts {
	return ghosts{max: most, known: make(map[Key]ghost)}
}

// len is how many places are taken, and bytes how much room.
func (g *ghosts) len() int     { return len(g.queue) }
func (g *ghosts) bytes() int64 { return int64(len(g.queue)) * ghostSize }

func (g *ghosts) has(key Key) bool {
	_, ok := g.known[key]
	return ok
}

// add remembers a key that is not known.
func (g *ghosts) add(key Key, uses uint32) {
	if g.max == 0 {
		return
	}
	for len(g.queue) >= g.max {
		g.drop()
	}
	g.evictions++
	g.known[key] = ghost{uses, g.evictions}
	g.queue = append(g.queue, departure{key, g.evictions})
}

// take forgets a key and returns how often it was used; 0 if that is not known.
func (g *ghosts) take(key Key) uint32 {
	uses := g.known[key].uses
	delete(g.known, key)
	return uses
}

// drop forgets the oldest departure. There must be one.
func (g *ghosts) drop() {
	oldest := g.queue[0]
	g.queue = g.queue[1:]
	if g.known[oldest.key].nth == oldest.nth {
		delete(g.known, oldest.key)
	}
}
