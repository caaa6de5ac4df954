package lazy

import (
	"context"
	"fmt"
	"slices"
)

// Wait computes all that is in the table, in one run, and leaves it there. Errors are those of [Table.Map].
func (t *Table[K, V]) Wait(ctx context.Context, opts ...RunOption) error {
	return t.read(ctx, opts, func(int) {}, func(K, V) {})
}

// Map returns all values, computing what is missing in one run, in parallel. If something fails, it returns no values,
// and a [*KeyError] that names the key, or, if the context has ended, the error of [GetAll]. With [KeepGoing] it
// returns the values that could be had, and an error whose Unwrap() []error has a KeyError per key that has none, in
// order of first assignment; or the error of what could not be applied, see [Table].
func (t *Table[K, V]) Map(ctx context.Context, opts ...RunOption) (map[K]V, error) {
	var m map[K]V
	err := t.read(ctx, opts, func(n int) { m = make(map[K]V, n) }, func(k K, v V) { m[k] = v })
	if err != nil && !keepsGoing(opts) {
		return nil, err
	}
	return m, err
}

// Slice returns the values of a table whose keys are 0, 1, 2 and so on, in whatever order they were assigned, as that
// of [TableOf] always are. It is [Table.Map] otherwise; with [KeepGoing] the values that could not be had are zero. A
// key that is missing is an error that is [ErrNoKey].
func Slice[V any](ctx context.Context, t *Table[int, V], opts ...RunOption) ([]V, error) {
	var vs []V
	var there []bool
	err := t.read(ctx, opts, func(n int) {
		vs, there = make([]V, n), make([]bool, n)
		for _, k := range t.rows.handles { // a key may be there, and have no value
			if _, ok := t.rows.find(k); ok && k >= 0 && k < n {
				there[k] = true
			}
		}
	}, func(k int, v V) {
		if k >= 0 && k < len(vs) {
			vs[k], there[k] = v, true
		}
	})
	if err != nil && !keepsGoing(opts) {
		return nil, err
	}
	if missing := slices.Index(there, false); missing >= 0 {
		return nil, &KeyError[int]{Key: missing, Err: fmt.Errorf("%w: a slice of %d wants the keys 0 to %d", ErrNoKey, len(vs), len(vs)-1)}
	}
	return vs, err
}

// read computes all that is in the table. It calls begin with the number of keys, under the table's lock, and then put
// with all values that could be had, first those that were there already.
func (t *Table[K, V]) read(ctx context.Context, opts []RunOption, begin func(n int), put func(K, V)) error {
	applied := t.apply(ctx, opts, nil)
	if applied != nil && !keepsGoing(opts) {
		return firstOf(applied)
	}
	keys, ds := t.known(begin, put)
	if applied != nil || len(keys) == 0 {
		return applied
	}
	got, err := computeKeys(ctx, keys, ds, opts)
	for i, k := range keys {
		if got.ok(i) {
			put(k, got.vs[i])
		}
	}
	return err
}

// known puts the values that are known, and returns the keys that have handles.
func (t *Table[K, V]) known(begin func(n int), put func(K, V)) (keys []K, ds []Data[V]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	begin(t.rows.live)
	if n := min(len(t.rows.handles), t.rows.live); n > 0 {
		keys, ds = make([]K, 0, n), make([]Data[V], 0, n)
	}
	for i := range t.rows.list {
		switch r := &t.rows.list[i]; {
		case r.gone:
		case r.known:
			put(r.key, r.v)
		default:
			keys, ds = append(keys, r.key), append(ds, r.d)
		}
	}
	return keys, ds
}

// firstOf is the first of several errors.
func firstOf(err error) error {
	if many, ok := err.(keyErrors); ok { // as computeKeys returns it
		return many[0]
	}
	return err
}

// computeKeys computes the handles of some keys. Errors name the keys.
func computeKeys[K comparable, V any](ctx context.Context, keys []K, ds []Data[V], opts []RunOption) (outcomes[V], error) {
	got, err := getEach(ctx, ds, opts)
	if got.errs == nil {
		return got, err
	}
	var failed keyErrors
	for i, k := range keys {
		if got.errs[i] != nil {
			failed = append(failed, &KeyError[K]{Key: k, Err: got.errs[i]})
		}
	}
	if keepsGoing(opts) {
		return got, failed
	}
	return got, failed[0]
}

// outcomes are what came of several handles.
type outcomes[V any] struct {
	vs   []V     // nil: the run has ended without them
	errs []error // nil: none has failed
}

func (o *outcomes[V]) ok(i int) bool { return o.vs != nil && (o.errs == nil || o.errs[i] == nil) }

// getEach is GetAll that tells what came of each. A failure that is no handle's is the error.
func getEach[V any](ctx context.Context, ds []Data[V], opts []RunOption) (all outcomes[V], err error) {
	if keepsGoing(opts) && slices.ContainsFunc(ds, func(d Data[V]) bool { return d.n.isDonated() }) {
		return getOthers(ctx, ds, opts)
	}
	all.vs, err = GetAll(ctx, ds, opts...)
	if err == nil {
		return all, nil
	}
	if partial, ok := err.(*PartialError); ok { // GetAll returns it as it is
		all.errs = partial.Errs
		return all, nil
	}
	for i, d := range ds {
		if isOf(err, d.n) {
			all.errs = make([]error, len(ds))
			all.errs[i] = err
			return all, nil
		}
	}
	return all, err
}

// getOthers is getEach where some are donated: GetAll would refuse all.
func getOthers[V any](ctx context.Context, ds []Data[V], opts []RunOption) (outcomes[V], error) {
	all := outcomes[V]{vs: make([]V, len(ds)), errs: make([]error, len(ds))}
	var rest []Data[V]
	var at []int
	for i, d := range ds {
		if d.n.isDonated() {
			_, all.errs[i] = d.Get(ctx, opts...)
			continue
		}
		rest, at = append(rest, d), append(at, i)
	}
	got, err := getEach(ctx, rest, opts)
	for k, i := range at {
		switch {
		case got.ok(k):
			all.vs[i] = got.vs[k]
		case got.errs != nil:
			all.errs[i] = got.errs[k]
		default:
			all.errs[i] = err
		}
	}
	return all, nil
}

// isOf reports whether err is that of a run that has failed for the target n.
func isOf(err error, n *node) bool {
	e, ok := err.(*Error) // GetAll returns it as it is
	return ok && len(e.Path) > 0 && e.Path[len(e.Path)-1] == n.label()
}
