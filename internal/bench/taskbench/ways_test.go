package taskbench

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every way runs every pattern, again and again, and every task is given what it takes.
func TestAgree(t *testing.T) {
	bounds := []int{1, 2, 3}
	if testing.Short() {
		bounds = bounds[:2] // more workers than processors that spin for each other take seconds
	}
	for _, w := range Ways() {
		for _, name := range Names() {
			for _, size := range [][2]int{{1, 1}, {1, 50}, {2, 2}, {4, 100}, {7, 30}, {20, 5}} {
				for _, workers := range bounds {
					t.Run(fmt.Sprintf("%s/%s/%v/%d", w.Name, name, size, workers), func(t *testing.T) {
						g, err := New(name, size[0], size[1])
						require.NoError(t, err)
						run, done := w.Open(g, workers)
						defer done()
						for range 3 {
							values, err := run(context.Background(), 10)
							require.NoError(t, err)
							require.NoError(t, g.check(values))
						}
					})
				}
			}
		}
	}
}

// Blocks of points cover the width, and each point has the owner whose block it is in.
func TestBlocks(t *testing.T) {
	for width := 1; width < 20; width++ {
		for workers := 1; workers < 8; workers++ {
			l, end := &limit{g: &Grid{Width: width}, far: make([]reached, workers)}, int32(0)
			for w := range workers {
				from, to := l.block(w)
				require.Equal(t, end, from)
				for p := from; p < to; p++ {
					require.Equal(t, w, l.owner(p), "point %d of %d, %d workers", p, width, workers)
				}
				end = to
			}
			require.EqualValues(t, width, end)
		}
	}
}

// A task that is given the value of another one than it should be is found, and so is one that is given too few.
func TestPlanted(t *testing.T) {
	for _, w := range Ways() {
		g, err := New("nearest", 6, 20)
		require.NoError(t, err)
		g.Tasks[6*10+2].In[1] = 6*8 + 1
		wrong(t, w, g, "the task at {10 2} was given the value of {8 1} instead of that of {9 1}")
		g.Tasks[6*10+2].In = g.Tasks[6*10+2].In[1:]
		wrong(t, w, g, "the task at {10 2} was given 4 values instead of 5")
	}
}

func wrong(t *testing.T, w Way, g *Grid, want string) {
	run, done := w.Open(g, 2)
	defer done()
	_, err := run(context.Background(), 1)
	require.ErrorContains(t, err, want, w.Name)
}

func TestCheck(t *testing.T) {
	g, err := New("tree", 2, 2)
	require.NoError(t, err)
	require.NoError(t, g.check([]Place{{1, 0}, {1, 1}}))
	require.EqualError(t, g.check([]Place{{1, 0}, {0, 0}}), "the value of {0 0} instead of that of {1 1}")
	require.EqualError(t, g.check(nil), "0 values instead of 2")
}
