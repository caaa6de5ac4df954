package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	numbers = regexp.MustCompile(` +[0-9]+\.[0-9]+`)
	ctx     = context.Background()
)

// masked runs the program and writes N for each number that is measured.
func masked(t *testing.T, args ...string) string {
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, args...))
	return numbers.ReplaceAllString(out.String(), " N")
}

func TestParallel(t *testing.T) {
	require.Equal(t, `wavefront: 100 calls, 1µs of work each; ns per call, median of 3

                    record       run     total
plain loop N N N
sync.OnceValue N N N
goroutine a call N N N
lazy, 1 worker N N N
lazy, 2 workers N N N

speed-up of lazy, 2 workers: N over the plain loop, N over 1 worker, N without recording
`, masked(t, "-n=100", "-work=1µs", "-workers=2", "-rounds=3"))
}

func TestSerial(t *testing.T) {
	require.Equal(t, `chain: 7 calls, a multiplication each; ns per call, median of 1

                    record       run     total
plain loop N N N
sync.OnceValue N N N
lazy, 1 worker N N N

speed-up of lazy, 1 worker: N over the plain loop
`, masked(t, "-shape=chain", "-n=7", "-parallelize=false", "-rounds=1"))
}

func TestShapes(t *testing.T) {
	for name, calls := range map[string]int{
		"chain": 1000, "fan": 1000, "tree": 999, "wavefront": 31 * 31, "random": 1000, "stencil": 31 * 31,
	} {
		require.Equal(t, calls, countCalls(options{shape: name, n: 1000}), name)
		require.Equal(t, 1, countCalls(options{shape: name, n: 1}), name)
		_ = masked(t, "-shape", name, "-n=1000", "-workers=3", "-rounds=2") // which checks that the values agree
	}
	require.Len(t, shapeNames(), 6)
}

func TestArguments(t *testing.T) {
	for arg, want := range map[string]string{
		"-shape=ring":   `unknown shape "ring"; known are chain, fan, tree, wavefront, random, stencil`,
		"-n=0":          "-n is 0; it must be 1 or more",
		"-workers=-1":   "-workers is -1; it must be 0 (as many as processors) or more",
		"-work=-1s":     "-work is -1s; it must be 0 or more",
		"-rounds=0":     "-rounds is 0; it must be 1 or more",
		"-work=1":       "-work: parse error",
		"more":          `unexpected arguments: ["more"]`,
		"-nonsense=yes": "flag provided but not defined",
	} {
		require.ErrorContains(t, run(ctx, new(bytes.Buffer), arg), want, arg)
	}
	require.ErrorContains(t, run(ctx, new(bytes.Buffer), "-workers=2", "-parallelize=false"), "drop one of the two")
	var help bytes.Buffer
	require.NoError(t, run(ctx, &help, "-h"))
	require.Contains(t, help.String(), "chain, fan, tree")
}

func TestInterrupt(t *testing.T) {
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, run(stopped, new(bytes.Buffer), "-n=10"), context.Canceled)
}

func TestSpinnerTakesLongerForMore(t *testing.T) {
	require.Equal(t, step(7), spinner(0)(7))
	require.Equal(t, step(step(7)), spin(7, 2))
	require.Positive(t, stepTime())
}
