package graph

import "time"

// ID names a node. IDs are given in order of recording, from 1, and are not used twice in a process.
type ID uint64

// Node is one call, or one source, of a [Snapshot].
type Node struct {
	ID ID
	// Name is the function's name, or the name the source was given. An unnamed constant has none.
	Name  string
	State State
	// Inputs are the nodes whose values this one takes, in order of its arguments. A node may stand here twice.
	Inputs []ID
	// Value is a short preview of the value, one line, at most about 60 characters; "" where there is no value.
	Value string
	// Err is the text of the error that made the node Failed; "" otherwise.
	Err string
	// Reason says why the call would run, or would not. Only plans and explanations fill it.
	Reason string
	// Where is the file:line at which the function was wrapped; "" where it is not known.
	Where string
	// Start and Duration tell when the call last ran and how long it took. Calls that are known to take
	// less than 20 µs are not timed, most often: their Duration is 0. For a Running call Duration is 0 too.
	Start    time.Time
	Duration time.Duration
	// Count is the number of calls a collapsed node stands for. 0 and 1 both mean the one call itself.
	Count int
	// Merged counts those calls by state, when Count is above 1. Duration is then their mean.
	Merged [NumStates]int
}

// Snapshot is a computation at one moment. It shares nothing with the graph it was taken from: it may be kept and read
// from any goroutine. Every node stands after its inputs.
type Snapshot struct {
	// Title is drawn above the picture; "" for none.
	Title string
	Nodes []Node
}

// Count returns how many calls are in each state. A collapsed node counts as the calls it stands for.
func (s Snapshot) Count() [NumStates]int {
	var counts [NumStates]int
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Count <= 1 {
			counts[int(n.State)%NumStates]++
			continue
		}
		for state, c := range n.Merged {
			counts[state] += c
		}
	}
	return counts
}
