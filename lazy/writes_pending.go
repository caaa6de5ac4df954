package lazy

import (
	"context"
	"errors"
	"slices"
)

// look is what an At that comes after a pending call of a writer will have seen. Guarded by the table's mu.
type look[V any] struct {
	slot[V]
	ok   bool
	done bool // it has been looked
}

// lookLocked needs mu.
func (t *Table[K, V]) lookLocked(key K) Data[V] {
	l := &look[V]{}
	delete(t.recent, key) // what is assigned from now on is not seen
	t.open = append(t.open, edit[K, V]{kind: looked, key: key, look: l})
	return Bind0(func(ctx context.Context) (Data[V], error) {
		err := t.apply(ctx, nil, l)
		t.mu.Lock()
		defer t.mu.Unlock()
		switch {
		case l.done && l.ok: // whatever has failed comes later
			return l.handle(), nil
		case l.done:
			return Data[V]{}, &KeyError[K]{Key: key, Err: t.noKey(key)}
		}
		return Data[V]{}, keyError(key, firstOf(err))
	}, Name("At"))()
}

// apply applies what was done before now, or, if until is not nil, before that.
func (t *Table[K, V]) apply(ctx context.Context, opts []RunOption, until *look[V]) error {
	for _, b := range t.toApply(opts, until) {
		if _, err := b.done.Get(ctx, opts...); err != nil {
			var e *applyError
			if errors.As(err, &e) {
				return e.err
			}
			return err
		}
	}
	return nil
}

// toApply returns what has to be applied, in order.
func (t *Table[K, V]) toApply(opts []RunOption, until *look[V]) []*writeBatch[K, V] {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until != nil && until.done {
		return nil
	}
	is := func(c edit[K, V]) bool { return c.look == until }
	for i, b := range t.sealed {
		b.opts = opts
		if until != nil && slices.ContainsFunc(b.edits, is) {
			return slices.Clone(t.sealed[:i+1])
		}
	}
	n := len(t.open)
	if until != nil {
		n = slices.IndexFunc(t.open, is) + 1
	}
	if n > 0 {
		t.sealLocked(n)
		t.sealed[len(t.sealed)-1].opts = opts
	}
	return slices.Clone(t.sealed)
}

// applyError is what apply returns, to be told from what befalls the call that calls it.
type applyError struct{ err error }

func (e *applyError) Error() string { return e.err.Error() }
func (e *applyError) Unwrap() error { return e.err }

// sealLocked makes a batch of the first n edits of open. Needs mu.
func (t *Table[K, V]) sealLocked(n int) {
	b := &writeBatch[K, V]{t: t, edits: t.open[:n:n], changed: make(map[K]int)}
	b.done = Wrap0(func(ctx context.Context) (none struct{}, err error) {
		if err := b.apply(ctx); err != nil {
			return none, &applyError{err}
		}
		return none, nil
	}, Name("Table"))()
	t.sealed = append(t.sealed, b)
	t.open = slices.Clone(t.open[n:])
	clear(t.recent)
}
