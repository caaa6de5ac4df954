package progress

import (
	"math"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

const (
	estimateMin   = time.Second // nothing is known before
	smoothing     = 3 * time.Second
	shapedRunsMax = 4
	shapedMax     = 1 << 17 // calls
	shapeShare    = 100     // of the time at most a hundredth is spent on asking for shapes
	shapeCost     = 300 * time.Nanosecond
)

// shape is which calls were still to come at a moment, by function.
type shape struct {
	todo, ended map[string]int // ended: by then
	took        time.Duration
}

// shapeOf asks the runs. It takes some 200 ns per call, so it has a goroutine of its own: no end of a run waits for it.
func shapeOf(runs []lazy.RunInfo, v *view) shape {
	began := time.Now()
	s := shape{todo: map[string]int{}, ended: map[string]int{}}
	for i := range v.functions {
		s.ended[v.functions[i].Name] = endedOf(&v.functions[i])
	}
	seen := map[graph.ID]bool{}
	for _, r := range runs {
		for _, n := range r.Shape().Nodes {
			switch n.State {
			case graph.Done, graph.Cached, graph.Source:
				continue
			}
			if len(runs) > 1 {
				if seen[n.ID] {
					continue
				}
				seen[n.ID] = true
			}
			s.todo[n.Name]++
		}
	}
	s.took = time.Since(began)
	return s
}

// shaper knows when it is worth asking for the shape.
type shaper struct {
	asking  bool
	planned int       // when it was asked the last time
	next    time.Time // when it may be asked again
}

// isWorth reports whether to ask now: not if all calls are of one function, for then the rate says as much.
func (s *shaper) isWorth(v *view, now time.Time) bool {
	if s.asking || v.elapsed < estimateMin || v.planned == s.planned || v.planned > shapedMax || now.Before(s.next) || v.open {
		return false
	}
	return v.elapsed >= shapeShare*shapeCost*time.Duration(v.planned)
}

func (s *shaper) begun(v *view) { s.asking, s.planned = true, v.planned }

func (s *shaper) learnt(is shape, now time.Time) {
	s.asking, s.next = false, now.Add(shapeShare*is.took)
}

// estimate tells the time left, and remembers what it said.
type estimate struct {
	shape *shape
	first *graph.Function // the counts of all functions together when it was asked first

	left float64 // seconds, as told last; 0: nothing was told
	at   time.Time
}

func (e *estimate) learnt(s shape) { e.shape = &s }

// of returns the time left, if that can be known. open says that it is a lower bound.
func (e *estimate) of(v *view, now time.Time) (left time.Duration, known, open bool) {
	if e.first == nil {
		e.first = together(v.functions)
	}
	if v.elapsed < estimateMin || v.open {
		return 0, false, false
	}
	seconds, open := e.seconds(v)
	if seconds <= 0 {
		e.left = 0
		return 0, false, false
	}
	passed := now.Sub(e.at).Seconds()
	if e.left > 0 && passed >= 0 && passed < 10*smoothing.Seconds() {
		counted := max(e.left-passed, 0)
		seconds = counted + (seconds-counted)*(1-math.Exp(-passed/smoothing.Seconds()))
	}
	e.left, e.at = max(seconds, 0.001), now
	return time.Duration(min(e.left, 1e9) * float64(time.Second)), true, open
}

// seconds is how long what is left takes: the mean times of the functions times how many of their calls are left, by how
// many ran at a time until now. It is 0 if nobody can know.
func (e *estimate) seconds(v *view) (left float64, open bool) {
	all := together(v.functions)
	work := all.Total.Seconds()
	for i := range v.running {
		work += min(v.ran(&v.running[i]), v.elapsed).Seconds()
	}
	rest, overall := v.planned-v.ended, together(v.known).Mean().Seconds()
	if rest <= 0 || overall <= 0 || work <= 0 {
		return 0, false
	}
	means := make(map[string]float64, len(v.known))
	for i := range v.known {
		means[v.known[i].Name] = v.known[i].Mean().Seconds()
	}
	todo, longest, guessed := 0.0, 0.0, 0.0
	for name, calls := range e.rest(v, rest) {
		mean := means[name]
		if mean == 0 {
			mean, guessed = overall, guessed+calls
		}
		todo += calls * mean
		if calls > float64(runningOf(v, name)) {
			longest = max(longest, mean)
		}
	}
	for i := range v.running {
		mean, ran := means[v.running[i].Name], v.ran(&v.running[i]).Seconds()
		todo -= min(mean, ran)
		longest = max(longest, mean-ran)
	}
	if 2*guessed > float64(rest) || todo <= 0 {
		return 0, false
	}
	runs := e.runs(all)
	atATime := min(work/v.elapsed.Seconds(), float64(rest))
	return max(todo*runs/atATime, longest*runs), guessed > 0
}

// runs is which share of the calls that are left will run: those that were found in the cache since the first look say how
// many of the rest will be. What was found before that was looked up all at once, before anything ran.
func (e *estimate) runs(all *graph.Function) float64 {
	cached := all.Calls[graph.Cached] - e.first.Calls[graph.Cached]
	if cached <= 0 {
		return 1
	}
	return 1 - float64(cached)/float64(cached+max(0, all.Ran()-e.first.Ran()))
}

// rest returns how many calls of each function are left of rest. What no shape tells about goes under "", which has the
// mean of all, as has a function that has not run.
func (e *estimate) rest(v *view, rest int) map[string]float64 {
	by := map[string]float64{}
	sum := 0.0
	if e.shape != nil {
		ended := map[string]int{}
		for i := range v.functions {
			ended[v.functions[i].Name] = endedOf(&v.functions[i])
		}
		for name, calls := range e.shape.todo {
			if n := calls - (ended[name] - e.shape.ended[name]); n > 0 {
				by[name] = float64(n)
				sum += float64(n)
			}
		}
	}
	if sum == 0 {
		e.spread(v, by, float64(rest))
		return by
	}
	if sum > float64(rest) { // the shape has also calls that the cache made needless
		for name := range by {
			by[name] *= float64(rest) / sum
		}
	} else if more := float64(rest) - sum; more > 0 {
		e.spread(v, by, more)
	}
	return by
}

// spread adds calls that nothing is known about: they are taken to be like those that ran.
func (e *estimate) spread(v *view, by map[string]float64, calls float64) {
	all := float64(together(v.functions).Ran())
	if all == 0 {
		by[""] += calls
		return
	}
	for i := range v.functions {
		if n := v.functions[i].Ran(); n > 0 {
			by[v.functions[i].Name] += calls * float64(n) / all
		}
	}
}

func runningOf(v *view, name string) int {
	for i := range v.functions {
		if v.functions[i].Name == name {
			return v.functions[i].Calls[graph.Running]
		}
	}
	return 0
}

// together adds up functions.
func together(fs []graph.Function) *graph.Function {
	sum := &graph.Function{}
	for i := range fs {
		for state, calls := range fs[i].Calls {
			sum.Calls[state] += calls
		}
		sum.Total += fs[i].Total
	}
	return sum
}

// endedOf is how many calls of a function have ended, in whatever way.
func endedOf(f *graph.Function) (ended int) {
	for state, calls := range f.Calls {
		if graph.State(state) != graph.Running {
			ended += calls
		}
	}
	return ended
}
