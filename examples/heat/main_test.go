package main

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the number of ranks, and wherever the bands end, it is the serial plate.
func TestHeat(t *testing.T) {
	for _, size := range []int{1, 2, 7, 30} {
		for _, ranks := range []int{1, 2, 3, 5, 7} {
			if ranks > size {
				continue
			}
			var out bytes.Buffer
			require.NoError(t, run(&out, "-size", fmt.Sprint(size), "-ranks", fmt.Sprint(ranks), "-steps=200", "-often=1", "-times=false"))
			require.Contains(t, out.String(), fmt.Sprintf("the plate of %d ranks is the same to the last bit\n", ranks))
		}
	}
}

func TestHeatPrints(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-size=15", "-ranks=2", "-steps=5000", "-enough=1e-9", "-often=1", "-times=false"))
	require.Regexp(t, `^15 x 15 points, \d+ steps, last change \S+
the mean is (25\.00000\d|24\.99999\d) degrees; 15 rows have more than one degree
the plate of 2 ranks is the same to the last bit
$`, out.String())
}

// The comparison sees a bit.
func TestEquals(t *testing.T) {
	p := problem{Size: 5, Steps: 10}
	a, b := serial(p), serial(p)
	require.True(t, a.equals(b))
	b.Rows[4][3] *= 1 + 1e-15
	require.False(t, a.equals(b))
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-h"))
	require.Contains(t, out.String(), "-ranks")
	require.ErrorContains(t, run(&out, "-ranks=0"), "want 1 or more")
	require.ErrorContains(t, run(&out, "-often=0"), "want 1 or more")
	require.ErrorContains(t, run(&out, "-ranks=5", "-size=4"), "at most -size, 4")
	require.ErrorContains(t, run(&out, "-nonsense"), "-nonsense")
	require.ErrorContains(t, run(&out, "more"), `unexpected arguments: ["more"]`)
}
