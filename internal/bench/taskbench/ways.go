package taskbench

import (
	"context"
	"sync"
)

// Way is a way to run a grid.
type Way struct {
	Name string
	// Alone says that it has one worker, whatever it is told.
	Alone bool
	// Open is what a program does once, before the clock runs. run records the grid, if the way records, and runs tasks of
	// so many iterations; it returns the values of the targets. done ends what Open has begun.
	Open func(g *Grid, workers int) (run func(ctx context.Context, iterations int) ([]Place, error), done func())
}

// Ways are the ways that there are.
func Ways() []Way {
	return []Way{
		{Name: "loop", Alone: true, Open: openLoop},
		{Name: "limit", Open: openLimit},
		{Name: "pond", Open: openPond},
		{Name: "dally", Open: openDally},
	}
}

// pick returns the values of the targets, given those of all tasks.
func (g *Grid) pick(values []Place) []Place {
	picked := make([]Place, len(g.Targets))
	for i, t := range g.Targets {
		picked[i] = values[t]
	}
	return picked
}

// most is how many values a task takes at most.
const most = radix

// openLoop runs the tasks in their order.
func openLoop(g *Grid, _ int) (func(context.Context, int) ([]Place, error), func()) {
	return func(_ context.Context, iterations int) ([]Place, error) {
		values := make([]Place, len(g.Tasks))
		for i := range g.Tasks {
			if err := g.do(i, values, iterations); err != nil {
				return nil, err
			}
		}
		return g.pick(values), nil
	}, func() {}
}

// do runs the task of a number, from and to an array of all values.
func (g *Grid) do(i int, values []Place, iterations int) error {
	var in [most]Place
	t := &g.Tasks[i]
	for k, from := range t.In {
		in[k] = values[from]
	}
	v, err := t.Do(in[:len(t.In)], iterations)
	values[i] = v
	return err
}

// firstError keeps the first of the errors that several goroutines come to.
type firstError struct {
	once sync.Once
	err  error
}

func (f *firstError) set(err error) {
	if err != nil {
		f.once.Do(func() { f.err = err })
	}
}
