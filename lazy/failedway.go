package lazy

import (
	"context"
	"fmt"
	"slices"
)

// This file finds, for a target that has no value, the call that has failed and the way from there.

// errorOf says why the target at the given place has no value: the failure that kept it from one, and the way.
func (r *run) errorOf(pos int32) *Error {
	f := r.failureAt(pos)
	return &Error{Op: r.op, Call: f.call, Where: f.where, Path: f.way.labels(), Err: f.err}
}

// failureAt is the failure that kept call pos from a value, with the way to pos.
func (r *run) failureAt(pos int32) *failure {
	r.mu.Lock()
	f, cause := r.failures[pos], r.cause
	var back []int32 // from pos back to the call that failed, if that is known
	for at := pos; f != nil && f.via > 0; f = r.failures[at] {
		back = append(back, at)
		at = f.via - 1
	}
	if f == nil && r.first != nil && r.keeps(r.first, pos) {
		f = r.first
	}
	r.mu.Unlock()
	if f == nil {
		n := r.plan.order[pos]
		err := fmt.Errorf("%w: %w", ErrSkipped, cause)
		if cause == ErrNoWaiters { // set by halt, as it is: the parent of a Bind has been cancelled
			err = fmt.Errorf("%w: %w", context.Canceled, cause)
		}
		return &failure{at: pos, call: n.label(), where: n.fn.where, way: &way{label: n.label()}, err: err}
	}
	if back == nil {
		back = r.wayBack(f.at, pos)
	}
	g := f.movedTo(pos)
	last := r.plan.order[f.at]
	for _, i := range slices.Backward(back) {
		n := r.plan.order[i]
		g.way = &way{before: g.way, label: n.label() + n.placeOf(last)}
		last = n
	}
	return g
}

// placeOf says which of the values that n gathers is in's: "[5]"; of other calls it says nothing.
func (n *node) placeOf(in *node) string {
	k := slices.Index(n.inputs(), in)
	if n.fn.elem == nil || k < 0 { // it may only have had to come first
		return ""
	}
	return fmt.Sprintf("[%d]", k)
}

// way is the calls from the one that failed to one that has no value for it. Ways share their beginnings: a Bind that
// goes on in a Bind, and so on, has a way as long as that.
type way struct {
	before *way
	label  string
}

func (w *way) labels() []string {
	var labels []string
	for ; w != nil; w = w.before {
		labels = append(labels, w.label)
	}
	slices.Reverse(labels)
	return labels
}

// keeps reports whether f kept call pos from running: as something it depends on, or as a failure of the executor.
func (r *run) keeps(f *failure, pos int32) bool {
	return f.call == executorFailed || r.plan.shape.Path(f.at, pos) != nil
}

// executorFailed stands for a call in failures of the executor itself.
const executorFailed = "executor"

// wayBack lists the calls from one back to another, without the latter.
func (r *run) wayBack(from, to int32) []int32 {
	way := r.plan.shape.Path(from, to)
	if len(way) == 0 {
		return nil
	}
	back := slices.Clone(way[1:])
	slices.Reverse(back)
	return back
}

// targetBehind returns the place of the first target that depends on call at, or the last call's.
func (r *run) targetBehind(at int32) int32 {
	behind := make([]bool, r.n)
	behind[at] = true
	for i := int(at) + 1; i < r.n; i++ {
		for _, in := range r.needs(int32(i)) {
			behind[i] = behind[i] || behind[in]
		}
	}
	places := r.places()
	for _, t := range r.targets {
		if p, planned := places[t]; planned && behind[p] {
			return p
		}
	}
	return int32(r.n - 1)
}

// places are the numbers of all calls of the run.
func (r *run) places() map[*node]int32 {
	places := make(map[*node]int32, r.n)
	for i, n := range r.plan.order {
		places[n] = int32(i)
	}
	return places
}
