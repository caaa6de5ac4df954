package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const (
	serial = `Parallelism 1
  c.Get(ctx) = 36  0.3 s  3 run: Square, Square, Mul
  d.Get(ctx) = 13  0.1 s  1 run: Add, for the squares are known
`
	parallel = `Parallelism 2
  c.Get(ctx) = 36  0.2 s  3 run: Square, Square, Mul
  d.Get(ctx) = 13  0.1 s  1 run: Add, for the squares are known
`
)

// runAsleep runs the program where sleeping costs nothing, and the times are exact.
func runAsleep(t *testing.T, args ...string) string {
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) { require.NoError(t, run(&out, args...)) })
	return out.String()
}

func TestSerial(t *testing.T) {
	require.Equal(t, serial, runAsleep(t, "-parallelize=false", "-out="))
}

func TestParallel(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	got := strings.ReplaceAll(runAsleep(t, "-out", dir), dir+string(filepath.Separator), "")
	require.Equal(t, serial+parallel+"SVG: before.svg\nSVG: after.svg\nDOT: after.dot\n", got)
	require.Contains(t, read(t, dir, "before.svg"), "4 pending")
	require.Contains(t, read(t, dir, "after.svg"), "1 pending, 3 done")
	require.Contains(t, read(t, dir, "after.dot"), "->")
}

func read(t *testing.T, dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(b)
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-h"))
	require.Contains(t, out.String(), "-parallelize")
	require.ErrorContains(t, run(&out, "-nonsense"), "-nonsense")
	require.ErrorContains(t, run(&out, "more"), `unexpected arguments: ["more"]`)
}
