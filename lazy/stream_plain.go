package lazy

import (
	"context"
	"sync/atomic"
	"unsafe"
)

// # Streams of plain functions
//
// To record, run and drop a call costs 300 ns: too much for a function of 25. So where f is the wrap of a function
// itself, with no options, and nobody observes, elements have no calls of their own: a batch of them is one call, which
// makes one element after another. That is also what bounds memory, for calls lie in slabs, and a slab keeps the values
// of all of them.
//
// A batch that turns out late gives its rest away, so no element waits for a slow one that happens to be before it.

// pair is an element on its way and what becomes of it. It belongs to whom its item belongs to.
type pair[A, R any] struct {
	err error // first: item.pairError reads it without knowing A and R
	a   A
	r   R
}

func (it *item) pairError() error { return *(*error)(it.value) }

func (it *item) isPair() bool { return it.node == nil && it.value != nil }

// streamPart is what the call of a batch is to do.
type streamPart struct {
	items   []item
	claimed atomic.Int64 // items that have begun, in order; len(items): no more are to begin
	took    int64        // ns for all of them. Written before the call ends
}

// takeRest returns how many items of p have begun. No others will.
func (p *streamPart) takeRest() int { return int(p.claimed.Swap(int64(len(p.items)))) }

// giveRest is takeRest for items that are to go on elsewhere: it leaves those alone of which none has begun.
func (p *streamPart) giveRest() (begun int) {
	for {
		c := p.claimed.Load()
		if c == 0 || p.claimed.CompareAndSwap(c, int64(len(p.items))) {
			return int(c)
		}
	}
}

// next returns the item that is to be made next; negative: none.
func (p *streamPart) next() int {
	if k := p.claimed.Load(); k < int64(len(p.items)) && p.claimed.CompareAndSwap(k, k+1) {
		return int(k)
	}
	return -1
}

// intake takes the elements from the source.
type intake[A, R any] struct {
	s     *stream
	f     Func1[A, R]
	first bool         // there was an element
	plain bool         // elements have no calls of their own
	fn    *function    // that f wraps, options or not; nil: f is something else, or there was no element
	pairs []pair[A, R] // that are free
	made  int          // length of what pairs began as
}

// take takes in an element, and reports whether there is to be another one, when there is room for it.
func (w *intake[A, R]) take(a A) bool {
	if !w.plain {
		it := w.record(a)
		if !w.first {
			w.first = true
			w.recognise(it.node)
		}
		return w.s.offer(it)
	}
	if len(w.pairs) == 0 {
		w.made = min(max(2*w.made, pageFirst), pairsMax)
		w.pairs = make([]pair[A, R], w.made)
	}
	p := &w.pairs[0]
	w.pairs = w.pairs[1:]
	p.a = a
	return w.s.offer(item{value: unsafe.Pointer(p)})
}

const pairsMax = 256

// record records the call of one element. A panic of f is the item's error; runtime.Goexit is taken for the source's.
func (w *intake[A, R]) record(a A) (it item) {
	defer func() {
		if v := recover(); v != nil {
			it = item{err: newPanicError("the function that records the call", v)}
		}
	}()
	arg := Const(a)
	var n *node
	if w.fn != nil { // not in a slab, which would keep the values of many
		call := &form1[R]{in: [1]*node{arg.n}}
		n = w.fn.record(&call.node, unsafe.Offsetof(call.val), 1)
	} else {
		n = w.f(arg).n
	}
	switch {
	case n == nil:
		return item{err: ErrZeroData}
	case n.isDonated():
		return item{err: n.donatedError()}
	}
	return item{node: n, arg: arg.n}
}

// recognise finds out, from the first call, whether the elements behind it need none.
func (w *intake[A, R]) recognise(first *node) {
	o := &w.s.o.run
	if first == nil || first.fn.recorder == nil || first.fn.recorder != closureOf(w.f) {
		return
	}
	w.fn = first.fn
	if !w.fn.opts.onlyName() || o.observer != nil || o.session.observed() {
		return
	}
	makes := makerOf[A, R](first.fn)
	if makes == nil {
		return
	}
	f := &function{name: first.fn.name, where: first.fn.where, typ: typeOf[struct{}]{}, wantsContext: true, plain: true}
	f.call = func(n *node, ctx context.Context, at *frame) error {
		p := take[*streamPart](n, 0, at)
		began := mono()
		for !makeItems(ctx, f.name, p, makes) { // as often as an element panics
		}
		p.took = mono() - began
		put(n, at, struct{}{})
		return nil
	}
	w.s.part = recorder1[*streamPart, struct{}](f)
	w.plain = true
}

// makerOf returns what makes an element; nil: f is not as it should be.
func makerOf[A, R any](f *function) func(context.Context, *pair[A, R]) {
	switch body := f.body.(type) {
	case func(A) R:
		return func(_ context.Context, s *pair[A, R]) { s.r = body(s.a) }
	case func(context.Context, A) (R, error):
		return func(ctx context.Context, s *pair[A, R]) {
			if v, err := body(ctx, s.a); err != nil {
				s.err = err
			} else {
				s.r = v
			}
		}
	}
	return nil
}

// makeItems makes items of p until there are no more, or one panics: then it reports false.
func makeItems[A, R any](ctx context.Context, name string, p *streamPart, makes func(context.Context, *pair[A, R])) (all bool) {
	k := -1
	defer func() {
		if k >= 0 { // after runtime.Goexit, this is the end of the call
			(*pair[A, R])(p.items[k].value).err = newPanicError(name, recover())
		}
	}()
	for k = p.next(); k >= 0; k = p.next() {
		makes(ctx, (*pair[A, R])(p.items[k].value))
	}
	return true
}
