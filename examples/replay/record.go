package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/dally-go/dally/examples/replay/wf"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// recording is a workflow as calls of package lazy: one per task, which waits for those of the task's inputs. Its value
// is how long it took.
//
//	fetch ─► clean ─┬─► count ──► report
//	                └─► plot ──────┘
type recording struct {
	calls []lazy.Data[time.Duration] // of the tasks
	ends  []lazy.Target              // those that nothing waits for
}

// kind is what a function is wrapped for. A priority belongs to a function, not to a call, so tasks of one category need
// a function for each priority there is among them. All have the same name, and are one card in a picture.
type kind struct {
	category string
	priority int
}

// step is the argument of a call.
type step struct {
	id   string
	time time.Duration
}

// String is for pictures.
func (s step) String() string {
	return shorten(brief(s.id, func(string) bool { return true }), cardMax)
}

// record notes a call for every task. Nothing runs yet.
func record(s *score, do work) *recording {
	r := &recording{}
	wraps := make(map[kind]lazy.Func1[step, time.Duration])
	names, priorities := callNames(s.categories), s.priorities()
	for i, t := range s.in.Tasks {
		k := kind{s.categories[i], priorities[i]}
		f, ok := wraps[k]
		if !ok {
			f = lazy.Wrap1(timed(do), lazy.Name(names[k.category]), lazy.Priority(k.priority))
			wraps[k] = f
		}
		// The values of the inputs are of no use to the call: it only has to wait for them.
		call := lazy.After(f.Of(step{t.ID, s.times[i]}), r.inputs(t)...)
		r.calls = append(r.calls, call)
		if len(s.users[i]) == 0 {
			r.ends = append(r.ends, call)
		}
	}
	return r
}

func (r *recording) inputs(t wf.Task) []lazy.Target {
	first := make([]lazy.Target, len(t.Inputs))
	for k, input := range t.Inputs {
		first[k] = r.calls[input]
	}
	return first
}

// priorities are the ranks of the tasks by the longest way to the end, which is the highest; all 0 if that is not
// wanted.
func (s *score) priorities() []int {
	ranks := make([]int, len(s.tails))
	if s.critical {
		sorted := slices.Compact(slices.Sorted(slices.Values(s.tails)))
		for i, tail := range s.tails {
			ranks[i], _ = slices.BinarySearch(sorted, tail)
		}
	}
	return ranks
}

// list is the order in which a list schedule begins tasks that are ready at the same time: that of the plan, higher
// priorities first. One worker keeps to it, and so do several where there are priorities. Where there are none, each of
// several goes on with what it has made ready, which may come out longer or shorter. It must be asked before the run.
func (r *recording) list(s *score) []int {
	plan := lazy.Plan(r.ends...).Nodes
	ids := make([]graph.ID, len(plan))
	for k, n := range plan {
		ids[k] = n.ID
	}
	slices.Sort(ids) // in order of recording, which is that of the tasks
	list := make([]int, len(plan))
	for k, n := range plan {
		list[k], _ = slices.BinarySearch(ids, n.ID)
	}
	if s.critical {
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(s.tails[b], s.tails[a]) })
	}
	return list
}

// timed makes a function that works for the time of a step and returns how long that took.
func timed(do work) func(context.Context, step) (time.Duration, error) {
	return func(ctx context.Context, s step) (time.Duration, error) {
		start := time.Now()
		err := do(ctx, s.time)
		return time.Since(start), err
	}
}
