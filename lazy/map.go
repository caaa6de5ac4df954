package lazy

import (
	"context"
	"reflect"
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
	mapEach      = 1000    // elements; up to so many have a call each. (Parts are quicker from 100 on, but pictures say less)
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

// isDear reports whether it has been measured more than once that a call takes longer than mapDear.
func (e *estimate) isDear() bool {
	v := e.v.Load()
	return v&7 == settled && v>>3 > mapDear
}
