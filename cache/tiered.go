package cache

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
)

// Tiered returns a store in front of others: usually one in memory, then a directory, then a server. It panics if there
// is no store, or if one is nil.
//
// A Get asks the stores in order, until one has the entry. Those before it are given the entry, too: at once if its
// value is at hand, else when Entry.Value has read it for the first time. What they say to that is not told. A store
// that fails is passed over, and a value that cannot be read is looked for in the stores behind. If the entry is found
// all the same, Entry.Trouble has the errors; if not, they are the error of Get, or of Value. Only if all stores miss is
// it ErrMiss.
//
// A Put reaches every store, one after the other, also if one fails or ctx ends meanwhile, and returns the errors of
// all, joined. So an error does not mean that nothing was kept: ErrStays is what the store behind says to a value that
// the one in memory has kept.
//
// The store is a Lister if one of the stores is. It lists what any of them keeps, and says of an entry that it was
// evicted if one of them says so, even if another still has it.
func Tiered(stores ...Store) Store {
	if len(stores) == 0 {
		panic("cache: Tiered(): want one store or more")
	}
	t := tiered{slices.Clone(stores)}
	var listers []Lister
	for i, s := range stores {
		if s == nil {
			panic(fmt.Sprintf("cache: Tiered: store %d of %d is nil", i+1, len(stores)))
		}
		if l, ok := s.(Lister); ok {
			listers = append(listers, l)
		}
	}
	if listers == nil {
		return t
	}
	return listing{t, listers}
}

type tiered struct{ tiers []Store }

// listing is a tiered in which there are Listers.
type listing struct {
	tiered
	listers []Lister
}

// Get implements Store.
func (t tiered) Get(ctx context.Context, key Key, codec Codec) (Entry, error) {
	e, i, errs := t.find(ctx, key, codec, 0)
	switch {
	case i < 0 && errs == nil:
		return Entry{}, ErrMiss
	case i < 0:
		return Entry{}, errors.Join(errs...)
	}
	if e.AtHand() {
		t.fill(ctx, e, codec, i)
	} else {
		trouble := e.Trouble
		e = LoadedEntry(e.Meta, t.loader(key, codec, e, i))
		e.Trouble = trouble
	}
	if errs != nil {
		e.Trouble = errors.Join(append(errs, e.Trouble)...)
	}
	return e, nil
}

// find asks the stores from one on. It returns the entry and the number of the store that has it, or -1, and the errors
// of those that failed.
func (t tiered) find(ctx context.Context, key Key, codec Codec, from int) (e Entry, tier int, errs []error) {
	for i := from; i < len(t.tiers); i++ {
		e, err := t.tiers[i].Get(ctx, key, codec)
		if err == nil {
			return e, i, errs
		}
		if !errors.Is(err, ErrMiss) {
			errs = append(errs, t.inTier(i, err))
		}
		if ctx.Err() != nil && i+1 < len(t.tiers) {
			return Entry{}, -1, append(errs, ctx.Err())
		}
	}
	return Entry{}, -1, errs
}

func (t tiered) inTier(i int, err error) error {
	return fmt.Errorf("cache: store %d of %d: %w", i+1, len(t.tiers), err)
}

// loader returns the function that reads the value of an entry of store i. It may be called more than once, and by many
// goroutines; the first one to have a value hands it to the stores in front.
func (t tiered) loader(key Key, codec Codec, e Entry, i int) func(context.Context) (any, error) {
	var filled atomic.Bool
	return func(ctx context.Context) (any, error) {
		v, i, err := t.load(ctx, key, codec, e, i)
		if err == nil && filled.CompareAndSwap(false, true) {
			t.fill(ctx, NewEntry(e.Meta, v), codec, i)
		}
		return v, err
	}
}

// load reads the value of an entry of store i, or if it cannot be had, of the same entry in a store behind that. It
// returns the number of the store that it was had of.
func (t tiered) load(ctx context.Context, key Key, codec Codec, e Entry, i int) (v any, tier int, err error) {
	var errs []error
	for content := e.Meta.Content; ; {
		v, err = e.Value(ctx)
		if err == nil {
			return v, i, nil
		}
		errs = append(errs, t.inTier(i, err))
		var more []error
		e, i, more = t.find(ctx, key, codec, i+1)
		errs = append(errs, more...)
		if i < 0 || e.Meta.Content != content {
			// Whoever asks for the value may have acted upon the content, so another result will not do.
			return nil, -1, errors.Join(errs...)
		}
	}
}

// fill gives the stores in front of one an entry with its value. A store that has an entry by now keeps it: that may be
// a later one.
func (t tiered) fill(ctx context.Context, e Entry, codec Codec, tier int) {
	for _, s := range t.tiers[:tier] {
		if _, err := s.Get(ctx, e.Meta.Key, codec); err != nil {
			_ = s.Put(ctx, e, codec) // The value is there, whatever comes of this.
		}
	}
}

// Put implements Store.
func (t tiered) Put(ctx context.Context, e Entry, codec Codec) error {
	v, err := e.Value(ctx) // Once, not for each store.
	if err != nil {
		return fmt.Errorf("cache: the value to put: %w", err)
	}
	e = NewEntry(e.Meta, v)
	var errs []error
	for i, s := range t.tiers {
		if err := s.Put(ctx, e, codec); err != nil {
			errs = append(errs, t.inTier(i, err))
		}
	}
	return errors.Join(errs...)
}

// List goes through the metadata of what any of the stores keeps, each key once, in no order.
func (l listing) List(ctx context.Context) iter.Seq[*Meta] {
	return func(yield func(*Meta) bool) {
		seen := make(map[Key]struct{})
		for _, lister := range l.listers {
			for m := range lister.List(ctx) {
				if _, again := seen[m.Key]; again {
					continue
				}
				seen[m.Key] = struct{}{}
				if !yield(m) {
					return
				}
			}
		}
	}
}

// Evicted reports whether one of the stores has dropped an entry under key to make room, as far as it remembers.
func (l listing) Evicted(key Key) bool {
	return slices.ContainsFunc(l.listers, func(lister Lister) bool { return lister.Evicted(key) })
}
