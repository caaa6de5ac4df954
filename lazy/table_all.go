package lazy

import (
	"context"
	"fmt"
	"slices"
)

// Wait computes all that is in the table, in one run, and leaves it there. Errors are those of [Table.Map].
func (t *Table[K, V]) Wait(ctx context.Context, opts ...RunOption) error {
	_, err := t.values(ctx, opts)
	return err
}

// Map returns all values, computing what is missing in one run, in parallel. If something fails, it returns no values,
// and a [*KeyError] that names the key, or, if the context has ended, the error of [GetAll]. With [KeepGoing] it returns
// the values that could be had, and an error whose Unwrap() []error has a KeyError per key that has none, in order of
// first assignment; or the error of what could not be applied, see [Table].
func (t *Table[K, V]) Map(ctx context.Context, opts ...RunOption) (map[K]V, error) {
	all, err := t.values(ctx, opts)
	if err != nil && !keepsGoing(opts) {
		return nil, err
	}
	m := make(map[K]V, len(all))
	for i := range all {
		if all[i].known {
			m[all[i].key] = all[i].v
		}
	}
	return m, err
}

// Slice returns the values of a table whose keys are 0, 1, 2 and so on, in whatever order they were assigned, as that of
// [TableOf] always are. It is [Table.Map] otherwise; with [KeepGoing] the values that could not be had are zero. A key
// that is missing is an error that is [ErrNoKey].
func Slice[V any](ctx context.Context, t *Table[int, V], opts ...RunOption) ([]V, error) {
	all, err := t.values(ctx, opts)
	if err != nil && !keepsGoing(opts) {
		return nil, err
	}
	vs, there := make([]V, len(all)), make([]bool, len(all))
	for i := range all {
		if k := all[i].key; k >= 0 && k < len(all) {
			vs[k], there[k] = all[i].v, true
		}
	}
	if missing := slices.Index(there, false); missing >= 0 {
		return nil, &KeyError[int]{Key: missing, Err: fmt.Errorf("%w: a slice of %d wants the keys 0 to %d", ErrNoKey, len(all), len(all)-1)}
	}
	return vs, err
}

// values returns all rows, with the values that could be had.
func (t *Table[K, V]) values(ctx context.Context, opts []RunOption) ([]row[K, V], error) {
	applied := t.apply(ctx, opts, nil)
	if applied != nil && !keepsGoing(opts) {
		return nil, firstOf(applied)
	}
	t.mu.Lock()
	all := make([]row[K, V], 0, t.rows.live)
	var handles []int // in all
	for i := range t.rows.list {
		if r := &t.rows.list[i]; !r.gone {
			if !r.known {
				handles = append(handles, len(all))
			}
			all = append(all, *r)
		}
	}
	t.mu.Unlock()
	if applied != nil || len(handles) == 0 {
		return all, applied
	}
	return all, compute(ctx, all, handles, opts)
}

// firstOf is the first of several errors.
func firstOf(err error) error {
	if many, ok := err.(keyErrors); ok { // as values and batch return it
		return many[0]
	}
	return err
}

// compute computes some rows of all.
func compute[K comparable, V any](ctx context.Context, all []row[K, V], which []int, opts []RunOption) error {
	ds := make([]Data[V], len(which))
	for i, at := range which {
		ds[i] = all[at].d
	}
	got, err := getEach(ctx, ds, opts)
	var failed keyErrors
	for i, at := range which {
		switch g := got[i]; {
		case g.err != nil:
			failed = append(failed, &KeyError[K]{Key: all[at].key, Err: g.err})
		case g.ok:
			all[at].v, all[at].known = g.v, true
		}
	}
	switch {
	case len(failed) == 0:
		return err
	case keepsGoing(opts):
		return failed
	}
	return failed[0]
}

// outcomeOf is what came of one of several handles. Neither ok nor an error: the run has ended without it.
type outcomeOf[V any] struct {
	v   V
	ok  bool
	err error
}

// getEach is GetAll that tells what came of each. A failure that is no handle's is the error.
func getEach[V any](ctx context.Context, ds []Data[V], opts []RunOption) ([]outcomeOf[V], error) {
	all := make([]outcomeOf[V], len(ds))
	var rest []Data[V]
	var at []int
	for i, d := range ds {
		if d.n.isDonated() && keepsGoing(opts) { // GetAll would refuse all
			_, all[i].err = d.Get(ctx, opts...)
			continue
		}
		rest, at = append(rest, d), append(at, i)
	}
	vs, err := GetAll(ctx, rest, opts...)
	partial, isPartial := err.(*PartialError) // GetAll returns it as it is
	if err != nil && !isPartial {
		for k, i := range at {
			if isOf(err, rest[k].n) {
				all[i].err = err
				return all, nil
			}
		}
		return all, err
	}
	for k, i := range at {
		if isPartial && partial.Errs[k] != nil {
			all[i].err = partial.Errs[k]
		} else {
			all[i].v, all[i].ok = vs[k], true
		}
	}
	return all, nil
}

// isOf reports whether err is that of a run that has failed for the target n.
func isOf(err error, n *node) bool {
	e, ok := err.(*Error) // GetAll returns it as it is
	return ok && len(e.Path) > 0 && e.Path[len(e.Path)-1] == n.label()
}
