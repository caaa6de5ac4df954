package lazy

import (
	"slices"

	"github.com/dally-go/dally/graph"
)

// seen is what a RunInfo can be asked about its run. It outlives the run.
type seen struct {
	hooks   *hooks
	session *Session
	targets []*node
}

func newSeen(h *hooks, r *run) *seen {
	return &seen{hooks: h, session: r.options.session, targets: slices.Clone(r.targets)}
}

// Planned is the number of calls that have been planned by now: Calls, and what Binds have added since. It is 0 for a
// RunInfo that is not an observer's.
func (i RunInfo) Planned() int {
	if i.seen == nil {
		return i.Calls
	}
	return int(i.seen.hooks.calls.Load())
}

// Snapshot is what [Snapshot] returns for the run's targets. It may be called at any time, also when the run is over; a
// RunInfo that is kept keeps the targets, and what they depend on, in memory. It takes some 300 ns per call, and more
// where values bring a String method.
func (i RunInfo) Snapshot() graph.Snapshot {
	if i.seen == nil {
		return graph.Snapshot{}
	}
	return snapshotOf(i.seen.targets)
}

// Shape is Snapshot with nothing but what is cheap to tell: ID, Name, State, Inputs and Where of each call. It takes some
// 200 ns per call.
func (i RunInfo) Shape() graph.Snapshot {
	if i.seen == nil {
		return graph.Snapshot{}
	}
	_, s := walkBack(i.seen.targets, (*node).outline)
	return s
}

// Plan is what [Session.Plan] returns for the run's targets: what is still to run, each call with the reason. Called in
// RunStarted it tells why the calls of the run run.
func (i RunInfo) Plan() graph.Snapshot {
	if i.seen == nil {
		return graph.Snapshot{}
	}
	return i.seen.session.planOf(i.seen.targets)
}
