package lazy

import (
	"context"
	"errors"
)

// look is what an At that comes after a pending call of a writer will have seen. Guarded by the table's mu.
type look[V any] struct {
	slot[V]
	number int // of its edit
	ok     bool
	done   bool // it has been looked
	err    error
}

var errDiscarded = errors.New("what was to be applied before was discarded")

// lookLocked needs mu.
func (t *Table[K, V]) lookLocked(key K) Data[V] {
	l := &look[V]{number: t.applied + len(t.log)}
	t.recent = nil // what is assigned from now on is not seen, and may depend on this
	t.log = append(t.log, edit[K, V]{kind: looked, key: key, look: l})
	return Bind0(func(ctx context.Context) (Data[V], error) {
		err := t.apply(ctx, nil, l)
		t.mu.Lock()
		defer t.mu.Unlock()
		switch {
		case l.done && l.ok: // whatever has failed comes later
			return l.handle(), nil
		case l.done && l.err != nil:
			return Data[V]{}, &KeyError[K]{Key: key, Err: l.err}
		case l.done:
			return Data[V]{}, &KeyError[K]{Key: key, Err: t.noKey(key)}
		}
		return Data[V]{}, keyError(key, firstOf(err))
	}, Name("At"))()
}
