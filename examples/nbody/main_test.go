package main

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

const printed = `serial program    9 bodies, 2 steps; the middle is at 270.000031, 220.125912
lazy, 1 worker    9 bodies, 2 steps; the middle is at 270.000031, 220.125912
lazy, all workers 9 bodies, 2 steps; the middle is at 270.000031, 220.125912
`

func TestLikeSerial(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		want, got := square(5), square(5)
		for range 4 {
			want = serial{}.simulate(want)
			var err error
			got, err = simulate(context.Background(), got, lazy.Workers(workers))
			require.NoError(t, err)
			require.Len(t, got, len(want))
			for i := range want {
				for _, v := range [][2]float64{{want[i].x, got[i].x}, {want[i].y, got[i].y}, {want[i].vx, got[i].vx}, {want[i].vy, got[i].vy}} {
					require.Equal(t, math.Float64bits(v[0]), math.Float64bits(v[1]), "body %d", i)
				}
			}
		}
	}
}

// A body that is left out moves nobody.
func TestMoves(t *testing.T) {
	alone := []body{{vx: 1, mass: 5}}
	require.InDelta(t, 0.1, serial{}.simulate(alone)[0].x, 1e-12)
	two := []body{{mass: 5}, {x: 10, mass: 5}}
	next := serial{}.simulate(two)
	require.Greater(t, next[0].x, 0.0)
	require.Less(t, next[1].x, 10.0)
}

func TestOutput(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-side=3", "-steps=2", "-times=false"))
	require.Equal(t, printed, out.String())
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-h"))
	require.Contains(t, out.String(), "-side")
	require.ErrorContains(t, run(&out, "-nonsense"), "-nonsense")
	require.ErrorContains(t, run(&out, "more"), `unexpected arguments: ["more"]`)
	require.ErrorContains(t, run(&out, "-side=0"), "-side 0")
}
