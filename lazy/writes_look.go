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
	delete(t.recent, key) // what is assigned from now on is not seen
	t.log = append(t.log, edit[K, V]{kind: looked, key: key, look: l})
	d := Bind0(func(ctx context.Context) (Data[V], error) {
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
	d.n.fn.looks = true
	return d
}

// mayLook reports whether the handle may depend on what was looked at in a table: whether a look is found among what it
// depends on, or that is too much to go through.
func (s slot[V]) mayLook() bool {
	const most = 64
	if s.known {
		return false
	}
	seen := map[*node]bool{s.d.n: true}
	for todo := []*node{s.d.n}; len(todo) > 0; {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if n.fn.looks || len(seen)+len(n.inputs()) > most {
			return true
		}
		for _, i := range n.inputs() {
			if !seen[i] {
				seen[i] = true
				todo = append(todo, i)
			}
		}
	}
	return false
}
