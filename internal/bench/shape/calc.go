package shape

import "time"

// Calc is what calls compute. All contestants call these function values, so none has its calls inlined.
type Calc struct {
	One   func(a uint64) uint64
	Two   func(a, b uint64) uint64
	Three func(a, b, c uint64) uint64
	// Work is about how long each of them takes; 0 is a nanosecond or two.
	Work time.Duration
}

// NewCalc returns functions that take about so much processor time: an addition and a multiplication at the least.
func NewCalc(work time.Duration) Calc {
	if work <= 0 {
		return Calc{
			One:   step,
			Two:   func(a, b uint64) uint64 { return step(a + 3*b) },
			Three: func(a, b, c uint64) uint64 { return step(a + 3*b + 5*c) },
		}
	}
	steps := max(1, int(float64(work.Nanoseconds())/StepTime()))
	return Calc{
		One:   func(a uint64) uint64 { return Spin(a, steps) },
		Two:   func(a, b uint64) uint64 { return Spin(a+3*b, steps) },
		Three: func(a, b, c uint64) uint64 { return Spin(a+3*b+5*c, steps) },
		Work:  work,
	}
}

// Values computes all calls in their order: values begins with the sources and has room for all nodes. This is the plain
// loop that everything is compared with.
func (c Calc) Values(g *Graph, values []uint64) {
	at := len(g.Sources)
	for i := range g.Calls {
		switch call := &g.Calls[i]; call.Arity {
		case 1:
			values[at] = c.One(values[call.In[0]])
		case 2:
			values[at] = c.Two(values[call.In[0]], values[call.In[1]])
		case 3:
			values[at] = c.Three(values[call.In[0]], values[call.In[1]], values[call.In[2]])
		}
		at++
	}
}

// step is one step of Knuth's MMIX generator.
func step(v uint64) uint64 { return v*6364136223846793005 + 1442695040888963407 }

// Spin goes so many steps from v. Each waits for the one before, so that it is only the processor's time that they take. It is
// the same code wherever it is called.
//
//go:noinline
func Spin(v uint64, steps int) uint64 {
	for range steps {
		v = step(v)
	}
	return v
}

// StepTime measures what a step takes, in ns: the best of several tries, for something else may run meanwhile.
func StepTime() float64 {
	const steps, tries = 200_000, 10
	best := time.Duration(1 << 62)
	for range tries {
		start := time.Now()
		kept = Spin(kept, steps)
		best = min(best, time.Since(start))
	}
	return max(float64(best.Nanoseconds()), 1) / steps
}

// kept keeps the compiler from leaving the steps out.
var kept uint64
