package progress

import (
	"strconv"
	"strings"
	"time"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// Styles are of the 16 colours that every terminal has, and that its user has chosen.
const (
	styleDone    = "36"
	styleCached  = "35"
	styleFailed  = "31"
	styleRunning = "33"
	styleSoft    = "2"
	styleBold    = "1"
)

const (
	longestMax = 4
	slowestMax = 3
	nameMax    = 60 // runes
	textMax    = 300
	barMin     = 10 // columns
	barMax     = 40
)

// frame returns what is drawn: a bar with numbers, and the calls that have run longest.
func (v *view) frame(columns, rows int, colour bool) []string {
	lines := []string{v.head(columns).render(columns, colour)}
	for _, l := range v.longestLines(columns) {
		if len(lines) == rows {
			break
		}
		lines = append(lines, l.render(columns, colour))
	}
	return lines
}

// part is a part of a line that may be left out: those with the highest numbers first.
type part struct {
	piece
	rank int
}

// head is the line with the bar. Where it is too narrow for all, parts are left out, then the bar.
func (v *view) head(columns int) line {
	parts := v.headParts()
	if v.open {
		for len(parts) > 1 && partsWidth(parts) > columns {
			parts = without(parts)
		}
		return joined(nil, parts)
	}
	l := line{{padLeft(strconv.Itoa(v.percent())+"%", 4), styleBold}, {" ", ""}}
	for len(parts) > 1 && l.width()+barMin+1+partsWidth(parts) > columns {
		parts = without(parts)
	}
	room := columns - l.width() - partsWidth(parts)
	if room < 0 {
		return l[:1]
	}
	if room > barMin {
		l = append(l, v.bar(min(room-1, barMax))...)
		l = append(l, piece{" ", ""})
	}
	return joined(l, parts)
}

func (v *view) headParts() (parts []part) {
	add := func(rank int, style, text string) {
		if text != "" {
			parts = append(parts, part{piece{text, style}, rank})
		}
	}
	if v.open {
		add(0, "", counted(v.ended, "call"))
		add(4, "", v.pace())
	} else {
		planned := label.Grouped(v.planned)
		add(1, "", padLeft(label.Grouped(v.ended), len(planned))+"/"+planned+v.plus())
	}
	add(3, styleFailed, some(v.states[graph.Failed], "failed"))
	add(6, styleCached, some(v.states[graph.Cached], "cached"))
	add(5, "", steady(v.elapsed))
	if left := v.leftText(); left != "" {
		add(2, "", left+" left")
	}
	add(7, styleSoft, v.busyText())
	return parts
}

// partsWidth is how many columns parts take with what stands between them.
func partsWidth(parts []part) (columns int) {
	for i := range parts {
		columns += width(parts[i].text)
	}
	return columns + width(separator)*max(0, len(parts)-1)
}

const separator = " · "

// without leaves out the least important part.
func without(parts []part) []part {
	least := 0
	for i := range parts {
		if parts[i].rank > parts[least].rank {
			least = i
		}
	}
	return append(parts[:least:least], parts[least+1:]...)
}

// joined appends parts to l, with what stands between them.
func joined(l line, parts []part) line {
	for i := range parts {
		if i > 0 {
			l = append(l, piece{separator, styleSoft})
		}
		l = append(l, parts[i].piece)
	}
	return l
}

// bar draws what is over, by how it came out, in columns of them. What is there takes a column at least, as long as
// there are columns; all of them are taken when all is over.
func (v *view) bar(columns int) line {
	kinds := [...]struct {
		calls       int
		sign, style string
	}{
		{v.states[graph.Done] + v.states[graph.Pending], "━", styleDone},
		{v.states[graph.Cached], "╍", styleCached},
		{v.states[graph.Failed], "✕", styleFailed},
		{v.states[graph.Skipped], "┄", styleFailed},
	}
	var l line
	free, calls := columns, 0
	for _, k := range kinds {
		calls += k.calls
		if k.calls == 0 || free == 0 {
			continue
		}
		upTo := int(float64(calls) / float64(max(v.planned, 1)) * float64(columns))
		n := max(1, upTo-(columns-free))
		if n > free {
			n = free
		}
		free -= n
		l = append(l, piece{strings.Repeat(k.sign, n), k.style})
	}
	return append(l, piece{strings.Repeat("─", free), styleSoft})
}

// longestLines are the calls that have run longest.
func (v *view) longestLines(columns int) []line {
	calls := v.longest(longestMax)
	names, times := make([]string, len(calls)), make([]string, len(calls))
	nameColumns, timeColumns := 0, 0
	for i := range calls {
		names[i], times[i] = callName(calls[i].Name, calls[i].Call), steady(v.ran(&calls[i]))
		nameColumns, timeColumns = max(nameColumns, width(names[i])), max(timeColumns, width(times[i]))
	}
	const around = 5 + 2 // before the name, and after
	nameColumns = min(nameColumns, max(1, columns-around-timeColumns))
	lines := make([]line, len(calls))
	for i := range calls {
		lines[i] = line{
			{"   ▶ ", styleRunning},
			{pad(cutCall(names[i], nameColumns), nameColumns), ""},
			{"  " + padLeft(times[i], timeColumns), styleSoft},
		}
	}
	return lines
}

// cutCall cuts the name of a call in front of its number.
func cutCall(name string, columns int) string {
	if width(name) <= columns {
		return name
	}
	at := strings.LastIndexByte(name, '#')
	if number := name[at:]; len(number)+2 <= columns {
		return cut(name[:at], columns-len(number)) + number
	}
	return cut(name, columns)
}

func callName(name string, id graph.ID) string {
	name = strings.TrimSpace(label.Clean(name, nameMax))
	return name + "#" + strconv.FormatUint(uint64(id), 10)
}

func (v *view) plus() string {
	if v.grown {
		return "+"
	}
	return ""
}

func (v *view) leftText() string {
	if !v.leftKnown {
		return ""
	}
	more := ""
	if v.leftOpen {
		more = "> "
	}
	if v.left < moment {
		return "< 1 s"
	}
	return more + label.Duration(v.left.Round(moment))
}

// pace is how many calls end in a second.
func (v *view) pace() string {
	if v.elapsed < estimateMin || v.ended == 0 {
		return ""
	}
	if rate := float64(v.ended) / v.elapsed.Seconds(); rate >= 1 {
		return label.Grouped(int(rate+0.5)) + "/s"
	}
	return ""
}

func (v *view) busyText() string {
	text := ""
	switch {
	case v.workers > 0:
		text = strconv.Itoa(v.busy) + "/" + strconv.Itoa(v.workers) + " busy"
	case v.busy > 0:
		text = strconv.Itoa(v.busy) + " busy"
	}
	if v.outside > 0 && text != "" {
		text += " + "
	}
	return text + some(v.outside, "blocking")
}

// durationOf is label.Duration with a text for 0.
func durationOf(d time.Duration) string {
	if d <= 0 {
		return "0 s"
	}
	return label.Duration(d)
}

// steady is durationOf without the digits that would change with every frame.
func steady(d time.Duration) string {
	if d < moment {
		return durationOf(d.Truncate(frameTime))
	}
	return durationOf(d.Truncate(moment))
}

func some(n int, what string) string {
	if n == 0 {
		return ""
	}
	return label.Grouped(n) + " " + what
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return label.Grouped(n) + " " + what + "s"
}

func padLeft(s string, columns int) string { return strings.Repeat(" ", max(0, columns-width(s))) + s }
