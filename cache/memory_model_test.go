package cache

import (
	"errors"
	"fmt"
	"math"
)

// checkInvariants returns everything that is wrong with a store that nobody uses meanwhile.
func (m *memory) checkInvariants() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !m.boundedLocked() {
		wrong("%d bytes of items and %d of ghosts, want %d at most", m.taken, m.ghosts.bytes(), m.bytes)
	}
	var taken int64
	for i, it := range m.worths {
		taken += it.size
		if it.at != i {
			wrong("item %d thinks that it is item %d", i, it.at)
		}
		if up := (i - 1) / 2; i > 0 && m.worths.Less(i, up) {
			wrong("item %d is worth less than item %d", i, up)
		}
		if m.index.find(it.tag, &it.key) != it {
			wrong("item %d is not in the index", i)
		}
		if m.ghosts.has(it.key) {
			wrong("item %d is a ghost as well", i)
		}
		if now := it.worthNow(); now < it.worth || math.IsNaN(now) {
			wrong("item %d is worth %v, and was %v", i, now, it.worth)
		}
	}
	if taken != m.taken {
		wrong("items take %d bytes, and %d are said to be taken", taken, m.taken)
	}
	return errors.Join(append(problems, m.index.check(len(m.worths)), m.ghosts.check())...)
}

// check returns what is wrong with an index that has so many items.
func (x *index) check(want int) error {
	var problems []error
	n := 0
	for range x.all() {
		n++
	}
	if n != want {
		problems = append(problems, fmt.Errorf("%d items in the index, want %d", n, want))
	}
	for i := range x.parts {
		p := x.parts[i].Load()
		if p == nil {
			continue
		}
		used, live := 0, 0
		for j := range p.slots {
			if it := p.slots[j].item.Load(); it != nil {
				used++
				if it != gone {
					live++
				}
			}
		}
		if used != x.used[i] || live != x.live[i] || 2*used > len(p.slots) {
			problems = append(problems, fmt.Errorf("part %d: %d used, %d live of %d slots, says %d and %d", i, used, live, len(p.slots), x.used[i], x.live[i]))
		}
	}
	return errors.Join(problems...)
}

func (g *ghosts) check() error {
	if len(g.queue) > g.max || len(g.known) > len(g.queue) {
		return fmt.Errorf("%d ghosts, %d in the queue, want %d at most", len(g.known), len(g.queue), g.max)
	}
	queued := make(map[departure]bool)
	for _, d := range g.queue {
		queued[d] = true
	}
	for key, k := range g.known {
		if !queued[departure{key, k.nth}] {
			return fmt.Errorf("ghost %v is not in the queue", key)
		}
	}
	return nil
}

// policy is what memory does, written down without an eye to speed: every item is looked at for every victim. It counts
// uses exactly.
type policy struct {
	bytes, ghostsMax int64
	clock            float64
	puts             int
	items            map[Key]*policyItem
	left             []Key // Evicted, the oldest first; a zero key is a place that is taken, and no more.
	leftUses         map[Key]int
}

type policyItem struct {
	size   int64
	perUse float64
	uses   int
	seen   float64
	age    int
	value  any
}

func (p *policy) get(key Key) (any, bool) {
	it := p.items[key]
	if it == nil {
		return nil, false
	}
	it.uses++
	it.seen = p.clock
	return it.value, true
}

func (p *policy) put(m *Meta, value any) error {
	size := sizeOf(m)
	if size > p.bytes {
		return ErrTooLarge
	}
	uses := p.leftUses[m.Key] * 3 / 4
	if _, ok := p.leftUses[m.Key]; ok {
		delete(p.leftUses, m.Key)
		for i, k := range p.left {
			if k == m.Key {
				p.left[i] = Key{}
			}
		}
	}
	if old := p.items[m.Key]; old != nil {
		uses = old.uses
		delete(p.items, m.Key)
	}
	for p.taken() > p.bytes-size {
		p.evict()
	}
	p.puts++
	p.items[m.Key] = &policyItem{size, float64(max(m.Cost, 1)) / float64(size), uses + 1, p.clock, p.puts, value}
	return nil
}

func (p *policy) taken() int64 {
	sum := int64(len(p.left)) * ghostSize
	for _, it := range p.items {
		sum += it.size
	}
	return sum
}

func (p *policy) evict() {
	if len(p.items) == 0 {
		p.forget()
		return
	}
	var victim Key
	var least *policyItem
	for k, it := range p.items {
		if least == nil || it.worth() < least.worth() || it.worth() == least.worth() && it.age < least.age {
			victim, least = k, it
		}
	}
	p.clock = max(p.clock, least.worth())
	delete(p.items, victim)
	if p.ghostsMax == 0 {
		return
	}
	for int64(len(p.left)) >= p.ghostsMax {
		p.forget()
	}
	p.left = append(p.left, victim)
	p.leftUses[victim] = least.uses
}

func (p *policy) forget() {
	delete(p.leftUses, p.left[0])
	p.left = p.left[1:]
}

func (it *policyItem) worth() float64 { return it.seen + float64(it.uses)*it.perUse }
