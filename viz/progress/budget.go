package progress

import "time"

const (
	linesMax   = 70 // in any hour
	atOnceMax  = 6  // in an hour: five failures and a summary
	atOnceTime = time.Hour
)

// budget says which lines may be written: those that are due, at 5, 10, 20, 40 s after the begin and then each minute,
// which are 64 in the first hour, and six more at once. If those are used up, one a minute.
type budget struct {
	began  time.Time
	next   time.Time // when the next line is due
	last   time.Time // when there was one
	extras int       // lines that may be written at once
	filled time.Time // when extras was set
	recent [linesMax]time.Time
	at     int // of the oldest in recent
}

func (b *budget) begin(now time.Time) {
	b.began, b.filled, b.extras = now, now, atOnceMax
	b.next = now.Add(firstDue)
}

const firstDue = 5 * time.Second

// after returns the first moment from a begin on, of those at which lines are due, that is later than passed.
func after(passed time.Duration) time.Duration {
	for d := firstDue; d < time.Minute; d *= 2 {
		if d > passed {
			return d
		}
	}
	return passed.Truncate(time.Minute) + time.Minute
}

// due returns when the next line is due, now or later.
func (b *budget) due(now time.Time) time.Time {
	if b.next.Before(now) { // nobody was there to write it
		b.next = b.began.Add(after(now.Sub(b.began)))
	}
	return b.next
}

// scheduled counts a line that is due. It reports whether it may be written.
func (b *budget) scheduled(now time.Time) bool {
	b.next = b.began.Add(after(now.Sub(b.began)))
	return b.count(now)
}

// atOnce counts a line that is not due. It reports whether it may be written.
func (b *budget) atOnce(now time.Time) bool {
	if now.Sub(b.filled) >= atOnceTime {
		b.filled, b.extras = now, atOnceMax
	}
	if b.extras == 0 && now.Sub(b.last) < time.Minute {
		return false
	}
	if b.extras == 0 { // instead of the next that is due
		b.next = b.began.Add(after(now.Sub(b.began)))
	}
	if !b.count(now) {
		return false
	}
	b.extras = max(0, b.extras-1)
	return true
}

func (b *budget) count(now time.Time) bool {
	if oldest := b.recent[b.at]; !oldest.IsZero() && now.Sub(oldest) < time.Hour {
		return false
	}
	b.recent[b.at], b.last = now, now
	b.at = (b.at + 1) % len(b.recent)
	return true
}
