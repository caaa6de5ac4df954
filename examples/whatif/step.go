package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// started observes which calls run.
type started struct {
	mu    sync.Mutex
	calls map[graph.ID]bool // guarded by mu
}

// CallStarted implements lazy.Observer.
func (s *started) CallStarted(c lazy.CallInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls = make(map[graph.ID]bool)
	}
	s.calls[c.ID] = true
}

// CallDone implements lazy.Observer.
func (*started) CallDone(lazy.CallInfo) {}

// RunStarted implements lazy.Observer.
func (*started) RunStarted(lazy.RunInfo) {}

// RunDone implements lazy.Observer.
func (*started) RunDone(lazy.RunInfo) {}

// step is what became of the calls when the figures were computed.
type step struct {
	plan  *plan
	calls map[graph.ID]lazy.CallExplanation // as they stood before
	ran   map[graph.ID]bool
	rows  []*row // by function, in order of the calls
}

// row is what became of the calls of one function.
type row struct {
	name        string
	calls       int
	ran, cutOff []lazy.CallExplanation
}

func newStep(p *plan, before lazy.Explanation, ran map[graph.ID]bool) *step {
	s := &step{plan: p, calls: make(map[graph.ID]lazy.CallExplanation), ran: ran}
	for _, c := range before.Calls {
		s.calls[c.Node.ID] = c
		if c.Node.State == graph.Source {
			continue
		}
		row := s.row(c.Node.Name)
		row.calls++
		switch {
		case ran[c.Node.ID]:
			row.ran = append(row.ran, c)
		case c.Runs: // or so it seemed
			row.cutOff = append(row.cutOff, c)
		}
	}
	return s
}

func (s *step) row(name string) *row {
	for _, r := range s.rows {
		if r.name == name {
			return r
		}
	}
	s.rows = append(s.rows, &row{name: name})
	return s.rows[len(s.rows)-1]
}

// print prints a table, and a few reasons.
func (s *step) print(w io.Writer) {
	var all, ran, cutOff int
	for _, r := range s.rows {
		all, ran, cutOff = all+r.calls, ran+len(r.ran), cutOff+len(r.cutOff)
	}
	fmt.Fprintf(w, "\n%s: %s ran, %s cut off, %s not concerned\n", plural(all, "call"),
		thousands(float64(ran)), thousands(float64(cutOff)), thousands(float64(all-ran-cutOff)))
	fmt.Fprintf(w, "  %-10s %6s %8s\n", "", "ran", "cut off")
	for _, r := range s.rows {
		if len(r.ran)+len(r.cutOff) > 0 {
			fmt.Fprintf(w, "  %-10s %6d %8d  of %d\n", r.name, len(r.ran), len(r.cutOff), r.calls)
		}
	}
	fmt.Fprintln(w)
	s.why(w, 2, 3, 1)
}

// explain prints more reasons.
func (s *step) explain(w io.Writer) { s.why(w, len(s.rows), len(s.rows), 3) }

// why prints why calls ran and were cut off: a number of functions, and of calls each.
func (s *step) why(w io.Writer, ran, cutOff, each int) {
	for _, r := range s.rows {
		if len(r.ran) > 0 && ran > 0 {
			ran--
			s.examples(w, "ran", r.ran, each)
		}
	}
	for _, r := range s.rows {
		if len(r.cutOff) > 0 && cutOff > 0 {
			cutOff--
			s.examples(w, "cut off", r.cutOff, each)
		}
	}
}

func (s *step) examples(w io.Writer, what string, calls []lazy.CallExplanation, most int) {
	for _, c := range calls[:min(most, len(calls))] {
		fmt.Fprintf(w, "  %-7s  %s: %s\n", what, s.label(c), s.reason(c))
	}
}

// reason is what was known before, and what came of it.
func (s *step) reason(c lazy.CallExplanation) string {
	if !c.Maybe {
		return s.readable(c.Reason)
	}
	var ran, other []string // the inputs that were not known
	for _, id := range c.Node.Inputs {
		in := s.calls[id]
		switch {
		case s.ran[id]:
			ran = append(ran, s.label(in))
		case in.Runs:
			other = append(other, s.label(in))
		}
	}
	switch {
	case s.ran[c.Node.ID]:
		return some(slices.Compact(ran), "or") + " came out different"
	case len(ran) > 0:
		return some(slices.Compact(ran), "and") + " came out the same"
	}
	return some(slices.Compact(other), "and") + " did not run either"
}

// some lists two of the words, and says how many more there are.
func some(words []string, and string) string {
	if n := len(words); n > 2 {
		words = []string{words[0], fmt.Sprintf("%d more", n-1)}
	}
	return strings.Join(words, " "+and+" ")
}

func (s *step) label(c lazy.CallExplanation) string {
	return s.readable(fmt.Sprintf("%s#%d", c.Node.Name, c.Node.ID))
}

var labels = regexp.MustCompile(`\S+#\d+`)

// readable names calls by what they are about instead of their numbers: "Lots#1204" is "Lots (eu city jan)".
func (s *step) readable(text string) string {
	return labels.ReplaceAllStringFunc(text, func(label string) string {
		name, _, _ := strings.Cut(label, "#")
		if place := s.plan.places[label]; place != "" {
			return name + " (" + place + ")"
		}
		return name
	})
}
