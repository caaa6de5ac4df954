package comm_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dally-go/dally/comm"
)

// sim runs a program one rank at a time, each until it can go no further.
type sim struct {
	prog  [][]step
	ranks []simRank
	boxes [][]simMail // by receiver
	logs  [][]string

	// came is set when a rank has come to a meeting: others may go on, even if it cannot.
	came bool
}

type simMail struct {
	comm.Envelope
	v int
}

type simRank struct {
	pc    int
	ended bool

	// met counts the meetings of the rank, and calls its collective operations: an AllReduce is two meetings.
	met, calls int
	second     bool // in the second meeting of an AllReduce
	came       bool // has come to the meeting that it is in
}

// simulate returns the log of each rank. An entry that ends in "…" is only the start of what the rank logs.
func simulate(prog [][]step) [][]string {
	n := len(prog)
	s := &sim{prog: prog, ranks: make([]simRank, n), boxes: make([][]simMail, n), logs: make([][]string, n)}
	for s.goOn() {
	}
	var waits []string
	for r := range s.ranks {
		if s.ranks[r].ended {
			waits = append(waits, fmt.Sprintf("rank %d has ended", r))
		} else {
			waits = append(waits, s.waits(r)+s.others(r))
		}
	}
	for r := range s.ranks {
		if !s.ranks[r].ended {
			s.logs[r] = append(s.logs[r], "comm: deadlock: "+strings.Join(waits, "; "))
		}
	}
	return s.logs
}

// goOn lets each rank go on as far as it can, and tells whether any could.
func (s *sim) goOn() bool {
	some := false
	s.came = false
	for r := range s.ranks {
		for !s.ranks[r].ended && s.step(r) {
			some = true
		}
	}
	return some || s.came
}

// step tells whether rank r could do its next step, or has found that it never can.
func (s *sim) step(r int) bool {
	me := &s.ranks[r]
	if me.pc == len(s.prog[r]) || s.prog[r][me.pc].op == "end" {
		me.ended = true
		return true
	}
	st := s.prog[r][me.pc]
	var got string
	ok := true
	switch st.op {
	case "Send":
		s.boxes[st.peer] = append(s.boxes[st.peer], simMail{comm.Envelope{From: r, Tag: st.tag}, st.v + 1000*r})
	case "Recv":
		got, ok = s.recv(r, st)
	default:
		got, ok = s.collective(r, st)
	}
	if ok {
		s.logs[r] = append(s.logs[r], got)
		me.pc, me.came = me.pc+1, false
		return true
	}
	if gone := s.gone(r, st); gone {
		s.logs[r] = append(s.logs[r], s.waits(r)+"…")
		me.ended = true
		return true
	}
	return false
}

func (s *sim) recv(r int, st step) (string, bool) {
	for i, m := range s.boxes[r] {
		if (st.peer == comm.AnySource || st.peer == m.From) && (st.tag == comm.AnyTag || st.tag == m.Tag) {
			s.boxes[r] = slices.Delete(s.boxes[r], i, i+1)
			if st.peer == comm.AnySource {
				return "something", true
			}
			return fmt.Sprint(m.v, m.Envelope), true
		}
	}
	return "", false
}

// collective comes to the meeting of a step, and tells what it gives if that can be known.
func (s *sim) collective(r int, st step) (string, bool) {
	me := &s.ranks[r]
	if !me.came {
		me.came, me.second, s.came = true, false, true
		me.met++
		me.calls++
	}
	if len(s.missing(r, st)) > 0 {
		return "", false
	}
	if st.op == "AllReduce" && !me.second {
		me.second, s.came = true, true
		me.met++
		if len(s.missing(r, st)) > 0 {
			return "", false
		}
	}
	return s.value(r, st), true
}

// value is what a collective step gives to rank r.
func (s *sim) value(r int, st step) string {
	of := func(rank int) int { return st.v + 1000*rank }
	vs, sum := []int{}, of(0)
	for i := range s.ranks {
		vs = append(vs, of(i))
		if i > 0 {
			sum -= of(i)
		}
	}
	atRoot := r == st.peer
	switch {
	case st.op == "Barrier":
		return ""
	case st.op == "Broadcast":
		return fmt.Sprint(of(st.peer))
	case st.op == "Scatter":
		return fmt.Sprint(of(st.peer) + r)
	case st.op == "AllReduce", st.op == "Reduce" && atRoot:
		return fmt.Sprint(sum)
	case st.op == "Reduce":
		return "0"
	case st.op == "AllGather", atRoot:
		return fmt.Sprint(vs)
	}
	return "[]"
}

// missing are the ranks for which r waits in the meeting that it is in.
func (s *sim) missing(r int, st step) []int {
	me := &s.ranks[r]
	root, out, waits := st.peer, false, true
	switch st.op {
	case "Broadcast", "Scatter":
		out, waits = true, r != root
	case "Gather", "Reduce":
		waits = r == root
	case "AllReduce":
		root, out = 0, me.second
		waits = (r == root) != out
	}
	var missing []int
	for i := range s.ranks {
		if waits && s.ranks[i].met < me.met && (!out || i == root) {
			missing = append(missing, i)
		}
	}
	return missing
}

// gone tells whether rank r waits for one that has ended, or for itself.
func (s *sim) gone(r int, st step) bool {
	if st.op == "Recv" {
		return st.peer != comm.AnySource && (st.peer == r || s.ranks[st.peer].ended)
	}
	return slices.ContainsFunc(s.missing(r, st), func(i int) bool { return s.ranks[i].ended })
}

// waits says what rank r waits for. For a collective operation that is only the start if it ends now.
func (s *sim) waits(r int) string {
	st, me := s.prog[r][s.ranks[r].pc], &s.ranks[r]
	from := fmt.Sprintf("rank %d", st.peer)
	tag := fmt.Sprintf(" with tag %d", st.tag)
	switch {
	case st.op != "Recv":
		return fmt.Sprintf("rank %d waits in %s #%d", r, st.op, me.calls)
	case st.peer == comm.AnySource:
		from = "any rank"
	case st.peer == r:
		from = "itself"
	}
	if st.tag == comm.AnyTag {
		tag = ""
	}
	return fmt.Sprintf("rank %d waits for a message from %s%s", r, from, tag)
}

// others is what comes after waits in the report of a deadlock.
func (s *sim) others(r int) string {
	st, n := s.prog[r][s.ranks[r].pc], len(s.boxes[r])
	switch {
	case st.op == "Recv" && n == 0:
		return ""
	case st.op == "Recv" && n == 1:
		return " (1 other is there)"
	case st.op == "Recv":
		return fmt.Sprintf(" (%d others are there)", n)
	}
	out := ""
	if st.op != "Barrier" {
		out = " of int"
	}
	if !slices.Contains([]string{"Barrier", "AllGather", "AllReduce"}, st.op) {
		out += fmt.Sprintf(" with root %d", st.peer)
	}
	missing := s.missing(r, st)
	names := strings.Trim(strings.ReplaceAll(fmt.Sprint(missing), " ", ", "), "[]")
	if i := strings.LastIndex(names, ", "); i >= 0 {
		return out + " for ranks " + names[:i] + " and " + names[i+2:]
	}
	return out + " for rank " + names
}
