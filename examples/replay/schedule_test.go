package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tasksAndEdges is a small workflow: the times of its tasks, and edges from input to user, the lower first.
type tasksAndEdges struct {
	times []time.Duration
	edges [][2]int
}

func (g tasksAndEdges) users() [][]int {
	users := make([][]int, len(g.times))
	for _, e := range g.edges {
		users[e[0]] = append(users[e[0]], e[1])
	}
	return users
}

var (
	chain    = tasksAndEdges{[]time.Duration{2, 3, 4}, [][2]int{{0, 1}, {1, 2}}} // 0 → 1 → 2
	forkJoin = tasksAndEdges{[]time.Duration{1, 5, 2, 3, 1}, [][2]int{{0, 1}, {0, 2}, {0, 3}, {1, 4}, {2, 4}, {3, 4}}}
	diamond  = tasksAndEdges{[]time.Duration{2, 1, 4, 3}, [][2]int{{0, 1}, {0, 2}, {1, 3}, {2, 3}}}
	apart    = tasksAndEdges{[]time.Duration{3, 3, 2, 2, 2}, nil}
	// 0 ─► 1 ─► 2, and 3, 4 alone: the chain is long, and last in a list that goes by numbers from behind.
	lateChain = tasksAndEdges{[]time.Duration{3, 3, 3, 4, 4}, [][2]int{{0, 1}, {1, 2}}}
	// Tasks of no time: 0 ─► {1, 2} ─► 3 ─► 4, where only 4 takes any.
	nothing = tasksAndEdges{[]time.Duration{0, 0, 0, 0, 7}, [][2]int{{0, 1}, {0, 2}, {1, 3}, {2, 3}, {3, 4}}}
	// Nine tasks whose times are those of a known anomaly: less work for each, yet more time for all. 0 ─► 8,
	// 3 ─► {4, 5, 6, 7}.
	anomaly = tasksAndEdges{[]time.Duration{3, 2, 2, 2, 4, 4, 4, 4, 9}, [][2]int{{0, 8}, {3, 4}, {3, 5}, {3, 6}, {3, 7}}}
)

func (g tasksAndEdges) less(by time.Duration) tasksAndEdges {
	g.times = slices.Clone(g.times)
	for i := range g.times {
		g.times[i] -= by
	}
	return g
}

func TestListSchedule(t *testing.T) {
	tests := []struct {
		name    string
		g       tasksAndEdges
		list    []int
		workers int
		want    time.Duration
	}{
		{"chain, 1", chain, []int{0, 1, 2}, 1, 9},
		{"chain, 3", chain, []int{2, 1, 0}, 3, 9},
		{"fork, 1", forkJoin, []int{0, 1, 2, 3, 4}, 1, 12},
		{"fork, 2", forkJoin, []int{0, 1, 2, 3, 4}, 2, 7},                  // 1: 1–6; 2, 3: 1–6; 4: 6–7
		{"fork, 2, longest last", forkJoin, []int{0, 2, 3, 1, 4}, 2, 9},    // 2: 1–3, 3: 1–4; 1: 3–8; 4: 8–9
		{"fork, 3", forkJoin, []int{0, 2, 3, 1, 4}, 3, 7},                  // as long as the critical path
		{"diamond, 2", diamond, []int{0, 1, 2, 3}, 2, 9},                   //
		{"diamond, 1", diamond, []int{3, 2, 1, 0}, 1, 10},                  // what is not ready has to wait, first or not
		{"apart, 2, long first", apart, []int{0, 1, 2, 3, 4}, 2, 7},        // {0, 2, 4} and {1, 3}: 7, where 6 is possible
		{"apart, 2, best", apart, []int{0, 2, 1, 3, 4}, 2, 7},              // 0: 0–3, 2: 0–2, 1: 2–5, 3: 3–5, 4: 5–7
		{"apart, 2, shorts first", apart, []int{2, 3, 4, 0, 1}, 2, 7},      // 2, 3: 0–2, 4: 2–4, 0: 2–5, 1: 4–7
		{"apart, 9", apart, []int{4, 3, 2, 1, 0}, 9, 3},                    // more workers than tasks
		{"late chain, 2", lateChain, []int{3, 4, 0, 1, 2}, 2, 13},          // 3, 4: 0–4, then the chain
		{"late chain, 2, critical", lateChain, []int{0, 1, 2, 3, 4}, 2, 9}, // the chain: 0–9, beside it 3, 4: 0–8
		{"nothing, 1", nothing, []int{0, 1, 2, 3, 4}, 1, 7},
		{"nothing, 2", nothing, []int{4, 3, 2, 1, 0}, 2, 7},
		{"anomaly, 3", anomaly, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 3, 12}, // 8: 3–12
		{"anomaly, 3, 1 less each", anomaly.less(1), []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 3, 13},
		{"anomaly, 4", anomaly, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, 4, 15}, // a worker more, and later
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, listSchedule(tt.g.times, tt.g.users(), tt.list, tt.workers))
		})
	}
}

func TestTails(t *testing.T) {
	require.Equal(t, []time.Duration{9, 7, 4}, tails(chain.times, chain.users()))
	require.Equal(t, []time.Duration{7, 6, 3, 4, 1}, tails(forkJoin.times, forkJoin.users()))
	require.Equal(t, []time.Duration{9, 4, 7, 3}, tails(diamond.times, diamond.users()))
	require.Equal(t, []time.Duration{7, 7, 7, 7, 7}, tails(nothing.times, nothing.users()))
}

func TestCriticalPath(t *testing.T) {
	path := func(g tasksAndEdges) []int { return criticalPath(tails(g.times, g.users()), g.users()) }
	require.Equal(t, []int{0, 1, 2}, path(chain))
	require.Equal(t, []int{0, 1, 4}, path(forkJoin))
	require.Equal(t, []int{0, 2, 3}, path(diamond))
	require.Equal(t, []int{0}, path(apart))
	require.Equal(t, []int{0, 1, 3, 4}, path(nothing))
}

func TestBound(t *testing.T) {
	require.EqualValues(t, 12, bound(forkJoin.times, forkJoin.users(), 1))
	require.EqualValues(t, 7, bound(forkJoin.times, forkJoin.users(), 2))
	require.EqualValues(t, 6, bound(apart.times, apart.users(), 2))
}

// Whatever the graph and the list: no less than the bound, no more than work and critical path allow a list schedule.
func TestListScheduleIsWithinItsBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var g tasksAndEdges
		for i := range 1 + rng.IntN(20) {
			g.times = append(g.times, time.Duration(rng.IntN(5)))
			for range rng.IntN(3) {
				if e := [2]int{rng.IntN(i + 1), i}; e[0] < i && !slices.Contains(g.edges, e) {
					g.edges = append(g.edges, e)
				}
			}
		}
		users, workers := g.users(), 1+rng.IntN(4)
		got := listSchedule(g.times, users, rng.Perm(len(g.times)), workers)
		require.GreaterOrEqual(t, got, bound(g.times, users, workers), "%v on %d workers", g, workers)
		work, longest, p := total(g.times), bound(g.times, users, 1_000_000), time.Duration(workers)
		require.LessOrEqual(t, p*got, work+(p-1)*longest, "%v on %d workers", g, workers)
	}
}
