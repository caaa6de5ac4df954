package comm

import (
	"errors"
	"fmt"
)

// checkInvariants returns all that is wrong with the world. l.mu is held.
func (l *Local) checkInvariants() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	running, ended := 0, 0
	for _, e := range l.ranks {
		switch {
		case e.waiting && e.ended:
			bad("rank %d waits and has ended", e.rank)
		case e.ended:
			ended++
		case !e.waiting:
			running++
		case e.wait.meeting != nil && e.wait.meeting.complete(e.rank):
			bad("rank %d waits in %v, for which all have come", e.rank, e.wait.meeting.op)
		case e.wait.meeting == nil && e.inbox.find(&e.wait.want) != nil:
			bad("rank %d waits for a message that is there: %+v", e.rank, e.wait.want)
		}
		if l.failed != nil && e.waiting {
			bad("rank %d waits in a world that has failed", e.rank)
		}
	}
	if running != l.running || ended != l.ended {
		bad("%d ranks run and %d have ended, counted as %d and %d", running, ended, l.running, l.ended)
	}
	for i, m := range l.meetings {
		if n := len(l.ranks); m.n >= n || m.n < 1 {
			bad("meeting %d, %v, is open with %d of %d ranks", l.met+i, m.op, m.n, n)
		}
	}
	return errors.Join(errs...)
}
