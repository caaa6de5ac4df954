package comm

import (
	"context"
	"fmt"
	"strings"

	"github.com/dally-go/dally/internal/invariant"
)

// wait is what a rank waits for, and what it gets.
type wait struct {
	// ctx ends the wait. It is here for the time of one operation, so that a rank whose ctx is done is not taken for one
	// that waits for ever.
	ctx context.Context

	// meeting is the collective operation that the rank waits in. Nil: it waits for a message that want matches.
	meeting *meeting
	want    Want

	// got is the message, or err why there is none. Written by the one who takes the rank from waiting, before wake.
	got Message
	err error
}

// name is the name of the operation.
func (w *wait) name() string {
	switch {
	case w.meeting != nil:
		return w.meeting.op.String()
	case w.want.LenMax >= 0:
		return "RecvInto"
	}
	return "Recv"
}

// waitUnlock waits for what e.wait says: it returns when that is there, or why it will not come. The world's mu is held
// when it is called, not when it returns.
func (e *localEnd) waitUnlock() error {
	l, ctx := e.world, e.wait.ctx
	if !l.sleepLocked(e) {
		err := e.wait.err
		l.mu.Unlock()
		return err
	}
	l.mu.Unlock()
	if l.hooks.Waits != nil {
		if resume := l.hooks.Waits(e.rank); resume != nil {
			defer resume()
		}
	}
	select {
	case <-e.wake:
		return e.wait.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.waiting {
		e.waiting = false
		l.running++
		return cancelled(ctx, e.rank, e.wait.name())
	}
	<-e.wake // it was handed over at the same time, and counts
	return e.wait.err
}

// sleepLocked makes e waiting. It returns false, with e.wait.err set, if it is clear at once that what e waits for
// cannot come. l.mu is held.
func (l *Local) sleepLocked(e *localEnd) bool {
	if gone := e.neverFrom(); gone != nil {
		e.wait.err = l.neverLocked(e, gone)
		return false
	}
	e.waiting = true
	l.running--
	l.settleLocked()
	if e.waiting {
		return true
	}
	<-e.wake
	return false
}

// wakeLocked makes a rank running that waits. l.mu is held.
func (l *Local) wakeLocked(e *localEnd, err error) {
	e.waiting = false
	e.wait.err = err
	l.running++
	e.wake <- struct{}{} // there is room: of one wait only one takes the rank, and the rank takes the value
}

// settleLocked ends the world if no rank runs and some wait: then nothing can come to them. A rank whose ctx is done
// will go on of itself. l.mu is held.
func (l *Local) settleLocked() {
	if invariant.Enabled {
		err := l.checkInvariants()
		invariant.Check(err == nil, "comm: %v", err)
	}
	if l.running > 0 {
		return
	}
	waits := false
	for _, e := range l.ranks {
		if e.waiting {
			waits = true
			if e.wait.ctx.Err() != nil {
				return
			}
		}
	}
	if !waits {
		return
	}
	report := &DeadlockError{}
	for _, e := range l.ranks {
		report.Waits = append(report.Waits, e.state())
	}
	l.failLocked(report)
}

// endedLocked ends the operations that wait for a rank which has ended now. Where ctx is done that ends them, which
// came first. l.mu is held.
func (l *Local) endedLocked(gone *localEnd) {
	for _, e := range l.ranks {
		if e.waiting && e.wait.needs(gone.rank) && e.wait.ctx.Err() == nil {
			l.wakeLocked(e, l.neverLocked(e, gone))
		}
	}
}

// needs tells whether the wait cannot end without that rank.
func (w *wait) needs(rank int) bool {
	if w.meeting != nil {
		return w.meeting.needs(rank)
	}
	return w.want.From == rank
}

// neverFrom returns the lowest rank that has ended, or is e itself, without which e's wait cannot end; nil if there is
// none.
func (e *localEnd) neverFrom() *localEnd {
	l, from := e.world, e.wait.want.From
	switch {
	case e.wait.meeting == nil && from != AnySource && (from == e.rank || l.ranks[from].ended):
		return l.ranks[from]
	case e.wait.meeting == nil || l.ended == 0:
		return nil
	}
	for r, end := range l.ranks {
		if end.ended && e.wait.meeting.needs(r) {
			return end
		}
	}
	return nil
}

// neverLocked is the error of e, which waits for gone. l.mu is held.
func (l *Local) neverLocked(e, gone *localEnd) error {
	wasWaiting := e.waiting
	e.waiting = true
	waits := []string{e.state()}
	e.waiting = wasWaiting
	switch {
	case gone.rank > e.rank:
		waits = append(waits, gone.state())
	case gone.rank < e.rank:
		waits = append([]string{gone.state()}, waits...)
	}
	return &DeadlockError{Waits: waits}
}

// state says what the rank does, for a DeadlockError.
func (e *localEnd) state() string {
	switch {
	case e.ended:
		return fmt.Sprintf("rank %d has ended", e.rank)
	case !e.waiting:
		return fmt.Sprintf("rank %d runs", e.rank)
	case e.wait.meeting != nil:
		return fmt.Sprintf("rank %d waits in %s for %s", e.rank, e.wait.meeting.op, e.wait.meeting.missing())
	}
	return e.recvState()
}

// recvState says which message the rank waits for.
func (e *localEnd) recvState() string {
	var b strings.Builder
	w := &e.wait.want
	fmt.Fprintf(&b, "rank %d waits for a message from ", e.rank)
	switch w.From {
	case AnySource:
		b.WriteString("any rank")
	case e.rank:
		b.WriteString("itself")
	default:
		fmt.Fprintf(&b, "rank %d", w.From)
	}
	if w.Tag != AnyTag {
		fmt.Fprintf(&b, " with tag %d", w.Tag)
	}
	switch n := e.inbox.len; {
	case n == 1:
		b.WriteString(" (1 other is there)")
	case n > 1:
		fmt.Fprintf(&b, " (%d others are there)", n)
	}
	return b.String()
}
