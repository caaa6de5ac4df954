package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// nameMax is how long a name may be in a report, in runes.
const nameMax = 70

func printReport(w io.Writer, s *score, done *outcome) {
	name := shorten(cmp.Or(s.in.Name, s.file), nameMax)
	fmt.Fprintf(w, "%s: %s, %s\n", name, plural(len(s.in.Tasks), "task"), plural(s.in.Edges(), "edge"))
	printTimes(w, s, done)
	printPath(w, s)
	printCategories(w, s)
}

// printTimes compares the run with what it could have been.
func printTimes(w io.Writer, s *score, done *outcome) {
	fmt.Fprintf(w, "\nReplay on %s, %s, in %s, at a scale of %v\n", plural(s.workers, "worker"), s.does(), s.order(), s.scale)
	longest := slices.Max(tails(s.times, s.users))
	t := table(w)
	fmt.Fprintf(t, "%s\t  total work, T1: %s as recorded\n", written(total(s.times)), written(s.in.Work()))
	fmt.Fprintf(t, "%s\t  the same, as it really took\n", written(total(done.took)))
	fmt.Fprintf(t, "%s\t  critical path, Tinf: %s as recorded\n", written(longest), written(slices.Max(s.tails)))
	fmt.Fprintf(t, "%s\t  makespan\n", written(done.makespan))
	least := bound(s.times, s.users, s.workers)
	ideal := listSchedule(s.times, s.users, done.list, s.workers)
	really := listSchedule(done.took, s.users, done.list, s.workers)
	fmt.Fprintf(t, "%s\t  makespan over max(T1/%d, Tinf), %s\n", ratio(done.makespan, least), s.workers, written(least))
	fmt.Fprintf(t, "%s\t  makespan over a list schedule, %s\n", ratio(done.makespan, ideal), written(ideal))
	fmt.Fprintf(t, "%s\t  makespan over the same with the times that the tasks really took, %s\n",
		ratio(done.makespan, really), written(really))
	t.Flush()
}

func (s *score) does() string {
	if s.computes {
		return "computing"
	}
	return "sleeping"
}

func (s *score) order() string {
	if s.critical {
		return "order of the longest way to the end"
	}
	return "order of the plan"
}

func printPath(w io.Writer, s *score) {
	path := criticalPath(s.tails, s.users)
	fmt.Fprintf(w, "\nCritical path: %s, as recorded\n", plural(len(path), "task"))
	t := table(w)
	fmt.Fprint(t, "seconds\t\n")
	for _, i := range path {
		fmt.Fprintf(t, "%s\t  %s\n", seconds(s.in.Tasks[i].Time), shorten(s.in.Tasks[i].ID, nameMax))
	}
	t.Flush()
}

// sum is the tasks of a category.
type sum struct {
	category string
	tasks    int
	time     time.Duration
}

func printCategories(w io.Writer, s *score) {
	sums := s.sums()
	fmt.Fprintf(w, "\nCategories: %d, as recorded\n", len(sums))
	t := table(w)
	fmt.Fprint(t, "tasks\tseconds\t\n")
	for _, c := range sums {
		fmt.Fprintf(t, "%s\t%s\t  %s\n", commas(c.tasks), seconds(c.time), shorten(c.category, nameMax))
	}
	t.Flush()
}

// sums are the categories, those first that took the most time.
func (s *score) sums() []sum {
	index := make(map[string]int)
	var sums []sum
	for i, c := range s.categories {
		k, ok := index[c]
		if !ok {
			k = len(sums)
			index[c] = k
			sums = append(sums, sum{category: c})
		}
		sums[k].tasks++
		sums[k].time += s.in.Tasks[i].Time
	}
	slices.SortFunc(sums, func(a, b sum) int {
		return cmp.Or(cmp.Compare(b.time, a.time), cmp.Compare(b.tasks, a.tasks), cmp.Compare(a.category, b.category))
	})
	return sums
}

// table aligns cells that end in a tab to the right; what comes behind the last tab stands as it is.
func table(w io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// seconds writes a time to hundredths of a second, without the unit.
func seconds(d time.Duration) string {
	hundredths := int(d.Round(10*time.Millisecond) / (10 * time.Millisecond))
	return fmt.Sprintf("%s.%02d", commas(hundredths/100), hundredths%100)
}

// written writes a time to hundredths of its unit.
func written(d time.Duration) string {
	switch {
	case d == 0:
		return "0 s"
	case d < time.Millisecond:
		return fmt.Sprintf("%.2f µs", d.Seconds()*1e6)
	case d.Round(10*time.Microsecond) < time.Second:
		return fmt.Sprintf("%.2f ms", d.Seconds()*1e3)
	}
	return seconds(d) + " s"
}

// ratio is a over b.
func ratio(a, b time.Duration) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", a.Seconds()/b.Seconds())
}

// commas writes 1234567 as 1,234,567. It is for what is not negative.
func commas(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural counts nouns: 1 task, 1,200 tasks.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return commas(n) + " " + noun
}
