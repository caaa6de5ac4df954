package match

import (
	"fmt"
	"io"
	"strings"
)

// Growth writes in Markdown how much longer a call takes in the largest graph of each shape than in the smallest. Ways
// that cannot run both are left out.
func Growth(w io.Writer, matches []*Match) error {
	var b strings.Builder
	b.WriteString("| shape | way | calls | ns per call | calls | ns per call | growth |\n|---|---|---:|---:|---:|---:|---:|\n")
	for _, pair := range extremes(matches) {
		small, large := pair[0], pair[1]
		before := make(map[string]float64)
		for _, r := range small.Rows() {
			before[r.Name] = r.All
		}
		for _, r := range large.Rows() {
			if all, ok := before[r.Name]; ok {
				fmt.Fprintf(&b, "| %s | %s | %d | %s | %d | %s | %s |\n", large.Graph.Name, r.Name,
					len(small.Graph.Calls), number(all), len(large.Graph.Calls), number(r.All), number(r.All/all))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// extremes returns the matches with the smallest and the largest graph of each shape, in order of the shapes. Shapes of one
// size are left out.
func extremes(matches []*Match) [][2]*Match {
	var all [][2]*Match
	at := make(map[string]int) // by shape, the place in all
	for _, m := range matches {
		i, ok := at[m.Graph.Name]
		if !ok {
			i = len(all)
			at[m.Graph.Name] = i
			all = append(all, [2]*Match{m, m})
		}
		if len(m.Graph.Calls) < len(all[i][0].Graph.Calls) {
			all[i][0] = m
		}
		if len(m.Graph.Calls) > len(all[i][1].Graph.Calls) {
			all[i][1] = m
		}
	}
	grown := all[:0]
	for _, pair := range all {
		if pair[0] != pair[1] {
			grown = append(grown, pair)
		}
	}
	return grown
}
