package record

import (
	"errors"
	"sync/atomic"

	"github.com/dally-go/dally/lazy"
)

// Counts are exact numbers of what there was, however much of it is still kept. None ever falls.
type Counts struct {
	// Done, Failed and Cancelled are the runs that are over, by how they came out: all was computed, something failed,
	// or all who waited left before it was over.
	Done, Failed, Cancelled int
	// Planned is the calls of all runs, also of those that go on.
	Planned int
	// Dropped is the spans that were not kept for want of room. With Spans(0) none are kept, and none counts.
	Dropped int
}

// Counts returns the numbers as they are now.
func (r *Recorder) Counts() Counts {
	e := &r.ended
	c := Counts{Done: int(e.done.Load()), Failed: int(e.failed.Load()), Cancelled: int(e.cancelled.Load())}
	if rings := r.rings.Load(); rings != nil {
		for _, g := range *rings {
			g.mu.Lock()
			if g.limit > 0 {
				c.Dropped += int(g.written - min(g.written, uint64(g.limit)))
			}
			g.mu.Unlock()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Planned = r.planned
	for _, i := range r.active {
		c.Planned += i.Planned()
	}
	return c
}

// ended counts runs that are over.
type ended struct{ done, failed, cancelled atomic.Int64 }

func (e *ended) count(err error) {
	switch {
	case err == nil:
		e.done.Add(1)
	case isCancelled(err):
		e.cancelled.Add(1)
	default:
		e.failed.Add(1)
	}
}

// isCancelled reports whether a run ended because nobody waited for it any more. An Is method of the user's that panics
// is not let through.
func isCancelled(err error) (is bool) {
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	return errors.Is(err, lazy.ErrNoWaiters)
}
