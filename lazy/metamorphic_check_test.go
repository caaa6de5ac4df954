package lazy

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
)

// outcome is what one get returned.
type outcome struct {
	get
	values    []int
	err       error
	cancelled bool // its context had ended when it returned
}

// do runs a get.
func (w *world) do(q get) outcome {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	if q.cancel >= 0 {
		wg.Go(func() {
			for range q.cancel {
				runtime.Gosched()
			}
			cancel()
		})
	}
	o := outcome{get: q}
	o.values, o.err = w.get(ctx, &o)
	o.cancelled = ctx.Err() != nil
	wg.Wait()
	cancel()
	return o
}

// get runs a get in one of its forms. Those that are for fewer targets cut them.
func (w *world) get(ctx context.Context, o *outcome) (values []int, err error) {
	opts := []RunOption{In(w.session)}
	if o.keep {
		opts = append(opts, KeepGoing())
	}
	if o.workers > 0 {
		opts = append(opts, Workers(o.workers))
	}
	ds := make([]Data[int], len(o.targets))
	ts := make([]Target, len(o.targets))
	for i, k := range o.targets {
		ds[i], ts[i] = w.handles[k], w.handles[k]
	}
	switch {
	case o.form == 0 || len(ds) == 1:
		o.targets = o.targets[:1]
		v, err := ds[0].Get(ctx, opts...)
		return []int{v}, err
	case o.form == 1 && len(ds) == 2:
		a, b, err := Get2(ctx, ds[0], ds[1], opts...)
		return []int{a, b}, err
	case o.form == 2:
		err := Run(ctx, ts, opts...)
		values = make([]int, len(ds))
		for i, d := range ds {
			if d.n.ready() {
				values[i] = *valueAt[int](d.n)
			}
		}
		return values, err
	default:
		return GetAll(ctx, ds, opts...)
	}
}

// run runs a round and compares it with the model.
func (w *world) run(r round) []outcome {
	alone := len(r.gets) == 1 && r.gets[0].cancel < 0
	m := newModel(w, alone)
	outcomes := make([]outcome, len(r.gets))
	if len(r.gets) == 1 {
		outcomes[0] = w.do(r.gets[0])
	} else {
		var wg sync.WaitGroup
		for i, q := range r.gets {
			wg.Go(func() { outcomes[i] = w.do(q) })
		}
		wg.Wait()
	}
	for k, d := range w.handles { // handles that are ready now were perhaps not so before
		if d.n != nil && w.states[k].tries.Load() > m.tries[k] {
			m.done[k] = -1
		}
	}
	for _, o := range outcomes {
		w.checkOutcome(m, o)
	}
	w.checkCounts(m, alone && (r.gets[0].keep || outcomes[0].err == nil))
	return outcomes
}

// checkOutcome compares what a get returned.
func (w *world) checkOutcome(m *model, o outcome) {
	all := &verdict{causes: make(map[int]bool)}
	m.evalAll(all, o.targets)
	var partial *PartialError
	switch {
	case o.err == nil:
		for i, k := range o.targets {
			w.checkValue(m, k, o.values, i)
		}
	case errors.As(o.err, &partial):
		if !o.keep || len(o.targets) < 2 || len(partial.Errs) != len(o.targets) {
			w.found.add("%+v: a PartialError of %d", o.get, len(partial.Errs))
			return
		}
		for i, k := range o.targets {
			if partial.Errs[i] == nil {
				w.checkValue(m, k, o.values, i)
				continue
			}
			if o.form != 2 && o.values[i] != 0 { // Run's values may be another Get's
				w.found.add("%+v: target %d has value %d and error %v", o.get, k, o.values[i], partial.Errs[i])
			}
			w.checkError(m, partial.Errs[i], []int{k})
		}
	case o.cancelled && errors.Is(o.err, context.Canceled):
	case o.keep && len(o.targets) > 1:
		w.found.add("%+v: not a PartialError: %v", o.get, o.err)
	default:
		if o.form == 3 && o.values != nil && len(o.targets) > 2 {
			w.found.add("%+v: values %v besides an error", o.get, o.values)
		}
		w.checkError(m, o.err, o.targets)
	}
}

func (w *world) checkValue(m *model, k int, values []int, i int) {
	v := m.eval(k)
	if v.must {
		w.found.add("step %d: no error, want one of steps %v", k, v.causes)
	} else if values[i] != v.value {
		w.found.add("step %d: got %d, want %d", k, values[i], v.value)
	}
}

// checkError checks that err is what one of the targets may have failed with, and that it tells so.
func (w *world) checkError(m *model, err error, targets []int) {
	causes := &verdict{causes: make(map[int]bool)}
	m.evalAll(causes, targets)
	if !slices.ContainsFunc(sorted(causes.causes), func(k int) bool { return w.causedBy(err, k) }) {
		w.found.add("targets %v: error %v, want that of one of steps %v", targets, err, sorted(causes.causes))
		return
	}
	e, ok := err.(*Error) //nolint:errorlint // the outermost error
	if !ok || len(e.Path) == 0 || e.Path[0] != e.Call || e.Where == "" {
		w.found.add("targets %v: error %#v, want an *Error whose path begins with the call", targets, err)
		return
	}
	last := e.Path[len(e.Path)-1]
	if !slices.ContainsFunc(targets, func(k int) bool { return w.handles[k].n.label() == last }) {
		w.found.add("targets %v: the path %v does not end at one of them", targets, e.Path)
	}
}

// checkCounts compares which bodies have run. exact says that nothing was kept from running by a failure elsewhere.
func (w *world) checkCounts(m *model, exact bool) {
	for k, st := range w.states {
		s, v := &w.steps[k], m.known[k]
		ran := st.tries.Load() - m.tries[k]
		if n := st.done.Load(); n > 1 && s.once() {
			w.found.add("step %d returned a value %d times", k, n)
		}
		if n := st.running.Load(); n != 0 && s.how != timed && s.how != everything { // those may be abandoned
			w.found.add("step %d: %d bodies still run", k, n)
		}
		if v == nil || !v.runs {
			if ran > 0 {
				w.found.add("step %d ran %d times, and was not to run", k, ran)
			}
			continue
		}
		if want, known := w.wantTries(m, k); exact && m.sure && known && ran != want {
			w.found.add("step %d ran %d times, want %d", k, ran, want)
		}
		if n := st.inner.Load(); s.kind == aReduce && !m.w.limited() && int(n) > len(s.in)-1 {
			w.found.add("step %d: Reduce ran %d times for %d inputs", k, n, len(s.in))
		}
	}
}

// limited reports that inner calls may be run more than once. For now they never are.
func (w *world) limited() bool { return false }

// wantTries is how often the body of a step that may run is to run in a Get where nothing is uncertain.
func (w *world) wantTries(m *model, k int) (n int32, known bool) {
	s := &w.steps[k]
	switch tries := s.how.retries() + 1; s.trouble {
	case fails:
		return tries, true
	case failsFirst:
		return min(tries, max(0, s.times-m.tries[k])+1), true
	default:
		return 1, true
	}
}

func sorted(set map[int]bool) []int {
	var list []int
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
