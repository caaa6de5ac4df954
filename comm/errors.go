package comm

import (
	"fmt"
	"strings"
)

// RankError is the error of every operation after a rank has failed.
type RankError struct {
	// Rank is the rank that failed first, and Err what its function returned.
	Rank int
	Err  error
}

// Error returns the likes of "comm: rank 2 failed: " and the error.
func (e *RankError) Error() string { return fmt.Sprintf("comm: rank %d failed: %v", e.Rank, e.Err) }

// Unwrap returns what the rank's function returned.
func (e *RankError) Unwrap() error { return e.Err }

// DeadlockError is the error of an operation that waits for what can never come.
type DeadlockError struct {
	// Waits says who waits for whom: a sentence without a full stop for each rank that has to do with it, in their
	// order, as "rank 0 waits for a message from rank 1 with tag 7" or "rank 1 has ended".
	Waits []string
}

// shownMax is how many ranks the text of a DeadlockError speaks of.
const shownMax = 20

// Error returns the likes of "comm: deadlock: " and what Waits says, of up to 20 ranks.
func (e *DeadlockError) Error() string {
	shown, more := e.Waits, ""
	if len(shown) > shownMax {
		shown, more = shown[:shownMax], fmt.Sprintf("; and %d more ranks", len(e.Waits)-shownMax)
	}
	return "comm: deadlock: " + strings.Join(shown, "; ") + more
}
