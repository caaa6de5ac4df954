package lazy

import (
	"context"
	"fmt"
	"slices"
	"unsafe"
)

// This file is how a Map makes its elements in parts. See map.go.

// mapPart is the elements from lo to hi, as the argument of the call that makes them.
type mapPart struct {
	lo, hi int
	time   int64 // ns, after which it gives its rest away
	trial  bool  // nothing was known of the function
	again  bool  // it is of a part that was run before
}

// String is what pictures show.
func (p mapPart) String() string { return fmt.Sprintf("[%d:%d]", p.lo, p.hi) }

// newPart wraps the function that makes a part.
func (m *mapping[A, R]) newPart() Func1[mapPart, []R] {
	f := &function{name: m.f.name + "[i:j]", where: m.f.where, typ: typeOf[[]R]{}, wantsContext: true, binds: true}
	f.call = func(n *node, ctx context.Context, at *frame) error {
		d, err := m.make(ctx, take[mapPart](n, 0, at))
		if err == nil {
			bind(n, at, d.n)
		}
		return err
	}
	return recorder1[mapPart, []R](f)
}

// make makes the elements of p, or as many as there is time for.
func (m *mapping[A, R]) make(ctx context.Context, p mapPart) (Data[[]R], error) {
	p.again = p.again || !m.begins(p.lo)
	vs := m.all[p.lo:p.hi:p.hi]
	if p.again {
		vs = make([]R, p.hi-p.lo)
	}
	t := trip{lo: p.lo, hi: p.hi, at: p.lo, began: mono(), time: p.time}
	if err := m.goThrough(ctx, &t, vs); err != nil {
		return Data[[]R]{}, err
	}
	if t.at == p.hi {
		return Const(vs), nil
	}
	done := Const(vs[: t.at-p.lo : t.at-p.lo])
	return m.join.of(append([]Data[[]R]{done}, m.rest(p, &t)...)), nil
}

// begins reports whether the part from element lo on has not been run before. No two parts that are run for the first time
// begin with the same element: a part makes one at least before it gives its rest away.
func (m *mapping[A, R]) begins(lo int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.begun[lo]
	m.begun[lo] = true
	return !before
}

// trip is a way through a part.
type trip struct {
	lo, hi int
	at     int     // the element that is being made, or comes next
	began  int64   // when the part began
	time   int64   // ns that it may take
	took   int64   // ns that it took
	best   float64 // ns an element, in the quickest of the strides
}

// cost is what an element takes, in ns: the mean, unless a few elements, or others who had the processor, made most of it.
func (t *trip) cost() float64 {
	return max(min(float64(t.took)/float64(t.at-t.lo), 4*t.best), 0.1)
}

// goThrough makes elements until all are done or the time is over.
func (m *mapping[A, R]) goThrough(ctx context.Context, t *trip, vs []R) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil { // else runtime.Goexit, which passes through
			err = m.failed(t.at, newPanicError(m.f.name, v))
		}
	}()
	r := callOf(ctx).run
	stride, last := 1, t.began
	for t.at < t.hi && t.took < t.time {
		if err := ctx.Err(); err != nil {
			returned = true
			return err
		}
		from := t.at
		if err := m.stride(ctx, r, t, vs, min(stride, t.hi-from)); err != nil {
			returned = true
			return m.failed(t.at, err)
		}
		now := mono()
		took := now - last
		last, t.took = now, now-t.began
		if each := float64(took) / float64(t.at-from); t.best == 0 || each < t.best {
			t.best = each
		}
		switch {
		case took > 2*mapStride:
			stride = max(1, int(int64(stride)*mapStride/took))
		case took < mapStride/2:
			stride = min(2*stride, mapStrideMax)
		}
	}
	returned = true
	return nil
}

// stride makes n elements, or fewer if the run has ended. It is all that is done for each of them.
func (m *mapping[A, R]) stride(ctx context.Context, r *run, t *trip, vs []R, n int) error {
	xs := m.xs[t.at : t.at+n]
	vs = vs[t.at-t.lo:][:n]
	if m.pure != nil {
		for i, x := range xs {
			vs[i] = m.pure(x)
			t.at++
			if r.ended.Load() {
				return nil
			}
		}
		return nil
	}
	for i, x := range xs {
		v, err := m.wrap(ctx, x)
		if err != nil {
			return err
		}
		vs[i] = v
		t.at++
		if r.ended.Load() {
			return nil
		}
	}
	return nil
}

// failed is the error of element i.
func (m *mapping[A, R]) failed(i int, err error) error { return fmt.Errorf("element %d: %w", i, err) }

// rest records calls for what is left of p.
func (m *mapping[A, R]) rest(p mapPart, t *trip) []Data[[]R] {
	left, cost := p.hi-t.at, t.cost()
	m.f.est.learn(int64(cost))
	shares := m.workers * mapShares
	size, time := int(mapTime/cost), int64(mapLate*mapTime)
	switch {
	case cost < mapDear:
		size = min(size, max(left/shares, int(mapLeast/cost)))
	case p.trial: // perhaps the first element alone was dear
		size, time = left/shares, mapTrial
	default:
		return []Data[[]R]{Gather(m.each.Each(m.xs[t.at:p.hi])...)}
	}
	size = max(size, 1)
	parts := make([]Data[[]R], 0, left/size+1)
	for lo := t.at; lo < p.hi; lo += size {
		parts = append(parts, m.part(Const(mapPart{lo: lo, hi: min(lo+size, p.hi), time: time, again: p.again})))
	}
	return parts
}

// newJoin is the function that puts parts together.
func (m *mapping[A, R]) newJoin() *function {
	f := &function{name: "Join", typ: typeOf[[]R]{}, plain: true, stride: unsafe.Sizeof(formMany[[]R]{})}
	f.call = func(n *node, _ context.Context, at *frame) error {
		parts := make([][]R, len(n.inputs()))
		for i, d := range n.inputs() {
			if at == nil {
				parts[i] = *valueAt[[]R](d)
			} else {
				parts[i] = *(*[]R)(at.in[i].p)
			}
		}
		put(n, at, m.joined(parts))
		return nil
	}
	f.clone = func(n *node) *node { return m.join.record(n.fn, n.inputs()) }
	return f
}

// joined is what the parts, of which none is empty, come to. Where they lie in all, one behind the other, nothing is
// copied.
func (m *mapping[A, R]) joined(parts [][]R) []R {
	n, inPlace := 0, true
	from := m.placeOf(parts[0])
	for _, p := range parts {
		inPlace = inPlace && from >= 0 && from+n+len(p) <= len(m.all) && &p[0] == &m.all[from+n]
		n += len(p)
	}
	if inPlace {
		return m.all[from : from+n : from+n]
	}
	return slices.Clip(slices.Concat(parts...))
}

// placeOf is where in all the part begins; negative, or past its end, if it lies elsewhere.
func (m *mapping[A, R]) placeOf(part []R) int {
	size := unsafe.Sizeof(part[0])
	if size == 0 {
		return 0
	}
	return int(uintptr(unsafe.Pointer(&part[0]))-uintptr(unsafe.Pointer(&m.all[0]))) / int(size)
}
