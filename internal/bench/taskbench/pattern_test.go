package taskbench

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// inputsOf returns what the tasks of a step take, by point; nil is a point that the step does not have.
func inputsOf(t *testing.T, g *Grid, step int) [][]int {
	of := make([][]int, g.Width)
	for _, task := range g.Tasks {
		if int(task.At.Step) != step {
			continue
		}
		of[task.At.Point] = []int{}
		for i, in := range task.In {
			require.Equal(t, task.want[i], g.Tasks[in].At)
			require.EqualValues(t, step-1, task.want[i].Step)
			of[task.At.Point] = append(of[task.At.Point], int(task.want[i].Point))
		}
	}
	return of
}

func TestPatterns(t *testing.T) { // by hand
	const absent = -1
	for _, c := range []struct {
		name               string
		width, steps, step int
		want               [][]int // by point
	}{
		{"trivial", 3, 2, 1, [][]int{{}, {}, {}}},
		{"stencil_1d", 4, 3, 2, [][]int{{0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3}}},
		{"stencil_1d", 1, 2, 1, [][]int{{0}}},
		{"nearest", 6, 2, 1, [][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3, 4}, {1, 2, 3, 4, 5}, {2, 3, 4, 5}, {3, 4, 5}}},
		{"fft", 4, 9, 1, [][]int{{0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3}}},
		{"fft", 4, 9, 2, [][]int{{0, 2}, {1, 3}, {0, 2}, {1, 3}}},
		{"fft", 4, 9, 3, [][]int{{0, 1}, {0, 1, 2}, {1, 2, 3}, {2, 3}}},
		{"fft", 5, 9, 3, [][]int{{0, 4}, {1}, {2}, {3}, {0, 4}}},
		{"fft", 1, 2, 1, [][]int{{0}}},
		{"tree", 5, 9, 0, [][]int{{}, {absent}, {absent}, {absent}, {absent}}},
		{"tree", 5, 9, 1, [][]int{{0}, {0}, {absent}, {absent}, {absent}}},
		{"tree", 5, 9, 2, [][]int{{0}, {0}, {1}, {1}, {absent}}},
		{"tree", 5, 9, 3, [][]int{{0}, {0}, {1}, {1}, {2}}},
		{"dom", 3, 7, 0, [][]int{{}, {absent}, {absent}}},
		{"dom", 3, 7, 1, [][]int{{0}, {0}, {absent}}},
		{"dom", 3, 7, 2, [][]int{{0}, {0, 1}, {1}}},
		{"dom", 3, 7, 3, [][]int{{0}, {0, 1}, {1, 2}}},
		{"dom", 3, 7, 5, [][]int{{absent}, {0, 1}, {1, 2}}},
		{"dom", 3, 7, 6, [][]int{{absent}, {absent}, {1, 2}}},
	} {
		g, err := New(c.name, c.width, c.steps)
		require.NoError(t, err)
		for i, p := range c.want {
			if slices.Equal(p, []int{absent}) {
				c.want[i] = nil
			}
		}
		require.Equal(t, c.want, inputsOf(t, g, c.step), "%s, width %d, step %d", c.name, c.width, c.step)
	}
}

// Whoever takes a point is one of the users of that point, and there are no others.
func TestInputsAndUsersAgree(t *testing.T) {
	for _, p := range patterns {
		for _, width := range []int{1, 2, 3, 4, 5, 8, 13} {
			g := &Grid{Width: width, Steps: 20}
			for step := 1; step < g.Steps; step++ {
				taken, used := make(map[[2]int]bool), make(map[[2]int]bool) // input, user
				for point := range width {
					in, users := p.inputs(g, step, point, nil), p.users(g, step, point, nil)
					require.True(t, slices.IsSorted(in) && slices.IsSorted(users))
					require.LessOrEqual(t, len(in), most)
					for _, i := range in {
						taken[[2]int{i, point}] = true
					}
					for _, u := range users {
						used[[2]int{point, u}] = true
					}
				}
				inside(taken, width)
				inside(used, width)
				require.Equal(t, taken, used, "%s, width %d, step %d", p.name, width, step)
			}
		}
	}
}

// inside forgets pairs of which a point is not in the grid.
func inside(pairs map[[2]int]bool, width int) {
	for p := range pairs {
		if max(p[0], p[1]) >= width {
			delete(pairs, p)
		}
	}
}

// Random is the same each time, not the same in each step, and has itself and about a quarter of its neighbours.
func TestRandomNearest(t *testing.T) {
	const width, steps = 1000, 2 * period
	g, err := New("random_nearest", width, steps)
	require.NoError(t, err)
	again, err := New("random_nearest", width, steps)
	require.NoError(t, err)
	require.Equal(t, g, again)
	require.Equal(t, inputsOf(t, g, 1), inputsOf(t, g, 1+period))
	require.NotEqual(t, inputsOf(t, g, 1), inputsOf(t, g, 2))
	others := 0
	for point, in := range inputsOf(t, g, 1) {
		require.Contains(t, in, point)
		others += len(in) - 1
	}
	require.InDelta(t, connected*(radix-1), float64(others)/width, 0.1)
}

func TestTargets(t *testing.T) {
	for name, want := range map[string]int{
		"trivial": 40, "stencil_1d": 4, "nearest": 4, "fft": 4, "random_nearest": 4, "tree": 18, "dom": 1,
	} {
		g, err := New(name, 4, 10)
		require.NoError(t, err)
		require.Len(t, g.Targets, want, name)
	}
	require.Len(t, Names(), 7)
	_, err := New("ring", 1, 1)
	require.EqualError(t, err, `unknown pattern "ring"; known are trivial, stencil_1d, nearest, fft, random_nearest, tree, dom`)
}
