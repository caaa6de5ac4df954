package progress

import (
	"context"
	"errors"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/record"
)

const (
	// ttyDelay is how long runs go on before anything is drawn for them, goingOnDelay if something was drawn a moment ago for
	// runs that took long, and shyDelay if for some that did not.
	ttyDelay     = 250 * time.Millisecond
	goingOnDelay = 50 * time.Millisecond
	shyDelay     = time.Second
	moment       = time.Second
	// lineDelay is how long runs go on before a line that is due is written for them.
	lineDelay = 2 * time.Second
	// summaryMin is how long runs must have taken for a summary in a log in which nothing was told of them.
	summaryMin = 2 * time.Second
	// failurePause is how long a failure waits for those that come with it, and for the end of the run that it may make.
	failurePause = 100 * time.Millisecond
	// failuresMax is how many failures of an episode are told one by one.
	failuresMax = 5
)

// episode is what is shown as one: from the start of a run, when none goes on, till none goes on any more.
type episode struct {
	started time.Time
	base    record.Now    // the totals when it began
	took    time.Duration // Written by the last RunDone before display.over is closed.
	timer   *time.Timer
	display *display // Guarded by Progress.mu. nil: nothing is shown.

	tally
	failures []failure // Guarded by Progress.mu. The first.
	err      string    // Guarded by Progress.mu. Of the first run that failed, or else was cancelled.
}

// tally is of the runs of an episode. Guarded by Progress.mu.
type tally struct {
	runs, failed, cancelled int
	outer, streams          int // runs that no call of a run has begun; those of them that are of a Stream
	planned                 int // calls of the runs that began with the episode
	workers                 int // of the largest session; 0: not known
	first                   uint64
	firstOver               bool
	latest                  time.Time // start of a run
}

// begun counts a run that begins. It needs Progress.mu.
func (e *episode) begun(i lazy.RunInfo) {
	if e.runs++; e.runs == 1 {
		e.first = i.ID
	}
	if run, _ := i.Within(); run == 0 {
		e.outer++
		if i.Op == "stream" {
			e.streams++
		}
	}
	if i.Start.Sub(e.started) < ttyDelay {
		e.planned += i.Calls
	}
	e.latest, e.workers = i.Start, max(e.workers, i.Workers)
}

// isStream reports whether all there was are Streams, whose totals nobody knows.
func (t *tally) isStream() bool { return t.streams > 0 && t.streams == t.outer }

type failure struct {
	call       graph.ID
	name, text string
	at         time.Time
}

// over counts the end of a run, which ended with an error of text why, or none. It needs Progress.mu.
func (e *episode) over(i lazy.RunInfo, why string) {
	e.firstOver = e.firstOver || i.ID == e.first
	if run, _ := i.Within(); i.Err == nil || run != 0 { // what becomes of a Get inside a call is the call's to say
		return
	}
	if isCancel(i.Err) {
		e.cancelled++
	} else {
		e.failed++
	}
	if e.err == "" || e.failed == 1 && !isCancel(i.Err) {
		e.err = why
	}
}

func (e *episode) isFailed() bool { return e.failed > 0 }

// isCancel reports whether a run ended because nobody wanted it any more. The failure of a call is no cancel, even if
// its text is that of a context: it comes in an *Error.
func isCancel(err error) bool {
	if of := (*lazy.Error)(nil); errors.As(err, &of) {
		return false
	}
	return errors.Is(err, lazy.ErrNoWaiters) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// series is what came before: loops of Gets must neither blink nor fill a log.
type series struct {
	idle   time.Time     // when the last episode ended; zero: there was none
	length time.Duration // of the last episode
	brief  bool          // one that took less than a moment was shown
	budget budget
}

// begin is told of the begin of an episode. It returns how long to wait until it is shown.
func (s *series) begin(m Mode, now time.Time) time.Duration {
	gap, pause := now.Sub(s.idle), 10*time.Second
	if m != TTY {
		pause = time.Minute
	}
	isNew := s.idle.IsZero() || gap >= pause
	if isNew {
		s.brief = false
		s.budget.begin(now)
	}
	if m != TTY {
		return max(s.budget.due(now).Sub(now), lineDelay)
	}
	switch {
	case isNew || gap >= moment:
		return ttyDelay
	case s.length >= moment:
		return goingOnDelay
	case s.brief:
		return shyDelay
	}
	return ttyDelay
}

func (s *series) end(now time.Time, length time.Duration, shown bool) {
	s.idle, s.length = now, length
	if shown && length < moment {
		s.brief = true
	}
}

func (s *series) mayTell(now time.Time) bool { return s.budget.atOnce(now) }
