package wf

import (
	"slices"
	"strconv"
	"strings"
)

// CycleError is the error of a file in which tasks wait for each other.
type CycleError struct {
	IDs []string // of the tasks of one cycle, each an input of the next and the last of the first; each stands once
}

// Error names the tasks.
func (e *CycleError) Error() string {
	var s strings.Builder
	s.WriteString("tasks wait for each other: ")
	for _, id := range e.IDs {
		s.WriteString(strconv.Quote(id) + " → ")
	}
	s.WriteString(strconv.Quote(e.IDs[0]))
	return s.String()
}

// arranging is a walk over tasks to their inputs, depth first, on a stack of its own: a chain may be of any length.
//
//	white ─► on the stack ─► placed
type arranging struct {
	tasks   []Task
	stack   []visit
	onStack []bool
	place   []int // in order; -1: not placed yet
	order   []int // of the tasks placed
}

// visit is a task on the stack, and how many of its inputs have been looked at.
type visit struct{ task, seen int }

// arrange puts the tasks that stand before one of their inputs after it, and leaves the others in their order. Inputs
// are indices of what is passed, and then of what is returned. The error is a *CycleError.
func arrange(tasks []Task) ([]Task, error) {
	a := &arranging{tasks: tasks, onStack: make([]bool, len(tasks)), place: make([]int, len(tasks))}
	for i := range a.place {
		a.place[i] = -1
	}
	for i := range tasks {
		if err := a.visit(i); err != nil {
			return nil, err
		}
	}
	arranged := make([]Task, len(tasks))
	for to, from := range a.order {
		arranged[to] = tasks[from]
		for k, input := range arranged[to].Inputs {
			arranged[to].Inputs[k] = a.place[input]
		}
	}
	return arranged, nil
}

// visit places a task, after all it depends on, unless it has been placed.
func (a *arranging) visit(i int) error {
	if a.place[i] < 0 {
		a.push(i)
	}
	for len(a.stack) > 0 {
		top := &a.stack[len(a.stack)-1]
		inputs := a.tasks[top.task].Inputs
		if top.seen == len(inputs) {
			a.pop()
			continue
		}
		next := inputs[top.seen]
		top.seen++
		if a.onStack[next] {
			return a.cycle(next)
		}
		if a.place[next] < 0 {
			a.push(next)
		}
	}
	return nil
}

func (a *arranging) push(i int) {
	a.stack = append(a.stack, visit{task: i})
	a.onStack[i] = true
}

// pop places the task on top of the stack.
func (a *arranging) pop() {
	top := a.stack[len(a.stack)-1].task
	a.stack = a.stack[:len(a.stack)-1]
	a.onStack[top] = false
	a.place[top] = len(a.order)
	a.order = append(a.order, top)
}

// cycle is the error of a task that is on the stack and an input of its top. Down the stack it goes from input to user.
func (a *arranging) cycle(first int) error {
	e := &CycleError{}
	for _, v := range slices.Backward(a.stack) {
		e.IDs = append(e.IDs, a.tasks[v.task].ID)
		if v.task == first {
			break
		}
	}
	return e
}
