package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dally-go/dally/examples/replay/wf"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// score is what is to be played.
type score struct {
	in         *wf.Instance
	categories []string // of the tasks
	users      [][]int
	tails      []time.Duration // as recorded
	times      []time.Duration // scaled
	options
}

// outcome is how it went.
type outcome struct {
	list     []int // the tasks, in the order in which those that are ready are to be begun
	took     []time.Duration
	makespan time.Duration
	snapshot graph.Snapshot
}

// scaledMax is how long a replay takes, at the least, with the scale that is used if none is given.
const scaledMax = 3 * time.Second

func newScore(in *wf.Instance, o options) (*score, error) {
	s := &score{in: in, users: in.Users(), options: o}
	recorded := make([]time.Duration, len(in.Tasks))
	for i, t := range in.Tasks {
		s.categories = append(s.categories, category(t))
		recorded[i] = t.Time
	}
	s.tails = tails(recorded, s.users)
	if s.scale < 0 {
		s.scale = autoScale(bound(recorded, s.users, o.workers))
	}
	if in.Work().Seconds()*s.scale > wf.TimeMax.Seconds() {
		return nil, fmt.Errorf("at a scale of %v the tasks take more than 100 years", s.scale)
	}
	for _, t := range recorded {
		s.times = append(s.times, time.Duration(math.Round(float64(t)*s.scale)))
	}
	return s, nil
}

// autoScale is what makes d about scaledMax, of two digits, so that it can be told and given again exactly. What takes
// less is not drawn out.
func autoScale(d time.Duration) float64 {
	if d <= scaledMax {
		return 1
	}
	x, _ := strconv.ParseFloat(fmt.Sprintf("%.2g", scaledMax.Seconds()/d.Seconds()), 64)
	return x
}

// play records the tasks and runs them.
func (s *score) play(ctx context.Context, o options) (*outcome, error) {
	do := sleep
	if o.computes {
		do = newSpinner().spin
	}
	r := record(s, do)
	done := &outcome{list: r.list(s)}
	session := &lazy.Session{Parallelism: min(o.workers, len(r.calls))} // more are no use
	start := time.Now()
	err := lazy.Run(ctx, r.ends, lazy.In(session))
	done.makespan = time.Since(start)
	if err != nil {
		return nil, err
	}
	done.took, err = lazy.GetAll(ctx, r.calls) // all are there
	done.snapshot = lazy.Snapshot(r.ends...)
	return done, err
}
