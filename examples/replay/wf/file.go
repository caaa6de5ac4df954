package wf

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// file is what Read wants of a file. Parents and children are the format's words for inputs and users.
type file struct {
	Name          string `json:"name"`
	SchemaVersion string `json:"schemaVersion"`
	Workflow      struct {
		Specification struct {
			Tasks []specified `json:"tasks"`
		} `json:"specification"`
		Execution struct {
			Tasks []executed `json:"tasks"`
		} `json:"execution"`
	} `json:"workflow"`
}

type specified struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Parents  []string `json:"parents"`
	Children []string `json:"children"`
}

type executed struct {
	ID      string   `json:"id"`
	Time    *float64 `json:"runtimeInSeconds"` // nil where the file has none
	Command struct {
		Program string `json:"program"`
	} `json:"command"`
}

// UnmarshalJSON is the usual one, with errors that name the task.
func (s *specified) UnmarshalJSON(b []byte) error {
	type plain specified
	return named(json.Unmarshal(b, (*plain)(s)), b)
}

// UnmarshalJSON is the usual one, with errors that name the task.
func (e *executed) UnmarshalJSON(b []byte) error {
	type plain executed
	return named(json.Unmarshal(b, (*plain)(e)), b)
}

// named puts the ID of the task that b is before an error.
func named(err error, b []byte) error {
	if err == nil {
		return nil
	}
	var t struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(b, &t) != nil || t.ID == "" {
		return fmt.Errorf("a task without a proper id: %s", describe(err))
	}
	return fmt.Errorf("task %q: %s", t.ID, describe(err))
}

// instance checks the file and makes an Instance of it.
func (f *file) instance() (*Instance, error) {
	if f.SchemaVersion != schema {
		return nil, fmt.Errorf("schemaVersion is %q; want %q", f.SchemaVersion, schema)
	}
	specs := f.Workflow.Specification.Tasks
	if len(specs) == 0 {
		return nil, errors.New("there are no tasks in workflow.specification")
	}
	index, err := indexOf(specs)
	if err != nil {
		return nil, err
	}
	tasks := make([]Task, len(specs))
	for i, s := range specs {
		tasks[i] = Task{ID: s.ID, Name: s.Name}
	}
	if err := connect(tasks, specs, index); err != nil {
		return nil, err
	}
	if err := measure(tasks, f.Workflow.Execution.Tasks, index); err != nil {
		return nil, err
	}
	tasks, err = arrange(tasks)
	if err != nil {
		return nil, err
	}
	return &Instance{Name: f.Name, Tasks: tasks}, nil
}

// indexOf maps the IDs of the tasks to their places.
func indexOf(specs []specified) (map[string]int, error) {
	index := make(map[string]int, len(specs))
	for i, s := range specs {
		if s.ID == "" {
			return nil, fmt.Errorf("task %d in workflow.specification, named %q, has no id", i+1, s.Name)
		}
		if first, ok := index[s.ID]; ok {
			return nil, fmt.Errorf("task %q is in workflow.specification twice, as number %d and %d", s.ID, first+1, i+1)
		}
		index[s.ID] = i
	}
	return index, nil
}

// edge goes from input to user.
type edge struct{ from, to int }

// connect sets the inputs of the tasks. Both ends of an edge must tell of it.
func connect(tasks []Task, specs []specified, index map[string]int) error {
	told := make(map[edge]bool) // by the user
	for i, s := range specs {
		for _, id := range s.Parents {
			input, ok := index[id]
			switch {
			case !ok:
				return fmt.Errorf("task %q has an unknown parent, %q", s.ID, id)
			case told[edge{input, i}]:
				return fmt.Errorf("task %q has the parent %q twice", s.ID, id)
			}
			told[edge{input, i}] = true
			tasks[i].Inputs = append(tasks[i].Inputs, input)
		}
	}
	return confirm(specs, index, told)
}

// confirm compares what the users have told about edges with what their inputs do.
func confirm(specs []specified, index map[string]int, told map[edge]bool) error {
	confirmed := make(map[edge]bool, len(told))
	for i, s := range specs {
		for _, id := range s.Children {
			user, ok := index[id]
			switch {
			case !ok:
				return fmt.Errorf("task %q has an unknown child, %q", s.ID, id)
			case confirmed[edge{i, user}]:
				return fmt.Errorf("task %q has the child %q twice", s.ID, id)
			case !told[edge{i, user}]:
				return fmt.Errorf("task %q has the child %q, which does not have it as a parent", s.ID, id)
			}
			confirmed[edge{i, user}] = true
		}
	}
	for i, s := range specs {
		for _, id := range s.Parents {
			if !confirmed[edge{index[id], i}] {
				return fmt.Errorf("task %q has the parent %q, which does not have it as a child", s.ID, id)
			}
		}
	}
	return nil
}

// measure sets the times and programs of the tasks.
func measure(tasks []Task, executed []executed, index map[string]int) error {
	done := make([]bool, len(tasks))
	var sum time.Duration
	for _, e := range executed {
		i, ok := index[e.ID]
		if !ok {
			return fmt.Errorf("task %q is in workflow.execution, but not in workflow.specification", e.ID)
		}
		if done[i] {
			return fmt.Errorf("task %q is in workflow.execution twice", e.ID)
		}
		if e.Time == nil {
			return fmt.Errorf("task %q has no runtimeInSeconds", e.ID)
		}
		took, err := duration(*e.Time, TimeMax-sum)
		if err != nil {
			return fmt.Errorf("task %q: %w", e.ID, err)
		}
		done[i], tasks[i].Time, tasks[i].Program = true, took, e.Command.Program
		sum += took
	}
	for i, t := range tasks {
		if !done[i] {
			return fmt.Errorf("task %q is not in workflow.execution, so it has no run time", t.ID)
		}
	}
	return nil
}

// duration is a run time of so many seconds, when there may be as much as left.
func duration(seconds float64, left time.Duration) (time.Duration, error) {
	switch {
	case seconds < 0:
		return 0, fmt.Errorf("its runtimeInSeconds, %v, is negative", seconds)
	case seconds > left.Seconds():
		return 0, fmt.Errorf("with its runtimeInSeconds, %v, the tasks take more than 100 years", seconds)
	}
	return min(left, time.Duration(math.Round(seconds*float64(time.Second)))), nil
}
