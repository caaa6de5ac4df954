package lazy

import (
	"context"
	"fmt"
)

// Run computes the targets, as Get does, and leaves their values in the handles. It returns nil if all have one; with
// [KeepGoing] and several targets a [*PartialError], by index; else an [*Error]. Targets may be of any types.
func Run(ctx context.Context, targets []Target, opts ...RunOption) error {
	nodes := make([]*node, len(targets))
	for i, t := range targets {
		if t != nil {
			nodes[i] = t.target()
		}
	}
	r, err := forceAll(ctx, "run", nodes, opts)
	r.free()
	return err
}

// GetAll computes all handles in one run and returns their values, in order. What they share is computed once. If a
// call fails, or ctx ends, the values are nil. With [KeepGoing] a failure leaves those that could be had, zero elsewhere, and
// the error is a [*PartialError] that tells by index which; what there is when ctx ends stays in the handles.
func GetAll[T any](ctx context.Context, ds []Data[T], opts ...RunOption) ([]T, error) {
	nodes := make([]*node, len(ds))
	for i, d := range ds {
		nodes[i] = d.n
	}
	r, err := forceAll(ctx, "get", nodes, opts)
	if _, partial := err.(*PartialError); err != nil && !partial { // forceAll returns it as it is
		return nil, err
	}
	vs := make([]T, len(ds))
	for i := range ds {
		vs[i] = valueOr[T](r, err, i)
	}
	r.free()
	return vs, err
}

// Get2 computes two handles of different types in one run. Errors are those of [Run]; values that could not be had are
// zero.
func Get2[A, B any](ctx context.Context, a Data[A], b Data[B], opts ...RunOption) (A, B, error) {
	r, err := forceAll(ctx, "get", []*node{a.n, b.n}, opts)
	defer r.free()
	return valueOr[A](r, err, 0), valueOr[B](r, err, 1), err
}

// Get3 is [Get2] for three handles.
func Get3[A, B, C any](ctx context.Context, a Data[A], b Data[B], c Data[C], opts ...RunOption) (A, B, C, error) {
	r, err := forceAll(ctx, "get", []*node{a.n, b.n, c.n}, opts)
	defer r.free()
	return valueOr[A](r, err, 0), valueOr[B](r, err, 1), valueOr[C](r, err, 2), err
}

// valueOr returns the value of target i if err does not say that it has none.
func valueOr[T any](r *run, err error, i int) (v T) {
	if err != nil {
		partial, ok := err.(*PartialError) // forceAll returns it as it is
		if !ok || partial.Errs[i] != nil {
			return v
		}
	}
	return *(*T)(r.valueOf(i).p)
}

// force computes one target. It returns an *Error.
func force(ctx context.Context, op string, target *node, opts []RunOption) (*run, error) {
	r, err := runFor(ctx, op, []*node{target}, opts)
	if err != nil || r.n == 0 {
		return r, err
	}
	return r, r.result(false)
}

// forceAll computes the targets. It returns an *Error or, if the run was to keep going, a *PartialError.
func forceAll(ctx context.Context, op string, targets []*node, opts []RunOption) (*run, error) {
	r, err := runFor(ctx, op, targets, opts)
	if err != nil || r.n == 0 {
		return r, err
	}
	return r, r.result(r.options.keepGoing)
}

// runFor runs what the targets need and waits for it. The run it returns is over, and to be freed; n is 0 if
// there was nothing to do.
func runFor(ctx context.Context, op string, targets []*node, opts []RunOption) (*run, error) {
	if ctx == nil {
		panic("lazy: " + op + ": the context is nil")
	}
	for i, t := range targets {
		if t == nil && (len(targets) == 1 || !keepsGoing(opts)) {
			return nil, &Error{Op: op, Call: fmt.Sprintf("target %d of %d", i+1, len(targets)), Err: ErrZeroData}
		}
		if t == nil {
			targets[i] = zeroTarget(i, len(targets))
			continue
		}
		if t.isDonated() && op != opRecord {
			return nil, &Error{Op: op, Call: t.label(), Where: t.fn.where, Path: []string{t.label()}, Err: t.donatedError()}
		}
	}
	o, outer, err := settle(ctx, opts)
	if err != nil {
		return nil, &Error{Op: op, Call: firstLabel(targets), Err: err}
	}
	if ctx.Err() != nil && !allReady(targets) { // to plan takes its time
		return nil, left(ctx, op, targets)
	}
	r := newRun(ctx, op, targets, o, outer, nil)
	if outer != nil {
		outer.foundAll(targets...)
	}
	if r.n == 0 {
		if r.hooks != nil && r.hooks.err != nil {
			return r, &Error{Op: op, Call: "observer", Err: r.hooks.err}
		}
		return r, nil
	}
	if ctx.Err() != nil {
		r.halt(ErrNoWaiters)
		if r.begun == nil {
			r.leaveView()
			return nil, left(ctx, op, targets)
		}
	}
	all, started, gone := r.makeSmall(ctx)
	switch {
	case all:
		return r, nil
	case gone:
		return nil, left(ctx, op, targets)
	case !started:
		r.start()
	}
	if !r.wait(ctx) {
		return nil, left(ctx, op, targets)
	}
	if outer != nil {
		outer.got(r)
	}
	return r, nil
}

// allReady reports whether no target is known to have to run.
func allReady(targets []*node) bool {
	for _, t := range targets {
		if !t.ready() {
			return false
		}
	}
	return true
}

// zeroTarget is a call that fails as the i-th of n targets that is a zero Data.
func zeroTarget(i, n int) *node {
	missing := Wrap0(func(context.Context) (struct{}, error) { return struct{}{}, ErrZeroData }, Name(fmt.Sprintf("target %d of %d", i+1, n)))
	return missing().n
}

// result tells how a run that is over came out; partially, by index.
func (r *run) result(partially bool) error {
	first := r.firstFailure()
	switch {
	case r.hooks != nil && r.hooks.err != nil:
		return &Error{Op: r.op, Call: "observer", Err: r.hooks.err}
	case first == nil && !r.halted.Load():
		return nil
	case partially:
		return r.partial()
	case len(r.targets) == 1 && r.valueOf(0).p != nil:
		return nil
	case len(r.targets) == 1 || first == nil:
		return r.errorOf(int32(r.n - 1)) // a single target is planned last
	default:
		return r.errorOf(r.targetBehind(first.at))
	}
}

// free gives back what the run was planned with, if it came out well: else others may still look at it.
func (r *run) free() {
	if r != nil && r.plan != nil && !r.keepsPlan && !r.halted.Load() && r.firstFailure() == nil {
		r.plan.free()
	}
}

// partial has an error per target that has no value; nil if all have one.
func (r *run) partial() error {
	errs := make([]error, len(r.targets))
	failed := false
	for i := range r.targets {
		if r.valueOf(i).p == nil {
			errs[i], failed = r.errorOf(r.plan.targets[i].pos), true
		}
	}
	if !failed {
		return nil
	}
	return &PartialError{Errs: errs}
}

// left is the error of a caller whose context has ended.
func left(ctx context.Context, op string, targets []*node) error {
	err := ctx.Err()
	if cause := context.Cause(ctx); cause != err { // whether there is another one
		err = fmt.Errorf("%w: %w", err, cause)
	}
	label := firstLabel(targets)
	return &Error{Op: op, Call: label, Path: []string{label}, Err: err}
}

// firstLabel names what a Get was for.
func firstLabel(targets []*node) string {
	switch len(targets) {
	case 0:
		return "nothing"
	case 1:
		return targets[0].label()
	}
	return fmt.Sprintf("%s and %d more", targets[0].label(), len(targets)-1)
}

// appendNew appends the nodes that are not there yet.
func appendNew(to []*node, nodes ...*node) []*node {
	have := make(map[*node]bool, len(to))
	for _, n := range to {
		have[n] = true
	}
	for _, n := range nodes {
		if !have[n] {
			have[n] = true
			to = append(to, n)
		}
	}
	return to
}
