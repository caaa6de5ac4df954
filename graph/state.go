package graph

import "fmt"

// State says where a call stands in its life.
//
//	Pending ──► Running ──► Done ◄── Cached (the value came from a store, nothing ran)
//	   ▲           │          │
//	   │           ├─► Failed │ an input changed
//	   │           └─► Skipped▼
//	   └───────────────────  Stale
//
// Failed and Skipped calls are tried again by the next Get.
type State uint8

// The states, in order of life. A Source is a value that was given, not computed.
const (
	Source  State = iota // given by the program
	Pending              // recorded, never run
	Running              // its function is being run
	Cached               // its value came from a store
	Done                 // its function returned a value
	Failed               // its function failed in the last run that tried it
	Skipped              // not run because a call it depends on failed
	Stale                // has a value, but an input has changed since

	// NumStates is the number of states: the length of [Node.Merged].
	NumStates = int(Stale) + 1
)

var stateNames = [NumStates]string{"source", "pending", "running", "cached", "done", "failed", "skipped", "stale"}

// String returns the state's name in lower case.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// HasValue reports whether a node in this state holds a value that is current.
func (s State) HasValue() bool { return s == Source || s == Cached || s == Done }
