package lazy

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// # Parts of a Map
//
//	Map (a Bind) ──► few elements, or f not a plain wrap, or somebody looks ──► a call of f for each, and Gather
//	     │else
//	     └► part [0:n] (a Bind): calls f for one element after another
//	           ├ all done within its time ──► its values
//	           └ time over ──► Join of what is done and of parts of the rest, so large that each takes 100 µs;
//	                            where f has turned out dear, of a call of f for each
//
// To record, plan, claim and end a call costs 100 to 200 ns: for functions of 50 ns several times the function. So where
// a slice is long a call makes many elements. How many is not asked but measured, and measured again by every part: one
// that takes much longer than it was thought to gives the rest of its elements away, in smaller parts, which other workers
// may take. A part is a Bind, so all else – workers, cancelling, failures, staleness – is as for any call.

// Map records a call of f for each element of a slice that is known only when it has been computed. The calls are
// recorded when the slice is there, and run as part of the same run; their values come in order. A slice that is
// computed again has calls of its own: all of f's run. To keep those of elements that stay, hold a handle for each, and
// [Gather] them.
//
// Of more than a thousand elements, and of an f that is cheap, many are made by one call, which costs a few ns for each
// element instead of a few hundred. That can be seen in this: pictures show calls named "f[i:j]", with the elements that
// they were given; errors say which element failed ("element 812: …"), and a failed element ends its part, also in a run
// that is to [KeepGoing]; if something that f has got by a Get inside it changes, the elements of its part are all run
// again; and an element must not wait for another one. None of that is so where f has an [Option] other than [Name], was
// composed or is not of [Pure1] or [Wrap1], where somebody observes the run, under [SetMaxTrace], and where elements take
// longer than about 25 µs: these have a call each.
func Map[A, R any](f Func1[A, R], xs Data[[]A]) Data[[]R] {
	if f == nil {
		panic("lazy: Map: the function is nil")
	}
	return Bind1(func(ctx context.Context, xs []A) (Data[[]R], error) {
		if len(xs) <= mapEach {
			return Gather(f.Each(xs)...), nil
		}
		first := f.Of(xs[0])
		if m := newMapping(ctx, f, first.n, xs); m != nil {
			return m.part(Const(mapPart{hi: len(xs), time: mapTrial, trial: true})), nil
		}
		calls := make([]Data[R], 1, len(xs))
		calls[0] = first
		return Gather(append(calls, f.Each(xs[1:])...)...), nil
	}, Name("Map"))(xs)
}

const (
	mapEach      = 1000    // elements; up to so many have a call each
	mapTime      = 100_000 // ns that a part is to take
	mapLate      = 4       // times mapTime, after which a part gives its rest away
	mapTrial     = 50_000  // ns, the same for the first elements
	mapDear      = 25_000  // ns; elements that take longer have a call each
	mapShares    = 8       // parts for each worker, where there is enough to do
	mapLeast     = 10_000  // ns that a part takes at least
	mapStride    = 4_000   // ns between two looks at the clock …
	mapStrideMax = 1024    // … or so many elements
)

// mapping is a Map that makes its elements in parts.
type mapping[A, R any] struct {
	f    *function // of the elements
	each Func1[A, R]
	pure func(A) R // nil: wrap
	wrap func(context.Context, A) (R, error)
	xs   []A
	// all has room for all values. A part writes to its place there when it is run for the first time: when it is run again
	// the values may be in use, and then it, and the parts that it gives its rest to, have memory of their own.
	all     []R
	mu      sync.Mutex
	begun   map[int]bool // the first elements of the parts that have been run. Guarded by mu
	part    Func1[mapPart, []R]
	join    gatherer[[]R, []R]
	workers int
}

// mapPart is the elements from lo to hi, as the argument of the call that makes them.
type mapPart struct {
	lo, hi int
	time   int64 // ns, after which it gives its rest away
	trial  bool  // nothing was known of the function
	again  bool  // it is of a part that was run before
}

// String is what pictures show.
func (p mapPart) String() string { return fmt.Sprintf("[%d:%d]", p.lo, p.hi) }

// closureOf tells closures apart: two functions made by the same literal are one closure if they are copies of each other.
func closureOf[A, R any](f func(Data[A]) Data[R]) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&f))
}

// newMapping returns how to make the elements of xs in parts. It returns nil if they are to have a call each. first is a
// call that f has recorded.
func newMapping[A, R any](ctx context.Context, f Func1[A, R], first *node, xs []A) *mapping[A, R] {
	here, ok := ctx.(*callContext)
	if !ok || first == nil || here.run.hooks != nil || maxTrace.Load() > 0 {
		return nil
	}
	fn := first.fn
	if fn.recorder == nil || fn.recorder != closureOf(f) || fn.est.isDear() || !fn.opts.onlyName() {
		return nil
	}
	o := &here.run.options
	m := &mapping[A, R]{f: fn, each: f, xs: xs, workers: o.session.workers(), begun: make(map[int]bool)}
	if o.hasWorkers {
		m.workers = o.workers
	}
	switch body := fn.body.(type) {
	case func(A) R:
		m.pure = body
	case func(context.Context, A) (R, error):
		m.wrap = body
	default:
		return nil
	}
	here.node.input(0).word.Or(flagShared) // no update is to write to xs: parts read it whenever they are run again
	m.all = make([]R, len(xs))
	m.part = m.newPart()
	m.join.f = m.newJoin()
	return m
}

// onlyName reports whether nothing but a name was asked for.
func (o options) onlyName() bool {
	o.name = ""
	return reflect.ValueOf(o).IsZero()
}

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

// isDear reports whether it has been measured more than once that a call takes longer than mapDear.
func (e *estimate) isDear() bool {
	v := e.v.Load()
	return v&7 == settled && v>>3 > mapDear
}
