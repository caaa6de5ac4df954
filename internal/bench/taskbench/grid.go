// Package taskbench is Task Bench (Slaughter et al., "Task Bench: A Parameterized Benchmark for Evaluating Parallel
// Runtime Performance", SC20): grids of tasks that take each other's values in some pattern, ways to run them, and what
// that paper measures, the minimum effective task granularity, METG(50 %). That is how long a task lasts, hand-offs and
// all, where half of what the processors could do is done: a way with a small one can run small tasks.
package taskbench

import (
	"fmt"
	"runtime"

	"github.com/dally-go/dally/internal/bench/shape"
)

// Grid is a computation in steps: each step has a task for each point, or for some, which takes values of the step
// before. Nobody's way of running it is built in.
type Grid struct {
	Name         string // of the pattern
	Width, Steps int
	Tasks        []Task  // by step, then by point; inputs come before users
	Targets      []int32 // the numbers of tasks that nobody takes, so that wanting them is wanting everything
	first        []int32 // by step, the number of its first task; and how many tasks there are
}

// Task is a task of a grid.
type Task struct {
	At     Place
	In     []int32 // the numbers of the tasks whose values it takes
	want   []Place // what these values are
	target bool
}

// Place is where a task stands, and its value: each can be told from all others, so whoever takes a value sees whether it
// is the right one.
type Place struct{ Step, Point int32 }

// New makes the grid of a pattern in Names.
func New(name string, width, steps int) (*Grid, error) {
	p, err := patternNamed(name)
	if err != nil {
		return nil, err
	}
	g := &Grid{Name: name, Width: width, Steps: steps}
	var points, room []int // the range of the points of the step before; what a task takes
	for step := range steps {
		from, to := p.points(g, step)
		g.first = append(g.first, int32(len(g.Tasks)))
		for point := from; point < to; point++ {
			t := Task{At: Place{int32(step), int32(point)}, target: true}
			if step > 0 {
				room = p.inputs(g, step, point, room[:0])
				g.connect(&t, points[0], points[1], room)
			}
			g.Tasks = append(g.Tasks, t)
		}
		points = []int{from, to}
	}
	g.first = append(g.first, int32(len(g.Tasks)))
	for i := range g.Tasks {
		if g.Tasks[i].target {
			g.Targets = append(g.Targets, int32(i))
		}
	}
	return g, nil
}

// connect has t take those of the points that the step before has: from..to-1.
func (g *Grid) connect(t *Task, from, to int, points []int) {
	for _, p := range points {
		if from <= p && p < to {
			in := g.first[t.At.Step-1] + int32(p-from)
			t.In = append(t.In, in)
			t.want = append(t.want, Place{t.At.Step - 1, int32(p)})
			g.Tasks[in].target = false
		}
	}
}

// Do is what a task does in every way: it looks whether it was given what it takes, works for so many iterations, and
// has its place as its value.
func (t *Task) Do(in []Place, iterations int) (Place, error) {
	if len(in) != len(t.want) {
		return Place{}, fmt.Errorf("the task at %v was given %d values instead of %d", t.At, len(in), len(t.want))
	}
	for i, want := range t.want {
		if in[i] != want {
			return Place{}, fmt.Errorf("the task at %v was given the value of %v instead of that of %v", t.At, in[i], want)
		}
	}
	runtime.KeepAlive(shape.Spin(uint64(t.At.Step), iterations))
	return t.At, nil
}

// check looks whether the values of the targets are those wanted.
func (g *Grid) check(values []Place) error {
	if len(values) != len(g.Targets) {
		return fmt.Errorf("%d values instead of %d", len(values), len(g.Targets))
	}
	for i, t := range g.Targets {
		if want := g.Tasks[t].At; values[i] != want {
			return fmt.Errorf("the value of %v instead of that of %v", values[i], want)
		}
	}
	return nil
}
