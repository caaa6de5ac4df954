package shape

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSizes(t *testing.T) {
	for name, want := range map[string]struct{ calls, targets, depth int }{
		"chain":     {1000, 1, 1000},
		"fan":       {1000, 1000, 1},
		"tree":      {999, 1, 10},
		"wavefront": {31 * 31, 1, 61},
		"random":    {1000, 263, 21},
		"stencil":   {31 * 31, 31, 31},
	} {
		g, err := New(name, 1000)
		require.NoError(t, err)
		require.Len(t, g.Calls, want.calls, name)
		require.Len(t, g.Targets, want.targets, name)
		require.Equal(t, want.depth, g.Depth, name)
		one, err := New(name, 1)
		require.NoError(t, err)
		require.Len(t, one.Calls, 1, name)
		require.Equal(t, one.Targets, []int32{int32(len(one.Sources))}, name)
	}
	require.Len(t, Names(), 6)
	_, err := New("ring", 1)
	require.EqualError(t, err, `unknown shape "ring"; known are chain, fan, tree, wavefront, random, stencil`)
}

func TestInputsComeFirst(t *testing.T) {
	for _, name := range Names() {
		g, err := New(name, 1000)
		require.NoError(t, err)
		for i, c := range g.Calls {
			require.Positive(t, c.Arity)
			for _, in := range c.In[:c.Arity] {
				require.Less(t, int(in), len(g.Sources)+i, name)
			}
		}
	}
}

func TestValues(t *testing.T) { // d <- {b, c}, b <- a!, c <- a!
	g := &Graph{
		Sources: []uint64{7},
		Calls:   []Call{{In: [3]int32{0}, Arity: 1}, {In: [3]int32{0, 0, 0}, Arity: 3}, {In: [3]int32{1, 2}, Arity: 2}},
		Targets: []int32{3},
	}
	values := []uint64{7, 0, 0, 0}
	NewCalc(0).Values(g, values)
	b, c := step(7), step(7+3*7+5*7)
	require.Equal(t, []uint64{7, b, c, step(b + 3*c)}, values)
	require.Equal(t, []uint64{step(b + 3*c)}, g.Pick(values))
}

func TestWork(t *testing.T) {
	require.Equal(t, step(step(7)), Spin(7, 2))
	require.Positive(t, StepTime())
	c := NewCalc(1000)
	require.EqualValues(t, 1000, c.Work)
	require.Equal(t, c.One(1+3*2), c.Two(1, 2))
	require.Equal(t, c.One(1+3*2+5*3), c.Three(1, 2, 3))
}
