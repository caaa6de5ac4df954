package taskbench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// openLimit is what can be reached by hand: the width is cut into as many blocks as there are workers, each goes through
// the steps of its block, and where it takes a value of another block it waits until that one is as far. There is
// nothing to record, no queue, and nothing shared but one number per worker: how far it is.
//
// A barrier after each step would do, too, but makes everybody wait where only neighbours have to.
func openLimit(g *Grid, workers int) (func(context.Context, int) ([]Place, error), func()) {
	return func(_ context.Context, iterations int) ([]Place, error) {
		l := &limit{g: g, values: make([]Place, len(g.Tasks)), far: make([]reached, workers), iterations: iterations}
		var wg sync.WaitGroup
		for w := 1; w < workers; w++ {
			wg.Go(func() { l.work(w) })
		}
		l.work(0)
		wg.Wait()
		return g.pick(l.values), l.failed.err
	}, func() {}
}

type limit struct {
	g          *Grid
	values     []Place // each written before far says so
	far        []reached
	iterations int
	failed     firstError
}

// reached is how far a worker is: the number of the last task that it has ended, plus 1. It has cache lines of its own.
type reached struct {
	number atomic.Int32
	_      [124]byte
}

// work runs the tasks of a worker. After an error it goes on, for others wait for what it ends.
func (l *limit) work(me int) {
	g := l.g
	from, to := l.block(me)
	for step := range g.Steps {
		first, next := g.first[step], g.first[step+1]
		low := g.Tasks[first].At.Point
		for i := first + max(0, from-low); i < min(next, first+max(0, to-low)); i++ {
			for _, in := range g.Tasks[i].In {
				if p := g.Tasks[in].At.Point; p < from || p >= to {
					l.far[l.owner(p)].await(in)
				}
			}
			l.failed.set(g.do(int(i), l.values, l.iterations))
			l.far[me].number.Store(i + 1)
		}
	}
}

// block is the points of a worker: from..to-1.
func (l *limit) block(worker int) (from, to int32) {
	return int32(worker * l.g.Width / len(l.far)), int32((worker + 1) * l.g.Width / len(l.far))
}

// owner is the worker that has a point: the first whose block ends behind it.
func (l *limit) owner(point int32) int { return ((int(point)+1)*len(l.far) - 1) / l.g.Width }

// await waits until the worker has ended the task of a number. It looks for some 20 µs, which is far longer than a value
// takes from one processor to another; after that the other worker may be waiting for this processor, and it sleeps.
func (r *reached) await(task int32) {
	const looksMax = 20_000
	for looks := 1; r.number.Load() <= task; looks++ {
		if looks%looksMax == 0 {
			time.Sleep(time.Microsecond)
		}
	}
}
