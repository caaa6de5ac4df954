package comm

import (
	"context"
	"reflect"
)

// Barrier waits until all ranks have called it. What a rank did before its Barrier synchronizes before the return of
// every rank's.
func (c *Comm) Barrier(ctx context.Context) error {
	_, err := c.meet(ctx, Op{Name: "Barrier", Root: NoRoot}, false, nil)
	return err
}

// Broadcast returns the root's v at every rank. What other ranks pass does not matter.
//
// v is not copied: all ranks get the same, so none must write to what it points to. The root does not wait.
func Broadcast[T any](ctx context.Context, c *Comm, root int, v T) (T, error) {
	var given any
	if c.is(root) {
		given = v
	}
	vs, err := c.meet(ctx, Op{Name: "Broadcast", Type: reflect.TypeFor[T](), Root: root, Out: true}, true, given)
	return first[T](vs, err)
}

// Scatter gives each rank its element of the root's vs: rank i gets vs[i]. What other ranks pass does not matter. A vs
// that has not one element for each rank is an error at every rank.
//
// Each element belongs to the rank that gets it now. The root does not wait.
func Scatter[T any](ctx context.Context, c *Comm, root int, vs []T) (T, error) {
	var parts []any
	if c.is(root) {
		parts = make([]any, len(vs))
		for i, v := range vs {
			parts[i] = v
		}
	}
	got, err := c.meet(ctx, Op{Name: "Scatter", Type: reflect.TypeFor[T](), Root: root, Out: true, Split: true}, true, parts)
	return first[T](got, err)
}

// Gather returns at the root what all ranks have passed, by rank, in a slice that belongs to the root; at the others
// nil. Each v belongs to the root now. Only the root waits.
func Gather[T any](ctx context.Context, c *Comm, root int, v T) ([]T, error) {
	vs, err := c.meet(ctx, Op{Name: "Gather", Type: reflect.TypeFor[T](), Root: root}, true, v)
	return all[T](vs, err)
}

// AllGather returns what all ranks have passed, by rank. The slice belongs to the caller; its elements are the same at
// all ranks, so none must write to what they point to.
func AllGather[T any](ctx context.Context, c *Comm, v T) ([]T, error) {
	vs, err := c.meet(ctx, Op{Name: "AllGather", Type: reflect.TypeFor[T](), Root: NoRoot}, false, v)
	return all[T](vs, err)
}

// Reduce returns at the root op(op(v0, v1), v2) and so on, where vi is what rank i has passed; at the others the zero
// value. The order is always this, that of a serial loop, so even a sum of floats is the same to the last bit every
// time. op runs at the root only, which alone waits.
//
// Each v belongs to the root now, so op may write to what its first argument points to, and return it.
func Reduce[T any](ctx context.Context, c *Comm, root int, v T, op func(a, b T) T) (T, error) {
	mustOp("Reduce", op == nil)
	vs, err := c.meet(ctx, Op{Name: "Reduce", Type: reflect.TypeFor[T](), Root: root}, true, v)
	return fold(vs, err, op)
}

// AllReduce is Reduce whose result all ranks get: it is the same at all of them, so none must write to what it points
// to. op runs at rank 0 only.
func AllReduce[T any](ctx context.Context, c *Comm, v T, op func(a, b T) T) (T, error) {
	mustOp("AllReduce", op == nil)
	how := Op{Name: "AllReduce", Type: reflect.TypeFor[T]()}
	vs, err := c.meet(ctx, how, false, v)
	sum, err := fold(vs, err, op)
	if err != nil {
		return sum, err
	}
	how.Out = true
	var given any
	if c.is(how.Root) {
		given = sum
	}
	vs, err = c.meetAgain(ctx, how, given)
	return first[T](vs, err)
}

// meet numbers op and takes part in it. Rooted: its root is what the caller gave, to be checked.
func (c *Comm) meet(ctx context.Context, op Op, rooted bool, v any) ([]any, error) {
	if err := c.begin(ctx, op.Name); err != nil {
		return nil, err
	}
	defer c.done()
	if rooted {
		if err := c.checkRank(op.Name, "the root", op.Root); err != nil {
			return nil, err
		}
	}
	c.collectives++
	op.Number = c.collectives
	return c.end.Meet(ctx, op, v)
}

// meetAgain takes part in the second op of an operation that meet has begun.
func (c *Comm) meetAgain(ctx context.Context, op Op, v any) ([]any, error) {
	if err := c.begin(ctx, op.Name); err != nil {
		return nil, err
	}
	defer c.done()
	op.Number = c.collectives
	return c.end.Meet(ctx, op, v)
}

// is tells whether c is that rank's. A nil c is none's: that is for begin to tell.
func (c *Comm) is(rank int) bool { return c != nil && c.rank == rank }

func mustOp(name string, missing bool) {
	if missing {
		panic("comm: " + name + " needs a function that makes one value of two, got nil")
	}
}

// first returns the value that Meet has returned, if any.
func first[T any](vs []any, err error) (T, error) {
	if err != nil || len(vs) == 0 {
		var none T
		return none, err
	}
	return unbox[T](vs[0]), nil
}

// all returns the values that Meet has returned.
func all[T any](vs []any, err error) ([]T, error) {
	if err != nil || len(vs) == 0 {
		return nil, err
	}
	out := make([]T, len(vs))
	for i, v := range vs {
		out[i] = unbox[T](v)
	}
	return out, nil
}

// fold makes one value of those that Meet has returned, from the left.
func fold[T any](vs []any, err error, op func(a, b T) T) (T, error) {
	sum, err := first[T](vs, err)
	if err != nil || len(vs) == 0 {
		return sum, err
	}
	for _, v := range vs[1:] {
		sum = op(sum, unbox[T](v))
	}
	return sum, nil
}
