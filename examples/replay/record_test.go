package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/examples/replay/wf"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
)

// e(4) <- {b(2), c(5), d(3)} <- a(1), and x(100) alone. The times tell the tasks apart.
var small = &wf.Instance{Tasks: []wf.Task{
	{ID: "a", Time: 1},
	{ID: "b", Time: 2, Inputs: []int{0}},
	{ID: "c", Time: 5, Inputs: []int{0}},
	{ID: "d", Time: 3, Inputs: []int{0}},
	{ID: "e", Time: 4, Inputs: []int{1, 2, 3}},
	{ID: "x", Time: 100},
}}

// played runs the small workflow on one worker. It returns the list and what ran, in order.
func played(t *testing.T, o options) (list []int, ran []time.Duration) {
	t.Helper()
	leak.Check(t)
	o.workers, o.scale = 1, 1
	s, err := newScore(small, o)
	require.NoError(t, err)
	r := record(s, func(_ context.Context, d time.Duration) error { ran = append(ran, d); return nil })
	list = r.list(s)
	require.NoError(t, lazy.Run(t.Context(), r.ends, lazy.In(&lazy.Session{Parallelism: 1})))
	return list, ran
}

func TestCriticalOrder(t *testing.T) {
	list, ran := played(t, options{critical: true})
	require.Equal(t, []int{5, 0, 2, 3, 1, 4}, list)
	require.Equal(t, []time.Duration{100, 1, 5, 3, 2, 4}, ran)
}

// The plan may be in any order in which inputs come first; one worker keeps to it.
func TestPlanOrder(t *testing.T) {
	list, ran := played(t, options{})
	require.ElementsMatch(t, []int{0, 1, 2, 3, 4, 5}, list)
	seen := make(map[int]bool)
	for k, task := range list {
		for _, input := range small.Tasks[task].Inputs {
			require.True(t, seen[input], "task %d before its input %d", task, input)
		}
		seen[task] = true
		require.Equal(t, small.Tasks[task].Time, ran[k])
	}
}

// Tasks of one category are one card in a picture, also when each has a priority of its own.
func TestPrioritiesDoNotSplitCategories(t *testing.T) {
	in := &wf.Instance{Tasks: []wf.Task{{ID: "map_1", Time: 1}, {ID: "map_2", Time: 2}, {ID: "map_3", Time: 3}}}
	s, err := newScore(in, options{workers: 1, critical: true})
	require.NoError(t, err)
	nodes := lazy.Plan(record(s, sleep).ends...).Nodes
	require.Len(t, nodes, 3)
	for _, n := range nodes {
		require.Equal(t, "map", n.Name)
		require.Equal(t, nodes[0].Where, n.Where)
	}
}
