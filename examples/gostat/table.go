package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table is rows of cells under a title. The first cells are numbers and stand to the right of their columns; the last
// ones are text and stand to the left.
type table struct {
	title   string
	head    []string // nil for none
	numbers int      // how many columns are numbers
	rows    [][]string
}

// row adds a row. Ints are written with commas.
func (t *table) row(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		if n, ok := c.(int); ok {
			row[i] = commas(n)
		} else {
			row[i] = fmt.Sprint(c)
		}
	}
	t.rows = append(t.rows, row)
}

// write writes the table with an empty line before it, and nothing if it has no rows.
func (t *table) write(w io.Writer) {
	if len(t.rows) == 0 {
		return
	}
	rows := t.rows
	if t.head != nil {
		rows = append([][]string{t.head}, rows...)
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	fmt.Fprintf(w, "\n%s\n", t.title)
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i < t.numbers {
				fmt.Fprintf(&line, "  %*s", widths[i], cell)
			} else {
				fmt.Fprintf(&line, "  %-*s", widths[i], cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// commas writes 1234567 as 1,234,567.
func commas(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural counts nouns: 1 file, 1,200 files.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return commas(n) + " " + noun
}
