// Package wf reads recorded runs of workflows, in the JSON format of the WfCommons project, schema 1.5: which tasks there
// were, which of them waited for which, how long each took.
//
//	f, err := os.Open("run.json.gz")
//	in, err := wf.Read(f)
//	for i, t := range in.Tasks { … } // t.Inputs are indices below i
//
// What Read accepts is a graph: names are distinct, every input is there, nothing leads back into itself, and each task has
// the time it took. Of anything else the error names the task. Files, machines, commands and how much memory was used
// are not read.
package wf

import "time"

// Instance is one run of a workflow.
type Instance struct {
	Name  string
	Tasks []Task // each after its inputs; at least one
}

// Task is one step of a workflow, and how long it took.
type Task struct {
	ID   string // distinct from those of all other tasks
	Name string // what the file calls it: the ID, or what several tasks have in common
	// Program is the command that the task ran, without its arguments; "" where the file does not say. Some files have
	// whole shell scripts here.
	Program string
	Time    time.Duration // 0 or more
	Inputs  []int         // indices of the tasks that had to end first, each once, in the order of the file
}

// TimeMax bounds the time of all tasks of an instance together, which therefore can be added up in a time.Duration.
const TimeMax = 100 * 365 * 24 * time.Hour

// Edges is how many inputs the tasks have, together.
func (in *Instance) Edges() int {
	n := 0
	for _, t := range in.Tasks {
		n += len(t.Inputs)
	}
	return n
}

// Work is how long the tasks took, together.
func (in *Instance) Work() time.Duration {
	var sum time.Duration
	for _, t := range in.Tasks {
		sum += t.Time
	}
	return sum
}

// Users returns, for each task, the tasks that it is an input of, in ascending order.
func (in *Instance) Users() [][]int {
	users := make([][]int, len(in.Tasks))
	for i, t := range in.Tasks {
		for _, input := range t.Inputs {
			users[input] = append(users[input], i)
		}
	}
	return users
}
