package taskbench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/dally-go/dally/internal/bench/shape"
)

// Sweep looks for METGs: all ways run all grids, with ever smaller tasks.
type Sweep struct {
	Grids   []*Grid
	Ways    []Way
	Workers int
	Rounds  int           // how often each task size is measured; the medians count
	Largest time.Duration // the tasks that it begins with
	Factor  float64       // from a task size to the next
}

// Result is what came out for a grid and a way.
type Result struct {
	Grid   *Grid
	Way    string
	Points []Point // largest tasks first
	METG   METG
}

// Report is what came out of a sweep.
type Report struct {
	Results []Result // in order of the grids, then of the ways
	// PeakMin is the least that the processors could do at some task size, as a part of the most that they could do at
	// another one. Where it is far below 1, something else was running, and the results say little.
	PeakMin float64
}

// contestant is a grid and a way that have not fallen behind yet.
type contestant struct {
	grid    *Grid
	way     Way
	workers int
	points  []Point
	walls   []float64 // of the rounds at hand, in ns
}

// behind is after how many task sizes in a row below the wanted efficiency a sweep ends: one or two may be bad luck.
const behind = 3

// Run measures.
func (s Sweep) Run(ctx context.Context) (Report, error) {
	var all []*contestant
	for _, g := range s.Grids {
		for _, w := range s.Ways {
			c := &contestant{grid: g, way: w, workers: s.Workers}
			if w.Alone {
				c.workers = 1
			}
			all = append(all, c)
		}
	}
	var peaks []float64 // per worker
	iterations := max(1, float64(s.Largest.Nanoseconds())/shape.StepTime())
	for left := slices.Clone(all); len(left) > 0 && iterations >= 1; iterations /= s.Factor {
		p, err := s.size(ctx, left, int(iterations))
		if err != nil {
			return Report{}, err
		}
		peaks = append(peaks, p)
		left = slices.DeleteFunc(left, func(c *contestant) bool { return c.isBehind() })
	}
	r := Report{PeakMin: slices.Min(peaks) / slices.Max(peaks)}
	for _, c := range all {
		r.Results = append(r.Results, Result{c.grid, c.way.Name, c.points, Find(c.points)})
	}
	return r, nil
}

func (c *contestant) isBehind() bool {
	last := c.points[max(0, len(c.points)-behind):]
	return len(last) == behind && !slices.ContainsFunc(last, func(p Point) bool { return p.Efficiency >= enough })
}

// size measures one task size. All take turns, round by round, and before each turn it is measured what the processors
// can do just then. So a machine that is busy for a while is so for all, and for what they are compared with. It returns
// what a worker could do.
func (s Sweep) size(ctx context.Context, all []*contestant, iterations int) (perWorker float64, err error) {
	turns := slices.Clone(all)
	peaks := make(map[int][]float64) // by workers, of each in iterations per ns
	var every []float64
	for range s.Rounds {
		for _, c := range turns {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			p := peak(c.workers)
			peaks[c.workers], every = append(peaks[c.workers], p), append(every, p)
			wall, err := c.turn(ctx, iterations)
			if err != nil {
				return 0, fmt.Errorf("%s, %s: %w", c.grid.Name, c.way.Name, err)
			}
			c.walls = append(c.walls, wall)
		}
		slices.Reverse(turns) // nobody always comes first
	}
	for _, c := range all {
		wall, tasks := median(c.walls), float64(len(c.grid.Tasks))
		ideal := tasks * float64(iterations) / (median(peaks[c.workers]) * float64(c.workers))
		c.points = append(c.points, Point{Granularity: wall * float64(c.workers) / tasks, Efficiency: ideal / wall})
		c.walls = nil
	}
	return median(every), nil
}

// turnMin is how long a turn takes at least: small grids are computed several times.
const turnMin = 4 * time.Millisecond

// turn returns how long the grid takes, in ns.
func (c *contestant) turn(ctx context.Context, iterations int) (float64, error) {
	run, done := c.way.Open(c.grid, c.workers)
	defer done()
	runtime.GC() // nobody is to pay for the garbage of those before
	times, start := 0, time.Now()
	for {
		values, err := run(ctx, iterations)
		if err == nil {
			err = c.grid.check(values)
		}
		if err != nil {
			return 0, err
		}
		times++
		if took := time.Since(start); took >= turnMin {
			return float64(took.Nanoseconds()) / float64(times), nil
		}
	}
}

// peak returns how many iterations per ns each of so many workers does, with nothing between them.
func peak(workers int) float64 {
	const iterations = 1_500_000 // about 2 ms
	start := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { runtime.KeepAlive(shape.Spin(1, iterations)) })
	}
	wg.Wait()
	return iterations / float64(max(1, time.Since(start).Nanoseconds()))
}

// median is the middle one, or the upper one of the two in the middle.
func median(all []float64) float64 {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
