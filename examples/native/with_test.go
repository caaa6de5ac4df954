//go:build cgo

package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// goMix is mix in Go.
func goMix(seed, rounds uint64) uint64 {
	for range rounds {
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
	}
	return seed
}

func TestMixIsWhatGoComputes(t *testing.T) {
	ctx := context.Background()
	seeds, rounds := []uint64{0, 1, 2, 1 << 63, 12345}, []uint64{0, 1, 2, 1000, 100_001}
	values, err := lazy.GetAll(ctx, lazyMix.Outer(seeds, rounds))
	require.NoError(t, err)
	for i, seed := range seeds {
		for k, n := range rounds {
			require.Equal(t, goMix(seed, n), values[i*len(rounds)+k], "%d rounds from %d", n, seed)
		}
	}
	n := uint64(mixSteps + 3)
	require.Equal(t, goMix(7, n), lazy.Must(lazyMix.Of(7, n).Get(ctx)), "in steps")
}

// Two calls are in C at the same time: each waits there for the other one.
func TestTwoInC(t *testing.T) {
	together := lazy.Pure1(func(n int) bool { return meet(n, time.Minute) })
	met, err := lazy.GetAll(context.Background(), together.Each([]int{2, 2}), lazy.Workers(2))
	require.NoError(t, err)
	require.Equal(t, []bool{true, true}, met)
}

// The next step of a call that was cancelled is not made.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Mix(ctx, 1, 1<<62)
	require.ErrorIs(t, err, context.Canceled)
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-blocks", "3", "-rounds", "1000"))
	line := `checksum ([0-9a-f]{16})  \d+\.\d{3} s  processor time \d+\.\d{3} s: (\d+\.\d\d|NaN) cores busy`
	m := regexp.MustCompile(`^workers 1  ` + line + `\nworkers 2  ` + line + `\n$`).FindStringSubmatch(out.String())
	require.NotNil(t, m, out.String())
	require.Equal(t, m[1], m[3])
	require.ErrorContains(t, run(&out, "-blocks", "0"), "0 blocks")
	require.ErrorContains(t, run(&out, "more"), `arguments ["more"]`)
	require.ErrorContains(t, run(&out, "-nonsense"), "-nonsense")
	require.NoError(t, run(&out, "-h"))
}

// BenchmarkCall is what a call of C costs, and one of Go that does as little.
func BenchmarkCall(b *testing.B) {
	b.Run("C", func(b *testing.B) {
		for b.Loop() {
			mix(1, 1)
		}
	})
	b.Run("Go", func(b *testing.B) {
		for b.Loop() {
			goMix(1, 1)
		}
	})
}
