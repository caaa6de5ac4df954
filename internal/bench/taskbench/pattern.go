package taskbench

import (
	"fmt"
	"math/bits"
	"strings"
)

// pattern says who takes whose value. Points are those of the whole width; New leaves out what a step does not have.
type pattern struct {
	name string
	// points are those that a step has: from..to-1.
	points func(g *Grid, step int) (from, to int)
	// inputs appends the points of the step before that a task of this step takes, in order.
	inputs func(g *Grid, step, point int, into []int) []int
	// users appends the points of this step that take a task of the step before, in order.
	users func(g *Grid, step, point int, into []int) []int
}

var patterns = []pattern{
	{"trivial", everyPoint, nobody, nobody},
	{"stencil_1d", everyPoint, within(1, 1), within(1, 1)},
	{"nearest", everyPoint, within(radix/2, (radix-1)/2), within((radix-1)/2, radix/2)},
	{"fft", everyPoint, butterfly, butterfly},
	{"random_nearest", everyPoint, randomInputs, randomUsers},
	{"tree", doubling, half, twins},
	{"dom", swept, within(1, 0), within(0, 1)},
}

// The constants of the patterns that have some.
const (
	radix     = 5    // nearest, random_nearest: how many neighbours there are, itself among them
	connected = 0.25 // random_nearest: the share of these that is taken
	period    = 3    // random_nearest: after so many steps it is the same again
)

// Names are the patterns that there are.
func Names() []string {
	names := make([]string, len(patterns))
	for i, p := range patterns {
		names[i] = p.name
	}
	return names
}

func patternNamed(name string) (pattern, error) {
	for _, p := range patterns {
		if p.name == name {
			return p, nil
		}
	}
	return pattern{}, fmt.Errorf("unknown pattern %q; known are %s", name, strings.Join(Names(), ", "))
}

func everyPoint(g *Grid, _ int) (from, to int) { return 0, g.Width }

// doubling is one point, then two, four, …, as long as there is room.
func doubling(g *Grid, step int) (from, to int) { return 0, min(g.Width, 1<<min(step, 30)) }

// swept is what a sweep over a square sees of it: one point more each step, and towards the end one less, from below.
func swept(g *Grid, step int) (from, to int) {
	from = max(0, step+g.Width-g.Steps)
	return from, from + min(g.Width, step+1, g.Steps-step)
}

func nobody(_ *Grid, _, _ int, into []int) []int { return into }

// within is the neighbours up to so many below and above, and the point itself.
func within(below, above int) func(*Grid, int, int, []int) []int {
	return func(g *Grid, _, point int, into []int) []int {
		for p := max(0, point-below); p <= min(g.Width-1, point+above); p++ {
			into = append(into, p)
		}
		return into
	}
}

// butterfly is the point itself and those at a distance of 1, then 2, 4, …, and from the width on 1 again.
func butterfly(g *Grid, step, point int, into []int) []int {
	distances := max(1, bits.Len(uint(g.Width-1)))
	d := 1 << ((step + distances - 1) % distances)
	for _, p := range []int{point - d, point, point + d} {
		if 0 <= p && p < g.Width {
			into = append(into, p)
		}
	}
	return into
}

func half(_ *Grid, _, point int, into []int) []int { return append(into, point/2) }

func twins(g *Grid, _, point int, into []int) []int {
	for p := 2 * point; p <= min(2*point+1, g.Width-1); p++ {
		into = append(into, p)
	}
	return into
}

func randomInputs(g *Grid, step, point int, into []int) []int {
	for p := max(0, point-radix/2); p <= min(g.Width-1, point+(radix-1)/2); p++ {
		if p == point || drawn(step, p, point) {
			into = append(into, p)
		}
	}
	return into
}

func randomUsers(g *Grid, step, point int, into []int) []int {
	for p := max(0, point-(radix-1)/2); p <= min(g.Width-1, point+radix/2); p++ {
		if p == point || drawn(step, point, p) {
			into = append(into, p)
		}
	}
	return into
}

// drawn says whether random_nearest has a task of this step take the given input: always the same for the same numbers.
func drawn(step, input, user int) bool {
	h := uint64(step % period)
	for _, v := range []int{radix, input, user} {
		h = (h ^ uint64(v)) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	return float64(h>>11)/(1<<53) < connected
}
