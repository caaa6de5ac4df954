package cache

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A server that failed breakerFailures times in a row is left alone: for breakerPauseMin at first, for twice as long
// each time that it fails again, but for breakerPauseMax at most.
const (
	breakerFailures = 3
	breakerPauseMin = 5 * time.Second
	breakerPauseMax = 5 * time.Minute
)

// breaker keeps calls from a server that does not work, so that a dead server costs a program a few timeouts and not one
// for each call, and its log one line and not thousands.
//
//	        breakerFailures in a row             pause is over
//	closed ──────────────────────────▶ open ◀─────────────────▶ trial
//	   ▲                                        it failed         │
//	   └──────────────────────────────────────────────────────────┘
//	                           it went well
//
// While it is open nobody passes, in a trial one call does. Who has passed tells how the call went, exactly once. The
// zero value is closed.
type breaker struct {
	mu       sync.Mutex
	failures int           // Guarded by mu. In a row, since it was closed.
	until    time.Time     // Guarded by mu. When the pause is over; zero if closed.
	pause    time.Duration // Guarded by mu. The length of the last pause without its jitter; 0 if closed.
	trial    bool          // Guarded by mu. A trial is under way.
	openings int           // Guarded by mu. How often it was opened.
}

// outcome is how a call went.
type outcome int

const (
	unknown outcome = iota // the caller did not wait for the end, or had trouble of its own
	worked                 // the server answered, if only that it has nothing or wants nothing
	failed                 // the server did not answer, or not what the protocol knows
	denied                 // the server does not want this client, which asking again does not change
)

// pass is what a caller holds who was let through.
type pass struct {
	trial    bool
	openings int
}

// enter reports whether a call may be made. If so the pass has to be given to leave.
func (b *breaker) enter() (pass, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return pass{openings: b.openings}, true
	}
	if b.trial || time.Now().Before(b.until) {
		return pass{}, false
	}
	b.trial = true
	return pass{true, b.openings}, true
}

// leave notes how a call went. It returns for how long nobody passes if this call has opened the breaker, else 0. known
// reports whether the breaker had been opened by another call since this one has passed: its failure is no news then.
func (b *breaker) leave(p pass, o outcome) (pause time.Duration, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.openings != b.openings {
		return 0, true
	}
	if p.trial {
		b.trial = false
	}
	switch {
	case o == worked:
		b.failures, b.until, b.pause = 0, time.Time{}, 0
	case o == denied:
		return b.openLocked(breakerPauseMax), false
	case o == failed && p.trial:
		return b.openLocked(2 * b.pause), false
	case o == failed:
		if b.failures++; b.failures >= breakerFailures {
			return b.openLocked(breakerPauseMin), false
		}
	}
	return 0, false
}

// openLocked needs mu. Its jitter, up to a fifth of the pause, keeps the programs that have lost a server at one moment
// from coming back at one moment.
func (b *breaker) openLocked(pause time.Duration) time.Duration {
	b.pause = min(pause, breakerPauseMax)
	jittered := b.pause - rand.N(b.pause/5)
	b.until = time.Now().Add(jittered)
	b.openings++
	return jittered
}
