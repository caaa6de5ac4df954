package main

import "time"

// spinner returns a function that takes about so much processor time, and whose result depends on all it did.
func spinner(work time.Duration) func(uint64) uint64 {
	if work <= 0 {
		return step
	}
	steps := max(1, int(float64(work.Nanoseconds())/stepTime()))
	return func(v uint64) uint64 { return spin(v, steps) }
}

// step is what a call computes at the least: one step of Knuth's MMIX generator.
func step(v uint64) uint64 { return v*6364136223846793005 + 1442695040888963407 }

func spin(v uint64, steps int) uint64 {
	for range steps {
		v = step(v)
	}
	return v
}

// stepTime measures what a step takes, in ns: the best of several tries, for something else may run meanwhile.
func stepTime() float64 {
	const steps, tries = 200_000, 10
	best := time.Duration(1 << 62)
	for range tries {
		start := time.Now()
		kept = spin(kept, steps)
		best = min(best, time.Since(start))
	}
	return max(float64(best.Nanoseconds()), 1) / steps
}

// kept keeps the compiler from leaving the steps out.
var kept uint64
