package taskbench

import (
	"context"

	"github.com/dally-go/dally/lazy"
)

// openDally is the library, used as its documentation says: a function for each number of values that a task takes, with
// the task as its first argument. Where tasks take more values than functions have parameters, the values are gathered.
func openDally(g *Grid, workers int) (func(context.Context, int) ([]Place, error), func()) {
	var iterations int // of the tasks of the run at hand
	f := wrapTasks(&iterations)
	session := &lazy.Session{Parallelism: workers}
	return func(ctx context.Context, n int) ([]Place, error) {
		iterations = n
		return lazy.GetAll(ctx, f.record(g), lazy.In(session))
	}, func() {}
}

// wrapped are the functions of tasks that take none, one, two, three and more values.
type wrapped struct {
	none  lazy.Func1[*Task, Place]
	one   lazy.Func2[*Task, Place, Place]
	two   lazy.Func3[*Task, Place, Place, Place]
	three lazy.Func4[*Task, Place, Place, Place, Place]
	more  lazy.Func2[*Task, []Place, Place]
}

func wrapTasks(iterations *int) wrapped {
	return wrapped{
		none: lazy.Pure1(func(t *Task) Place { return asserted(t.Do(nil, *iterations)) }, lazy.Name("Task0")),
		one: lazy.Pure2(func(t *Task, a Place) Place {
			return asserted(t.Do([]Place{a}, *iterations))
		}, lazy.Name("Task1")),
		two: lazy.Pure3(func(t *Task, a, b Place) Place {
			return asserted(t.Do([]Place{a, b}, *iterations))
		}, lazy.Name("Task2")),
		three: lazy.Pure4(func(t *Task, a, b, c Place) Place {
			return asserted(t.Do([]Place{a, b, c}, *iterations))
		}, lazy.Name("Task3")),
		more: lazy.Pure2(func(t *Task, in []Place) Place { return asserted(t.Do(in, *iterations)) }, lazy.Name("Task")),
	}
}

// asserted has a task that was given something wrong panic, as in the original: the panic is the run's error. Functions
// that return errors would also be given contexts, at 100 B and 150 ns a call.
func asserted(v Place, err error) Place {
	if err != nil {
		panic(err)
	}
	return v
}

// record records the tasks and returns the targets.
func (f wrapped) record(g *Grid) []lazy.Data[Place] {
	all := make([]lazy.Data[Place], len(g.Tasks))
	var in []lazy.Data[Place]
	for i := range g.Tasks {
		in = in[:0]
		for _, from := range g.Tasks[i].In {
			in = append(in, all[from])
		}
		all[i] = f.task(lazy.Const(&g.Tasks[i]), in)
	}
	targets := make([]lazy.Data[Place], len(g.Targets))
	for i, t := range g.Targets {
		targets[i] = all[t]
	}
	return targets
}

// task records a task.
func (f wrapped) task(t lazy.Data[*Task], in []lazy.Data[Place]) lazy.Data[Place] {
	switch len(in) {
	case 0:
		return f.none(t)
	case 1:
		return f.one(t, in[0])
	case 2:
		return f.two(t, in[0], in[1])
	case 3:
		return f.three(t, in[0], in[1], in[2])
	}
	return f.more(t, lazy.Gather(in...))
}
