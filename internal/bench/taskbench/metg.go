package taskbench

import (
	"fmt"
	"math"
	"time"
)

// Point is one task size of a sweep.
type Point struct {
	// Granularity is how long a task lasts in ns of a worker, everything that comes with it included.
	Granularity float64
	// Efficiency is how much of what the workers could have done was done: 1 is all.
	Efficiency float64
}

// enough is the efficiency that METG(50 %) asks for.
const enough = 0.5

// METG is the minimum effective task granularity.
type METG struct {
	NS    float64
	Bound Bound
}

// Bound says what a METG is, if a sweep did not cover it.
type Bound int

// The bounds.
const (
	Exact Bound = iota
	Less        // even the smallest tasks were efficient enough: it is less than that
	More        // not even the largest tasks were efficient enough: it is more than that
)

// Find returns the smallest granularity at which the efficiency is still enough. Points are those of a sweep, largest
// tasks first. Between two of them, logarithms are taken to lie on a straight line, as in the paper.
func Find(sweep []Point) METG {
	for i := len(sweep) - 1; i >= 0; i-- {
		switch p := sweep[i]; {
		case p.Efficiency < enough:
		case i == len(sweep)-1:
			return METG{p.Granularity, Less}
		default:
			return METG{between(p, sweep[i+1]), Exact}
		}
	}
	if len(sweep) == 0 {
		return METG{math.NaN(), More}
	}
	return METG{sweep[0].Granularity, More}
}

// between returns the granularity at which the line from a, which is efficient enough, to b, which is not, crosses.
func between(a, b Point) float64 {
	part := math.Log(a.Efficiency/enough) / math.Log(a.Efficiency/b.Efficiency)
	return a.Granularity * math.Pow(b.Granularity/a.Granularity, part)
}

// String is the METG in µs.
func (m METG) String() string {
	if math.IsNaN(m.NS) {
		return "–"
	}
	sign := [...]string{Exact: "", Less: "< ", More: "> "}[m.Bound]
	return sign + micros(m.NS)
}

// micros has three digits.
func micros(ns float64) string {
	us := ns / float64(time.Microsecond)
	switch {
	case us >= 100:
		return fmt.Sprintf("%.0f", us)
	case us >= 10:
		return fmt.Sprintf("%.1f", us)
	case us >= 1:
		return fmt.Sprintf("%.2f", us)
	}
	return fmt.Sprintf("%.3f", us)
}
