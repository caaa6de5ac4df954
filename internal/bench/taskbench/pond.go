package taskbench

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/alitto/pond/v2"
)

// openPond is what one writes on top of a pool: each task counts the inputs that it waits for, and who brings a counter to
// zero submits the task. The pool's queue has no bound, so tasks may submit.
func openPond(g *Grid, workers int) (func(context.Context, int) ([]Place, error), func()) {
	p := pond.NewPool(workers)
	return func(_ context.Context, iterations int) ([]Place, error) {
		c := &counted{g: g, iterations: iterations, submit: func(f func()) { _ = p.Go(f) }} // an error says that the pool has been stopped
		return c.run()
	}, p.StopAndWait
}

// counted is a grid of tasks that count.
type counted struct {
	g          *Grid
	iterations int
	submit     func(func())
	tasks      []countedTask
	values     []Place // each written before what waits for it is counted down
	over       sync.WaitGroup
	failed     firstError
}

type countedTask struct {
	waits atomic.Int32 // inputs that have not ended
	users []int32
}

func (c *counted) run() ([]Place, error) {
	c.tasks, c.values = make([]countedTask, len(c.g.Tasks)), make([]Place, len(c.g.Tasks))
	for i := range c.g.Tasks {
		in := c.g.Tasks[i].In
		c.tasks[i].waits.Store(int32(len(in)))
		for _, from := range in {
			c.tasks[from].users = append(c.tasks[from].users, int32(i))
		}
	}
	c.over.Add(len(c.g.Targets))
	for i := range c.g.Tasks {
		if len(c.g.Tasks[i].In) == 0 {
			c.start(int32(i))
		}
	}
	c.over.Wait()
	return c.g.pick(c.values), c.failed.err
}

func (c *counted) start(i int32) {
	c.submit(func() {
		c.failed.set(c.g.do(int(i), c.values, c.iterations))
		for _, u := range c.tasks[i].users {
			if c.tasks[u].waits.Add(-1) == 0 {
				c.start(u)
			}
		}
		if c.g.Tasks[i].target {
			c.over.Done()
		}
	})
}
