package match

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dally-go/dally/internal/bench/ways"
)

// Table is what is printed of a match.
type Table struct {
	Shape  string
	Calls  int
	Work   time.Duration
	Rounds int
	Rows   []Row
}

// Table returns the table of what was measured.
func (m *Match) Table() Table {
	return Table{Shape: m.Graph.Name, Calls: len(m.Graph.Calls), Work: m.Calc.Work, Rounds: m.Rounds, Rows: m.Rows()}
}

var columns = []struct {
	name string
	cell func(Row) string
}{
	{"", func(r Row) string { return r.Name }},
	{"record", func(r Row) string { return number(r.Record) }},
	{"run", func(r Row) string { return number(r.Run) }},
	{"all", func(r Row) string { return number(r.All) }},
	{"×loop", func(r Row) string { return number(r.PerLoop) }},
	{"×limit", func(r Row) string { return number(r.PerLimit) }},
	{"changed", func(r Row) string { return number(r.First) }},
	{"again", func(r Row) string { return number(r.Again) }},
	{"B", func(r Row) string { return number(r.Bytes) }},
	{"allocs", func(r Row) string { return fmt.Sprintf("%.2f", r.Allocs) }},
}

// Text writes the table with aligned columns, and where Dally loses.
func (t Table) Text(w io.Writer) error {
	cells := t.cells()
	widths := make([]int, len(columns))
	for _, row := range cells {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", t.title())
	for _, row := range cells {
		fmt.Fprintf(&b, "%-*s", widths[0], row[0])
		for i := 1; i < len(row); i++ {
			fmt.Fprintf(&b, "  %*s", widths[i], row[i])
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\n%s\n\n", strings.Join(t.losses(), "\n"))
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the same for a page.
func (t Table) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n\n", t.title())
	for i, row := range t.cells() {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(&b, "|---%s|\n", strings.Repeat("|---:", len(row)-1))
		}
	}
	fmt.Fprintf(&b, "\n%s\n\n", strings.Join(t.losses(), "  \n"))
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) title() string {
	work := "a multiplication each"
	if t.Work > 0 {
		work = fmt.Sprintf("%v of work each", t.Work)
	}
	calls := "calls"
	if t.Calls == 1 {
		calls = "call"
	}
	return fmt.Sprintf("%s: %d %s, %s; ns per call, median of %d", t.Shape, t.Calls, calls, work, t.Rounds)
}

func (t Table) cells() [][]string {
	cells := make([][]string, 1, len(t.Rows)+1)
	for _, c := range columns {
		cells[0] = append(cells[0], c.name)
	}
	for _, r := range t.Rows {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = c.cell(r)
		}
		cells = append(cells, row)
	}
	return cells
}

// tie is how much quicker than another one must be in order to win: the medians scatter by more than this.
const tie = 1.05

// losses says who is quicker than the quickest Dally, all in all and after a change, and by how much. What was not
// measured of Dally has no line.
func (t Table) losses() []string {
	lines := []string{
		t.quicker("Dally loses, all in all, to: ", func(r Row) float64 { return r.All }),
		t.quicker("Dally loses, again, to: ", func(r Row) float64 { return r.Again }),
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

func (t Table) quicker(than string, of func(Row) float64) string {
	ours := math.NaN()
	for _, r := range t.Rows {
		if r.Kind == ways.Dally && (math.IsNaN(ours) || of(r) < ours) {
			ours = of(r)
		}
	}
	if math.IsNaN(ours) {
		return ""
	}
	rows := slices.DeleteFunc(slices.Clone(t.Rows), func(r Row) bool { return r.Kind == ways.Dally || !(of(r)*tie < ours) })
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(of(a), of(b)) })
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = fmt.Sprintf("%s (×%s)", r.Name, number(ours/of(r)))
	}
	return than + cmp.Or(strings.Join(names, "; "), "nobody")
}

// number has three digits or more, and none that mean nothing.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
