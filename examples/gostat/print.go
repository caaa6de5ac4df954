package main

import (
	"fmt"
	"io"
	"strings"
)

// printReport writes the tables of a report.
func printReport(w io.Writer, r Report) {
	printTotals(w, r)

	largest := table{title: "Largest packages", numbers: 5, head: []string{"lines", "code", "files", "funcs", "complexity", "package"}}
	for _, p := range r.Largest {
		largest.row(p.Lines.Total, p.Lines.Code, len(p.Files), p.Funcs, p.Complexity, p.Path)
	}
	largest.write(w)

	places := func(title string, list []Place) {
		t := table{title: title, numbers: 2, head: []string{"lines", "complexity", "function", "where"}}
		for _, f := range list {
			t.row(f.Lines, f.Complexity, f.Name, fmt.Sprintf("%s:%d", f.File, f.Line))
		}
		t.write(w)
	}
	places("Longest functions", r.Longest)
	places("Most complex functions", r.Complex)

	depended := table{title: "Most depended-on packages", numbers: 2, head: []string{"dependents", "importers", "package"}}
	for _, d := range r.Depended {
		depended.row(d.Dependents, d.Importers, d.Path)
	}
	depended.write(w)

	printCycles(w, r.Relations.Cycles)
}

func printTotals(w io.Writer, r Report) {
	t := table{title: "Totals", numbers: 1}
	share := func(n int) string { return fmt.Sprintf("%.0f%%", 100*float64(n)/float64(max(1, r.Lines.Total))) }
	t.row(r.Packages, "packages")
	t.row(r.Files, "files")
	t.row(r.Lines.Total, fmt.Sprintf("lines: %s code, %s comments, %s blank",
		share(r.Lines.Code), share(r.Lines.Comment), share(r.Lines.Blank)))
	t.row(r.Funcs, fmt.Sprintf("functions, of complexity %.1f on average", float64(r.Complexity)/float64(max(1, r.Funcs))))
	t.row(r.Relations.Edges, "imports between these packages")
	t.write(w)
}

func printCycles(w io.Writer, cycles [][]string) {
	if len(cycles) == 0 {
		fmt.Fprint(w, "\nImport cycles: none\n")
		return
	}
	fmt.Fprint(w, "\nImport cycles\n")
	for _, c := range cycles {
		fmt.Fprintf(w, "  %s\n", strings.Join(c, ", "))
	}
}

func printSkips(w io.Writer, skips []Skip) {
	t := table{title: fmt.Sprintf("Skipped: %d", len(skips)), head: []string{"path", "reason"}}
	for _, s := range skips {
		t.row(s.Path, s.Reason)
	}
	t.write(w)
}
