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
	defer cancel()
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
	o.values, o.err = w.call1(ctx, q)
	o.cancelled = ctx.Err() != nil
	wg.Wait()
	return o
}

// The forms of a get.
const (
	formGet = iota
	formGet2
	formRun
	formGetAll
	numForms
)

// settled makes a get that can be run: some forms are for so many targets.
func (q get) settled() get {
	switch {
	case q.form == formGet:
		q.targets = q.targets[:1]
	case q.form == formGet2 && len(q.targets) != 2:
		q.form = formGetAll
	}
	return q
}

func (w *world) call1(ctx context.Context, q get) (values []int, err error) {
	opts := []RunOption{In(w.session)}
	if q.keep {
		opts = append(opts, KeepGoing())
	}
	if q.workers > 0 {
		opts = append(opts, Workers(q.workers))
	}
	ds := make([]Data[int], len(q.targets))
	ts := make([]Target, len(q.targets))
	for i, k := range q.targets {
		ds[i], ts[i] = w.handles[k], w.handles[k]
	}
	switch q.form {
	case formGet:
		v, err := ds[0].Get(ctx, opts...)
		return []int{v}, err
	case formGet2:
		a, b, err := Get2(ctx, ds[0], ds[1], opts...)
		return []int{a, b}, err
	case formGetAll:
		return GetAll(ctx, ds, opts...)
	}
	err = Run(ctx, ts, opts...)
	values = make([]int, len(ds))
	for i, d := range ds {
		if d.n.ready() {
			values[i] = *(*int)(d.n.version().p)
		}
	}
	return values, err
}

// run runs a round, waits until nothing of it is left, and compares it with the model.
func (w *world) run(r round) []outcome {
	m := newModel(w, r)
	outcomes := make([]outcome, len(r.gets))
	goroutines := runtime.NumGoroutine()
	if len(r.gets) == 1 {
		outcomes[0] = w.do(r.gets[0])
	} else {
		var wg sync.WaitGroup
		for i, q := range r.gets {
			wg.Go(func() { outcomes[i] = w.do(q) })
		}
		wg.Wait()
	}
	for runtime.NumGoroutine() > goroutines { // what was cancelled may need a moment
		runtime.Gosched()
	}
	for _, o := range outcomes {
		w.checkOutcome(m, o)
	}
	m.calm = !slices.ContainsFunc(outcomes, func(o outcome) bool { return o.cancel >= 0 || o.err != nil && !o.keep })
	full := m.alone && (r.gets[0].keep || outcomes[0].err == nil)
	w.checkCounts(m, full && !w.isWarm() && (m.sure() || len(m.targets.causes) == 0))
	return outcomes
}

// checkOutcome compares what a get returned.
func (w *world) checkOutcome(m *model, o outcome) {
	var partial *PartialError
	switch {
	case o.err == nil:
		for i, k := range o.targets {
			w.checkValue(m, k, o.values[i])
		}
	case errors.As(o.err, &partial):
		w.checkPartial(m, o, partial)
	case o.cancelled && errors.Is(o.err, context.Canceled):
	case o.keep && len(o.targets) > 1:
		w.found.add("%+v: not a PartialError: %v", o.get, o.err)
	default:
		if o.form == formGetAll && o.values != nil {
			w.found.add("%+v: values %v besides an error", o.get, o.values)
		}
		w.checkError(m, o.err, o.targets)
	}
}

func (w *world) checkPartial(m *model, o outcome, partial *PartialError) {
	if !o.keep || len(partial.Errs) != len(o.targets) {
		w.found.add("%+v: a PartialError of %d", o.get, len(partial.Errs))
		return
	}
	for i, k := range o.targets {
		if partial.Errs[i] == nil {
			w.checkValue(m, k, o.values[i])
			continue
		}
		if o.form != formRun && o.values[i] != 0 {
			w.found.add("%+v: step %d has value %d and error %v", o.get, k, o.values[i], partial.Errs[i])
		}
		w.checkError(m, partial.Errs[i], []int{k})
	}
}

func (w *world) checkValue(m *model, k, got int) {
	if v := m.eval(k); v.must {
		w.found.add("step %d: got %d, want an error of one of steps %v", k, got, sorted(v.causes))
	} else if want := w.value(k); got != want {
		w.found.add("step %d: got %d, want %d", k, got, want)
	}
}

// checkError checks that err is what one of the targets may have failed with, and that it tells so.
func (w *world) checkError(m *model, err error, targets []int) {
	may := verdict{causes: make(map[int]bool)}
	m.evalAll(&may, targets)
	causes := sorted(may.causes)
	if !slices.ContainsFunc(causes, func(k int) bool { return w.causedBy(err, k) }) {
		w.found.add("targets %v: got error %v, want that of one of steps %v", targets, err, causes)
		return
	}
	e, ok := err.(*Error) // the outermost error
	if !ok || len(e.Path) == 0 || e.Path[0] != e.Call || e.Where == "" {
		w.found.add("targets %v: got error %#v, want an *Error whose path begins with the call", targets, err)
		return
	}
	last := e.Path[len(e.Path)-1]
	if !slices.ContainsFunc(targets, func(k int) bool { return w.handles[k].n.label() == last }) {
		w.found.add("targets %v: the path %v does not end at one of them", targets, e.Path)
	}
}

// checkCounts compares which bodies have run. exact says that it is known how often each was to run.
func (w *world) checkCounts(m *model, exact bool) {
	for k, st := range w.states {
		s, v := &w.steps[k], m.known[k]
		ran := st.tries.Load() - m.tries[k]
		if n := st.done.Load(); n > 1 && s.once() {
			w.found.add("step %d returned a value %d times", k, n)
		}
		if n := st.running.Load(); n != 0 {
			w.found.add("step %d: %d bodies still run", k, n)
		}
		runs := v != nil && v.runs
		if !runs && ran > 0 {
			w.found.add("step %d ran %d times, and was not to run", k, ran)
		}
		if runs && exact && ran != m.wantTries(k) {
			w.found.add("step %d ran %d times, want %d", k, ran, m.wantTries(k))
		}
		if ran > 0 && w.isWarm() && w.memos.had[memoName(k)] && len(s.first) == 0 { // else it runs in any case
			w.found.add("step %d ran %d times, and its result was kept", k, ran)
		}
		if n := int(st.inner.Load()); s.kind == aReduce && n > len(s.in)-1 {
			w.found.add("step %d: Reduce ran %d calls for %d inputs", k, n, len(s.in))
		}
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
