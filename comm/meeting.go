package comm

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// meeting is a collective operation of a Local. All but op is guarded by the world's mu until what a rank waits for is
// complete, and not written to after that.
type meeting struct {
	// op is what the first to come has called, and first its rank.
	op    Op
	first int

	// here tells which ranks have come, and n how many.
	here []bool
	n    int

	// values are what the ranks gave, by rank. Nil for a Barrier.
	values []any

	// err is what all ranks get instead of values.
	err error
}

// Meet joins the rank's next meeting. Where all ranks meet in one place there is no need for a tree of messages.
func (e *localEnd) Meet(ctx context.Context, op Op, v any) ([]any, error) {
	l := e.world
	l.mu.Lock()
	if err := e.readyLocked(); err != nil {
		l.mu.Unlock()
		return nil, err
	}
	m := l.meetingLocked(e, op)
	if m.op != op {
		err := mismatch(m.first, m.op, e.rank, op)
		l.failLocked(err)
		l.mu.Unlock()
		return nil, err
	}
	l.comeLocked(m, e, v)
	if m.complete(e.rank) {
		defer l.mu.Unlock()
		return m.result(e.rank)
	}
	e.wait = wait{ctx: ctx, meeting: m}
	err := e.waitUnlock()
	e.wait = wait{}
	if err != nil {
		return nil, err
	}
	return m.result(e.rank)
}

// meetingLocked returns the rank's next meeting, a new one if it is the first to come. l.mu is held.
func (l *Local) meetingLocked(e *localEnd, op Op) *meeting {
	i := e.meets - l.met
	e.meets++
	if i == len(l.meetings) {
		n := len(l.ranks)
		m := &meeting{op: op, first: e.rank, here: make([]bool, n)}
		if op.Type != nil {
			m.values = make([]any, n)
		}
		l.meetings = append(l.meetings, m)
	}
	return l.meetings[i]
}

// comeLocked notes that e has come to m with v, and wakes those for whom that was the last that they waited for. l.mu
// is held.
func (l *Local) comeLocked(m *meeting, e *localEnd, v any) {
	m.here[e.rank] = true
	m.n++
	switch isRoot := e.rank == m.op.Root; {
	case m.values == nil: // a barrier
	case !m.op.Out || isRoot && !m.op.Split:
		m.values[e.rank] = v
	case isRoot:
		m.values = v.([]any)
		if len(m.values) != len(l.ranks) {
			m.err = fmt.Errorf("comm: %s: rank %d gave %d elements, want one for each of the %d ranks", m.op,
				e.rank, len(m.values), len(l.ranks))
		}
	}
	all := m.n == len(l.ranks)
	if all {
		l.meetings[0] = nil
		l.meetings = l.meetings[1:]
		l.met++
	}
	if !all && !(m.op.Out && e.rank == m.op.Root) {
		return
	}
	for _, r := range l.ranks {
		if r.waiting && r.wait.meeting == m {
			l.wakeLocked(r, nil)
		}
	}
}

// complete tells whether all has come that rank, which has come itself, waits for.
func (m *meeting) complete(rank int) bool {
	waits, forAll := m.op.waits(rank)
	return !waits || m.n == len(m.here) || !forAll && m.here[m.op.Root]
}

// result returns what rank gets.
func (m *meeting) result(rank int) ([]any, error) {
	switch {
	case m.err != nil:
		return nil, m.err
	case m.op.Split:
		return m.values[rank : rank+1], nil
	case m.op.Out:
		return m.values[m.op.Root : m.op.Root+1], nil
	case m.op.Root == NoRoot || m.op.Root == rank:
		return m.values, nil
	}
	return nil, nil
}

// needs tells whether those who wait in m, if any, wait for that rank.
func (m *meeting) needs(rank int) bool {
	return !m.here[rank] && (!m.op.Out || rank == m.op.Root)
}

// missingMax is how many ranks missing names.
const missingMax = 8

// missing names the ranks for which those who wait in m wait.
func (m *meeting) missing() string {
	var names []string
	n := 0
	for r := range m.here {
		if !m.needs(r) {
			continue
		}
		if n++; n <= missingMax {
			names = append(names, strconv.Itoa(r))
		}
	}
	switch {
	case n == 1:
		return "rank " + names[0]
	case n > missingMax:
		return fmt.Sprintf("ranks %s and %d more", strings.Join(names, ", "), n-missingMax)
	}
	return "ranks " + strings.Join(names[:n-1], ", ") + " and " + names[n-1]
}

// mismatch is the error of ranks that have called different collective operations.
func mismatch(a int, opA Op, b int, opB Op) error {
	if b < a {
		a, opA, b, opB = b, opB, a, opA
	}
	return fmt.Errorf("comm: ranks must call the same collective operations in the same order: rank %d has called %s, "+
		"rank %d %s", a, opA, b, opB)
}
