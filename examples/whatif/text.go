package main

import (
	"fmt"
	"strconv"
)

// thousands writes a whole number with commas: -1,234,567.
func thousands(x float64) string {
	s := strconv.FormatFloat(x, 'f', 0, 64)
	first := 0
	if s[0] == '-' {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(float64(n)) + " " + what + "s"
}

// arrow is how a number has changed: "1,000 → 1,100 (+10.00 %)".
func arrow(from, to float64) string {
	switch {
	case from == to:
		return thousands(to) + " as before"
	case from == 0:
		return fmt.Sprintf("0 → %s", thousands(to))
	}
	change := (to - from) / from
	if from < 0 {
		change = -change
	}
	return fmt.Sprintf("%s → %s (%+.2f %%)", thousands(from), thousands(to), 100*change)
}
