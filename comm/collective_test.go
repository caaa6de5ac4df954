package comm_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

func TestCollectives(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7} {
		for root := range n {
			t.Run(fmt.Sprintf("%d ranks, root %d", n, root), func(t *testing.T) {
				all(t, run(t, n, func(c *comm.Comm) error { return everyCollective(t, c, root) }))
			})
		}
	}
}

// everyCollective calls each collective operation once and checks what it gives.
func everyCollective(t *testing.T, c *comm.Comm, root int) error {
	r, n := c.Rank(), c.Size()
	var names, doubled []string
	for i := range n {
		names = append(names, fmt.Sprint(i))
		doubled = append(doubled, fmt.Sprint(2*i))
	}
	atRoot := r == root

	require.NoError(t, c.Barrier(bg))
	v, err := comm.Broadcast(bg, c, root, 100+r)
	require.NoError(t, err)
	require.Equal(t, 100+root, v)

	var parts []string
	if atRoot {
		parts = doubled
	}
	s, err := comm.Scatter(bg, c, root, parts)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(2*r), s)

	gathered, err := comm.Gather(bg, c, root, fmt.Sprint(r))
	require.NoError(t, err)
	if atRoot {
		require.Equal(t, names, gathered)
	} else {
		require.Nil(t, gathered)
	}

	gathered, err = comm.AllGather(bg, c, fmt.Sprint(r))
	require.NoError(t, err)
	require.Equal(t, names, gathered)
	gathered[0] = "mine" // not the others'

	join := func(a, b string) string { return "(" + a + b + ")" }
	want := names[0]
	for _, name := range names[1:] {
		want = join(want, name)
	}
	sum, err := comm.AllReduce(bg, c, fmt.Sprint(r), join)
	require.NoError(t, err)
	require.Equal(t, want, sum)

	if !atRoot {
		want = ""
	}
	sum, err = comm.Reduce(bg, c, root, fmt.Sprint(r), join)
	require.NoError(t, err)
	require.Equal(t, want, sum)
	return nil
}

// The sum of floats depends on the order, so it is the same to the last bit only if the order is.
func TestReduceIsTheSerialLoop(t *testing.T) {
	const n, times = 8, 200
	rng := rand.New(rand.NewPCG(1, 2))
	var vs [n]float64
	for i := range vs {
		vs[i] = math.Ldexp(rng.Float64()-0.5, rng.IntN(60))
	}
	want := vs[0]
	for _, v := range vs[1:] {
		want += v
	}
	add := func(a, b float64) float64 { return a + b }
	all(t, run(t, n, func(c *comm.Comm) error {
		for i := range times {
			sum, err := comm.AllReduce(bg, c, vs[c.Rank()], add)
			require.NoError(t, err)
			require.Equal(t, math.Float64bits(want), math.Float64bits(sum))
			sum, err = comm.Reduce(bg, c, i%n, vs[c.Rank()], add)
			require.NoError(t, err)
			if c.Rank() == i%n {
				require.Equal(t, math.Float64bits(want), math.Float64bits(sum))
			}
		}
		return nil
	}))
}

// The first argument belongs to op: the race detector and the sum tell if that is not so.
func TestReduceMayAddInPlace(t *testing.T) {
	const n = 5
	addTo := func(a, b []int) []int {
		for i := range a {
			a[i] += b[i]
		}
		return a
	}
	all(t, run(t, n, func(c *comm.Comm) error {
		for range 50 {
			sum, err := comm.AllReduce(bg, c, []int{1, c.Rank()}, addTo)
			require.NoError(t, err)
			require.Equal(t, []int{n, n * (n - 1) / 2}, sum)
		}
		return nil
	}))
}

func TestCollectivesOfNilInterfaces(t *testing.T) {
	all(t, run(t, 2, func(c *comm.Comm) error {
		none, err := comm.Broadcast[error](bg, c, 1, nil)
		require.NoError(t, err)
		require.NoError(t, none)
		errs, err := comm.AllGather[error](bg, c, nil)
		require.Equal(t, []error{nil, nil}, errs)
		return err
	}))
}

func TestScatterOfTheWrongLengthIsAnErrorAtEveryRank(t *testing.T) {
	for _, given := range []int{0, 2, 4} {
		all(t, run(t, 3, func(c *comm.Comm) error {
			_, err := comm.Scatter(bg, c, 1, make([]float64, given))
			require.EqualError(t, err, fmt.Sprintf("comm: Scatter #1 of float64 with root 1: rank 1 gave %d elements, "+
				"want one for each of the 3 ranks", given))
			return c.Barrier(bg) // the ranks are still in step
		}))
	}
}

func TestDifferentCollectivesAreAnErrorAtEveryRank(t *testing.T) {
	const same = "comm: ranks must call the same collective operations in the same order: "
	barrier := func(c *comm.Comm) error { return c.Barrier(bg) }
	broadcast := func(root int) func(c *comm.Comm) error {
		return func(c *comm.Comm) error { _, err := comm.Broadcast(bg, c, root, 1); return err }
	}
	gather := func(c *comm.Comm) error { _, err := comm.Gather(bg, c, 0, "s"); return err }
	gatherInt := func(c *comm.Comm) error { _, err := comm.Gather(bg, c, 0, 1); return err }
	allReduce := func(c *comm.Comm) error { _, err := comm.AllReduce(bg, c, 1, plus); return err }
	for name, row := range map[string]struct {
		ops  [2]func(c *comm.Comm) error
		want string
	}{
		"name": {
			[2]func(c *comm.Comm) error{barrier, broadcast(1)},
			"rank 0 has called Barrier #2, rank 1 Broadcast #2 of int with root 1",
		},
		"root": {
			[2]func(c *comm.Comm) error{broadcast(1), broadcast(0)},
			"rank 0 has called Broadcast #2 of int with root 1, rank 1 Broadcast #2 of int with root 0",
		},
		"type": {
			[2]func(c *comm.Comm) error{gather, gatherInt},
			"rank 0 has called Gather #2 of string with root 0, rank 1 Gather #2 of int with root 0",
		},
		"all reduce": {
			[2]func(c *comm.Comm) error{allReduce, barrier},
			"rank 0 has called AllReduce #2 of int, rank 1 Barrier #2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			errs := run(t, 2, func(c *comm.Comm) error {
				if err := c.Barrier(bg); err != nil {
					return err
				}
				if err := row.ops[c.Rank()](c); err != nil {
					return err
				}
				return c.Barrier(bg) // a root does not wait, so it may learn of it only here
			})
			require.EqualError(t, errs[0], same+row.want)
			require.EqualError(t, errs[1], same+row.want)
		})
	}
}
