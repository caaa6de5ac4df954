package progress

import (
	"fmt"
	"strings"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/viz/internal/label"
)

// progress is a line of a log about what goes on.
func (v *view) progress(m Mode) string {
	if m == JSON {
		return v.event("progress").line()
	}
	var parts []string
	if v.open {
		parts = append(parts, counted(v.ended, "call"), v.pace())
	} else {
		parts = append(parts, fmt.Sprintf("%d%%, %s of %s%s calls",
			v.percent(), label.Grouped(v.ended), label.Grouped(v.planned), v.plus()))
	}
	parts = append(parts, some(v.states[graph.Failed], "failed"), some(v.states[graph.Cached], "cached"), durationOf(v.elapsed))
	if left := v.leftText(); left != "" {
		parts = append(parts, left+" left")
	}
	parts = append(parts, v.busyText())
	return "dally: " + listed(append(parts, v.longestText())...) + "\n"
}

// longestText names the calls that have run longest.
func (v *view) longestText() string {
	var parts []string
	for _, s := range v.longest(longestMax) {
		parts = append(parts, callName(s.Name, s.Call)+" "+durationOf(v.ran(&s)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "longest running: " + strings.Join(parts, ", ")
}

// failure is a line of a log about a call that has failed.
func (v *view) failure(m Mode, f failure) string {
	if m == JSON {
		e := v.event("failure")
		e.Name, e.ID, e.Error = cleanName(f.name), uint64(f.call), label.Clean(f.text, textMax)
		return e.line()
	}
	return "dally: failed after " + durationOf(f.at.Sub(v.at.Add(-v.elapsed))) + ": " + f.String() + "\n"
}

func (f *failure) String() string {
	return callName(f.name, f.call) + ": " + label.Clean(f.text, textMax)
}

// summary is the last line of an episode.
func (v *view) summary(m Mode, columns int, colour bool, e *episode) string {
	outcome, why := e.outcome()
	switch m {
	case JSON:
		j := v.event("done")
		j.Outcome, j.Error, j.LeftS, j.Running = outcome, why, nil, []runningCall{}
		if outcome == outcomeOK || v.ended == v.planned {
			j.Percent = 100
		}
		return j.line()
	case TTY:
		return v.summaryLine(columns, outcome, why).render(columns, colour) + "\n"
	}
	texts := []string{}
	for _, p := range v.summaryParts(outcome, why) {
		texts = append(texts, p.text)
	}
	return "dally: " + listed(texts...) + "\n"
}

// failureMin is how many columns there must be for an error to be cut in favour of what comes after it.
const failureMin = 30

// The outcomes of an episode.
const (
	outcomeOK        = "ok"
	outcomeFailed    = "failed"
	outcomeCancelled = "cancelled"
)

// outcome says how an episode ended, and why. It is called when it is over.
func (e *episode) outcome() (outcome, why string) {
	switch {
	case e.failed > 0 && len(e.failures) > 0:
		return outcomeFailed, e.failures[0].String()
	case e.failed > 0:
		return outcomeFailed, label.Clean(e.err, textMax)
	case e.cancelled > 0:
		return outcomeCancelled, label.Clean(e.err, textMax)
	}
	return outcomeOK, ""
}

// summaryParts are what a summary says, the most important first.
func (v *view) summaryParts(outcome, why string) []piece {
	var parts []piece
	add := func(style, text string) {
		if text != "" {
			parts = append(parts, piece{text, style})
		}
	}
	calls := label.Grouped(v.ended) + " of " + counted(v.planned, "call")
	switch outcome {
	case outcomeOK:
		all := "100%, "
		if v.isStream() { // more may come
			all = ""
		}
		add(styleBold, all+counted(v.planned, "call")+" in "+durationOf(v.elapsed))
	case outcomeFailed:
		runs := ""
		if v.outer > 1 {
			runs = label.Grouped(v.failed) + " of " + counted(v.outer, "run") + " "
		}
		add(styleFailed, runs+"failed: "+why)
		add("", calls+" in "+durationOf(v.elapsed))
	default:
		add("", "cancelled after "+durationOf(v.elapsed))
		add("", calls)
	}
	add(styleFailed, some(v.states[graph.Failed], "failed"))
	add(styleFailed, some(v.states[graph.Skipped], "skipped"))
	add(styleCached, some(v.states[graph.Cached], "cached"))
	if outcome == outcomeOK {
		add("", some(v.planned-v.ended, "did not have to run"))
	}
	slowest := []string{}
	for _, f := range v.slowest(slowestMax) {
		slowest = append(slowest, cleanName(f.Name)+" "+durationOf(f.Total))
	}
	if len(slowest) > 0 {
		add(styleSoft, "slowest: "+strings.Join(slowest, ", "))
	}
	return parts
}

// summaryLine is the summary for a terminal. What does not fit is left out, the last first.
func (v *view) summaryLine(columns int, outcome, why string) line {
	glyph := piece{"✓ ", styleDone}
	switch outcome {
	case outcomeFailed:
		glyph = piece{"✕ ", styleFailed}
	case outcomeCancelled:
		glyph = piece{"– ", styleSoft}
	}
	l, parts := line{glyph}, v.summaryParts(outcome, why)
	if outcome == outcomeFailed {
		if room := columns - width(glyph.text+separator+parts[1].text); room >= failureMin {
			parts[0].text = cut(parts[0].text, room) // Get returns all of it
		}
	}
	for i, p := range parts {
		more := line{p}
		if i > 0 {
			more = line{{separator, styleSoft}, p}
		}
		if i > 0 && l.width()+more.width() > columns {
			if room := columns - l.width() - len("slowest: ") - width(separator); p.style != styleSoft || room < barMin {
				continue
			}
		}
		l = append(l, more...)
	}
	return l
}

func cleanName(name string) string { return strings.TrimSpace(label.Clean(name, nameMax)) }

// listed joins what there is with commas.
func listed(parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, ", ")
}
