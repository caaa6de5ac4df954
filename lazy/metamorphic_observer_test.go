package lazy

import (
	"sync"

	"github.com/dally-go/dally/graph"
)

// watcherOf is an observer that checks that what it is told makes sense.
type watcherOf struct {
	mu      sync.Mutex
	runs    map[uint64]bool   // those going on. Guarded by mu
	calls   map[graph.ID]bool // those running. Guarded by mu
	done    map[graph.ID]int  // how often each was Done. Guarded by mu
	started int               // calls. Guarded by mu
	found   problems
}

func (o *watcherOf) RunStarted(r RunInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.runs == nil {
		o.runs, o.calls, o.done = make(map[uint64]bool), make(map[graph.ID]bool), make(map[graph.ID]int)
	}
	if o.runs[r.ID] || r.Calls < 1 || r.Start.IsZero() {
		o.found.add("run %+v started wrongly", r)
	}
	o.runs[r.ID] = true
}

func (o *watcherOf) CallStarted(c CallInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.runs[c.Run] || o.calls[c.ID] || c.State != graph.Running || c.Name == "" {
		o.found.add("call %+v started wrongly", c)
	}
	o.calls[c.ID] = true
	o.started++
}

func (o *watcherOf) CallDone(c CallInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ran := o.calls[c.ID]
	switch c.State {
	case graph.Done:
		o.done[c.ID]++
		if !ran || c.Err != nil {
			o.found.add("call %+v done wrongly", c)
		}
	case graph.Cached:
		if ran || c.Err != nil {
			o.found.add("call %+v cached wrongly", c)
		}
	case graph.Failed, graph.Pending:
		if !ran || c.Err == nil {
			o.found.add("call %+v failed wrongly", c)
		}
	case graph.Skipped:
		if c.Err == nil { // another run may have it running by now
			o.found.add("call %+v skipped wrongly", c)
		}
		return
	default:
		o.found.add("call %+v ended in no state to end in", c)
	}
	if !o.runs[c.Run] || c.End.Before(c.Start) {
		o.found.add("call %+v ended outside its run or time", c)
	}
	delete(o.calls, c.ID)
}

func (o *watcherOf) RunDone(r RunInfo) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.runs[r.ID] || r.End.Before(r.Start) {
		o.found.add("run %+v ended wrongly", r)
	}
	delete(o.runs, r.ID)
}

// check is called when everything is over.
func (o *watcherOf) check(w *world) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.found.all() {
		w.found.add("observer: %s", s)
	}
	if len(o.runs) > 0 || len(o.calls) > 0 {
		w.found.add("observer: runs %v and calls %v have not ended", o.runs, o.calls)
	}
	for k, id := range w.ids {
		if st := w.states[k]; w.steps[k].once() && o.done[graph.ID(id)] != int(st.done.Load()) {
			w.found.add("observer: step %d was done %d times, of %d", k, o.done[graph.ID(id)], st.done.Load())
		}
	}
}
