package lazy

import (
	"context"
	"slices"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/graph"
)

// seen is what a RunInfo can be asked about its run. It outlives the run.
type seen struct {
	hooks   *hooks
	session *Session
	targets []*node
	base    context.Context // the caller's
	within  CallInfo        // Run and ID of the call whose function called Get; 0: none
}

func newSeen(h *hooks, r *run) *seen {
	s := &seen{hooks: h, session: r.options.session, targets: slices.Clone(r.targets), base: r.base}
	if r.outer != nil {
		s.within = CallInfo{Run: r.outer.run.id, ID: r.outer.node.id()}
	}
	return s
}

// Context has the values of the context that the run was started with, such as the caller's trace, and never ends. A
// RunInfo that is kept keeps those values in memory.
func (i RunInfo) Context() context.Context {
	if i.seen == nil {
		return context.Background()
	}
	return executor.WithoutSlot(context.WithoutCancel(i.seen.base))
}

// Within tells the call whose function started the run, by a Get with the context that it was given, and the run which
// that call is part of. Both are 0 if there is none: a function that calls Get with another context is not known.
func (i RunInfo) Within() (run uint64, call graph.ID) {
	if i.seen == nil {
		return 0, 0
	}
	return i.seen.within.Run, i.seen.within.ID
}

// Planned is the number of calls that have been planned by now: Calls, and what Binds have added since. It is Calls for
// a RunInfo that is not an observer's.
func (i RunInfo) Planned() int {
	if i.seen == nil {
		return i.Calls
	}
	return int(i.seen.hooks.calls.Load())
}

// Snapshot is what [Snapshot] returns for the run's targets. It may be called at any time, also when the run is over;
// a RunInfo that is kept keeps the targets, and what they depend on, in memory. It takes some 300 ns per call, and
// more where values bring a String method.
func (i RunInfo) Snapshot() graph.Snapshot {
	if i.seen == nil {
		return graph.Snapshot{}
	}
	return snapshotOf(i.seen.targets)
}

// Shape is Snapshot with nothing but what is cheap to tell: ID, Name, State, Inputs and Where of each call. It takes
// some 200 ns per call.
func (i RunInfo) Shape() graph.Snapshot {
	if i.seen == nil {
		return graph.Snapshot{}
	}
	_, s := walkBack(i.seen.targets, (*node).outline)
	return s
}

// Plan is what [Session.Plan] returns for the run's targets: what is still to run, each call with the reason. Called
// in RunStarted it tells why the calls of the run run.
func (i RunInfo) Plan() graph.Snapshot {
	if i.seen == nil {
		return graph.Snapshot{}
	}
	return i.seen.session.planOf(i.seen.targets)
}

// Ancestors calls see for each call that this one depends on: first for its inputs, then for the inputs of those for
// which see returned true, and so on, the nearest first and none twice. Sources are left out. It looks at limit calls
// and sources at most, which takes some 60 ns each. It tells nothing for a CallInfo that is not an observer's. A
// CallInfo that is kept keeps the call, and what it depends on, in memory.
func (i CallInfo) Ancestors(limit int, see func(call graph.ID) (further bool)) {
	if i.node == nil {
		return
	}
	met := []*node{i.node}
	for at := 0; at < len(met); at++ {
		if n := met[at]; at > 0 && (n.fn == sourceFunction || !see(n.id())) {
			continue
		}
		for _, in := range met[at].all() {
			if len(met) > limit {
				break
			}
			if !slices.Contains(met, in) {
				met = append(met, in)
			}
		}
	}
}
