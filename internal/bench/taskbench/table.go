package taskbench

import (
	"fmt"
	"io"
	"strings"
)

// Table writes the METGs in Markdown: a row per grid, a column per way.
func Table(w io.Writer, results []Result) error {
	var head, rows strings.Builder
	for i, r := range results {
		if r.Grid == results[0].Grid {
			fmt.Fprintf(&head, " %s |", r.Way)
		}
		if i == 0 || r.Grid != results[i-1].Grid {
			fmt.Fprintf(&rows, "\n| %s |", r.Grid.Name)
		}
		fmt.Fprintf(&rows, " %v |", r.METG)
	}
	ways := strings.Count(head.String(), "|")
	_, err := fmt.Fprintf(w, "| |%s\n|---|%s%s", head.String(), strings.Repeat("---:|", ways), rows.String()+"\n")
	return err
}

// Curves writes all that was measured: a line per grid, way and task size.
func Curves(w io.Writer, results []Result) error {
	for _, r := range results {
		for _, p := range r.Points {
			if _, err := fmt.Fprintf(w, "%-14s %-5s %8s µs %6.1f %%\n", r.Grid.Name, r.Way, micros(p.Granularity), 100*p.Efficiency); err != nil {
				return err
			}
		}
	}
	return nil
}
