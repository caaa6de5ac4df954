package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func printed(t *testing.T, args ...string) string {
	var out bytes.Buffer
	require.NoError(t, run(&out, args...))
	return out.String()
}

func TestRing(t *testing.T) {
	require.Equal(t, "rank 0 of 4 sends it to rank 1\nrank 0 has it back from rank 3: token 0 1 2 3\n", printed(t))
	require.Equal(t, "rank 0 of 2 sends it to rank 1\nrank 0 has it back from rank 1: token 0 1\n", printed(t, "-ranks=2"))
	require.Equal(t, "rank 0 of 1: token 0\n", printed(t, "-ranks=1"))
	require.Contains(t, printed(t, "-ranks=100"), " 97 98 99\n")
}

func TestNames(t *testing.T) {
	host, err := os.Hostname()
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(printed(t, "-ranks=3", "-names"), " ran on "+host+"\n"))
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-h"))
	require.Contains(t, out.String(), "-ranks")
	require.ErrorContains(t, run(&out, "-ranks=0"), "-ranks is 0: want 1 or more")
	require.ErrorContains(t, run(&out, "-nonsense"), "-nonsense")
	require.ErrorContains(t, run(&out, "more"), `unexpected arguments: ["more"]`)
}
