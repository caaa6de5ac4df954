package lazy

import (
	"context"
	"sync"

	"github.com/dally-go/dally/internal/invariant"
)

// # How writes are applied
//
// What is done to a table while calls of writers are pending is a list of edits, in the order of the program. A read
// seals it: the edits become a batch, which is applied by a call of its own, so that one goroutine applies it and any
// number wait, with all that the engine knows about waiting, cancelling and cycles.
//
//	Set, Put, writer(…), At  →  open  →  batch  →  batch.apply, the function of the call batch.done
//	                                                 1. the handles in the table become values
//	                                                 2. all writers run, each with a view of the rows as they are; nobody
//	                                                    writes to rows meanwhile, so they are read without t.mu
//	                                                 3. edit by edit: what the views have noted is applied, under t.mu;
//	                                                    one that has read what was written since runs again
//
// While a batch is there, only its apply writes to t.rows: whatever else is done to the table goes to open. Between 2
// and 3 no view may refer to the rows any more. A view ends with its function; one whose function was abandoned gets a copy.
//
// If an edit fails, apply ends there; what it has applied stays so, and the next read goes on with the edit that failed.
// Views of calls behind it that are there already are used then: for as long as the batch lasts it is
// known which of its edits wrote to a key.

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

// writeBatch is what one read applies. Guarded by the table's mu, but for what apply alone uses.
type writeBatch[K comparable, V any] struct {
	t     *Table[K, V]
	edits []edit[K, V]
	next  int            // edits that have been applied
	done  Data[struct{}] // the call that applies it
	opts  []RunOption    // of the read that came last

	// Used by apply alone. An edit is known by its number, from 1.
	changed map[K]int // the last edit that wrote to a key
	any     int       // the last that wrote at all
	shape   int       // the last that added or removed a key
}

// apply is the function of b.done. It may be called again when all is done, if a source has changed.
func (b *writeBatch[K, V]) apply(ctx context.Context) error {
	opts, writers := b.left()
	if writers > 0 {
		if err := b.settleHandles(ctx, opts); err != nil {
			return err
		}
	}
	defer b.release()
	got, err := b.runWriters(ctx, writers, opts)
	if err != nil {
		return err
	}
	b.release()
	for k := b.next; k < len(b.edits); k++ { // nobody else writes next
		c := &b.edits[k]
		out := got[k]
		if c.kind == written && !b.stands(out) {
			out = b.runAgain(ctx, k, opts)
		}
		if out.err != nil {
			return out.err
		}
		b.t.mu.Lock()
		b.applyLocked(c, out)
		b.next++
		b.t.mu.Unlock()
	}
	b.finish()
	return nil
}

// left returns the options of the run, and how many of the edits that are left come before the last writer, or are it.
func (b *writeBatch[K, V]) left() (opts []RunOption, writers int) {
	b.t.mu.Lock()
	defer b.t.mu.Unlock()
	for k := len(b.edits) - 1; k >= b.next; k-- {
		if b.edits[k].kind == written {
			writers = k + 1 - b.next
			break
		}
	}
	opts = append([]RunOption(nil), b.opts...)
	return append(opts, KeepGoing()), writers
}

// settleHandles has the handles in the table become values: writers may read any of them.
func (b *writeBatch[K, V]) settleHandles(ctx context.Context, opts []RunOption) error {
	t := b.t
	t.mu.Lock()
	var all []row[K, V]
	var which []int
	seen := make(map[K]bool, len(t.rows.handles))
	for _, k := range t.rows.handles {
		if s, ok := t.rows.get(k); ok && !s.known && !seen[k] {
			seen[k] = true
			which = append(which, len(all))
			all = append(all, row[K, V]{key: k, slot: s})
		}
	}
	t.rows.handles = t.rows.handles[:0]
	t.mu.Unlock()
	if len(all) == 0 {
		return nil
	}
	err := compute(ctx, all, which, opts)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range all {
		s := all[i].slot
		if s.known {
			s.d = Data[V]{}
		}
		t.rows.assign(all[i].key, s)
	}
	return err
}

// effect is what came of an edit that had to be computed.
type effect[K comparable, V any] struct {
	view     *view[K, V] // of a writer; also of one that has failed, if it was called
	v        V           // of a handle
	computed bool        // v is its value
	err      error
}

// runWriters runs the writers that are left, and computes the handles that were assigned between them, all in one run.
func (b *writeBatch[K, V]) runWriters(ctx context.Context, writers int, opts []RunOption) (map[int]effect[K, V], error) {
	got := make(map[int]effect[K, V], writers)
	var targets []*node
	var at []int // in edits
	for k := b.next; k < b.next+writers; k++ {
		switch c := &b.edits[k]; {
		case c.kind == written:
			c.call.prepare(b.next)
			targets, at = append(targets, c.call.call.n), append(at, k)
		case c.kind == assigned && !c.slot.known:
			if c.slot.d.n.isDonated() { // forceAll would refuse all
				_, err := c.slot.d.Get(ctx)
				got[k] = effect[K, V]{err: keyError(c.key, err)}
				continue
			}
			targets, at = append(targets, c.slot.d.n), append(at, k)
		}
	}
	if len(targets) == 0 {
		return got, nil
	}
	r, err := forceAll(ctx, "get", targets, opts)
	partial, isPartial := err.(*PartialError) // forceAll returns it as it is
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && !isPartial:
		return nil, err
	}
	for i, k := range at {
		c := &b.edits[k]
		switch {
		case isPartial && partial.Errs[i] != nil && c.kind == written:
			got[k] = effect[K, V]{view: c.call.lastView(), err: partial.Errs[i]}
		case isPartial && partial.Errs[i] != nil:
			got[k] = effect[K, V]{err: keyError(c.key, partial.Errs[i])}
		case c.kind == written:
			got[k] = effect[K, V]{view: valueOr[*view[K, V]](r, err, i)}
		default:
			got[k] = effect[K, V]{v: valueOr[V](r, err, i), computed: true}
		}
	}
	r.free()
	return got, nil
}

// stands reports whether a writer would do the same now: whether nothing that it has seen has been written to since.
// Without a view it was never called: either an argument has failed, or run had nothing to do.
func (b *writeBatch[K, V]) stands(e effect[K, V]) bool {
	v := e.view
	if v == nil {
		return e.err != nil
	}
	v.mu.Lock() // its function may be abandoned, and running
	defer v.mu.Unlock()
	if v.all && b.any > v.since || v.shape && b.shape > v.since {
		return false
	}
	for k := range v.reads {
		if b.changed[k] > v.since {
			return false
		}
	}
	return true
}

// runAgain runs the writer of edit k where it stands in the order of the program.
func (b *writeBatch[K, V]) runAgain(ctx context.Context, k int, opts []RunOption) (out effect[K, V]) {
	c := b.edits[k].call
	c.renew()
	c.prepare(k)
	defer c.release(sync.OnceValue(b.t.rows.clone))
	out.view, out.err = c.call.Get(ctx, opts...)
	invariant.Check(out.err != nil || out.view != nil, "a writer that was to run has no view")
	return out
}

// applyLocked needs the table's mu.
func (b *writeBatch[K, V]) applyLocked(c *edit[K, V], out effect[K, V]) {
	rows := &b.t.rows
	switch c.kind {
	case assigned:
		s := c.slot
		if !s.known && out.computed {
			s = slot[V]{v: out.v, known: true}
		}
		b.assignLocked(c.key, s)
	case removed:
		if rows.remove(c.key) {
			b.note(c.key, true)
		}
	case written:
		for _, w := range out.view.writes {
			b.assignLocked(w.key, slot[V]{v: w.v, known: true})
		}
	case looked:
		c.look.slot, c.look.ok = rows.get(c.key)
		c.look.done = true
	}
}

func (b *writeBatch[K, V]) assignLocked(key K, s slot[V]) { b.note(key, b.t.rows.assign(key, s)) }

// note notes that the edit that is being applied has written to a key.
func (b *writeBatch[K, V]) note(key K, shape bool) {
	n := b.next + 1
	b.changed[key], b.any = n, n
	if shape {
		b.shape = n
	}
}

// release parts views that are still in use from the table's rows.
func (b *writeBatch[K, V]) release() {
	copied := sync.OnceValue(b.t.rows.clone)
	for k := range b.edits {
		if c := b.edits[k].call; c != nil {
			c.release(copied)
		}
	}
}

// finish takes b, of which all is applied, from the table.
func (b *writeBatch[K, V]) finish() {
	t := b.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.sealed) == 0 || t.sealed[0] != b {
		return // it has been taken
	}
	t.sealed[0] = nil
	t.sealed = t.sealed[1:]
	b.edits, b.changed, b.next = nil, nil, 0
	if len(t.sealed) > 0 {
		return
	}
	// What was assigned meanwhile need not wait for a read.
	n := 0
	for n < len(t.open) && (t.open[n].kind == assigned || t.open[n].kind == removed) {
		n++
	}
	if n == len(t.open) {
		t.rows.applyKnown(t.open)
		t.open = nil
		clear(t.recent)
	}
}
