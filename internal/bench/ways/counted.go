package ways

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/dally-go/dally/internal/bench/shape"
	"golang.org/x/sync/errgroup"
)

// task is a node of a program that runs tasks when they are ready: it counts the inputs that it waits for, and knows its
// users. This is what one writes on top of something that runs functions.
type task struct {
	in      [3]*task
	arity   uint8
	target  bool
	waits   int32 // inputs that are calls
	users   []*task
	pending atomic.Int32
	value   uint64
}

// counted is a recording of tasks. start hands roots to whoever runs them, and returns when all is over.
type counted struct {
	calc             shape.Calc
	sources, targets []*task
	all, roots       []*task // calls; those that wait for nobody
	start            func(ctx context.Context, c *counted) error
	over             sync.WaitGroup // targets that have not ended
}

// countedWay is a way that runs counted tasks by what open returns.
func countedWay(name string, open func() (start func(context.Context, *counted) error, done func())) Way {
	return Way{Name: name, Open: func(g *shape.Graph, calc shape.Calc) (func() Program, func()) {
		s := newScratch[*task](g)
		start, done := open()
		return func() Program { return recordTasks(s, calc, start) }, done
	}}
}

func recordTasks(s *scratch[*task], calc shape.Calc, start func(context.Context, *counted) error) *counted {
	c := &counted{calc: calc, start: start}
	c.sources, c.targets = s.record(recorder[*task]{
		source: func(v uint64) *task { return &task{value: v} },
		one:    func(a *task) *task { return c.add(&task{in: [3]*task{a}, arity: 1}) },
		two:    func(a, b *task) *task { return c.add(&task{in: [3]*task{a, b}, arity: 2}) },
		three:  func(a, b, d *task) *task { return c.add(&task{in: [3]*task{a, b, d}, arity: 3}) },
	})
	for _, t := range c.targets {
		t.target = true
	}
	return c
}

func (c *counted) add(t *task) *task {
	for _, in := range t.in[:t.arity] {
		if in.arity > 0 {
			t.waits++
			in.users = append(in.users, t)
		}
	}
	if t.waits == 0 {
		c.roots = append(c.roots, t)
	}
	c.all = append(c.all, t)
	return t
}

func (c *counted) Set(sources []uint64) {
	for i, s := range c.sources {
		s.value = sources[i]
	}
}

func (c *counted) Run(ctx context.Context) ([]uint64, error) {
	for _, t := range c.all {
		t.pending.Store(t.waits)
	}
	c.over.Add(len(c.targets))
	if err := c.start(ctx, c); err != nil {
		return nil, err
	}
	values := make([]uint64, len(c.targets))
	for i, t := range c.targets {
		values[i] = t.value
	}
	return values, nil
}

// run runs a task and hands those that are ready then to submit. Since each call is before some target, all counters
// stand still when the targets have ended.
func (c *counted) run(t *task, submit func(*task)) {
	switch t.arity {
	case 1:
		t.value = c.calc.One(t.in[0].value)
	case 2:
		t.value = c.calc.Two(t.in[0].value, t.in[1].value)
	case 3:
		t.value = c.calc.Three(t.in[0].value, t.in[1].value, t.in[2].value)
	}
	for _, u := range t.users {
		if u.pending.Add(-1) == 0 {
			submit(u)
		}
	}
	if t.target {
		c.over.Done()
	}
}

// submitting starts tasks by a function that takes any number of them without blocking, also from inside a task.
func submitting(submit func(func())) func(context.Context, *counted) error {
	return func(_ context.Context, c *counted) error {
		var ready func(*task)
		ready = func(t *task) { submit(func() { c.run(t, ready) }) }
		for _, t := range c.roots {
			ready(t)
		}
		c.over.Wait()
		return nil
	}
}

// coordinating starts tasks by a function that blocks while all workers are busy. Tasks that called it could come to wait
// for each other, so they hand what is ready to one goroutine that submits.
func coordinating(submit func(func()) error) func(context.Context, *counted) error {
	return func(_ context.Context, c *counted) error {
		queue := make(chan *task, len(c.all))
		ready := func(t *task) { queue <- t }
		for _, t := range c.roots {
			ready(t)
		}
		for range c.all {
			t := <-queue
			if err := submit(func() { c.run(t, ready) }); err != nil {
				return err
			}
		}
		c.over.Wait()
		return nil
	}
}

// goroutinesMax is how many calls may be ready at once, each with a goroutine of at least 2 KB.
const goroutinesMax = 2_000_000

// goroutines starts one per ready call.
func goroutines() Way {
	w := countedWay("goroutine per ready call", func() (func(context.Context, *counted) error, func()) {
		return submitting(func(f func()) { go f() }), func() {}
	})
	w.CallsMax = goroutinesMax
	return w
}

// errGroup is golang.org/x/sync/errgroup without a limit: with one, a Go inside the group can wait for ever.
func errGroup() Way {
	w := countedWay("errgroup + counters", func() (func(context.Context, *counted) error, func()) {
		return func(ctx context.Context, c *counted) error {
			g, ctx := errgroup.WithContext(ctx)
			var ready func(*task)
			ready = func(t *task) {
				g.Go(func() error {
					if err := ctx.Err(); err != nil {
						return err
					}
					c.run(t, ready)
					return nil
				})
			}
			for _, t := range c.roots {
				ready(t)
			}
			return g.Wait()
		}, func() {}
	})
	w.CallsMax = goroutinesMax
	return w
}
