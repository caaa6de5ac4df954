package main

import (
	"bytes"
	"context"
	"math"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const table = `   0.236   0.369   0.504   0.705   0.051
   0.606   0.874   1.209   0.755   0.420
   0.977   1.713   0.152   1.919   0.808
   1.414   2.165   2.694   2.693   2.328
   0.996   0.572   0.841   2.919   3.460
`

func TestLikeSerial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // sleeping costs nothing
		want := newModel().serially()
		got, err := newModel().lazily().Map(context.Background())
		require.NoError(t, err)
		require.Len(t, got, lats*lons)
		for at, v := range want {
			require.Equal(t, math.Float64bits(v), math.Float64bits(got[at]), "%v", at)
		}
	})
}

func TestOutput(t *testing.T) {
	for _, c := range []struct{ workers, seconds string }{{"1", "2.5"}, {"5", "0.5"}} {
		t.Run(c.workers, func(t *testing.T) {
			var out bytes.Buffer
			synctest.Test(t, func(t *testing.T) { require.NoError(t, run(&out, "-workers", c.workers)) })
			require.Equal(t, table+"25 points in "+c.seconds+" s\npoint 3, 4 alone: 2.328, 1 point\n", out.String())
		})
	}
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-h"))
	require.Contains(t, out.String(), "-workers")
	require.ErrorContains(t, run(&out, "-nonsense"), "-nonsense")
	require.ErrorContains(t, run(&out, "more"), `unexpected arguments: ["more"]`)
	require.ErrorContains(t, run(&out, "-workers=0"), "Workers(0): want 1 or more")
}
