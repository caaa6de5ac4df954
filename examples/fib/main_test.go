package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-workers", "2", "-runs", "3", "10", "0", "1", "20"))
	times := `\d+\.\d{3} s  \[\S+ \S+ \S+\]`
	require.Regexp(t, regexp.MustCompile(`^fib\(10\) = 55
fib\(0\) = 0
fib\(1\) = 1
fib\(20\) = 6765
serial    `+times+`
parallel  `+times+`
speed-up  (\d+\.\d\d|\+Inf|NaN)x with 2 workers
$`), out.String())
}

func TestParallel(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		values, err := parallel(context.Background(), []int{12, 11, 10, 2, 1, 0}, workers)
		require.NoError(t, err)
		require.Equal(t, []int{144, 89, 55, 1, 1, 0}, values)
	}
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-h"))
	require.Contains(t, out.String(), "-workers")
	for _, c := range []struct {
		want string
		args []string
	}{
		{"-nonsense", []string{"-nonsense"}},
		{"0 workers, 5 runs: want 1 or more", []string{"-workers", "0"}},
		{"2 workers, -1 runs", []string{"-workers", "2", "-runs", "-1"}},
		{`"x": want numbers from 0 to 50`, []string{"x"}},
		{`"51": want numbers`, []string{"51"}},
		{`"-1"`, []string{"--", "-1"}},
	} {
		require.ErrorContains(t, run(&out, c.args...), c.want)
	}
}
