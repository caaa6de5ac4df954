package lazy

// # Readers first
//
// A plan in which an update takes a donated value has all other calls of the plan that read the value come before it:
//
//	d ──► sum ┄┄┐            d was donated to u, and sum had been recorded before
//	│           ▼
//	└─────────► u            ┄┄► must have ended before, without being an input, and whether it fails or not
//
// Who reads d is known only when all has been planned, and then the numbers may be wrong: u may have one below sum's. So
// such a plan is made a second time, with the readers among what u has to wait for. A reader that itself depends on u
// cannot come first; then u copies.

// use is a planned call that takes the value of a donated node.
type use struct{ of, by *node }

// noteDonated notes which inputs of n, which was just numbered, are donated.
func (p *planner) noteDonated(n *node, inputs []*node) {
	for _, i := range inputs {
		if i.isDonated() {
			p.donated = append(p.donated, use{of: i, by: n})
		}
	}
}

// parties are the planned calls that take one donated value.
type parties struct {
	takers, readers []*node
}

// arrange has the readers of donated values come before the updates that take them. Needs planMu.
func (p *planner) arrange(targets []*node) {
	before := p.whoWaits()
	if len(before) == 0 {
		return
	}
	p.startAgain()
	p.before, p.waits = before, make(map[int32]int)
	p.visitAll(targets)
}

// startAgain forgets what was planned.
func (p *planner) startAgain() {
	clear(p.order)
	clear(p.args)
	clear(p.targets)
	p.order, p.shape, p.argsOff, p.args = p.order[:0], p.shape.Reset(), p.argsOff[:0], p.args[:0]
	p.targets, p.running, p.marked, p.donated = p.targets[:0], p.running[:0], p.marked[:0], nil
	lastEpoch++
	p.epoch = lastEpoch
}

// whoWaits returns the readers that each update of the plan has to wait for. It notes who must copy.
func (p *planner) whoWaits() map[*node][]*node {
	var before map[*node][]*node
	var search readersSearch
	for _, who := range p.parties() {
		switch {
		case len(who.takers) > 1: // the same update, recorded again by On or After
			p.mustCopy(who.takers...)
		case len(who.takers) == 0 || len(who.readers) == 0:
		case search.dependOn(p, who.takers[0], who.readers):
			p.mustCopy(who.takers[0])
		default:
			if before == nil {
				before = make(map[*node][]*node)
			}
			before[who.takers[0]] = who.readers
		}
	}
	return before
}

func (p *planner) mustCopy(updates ...*node) {
	if p.copies == nil {
		p.copies = make(map[*node]bool)
	}
	for _, u := range updates {
		p.copies[u] = true
	}
}

// parties sorts the uses by what they are of, in order of the plan.
func (p *planner) parties() []*parties {
	var all []*parties
	of := make(map[*node]*parties, len(p.donated))
	for k, u := range p.donated {
		if k > 0 && p.donated[k-1] == u { // the same argument twice
			continue
		}
		who := of[u.of]
		if who == nil {
			who = &parties{}
			of[u.of] = who
			all = append(all, who)
		}
		if u.by.fn.takes {
			who.takers = append(who.takers, u.by)
		} else {
			who.readers = append(who.readers, u.by)
		}
	}
	return all
}

// readersSearch finds out whether readers depend on the update that is to wait for them.
type readersSearch struct {
	waits  map[int32][]int32 // by place, what updates wait for
	late   bool              // some wait for what had a higher number
	seen   []int32           // by place, the last search that came by
	number int32             // of the search
	work   int               // places looked at
}

// A plan of n calls is searched in so many times n steps at most; after that updates copy.
const searchMax = 16

// dependOn reports whether some reader depends on u, in the plan or by what updates wait for. If not, u waits for them.
func (s *readersSearch) dependOn(p *planner, u *node, readers []*node) bool {
	if s.waits == nil {
		s.waits = make(map[int32][]int32)
	}
	at, places, late := p.places(u, readers)
	if late || s.late { // else all edges go up
		if s.seen == nil {
			s.seen = make([]int32, len(p.order))
		}
		if s.reaches(p, places, at) {
			return true
		}
		s.late = true
	}
	s.waits[at] = places
	return false
}

// places returns the numbers of an update and of its readers, and whether one of these is behind it.
func (p *planner) places(u *node, readers []*node) (at int32, places []int32, late bool) {
	at, _ = p.place(u)
	for _, r := range readers {
		i, _ := p.place(r)
		places = append(places, i)
		late = late || i > at
	}
	return at, places, late
}

// reaches reports whether there is a way from call to back to one of the calls from. It says yes if the search is too
// long.
func (s *readersSearch) reaches(p *planner, from []int32, to int32) bool {
	s.number++
	stack := append([]int32(nil), from...)
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if i == to {
			return true
		}
		if s.seen[i] == s.number {
			continue
		}
		s.seen[i] = s.number
		if s.work++; s.work > searchMax*len(p.order) {
			return true
		}
		stack = append(append(stack, p.shape.Inputs(int(i))...), s.waits[i]...)
	}
	return false
}

// orderOf are the nodes that must have ended before n, without being inputs.
func (p *planner) orderOf(n *node) []*node {
	var order []*node
	if n.word.Load()&flagOwn != 0 {
		order = n.more.Load().order
	}
	if readers := p.before[n]; len(readers) > 0 {
		return append(order[:len(order):len(order)], readers...)
	}
	return order
}

// waitFor has n, which gets number pos, wait for the readers of what it takes. Some may have ended since the first pass.
func (p *planner) waitFor(n *node, pos int32) {
	inputs := len(p.shape.In)
	p.edges(p.before[n])
	if k := len(p.shape.In) - inputs; k > 0 {
		p.waits[pos] = k
	}
}

// needs are the calls whose failure means that call i is not run: without the readers that it has to wait for.
func (r *run) needs(i int32) []int32 {
	in := r.plan.shape.Inputs(int(i))
	if r.plan.waits == nil {
		return in
	}
	return in[:len(in)-r.plan.waits[i]]
}

// startReading notes the donated values that the plan of r reads. Needs planMu.
func (r *run) startReading(p *planner) {
	for _, u := range p.donated {
		if g := u.of.donation(); g.epoch != p.epoch {
			g.epoch = p.epoch
			g.readers++
			r.reads = append(r.reads, u.of)
		}
	}
}

// stopReading is told that r is over. Needs planMu.
func (r *run) stopReading() {
	for _, d := range r.reads {
		d.donation().readers--
	}
	r.reads = nil
}
