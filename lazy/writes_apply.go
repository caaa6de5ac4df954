package lazy

import (
	"context"

	"github.com/dally-go/dally/internal/invariant"
)

// # How writes are applied
//
// What is done to a table while calls of writers are pending is a log of edits, in the order of the program. Edits have
// numbers, which go on for as long as the table is there; a table whose first n edits are applied is of age n.
//
//	Set, Put, Delete, writer(…), At  →  log  →  a reading:
//	                                            1. settle: the handles in the rows become values
//	                                            2. compute: all writers run, and the handles between them, in one run
//	                                            3. apply: edit by edit, under mu; a writer that has read what was written
//	                                               since runs again, between two edits
//
// Any number of readings may be at it at a time; each goes on where the others are, and may leave at any moment. That a
// call runs once for all of them is what the engine sees to: so nobody waits for a reading, and one inside a call that
// another reading has started – an At that is the argument of a writer – applies what comes before it and is done.
//
// While the function of a writer runs, its view refers to the rows, without mu; and so has to be parted from them, with
// a copy, before anything is written there. That is for functions that were left behind or cancelled, and for readings
// inside calls: usually all functions have returned when their edits are applied.
//
// When a view is made all rows have values. For a handle before a writer in the log is applied as a value, and one that
// is in the rows before is settled by every reading that has the writer run.
//
// If an edit fails, the reading ends there; what it has applied stays so. Views of calls behind it that have run
// already are used by the next.

// edit is one thing that was done to a table.
type edit[K comparable, V any] struct {
	kind editKind
	key  K
	slot slot[V]           // assigned
	call *writerCall[K, V] // written
	look *look[V]          // looked
}

type editKind uint8

const (
	assigned editKind = iota // by Set or Put
	removed                  // by Delete
	written                  // by a writer
	looked                   // by At
)

// reading applies the edits that are in the log when it begins, or those before an At.
type reading[K comparable, V any] struct {
	t     *Table[K, V]
	ctx   context.Context
	opts  []RunOption
	end   int            // it applies the edits before this one
	first int            // number of got[0]
	got   []effect[K, V] // of edits that had to be computed
}

// effect is what came of an edit that had to be computed.
type effect[K comparable, V any] struct {
	target *node            // nil: there was nothing to compute
	try    *writerTry[K, V] // of a writer
	view   *view[K, V]      // of a writer; also of one that has failed, if its function was called
	v      V                // of a handle
	err    error
}

// apply applies what was done before now, or, if until is not nil, before that.
func (t *Table[K, V]) apply(ctx context.Context, opts []RunOption, until *look[V]) error {
	t.mu.Lock()
	r := reading[K, V]{t: t, ctx: ctx, end: t.applied + len(t.log)}
	if until != nil {
		r.end = until.number + 1
	}
	over := r.end <= t.applied
	t.mu.Unlock()
	if over {
		return nil
	}
	r.opts = append(append(make([]RunOption, 0, len(opts)+2), opts...), KeepGoing())
	for {
		if err := r.settle(); err != nil {
			return err
		}
		if err := r.compute(); err != nil {
			return err
		}
		r.opts = append(r.opts, noRefresh) // that was it
		if over, err := r.apply(); over || err != nil {
			return err
		}
	}
}

func noRefresh(o *runOptions) { o.refresh = false }

// settle has the handles in the rows become values, if there is a writer that could read them.
func (r *reading[K, V]) settle() error {
	t := r.t
	t.mu.Lock()
	var keys []K
	var ds []Data[V]
	if len(t.rows.handles) > 0 && r.writesLocked() {
		seen := make(map[K]bool, len(t.rows.handles))
		for _, k := range t.rows.handles {
			if s, ok := t.rows.get(k); ok && !s.known && !seen[k] {
				seen[k] = true
				keys, ds = append(keys, k), append(ds, s.d)
			}
		}
	}
	t.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	got, err := computeKeys(r.ctx, keys, ds, r.opts)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, k := range keys {
		if at, ok := t.rows.find(k); ok && got.ok(i) && t.rows.list[at].d == ds[i] { // nobody has been here meanwhile
			t.partLocked()
			t.rows.list[at].slot = slot[V]{v: got.vs[i], known: true}
		}
	}
	left := t.rows.handles[:0]
	for _, k := range t.rows.handles {
		if s, ok := t.rows.get(k); ok && !s.known {
			left = append(left, k)
		}
	}
	t.rows.handles = left
	return err
}

// writesLocked reports whether there is a writer among the edits that the reading is to apply. Needs the table's mu.
func (r *reading[K, V]) writesLocked() bool {
	for k := r.t.applied; k < min(r.end, r.t.written); k++ {
		if r.t.log[k-r.t.applied].kind == written {
			return true
		}
	}
	return false
}

// compute runs the writers, and computes the handles that come before the last writer in the log.
func (r *reading[K, V]) compute() error {
	targets := r.targets()
	if len(targets) == 0 {
		return nil
	}
	run, err := forceAll(r.ctx, "get", targets, r.opts)
	partial, isPartial := err.(*PartialError) // forceAll returns it as it is
	switch {
	case err != nil && r.ctx.Err() != nil && isPartial:
		return left(r.ctx, "get", targets)
	case err != nil && !isPartial:
		return err
	}
	at := 0
	for i := range r.got {
		out := &r.got[i]
		if out.target == nil {
			continue
		}
		switch {
		case isPartial && partial.Errs[at] != nil:
			out.err = partial.Errs[at]
		case out.try != nil:
			if ref := valueOr[viewRef[K, V]](run, err, at); ref != nil {
				out.view = ref()
			}
		default:
			out.v = valueOr[V](run, err, at)
		}
		at++
	}
	run.free()
	r.blame()
	return nil
}

// targets are the nodes that r.got will tell about, in its order.
func (r *reading[K, V]) targets() (targets []*node) {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	end := min(r.end, t.written)
	r.first = t.applied
	r.got = make([]effect[K, V], max(end-t.applied, 0))
	for i := range r.got {
		e, out := &t.log[i], &r.got[i]
		switch {
		case e.kind == written:
			out.try = e.call.now
			out.target = out.try.data.n
		case e.kind == assigned && !e.slot.known && e.slot.d.n.isDonated(): // forceAll would refuse all
			out.err = keyError(e.key, &Error{
				Op: "get", Call: e.slot.d.n.label(), Where: e.slot.d.n.fn.where,
				Path: []string{e.slot.d.n.label()}, Err: e.slot.d.n.donatedError(),
			})
			continue
		case e.kind == assigned && !e.slot.known:
			out.target = e.slot.d.n
		default:
			continue
		}
		targets = append(targets, out.target)
	}
	return targets
}

// blame completes what is known of edits that have failed.
func (r *reading[K, V]) blame() {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range r.got {
		out := &r.got[i]
		at := r.first + i - t.applied
		switch {
		case out.err == nil || out.target == nil || at < 0:
		case out.try != nil:
			out.view = out.try.last
		default:
			out.err = keyError(t.log[at].key, out.err)
		}
	}
}

// apply applies edits. It reports whether that is all; else the reading has to look again what there is to compute.
func (r *reading[K, V]) apply() (over bool, err error) {
	for {
		call, n, over, err := r.applyKnown()
		if call == nil {
			return over, err
		}
		if err := r.runAgain(call, n); err != nil {
			return false, err
		}
	}
}

// applyKnown applies edits up to one that must be computed. If that is a writer, which is to run again at age n, it is
// returned.
func (r *reading[K, V]) applyKnown() (again *writerCall[K, V], n int, over bool, err error) {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	for n = t.applied; n < r.end; n = t.applied {
		e := &t.log[0]
		var out effect[K, V]
		if i := n - r.first; i < len(r.got) {
			out = r.got[i]
		}
		if out.target == nil && out.err == nil && n < t.written && (e.kind == written || e.kind == assigned && !e.slot.known) {
			return nil, n, false, nil // a writer was recorded since we have looked
		}
		if e.kind == written && !t.standsLocked(out) {
			return e.call, n, false, nil
		}
		if out.err != nil {
			return nil, n, false, out.err
		}
		t.applyLocked(e, out)
	}
	return nil, n, true, nil
}

// standsLocked reports whether a writer would do the same now: whether nothing that it has seen has been written to
// since. Without a view its function was not called: either an argument has failed, or it had been applied by others by
// then.
func (t *Table[K, V]) standsLocked(out effect[K, V]) bool {
	v := out.view
	if v == nil {
		return out.err != nil
	}
	v.mu.Lock() // its function may have been left behind, and be running
	defer v.mu.Unlock()
	if v.all && t.rows.changed > v.since || v.shape && t.rows.shape > v.since {
		return false
	}
	return !v.reads.contains(func(k K) bool { return t.rows.changedSince(k, v.since) })
}

// runAgain runs a writer where it stands in the order of the program. Others may do so, too: then it runs once.
func (r *reading[K, V]) runAgain(c *writerCall[K, V], n int) error {
	out := &r.got[n-r.first]
	t := r.t
	var try *writerTry[K, V]
	t.mu.Lock()
	renew := c.now == out.try
	t.mu.Unlock()
	if renew {
		try = c.record(new(writerTry[K, V])) // without a lock: under SetMaxTrace that may run something
	}
	t.mu.Lock()
	if renew && c.now == out.try {
		c.now = try
	}
	out.try = c.now
	t.mu.Unlock()
	out.target = out.try.data.n
	out.view = nil
	ref, err := out.try.data.Get(r.ctx, r.opts...)
	switch out.err = err; {
	case err == nil && ref != nil:
		out.view = ref()
	case err != nil && r.ctx.Err() != nil:
		return err
	case err != nil:
		t.mu.Lock()
		out.view = out.try.last
		t.mu.Unlock()
	}
	return nil
}

// applyLocked applies the first edit of the log. Needs mu.
func (t *Table[K, V]) applyLocked(e *edit[K, V], out effect[K, V]) {
	n := t.applied + 1
	if e.kind != looked {
		t.partLocked()
	}
	switch e.kind {
	case assigned:
		s := e.slot
		if out.target != nil {
			s = slot[V]{v: out.v, known: true}
		}
		invariant.Check(s.known || n > t.written, "a handle before a writer is applied as it is")
		t.rows.assign(e.key, s, n)
	case removed:
		t.rows.remove(e.key, n)
	case written:
		for _, w := range out.view.writes {
			t.rows.assign(w.key, slot[V]{v: w.v, known: true}, n)
		}
	case looked:
		e.look.slot, e.look.ok = t.rows.get(e.key)
		e.look.done = true
	}
	t.appliedLocked(1)
}

// appliedLocked takes the first n edits out of the log. Needs mu.
func (t *Table[K, V]) appliedLocked(n int) {
	clear(t.log[:n])
	t.log = t.log[n:]
	t.applied += n
	if len(t.log) > 0 {
		return
	}
	t.log, t.recent, t.rows.removed = nil, nil, nil
}

// partLocked gives views that are in use a copy of the rows, which are about to change. Needs mu.
func (t *Table[K, V]) partLocked() {
	if len(t.inUse) == 0 {
		return
	}
	copied := t.rows.clone()
	for i, v := range t.inUse {
		v.part(copied)
		t.inUse[i] = nil
	}
	t.inUse = t.inUse[:0]
}
