package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/dally-go/dally/lazy"
)

// session is a plan that one plays with.
type session struct {
	plan   *plan
	w      io.Writer
	now    figures
	last   *step // nil: nothing has been changed yet
	before [][]change
}

// figures are the results.
type figures struct {
	profit float64
	years  []float64 // by region
}

// begin computes the plan as it is.
func (s *session) begin(ctx context.Context) error {
	step, err := s.compute(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.w, "Profit of the year: € %s, from %s\n", thousands(s.now.profit), plural(len(step.ran), "call"))
	return nil
}

// compute brings the figures up to date.
func (s *session) compute(ctx context.Context) (*step, error) {
	p := s.plan
	explained := lazy.Explain(p.profit) // before: afterwards nothing is stale
	var ran started
	profit, err := p.profit.Get(ctx, lazy.Observe(&ran))
	if err != nil {
		return nil, err
	}
	years, err := lazy.GetAll(ctx, p.years)
	if err != nil {
		return nil, err
	}
	s.now = figures{profit, years}
	return newStep(p, explained, ran.calls), nil
}

// try makes changes and tells what they come to.
func (s *session) try(ctx context.Context, changes []change) error {
	var back []change
	for _, c := range changes {
		back = append(back, change{c.input, c.input.value})
	}
	if err := s.apply(ctx, changes); err != nil {
		return err
	}
	s.before = append(s.before, back)
	return nil
}

func (s *session) apply(ctx context.Context, changes []change) error {
	for _, c := range changes {
		fmt.Fprintln(s.w, c)
		c.set()
	}
	old := s.now
	step, err := s.compute(ctx)
	if err != nil {
		return err
	}
	s.last = step
	s.compare(old)
	step.print(s.w)
	return nil
}

// compare prints the figures that have changed.
func (s *session) compare(old figures) {
	fmt.Fprintf(s.w, "\nProfit of the year: € %s\n", arrow(old.profit, s.now.profit))
	for r, region := range regions {
		if old.years[r] != s.now.years[r] {
			fmt.Fprintf(s.w, "  %s before bonus and tax: € %s\n", region, arrow(old.years[r], s.now.years[r]))
		}
	}
}

// undo takes back the last changes that were not taken back.
func (s *session) undo(ctx context.Context) error {
	if len(s.before) == 0 {
		fmt.Fprintln(s.w, "nothing to undo")
		return nil
	}
	last := len(s.before) - 1
	back := s.before[last]
	s.before = s.before[:last]
	return s.apply(ctx, back)
}

const help = `name=value …   change something: steel=3, wage.eu=+5%, rent.*=-10%; several at once if you like
undo           take the last changes back
explain        more about what the last changes made run, and what not
list           what can be changed
quit           end
`

// converse reads changes and commands, a line each, until quit or the end.
func (s *session) converse(ctx context.Context, stdin io.Reader) error {
	lines := read(ctx, stdin)
	for {
		fmt.Fprint(s.w, "\n> ")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line, more := <-lines:
			line = strings.TrimSpace(line)
			if !more || line == "quit" {
				fmt.Fprintln(s.w)
				return ctx.Err()
			}
			if err := s.obey(ctx, line); err != nil {
				return err
			}
		}
	}
}

// obey does what a line says. An error is one of computing; one of the line is told.
func (s *session) obey(ctx context.Context, line string) error {
	switch line {
	case "":
	case "help":
		fmt.Fprint(s.w, help)
	case "list":
		s.plan.list(s.w)
	case "undo":
		return s.undo(ctx)
	case "explain":
		if s.last == nil {
			fmt.Fprintln(s.w, "nothing has been changed yet")
			return nil
		}
		s.last.explain(s.w)
	default:
		words := strings.Fields(line)
		if words[0] == "set" || words[0] == "-set" { // as on the command line
			words = words[1:]
		}
		changes, err := s.plan.parseAll(words)
		if err != nil {
			fmt.Fprintf(s.w, "%v; help tells what can be said\n", err)
			return nil
		}
		return s.try(ctx, changes)
	}
	return nil
}

// read sends the lines of r until they or ctx end.
func read(ctx context.Context, r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(r); in.Scan(); {
			select {
			case lines <- in.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
