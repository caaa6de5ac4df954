// Package match has ways to run a graph compete, and says what each costs.
package match

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/dally-go/dally/internal/bench/shape"
	"github.com/dally-go/dally/internal/bench/ways"
)

// Match is one graph, computed in every way.
type Match struct {
	Graph  *shape.Graph
	Calc   shape.Calc
	Rounds int

	entries []*entry
}

// entry is a contestant and what was measured of it.
type entry struct {
	way  ways.Way
	laps []lap
	// again are the laps of those that can run again, with changed sources.
	again []lap
}

// lap is what one computation cost, or several, one after another, if they are small.
type lap struct {
	record, run   time.Duration // run: the first Run
	change, later time.Duration // Set of all sources and Run: the first time, and the second
	bytes, allocs uint64        // of record and run
}

// New enters those ways that can run the graph.
func New(g *shape.Graph, calc shape.Calc, rounds int, all []ways.Way) *Match {
	m := &Match{Graph: g, Calc: calc, Rounds: rounds}
	for _, w := range all {
		if (w.DepthMax == 0 || g.Depth <= w.DepthMax) && (w.CallsMax == 0 || len(g.Calls) <= w.CallsMax) {
			m.entries = append(m.entries, &entry{way: w})
		}
	}
	return m
}

// Once measures recording and the first Run. Where Set changes how the rest of the process is served, as it does with
// Dally, all matches should do this before any does Again.
func (m *Match) Once(ctx context.Context) error {
	return m.rounds(ctx, func(e *entry, record func() ways.Program, check func([]uint64, []uint64) error) error {
		l, _, err := m.once(ctx, record, check)
		e.laps = append(e.laps, l)
		return err
	})
}

// Again measures what it costs to give all sources other values and to compute everything again: the first time and the
// second. Ways that cannot are left out.
func (m *Match) Again(ctx context.Context) error {
	return m.rounds(ctx, func(e *entry, record func() ways.Program, check func([]uint64, []uint64) error) error {
		l, err := m.again(ctx, record, check)
		if l.change > 0 {
			e.again = append(e.again, l)
		}
		return err
	})
}

// rounds gives each way its turn, round by round, so that a machine that is busy for a while is so for all.
func (m *Match) rounds(ctx context.Context, turn func(*entry, func() ways.Program, func(sources, got []uint64) error) error) error {
	turns := slices.Clone(m.entries)
	expected := make(map[uint64][]uint64)
	for range m.Rounds {
		for _, e := range turns {
			if err := ctx.Err(); err != nil {
				return err
			}
			check := func(sources, got []uint64) error { return m.check(e, expected, sources, got) }
			record, done := e.way.Open(m.Graph, m.Calc)
			runtime.GC() // nobody is to pay for the garbage of those before
			err := turn(e, record, check)
			done()
			if err != nil {
				return err
			}
		}
		slices.Reverse(turns) // nobody always comes first
	}
	return nil
}

// check compares the values of the targets with those that the plain loop computes; expected remembers them by the value
// of the first source.
func (m *Match) check(e *entry, expected map[uint64][]uint64, sources, got []uint64) error {
	want, ok := expected[sources[0]]
	if !ok {
		values := make([]uint64, len(sources)+len(m.Graph.Calls))
		copy(values, sources)
		m.Calc.Values(m.Graph, values)
		want = m.Graph.Pick(values)
		expected[sources[0]] = want
	}
	if !slices.Equal(want, got) {
		return fmt.Errorf("%s, %d calls: the values of %s are not those of the plain loop", m.Graph.Name, len(m.Graph.Calls), e.way.Name)
	}
	return nil
}

// repeats is how many computations make a lap: enough that reading the clock does not count, in no more than some
// milliseconds.
func (m *Match) repeats() int {
	const calls, most = 20_000, 20 * time.Millisecond
	n := max(1, calls/len(m.Graph.Calls))
	if m.Calc.Work > 0 {
		n = min(n, max(1, int(most/(m.Calc.Work*time.Duration(len(m.Graph.Calls))))))
	}
	return n
}

// once records all computations of a lap, then runs all.
func (m *Match) once(ctx context.Context, record func() ways.Program, check func([]uint64, []uint64) error) (lap, []ways.Program, error) {
	var l lap
	var err error
	programs, values := make([]ways.Program, m.repeats()), make([][]uint64, m.repeats())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for i := range programs {
		programs[i] = record()
	}
	recorded := time.Now()
	for i, p := range programs {
		if values[i], err = p.Run(ctx); err != nil {
			return l, nil, err
		}
	}
	l.record, l.run = recorded.Sub(start), time.Since(recorded)
	runtime.ReadMemStats(&after)
	l.bytes, l.allocs = after.TotalAlloc-before.TotalAlloc, after.Mallocs-before.Mallocs
	for _, got := range values {
		if err := check(m.Graph.Sources, got); err != nil {
			return l, nil, err
		}
	}
	return l, programs, nil
}

// again records and runs as once does, then changes the sources twice.
func (m *Match) again(ctx context.Context, record func() ways.Program, check func([]uint64, []uint64) error) (lap, error) {
	if _, ok := record().(ways.Changer); !ok {
		return lap{}, nil
	}
	l, programs, err := m.once(ctx, record, check)
	if err != nil {
		return l, err
	}
	values := make([][]uint64, len(programs))
	sources := slices.Clone(m.Graph.Sources)
	for _, took := range []*time.Duration{&l.change, &l.later} {
		for i := range sources {
			sources[i] += 1_000_000
		}
		start := time.Now()
		for i, p := range programs {
			p.(ways.Changer).Set(sources)
			if values[i], err = p.Run(ctx); err != nil {
				return l, err
			}
		}
		*took = max(1, time.Since(start))
		for _, got := range values {
			if err := check(sources, got); err != nil {
				return l, err
			}
		}
	}
	return l, nil
}
