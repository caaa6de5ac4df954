package match

import (
	"math"
	"slices"
	"time"

	"github.com/dally-go/dally/internal/bench/ways"
)

// Row is what a way costs: medians over all rounds, per call. NaN is what it cannot do or was not asked for.
type Row struct {
	Name string
	Kind ways.Kind
	// Record, Run and All – both together – are in ns. First and Again are the ns of a Run after a Set of all sources, for
	// the first and the second time.
	Record, Run, All, First, Again float64
	Bytes, Allocs                  float64 // of All
	// PerLoop and PerLimit are how often All holds that of the plain loop and of the quickest limit that has no handles.
	PerLoop, PerLimit float64
}

// Rows returns what was measured, in order of the ways.
func (m *Match) Rows() []Row {
	calls := float64(len(m.Graph.Calls) * m.repeats())
	per := func(laps []lap, of func(lap) float64) float64 {
		all := make([]float64, len(laps))
		for i, l := range laps {
			all[i] = of(l) / calls
		}
		return median(all)
	}
	rows := make([]Row, len(m.entries))
	for i, e := range m.entries {
		rows[i] = Row{
			Name: e.way.Name, Kind: e.way.Kind,
			Record: per(e.laps, func(l lap) float64 { return ns(l.record) }),
			Run:    per(e.laps, func(l lap) float64 { return ns(l.run) }),
			All:    per(e.laps, func(l lap) float64 { return ns(l.record + l.run) }),
			First:  per(e.again, func(l lap) float64 { return ns(l.change) }),
			Again:  per(e.again, func(l lap) float64 { return ns(l.later) }),
			Bytes:  per(e.laps, func(l lap) float64 { return float64(l.bytes) }),
			Allocs: per(e.laps, func(l lap) float64 { return float64(l.allocs) }),
		}
	}
	compare(rows)
	return rows
}

// compare fills in the ratios.
func compare(rows []Row) {
	loop, limit := math.NaN(), math.NaN()
	for _, r := range rows {
		switch {
		case r.Kind == ways.Loop:
			loop = r.All
		case r.Kind == ways.Limit && (math.IsNaN(limit) || r.All < limit):
			limit = r.All
		}
	}
	for i := range rows {
		rows[i].PerLoop, rows[i].PerLimit = rows[i].All/loop, rows[i].All/limit
	}
}

func ns(d time.Duration) float64 { return float64(d.Nanoseconds()) }

// median is the middle one; of an even number, the mean of the two in the middle; of none, NaN.
func median(all []float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	all = slices.Sorted(slices.Values(all))
	middle := len(all) / 2
	if len(all)%2 == 0 {
		return (all[middle-1] + all[middle]) / 2
	}
	return all[middle]
}
