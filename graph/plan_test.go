package graph_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/graph"
)

// planOf makes a plan of the calls' inputs.
func planOf(inputs ...[]int32) (p graph.Plan) {
	for _, in := range inputs {
		p.In = append(p.In, in...)
		p.Off = append(p.Off, int32(len(p.In)))
	}
	return p
}

func randomPlan(r *rand.Rand) (p graph.Plan, inputs [][]int32) {
	for i := range 1 + r.IntN(30) {
		var in []int32
		for range r.IntN(4) {
			if i > 0 {
				in = append(in, int32(r.IntN(i)))
			}
		}
		inputs = append(inputs, in)
	}
	return planOf(inputs...), inputs
}

func TestPlanInputs(t *testing.T) {
	var zero graph.Plan
	require.Zero(t, zero.Len())
	for seed := range uint64(50) {
		p, inputs := randomPlan(rand.New(rand.NewPCG(seed, 3)))
		require.Equal(t, len(inputs), p.Len())
		for i, want := range inputs {
			require.Equal(t, append([]int32{}, want...), append([]int32{}, p.Inputs(i)...))
		}
	}
}

func TestPlanReset(t *testing.T) {
	p := planOf(nil, []int32{0}, []int32{0, 1})
	q := p.Reset()
	require.Zero(t, q.Len())
	require.Equal(t, []int{cap(p.Off), cap(p.In)}, []int{cap(q.Off), cap(q.In)})
}

// A path is one exactly if there is a way, and each of its calls is an input of the next.
func TestPlanPath(t *testing.T) {
	for seed := range uint64(200) {
		p, inputs := randomPlan(rand.New(rand.NewPCG(seed, 4)))
		for from := range inputs {
			behind := make([]bool, len(inputs)) // calls that depend on from
			behind[from] = true
			for to := range inputs {
				for _, in := range inputs[to] {
					behind[to] = behind[to] || behind[in]
				}
				way := p.Path(int32(from), int32(to))
				if !behind[to] {
					require.Nil(t, way, "seed %d: %d to %d", seed, from, to)
					continue
				}
				require.Equal(t, []int32{int32(from), int32(to)}, []int32{way[0], way[len(way)-1]})
				for k := 1; k < len(way); k++ {
					require.Contains(t, inputs[way[k]], way[k-1])
				}
			}
		}
	}
}

func TestPlanPathBackwardsAndToItself(t *testing.T) { // 2 <- 1 <- 0
	p := planOf(nil, []int32{0}, []int32{1})
	require.Nil(t, p.Path(2, 0))
	require.Equal(t, []int32{1}, p.Path(1, 1))
	require.Equal(t, []int32{0, 1, 2}, p.Path(0, 2))
}

func TestPlanRanks(t *testing.T) {
	p := planOf(nil, nil, nil, nil)
	require.Equal(t, []int32{2, 0, 3, 1}, p.Ranks(func(i int) int { return []int{0, 5, -1, 5}[i] }))
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 5))
		p, inputs := randomPlan(r)
		prio := make([]int, len(inputs))
		for i := range prio {
			prio[i] = r.IntN(5) - 2
		}
		ranks := p.Ranks(func(i int) int { return prio[i] })
		once := slices.Clone(ranks)
		slices.Sort(once)
		for i := range once {
			require.EqualValues(t, i, once[i], "ranks are a permutation")
		}
		for a := range ranks {
			for b := range a {
				before := prio[b] >= prio[a] // b has the lower number
				require.Equal(t, before, ranks[b] < ranks[a], "seed %d: %d and %d", seed, b, a)
			}
		}
	}
}
