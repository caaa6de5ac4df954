package progress

import (
	"cmp"
	"slices"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/record"
)

// view is an episode at a moment: what every mode shows, each in its way.
type view struct {
	elapsed time.Duration
	at      time.Time
	tally

	planned int // calls, as far as is known; hides tally.planned
	ended   int // in whatever way
	states  [graph.NumStates]int
	grown   bool // more calls have come than were planned at first
	open    bool // nobody knows how many will come

	running   []graph.Span // the longest running first. Their times count from since.
	since     time.Duration
	busy      int              // workers
	outside   int              // calls that run and hold no worker
	functions []graph.Function // of the episode
	known     []graph.Function // of all that is recorded, for what calls take on average

	left      time.Duration
	leftKnown bool
	leftOpen  bool // at least left: there are functions that have never run
}

// runsOpenMin is how many runs in one episode look like a stream of them.
const runsOpenMin = 8

// viewOf returns the view of an episode, but for the time left.
func viewOf(e *episode, t tally, n record.Now, now time.Time) *view {
	v := &view{
		tally:   t,
		elapsed: max(0, now.Sub(e.started)), at: now, running: n.Running, since: n.At,
		planned: n.Planned - e.base.Planned, known: n.Functions,
	}
	v.functions = since(n.Functions, e.base.Functions)
	for i := range v.functions {
		for state, calls := range v.functions[i].Calls {
			if graph.State(state) != graph.Running {
				v.states[state] += calls
				v.ended += calls
			}
		}
	}
	v.planned = max(v.planned, v.ended)
	v.grown = v.planned > t.planned
	// Small runs that come one after another, as those of a Stream: what is known of them is almost always nearly done.
	v.open = t.isStream() || t.runs >= runsOpenMin && t.firstOver && now.Sub(t.latest) < max(moment, v.elapsed/10)
	v.countWorkers()
	return v
}

func (v *view) countWorkers() {
	busy := map[int]bool{}
	for i := range v.running {
		if w := v.running[i].Worker; w < 0 {
			v.outside++
		} else {
			busy[w] = true
		}
	}
	v.busy = len(busy)
	if v.workers > 0 {
		v.busy = min(v.busy, v.workers)
	}
}

// since returns what functions have done that they had not done in base. Both are in order of names.
func since(functions, base []graph.Function) []graph.Function {
	diff := make([]graph.Function, 0, len(functions))
	for i := range functions {
		f := functions[i]
		if at, ok := slices.BinarySearchFunc(base, f.Name, func(b graph.Function, name string) int { return cmp.Compare(b.Name, name) }); ok {
			for state, calls := range base[at].Calls {
				f.Calls[state] -= calls
			}
			f.Total -= base[at].Total
		}
		if f.Calls != [graph.NumStates]int{} {
			diff = append(diff, f)
		}
	}
	return diff
}

// percent is how much of the calls are over: 100 not before the end.
func (v *view) percent() int {
	if v.planned == 0 {
		return 0
	}
	return min(99, int(float64(v.ended)/float64(v.planned)*100))
}

// longest returns up to n calls that run longest, and have for a moment.
func (v *view) longest(n int) []graph.Span {
	for i := range v.running {
		if i == n || v.ran(&v.running[i]) < frameTime {
			return v.running[:i]
		}
	}
	return v.running
}

// ran is how long a call has been running.
func (v *view) ran(s *graph.Span) time.Duration { return max(0, v.since-s.Start) }

// slowest returns up to n functions whose calls took longest together.
func (v *view) slowest(n int) []graph.Function {
	fs := slices.Clone(v.functions)
	slices.SortStableFunc(fs, func(a, b graph.Function) int { return -cmp.Compare(a.Total, b.Total) })
	for i := range fs {
		if i == n || fs[i].Total <= 0 {
			return fs[:i]
		}
	}
	return fs
}
