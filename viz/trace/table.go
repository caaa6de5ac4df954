package trace

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

const (
	foldMin  = 3  // as many calls of one name in a row become one line
	linesMax = 24 // lines of a table before the shortest calls are put together
	linesTop = 16 // the longest, which are kept then
	nameMax  = 80 // runes
)

// line is one line of the table: a call, or several in a row.
type line struct {
	name        string
	calls       int
	untimed     int
	took, waits time.Duration
	rest        bool // calls of several names
}

// String tells the path as a table: one line that sums it up, then a line per call: how long it waited for its
// start, how long it ran, and its share of the whole time. Three and more calls of one name in a row become one
// line, and of a path with more than 24 lines the 16 longest are told.
func (p Path) String() string {
	if len(p.Calls) == 0 {
		return p.summary() + "\n"
	}
	var b strings.Builder
	b.WriteString(p.summary())
	fmt.Fprintf(&b, "\n%9s  %9s  %6s\n", "waited", "ran", "share")
	for _, l := range shorten(p.lines()) {
		share := "–"
		if l.took > 0 {
			share = percent(l.took, p.Wall)
		}
		fmt.Fprintf(&b, "%9s  %9s  %6s  %s\n", orDash(l.waits), orDash(l.took), share, l.text())
	}
	return b.String()
}

func (p Path) summary() string {
	if len(p.Calls) == 0 {
		return "critical path: no call has run"
	}
	s := "critical path: " + counted(len(p.Calls), "call")
	switch {
	case p.Wall > 0:
		s += fmt.Sprintf(", %s of %s (%s)", orZero(p.Ran), label.Duration(p.Wall), percent(p.Ran, p.Wall))
		if p.Untimed > 0 {
			s += fmt.Sprintf(", %s not timed", label.Grouped(p.Untimed))
		}
	case p.Untimed > 0:
		s += ", not timed: calls below 20 µs often are not"
	}
	return s
}

func (p Path) lines() []line {
	var lines []line
	for i := 0; i < len(p.Calls); {
		end := i + 1
		for end < len(p.Calls) && alike(p.Calls[i].Node, p.Calls[end].Node) {
			end++
		}
		if end-i < foldMin {
			end = i + 1
		}
		l := line{name: nameOf(p.Calls[i].Node), calls: end - i}
		if l.calls > 1 {
			l.name = cleanName(p.Calls[i].Node.Name)
		}
		l.name += stateNote(p.Calls[i].Node.State)
		for _, c := range p.Calls[i:end] {
			l.add(c)
		}
		lines = append(lines, l)
		i = end
	}
	return lines
}

func alike(a, b *graph.Node) bool { return a.Name == b.Name && a.State == b.State }

func (l *line) add(c Call) {
	l.took, l.waits = l.took+c.Took, l.waits+c.Waited
	if isUntimed(c.Node) {
		l.untimed++
	}
}

// shorten puts all but the longest lines together, where there are too many.
func shorten(lines []line) []line {
	if len(lines) <= linesMax {
		return lines
	}
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return int(min(1, max(-1, lines[b].took+lines[b].waits-lines[a].took-lines[a].waits)))
	})
	top := order[:linesTop]
	slices.Sort(top)
	var short []line
	for i, l := range lines {
		if _, kept := slices.BinarySearch(top, i); kept {
			short = append(short, l)
			continue
		}
		if len(short) == 0 || !short[len(short)-1].rest {
			short = append(short, line{rest: true})
		}
		r := &short[len(short)-1]
		r.calls, r.untimed = r.calls+l.calls, r.untimed+l.untimed
		r.took, r.waits = r.took+l.took, r.waits+l.waits
	}
	return short
}

func (l *line) text() string {
	s := l.name
	switch {
	case l.rest:
		s = "… " + counted(l.calls, "call")
	case l.calls > 1:
		s += " ×" + label.Grouped(l.calls)
	}
	switch {
	case l.untimed == 0:
		return s
	case l.untimed == l.calls:
		return s + " (not timed)"
	}
	return s + " (" + label.Grouped(l.untimed) + " not timed)"
}

func stateNote(s graph.State) string {
	switch s {
	case graph.Done:
		return ""
	case graph.Pending:
		return " cancelled"
	}
	return " " + s.String()
}

// nameOf is how calls are named everywhere: "Load#3".
func nameOf(n *graph.Node) string { return fmt.Sprintf("%s#%d", cleanName(n.Name), n.ID) }

func cleanName(s string) string { return label.Isolate(label.Clean(s, nameMax)) }

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return label.Grouped(n) + " " + what + "s"
}

func orDash(d time.Duration) string {
	if d <= 0 {
		return "–"
	}
	return label.Duration(d)
}

func orZero(d time.Duration) string {
	if d <= 0 {
		return "0 s"
	}
	return label.Duration(d)
}

// percent is never 0 or 100 where that is not so.
func percent(part, whole time.Duration) string {
	switch share := float64(part) / float64(whole) * 100; {
	case part > 0 && share < 0.5:
		return "<1 %"
	case part < whole && share >= 99.5:
		return ">99 %"
	default:
		return fmt.Sprintf("%.0f %%", share)
	}
}
