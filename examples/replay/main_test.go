package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/internal/leak"
)

func testdata(name string) string { return filepath.Join("wf", "testdata", name) }

// told runs the program where sleeping costs nothing and the times are exact, and returns what it prints.
func told(t *testing.T, args ...string) string {
	t.Helper()
	leak.Check(t)
	var stdout, stderr bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		require.Zero(t, run(context.Background(), args, &stdout, &stderr), stderr.String())
	})
	require.Empty(t, stderr.String())
	return stdout.String()
}

func TestForkJoin(t *testing.T) {
	require.Equal(t, `forkjoin: 6 tasks, 8 edges

Replay on 2 workers, sleeping, in order of the plan, at a scale of 0.5
  5.00 s  total work, T1: 10.00 s as recorded
  5.00 s  the same, as it really took
  2.00 s  critical path, Tinf: 4.00 s as recorded
  3.00 s  makespan
   1.200  makespan over max(T1/2, Tinf), 2.50 s
   1.000  makespan over a list schedule, 3.00 s
   1.000  makespan over the same with the times that the tasks really took, 3.00 s

Critical path: 3 tasks, as recorded
  seconds
     1.00  split_1
     2.00  part_2
     1.00  join_6

Categories: 3, as recorded
  tasks  seconds
      4     8.00  part
      1     1.00  join
      1     1.00  split
`, told(t, "-workers=2", "-scale=0.5", testdata("forkjoin.json")))
}

// On one worker the makespan is the total, whatever the order; with one for each part, the critical path.
func TestWorkersAndOrders(t *testing.T) {
	for _, order := range []string{"plan", "critical"} {
		out := told(t, "-workers=1", "-scale=1", "-order", order, testdata("forkjoin.json"))
		require.Contains(t, out, "\n  10.00 s  makespan\n    1.000  makespan over max(T1/1, Tinf), 10.00 s\n")
		out = told(t, "-workers=1000", "-scale=1", "-order", order, testdata("forkjoin.json"))
		require.Contains(t, out, "\n   4.00 s  makespan\n    1.000  makespan over max(T1/1000, Tinf), 4.00 s\n")
	}
	out := told(t, "-order=critical", "-workers=1", testdata("chain.json"))
	require.Contains(t, out, "\nReplay on 1 worker, sleeping, in order of the longest way to the end, at a scale of 0.52\n")
}

// The scale is such that it takes about 3 s, unless the whole took less.
func TestDefaultScale(t *testing.T) {
	out := told(t, "-workers=3", testdata("diamond.json.gz"))
	require.Contains(t, out, "at a scale of 0.33\n")
	require.Contains(t, out, "\n  2.97 s  makespan\n")
	require.Equal(t, out, told(t, "-workers=3", testdata("diamond.json")))
	require.Contains(t, out, "\n      1     4.00  LAB.LONG\n", "its program is a script")
	require.InEpsilon(t, 1.0, autoScale(scaledMax), 1e-12)
	require.InEpsilon(t, 0.00033, autoScale(3000*scaledMax), 1e-12)
	require.InEpsilon(t, 1.0, autoScale(0), 1e-12)
}

var numbers = regexp.MustCompile(`[0-9.]+ (s|ms|µs)\b|\b[0-9]+\.[0-9]{3}\b`)

// Where nothing takes any time, what is measured is not to be told beforehand, and there is nothing to compare it with.
func TestComputing(t *testing.T) {
	leak.Check(t)
	var stdout, stderr bytes.Buffer
	args := []string{"-work=cpu", "-scale=0", "-workers=2", testdata("chain.json")}
	require.Zero(t, run(t.Context(), args, &stdout, &stderr), stderr.String())
	head, _, _ := strings.Cut(numbers.ReplaceAllString(stdout.String(), "N"), "\nCritical")
	lines := strings.Split(head, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	require.Equal(t, []string{
		"chain: 3 tasks, 2 edges", "",
		"Replay on 2 workers, computing, in order of the plan, at a scale of 0",
		"N  total work, T1: N as recorded",
		"N  the same, as it really took",
		"N  critical path, Tinf: N as recorded",
		"N  makespan",
		"–  makespan over max(T1/2, Tinf), N",
		"–  makespan over a list schedule, N",
		"N  makespan over the same with the times that the tasks really took, N",
		"",
	}, lines)
}

func TestPictures(t *testing.T) {
	dir := t.TempDir()
	svg, dot := filepath.Join(dir, "picture"), filepath.Join(dir, "picture.txt") // whatever they are called
	_ = told(t, "-svg", svg, "-dot", dot, "-workers=2", testdata("forkjoin.json"))
	b, err := os.ReadFile(svg)
	require.NoError(t, err)
	require.Contains(t, string(b), "<svg ")
	require.Contains(t, string(b), "6 done")
	b, err = os.ReadFile(dot)
	require.NoError(t, err)
	require.Contains(t, string(b), "digraph")
	require.Contains(t, string(b), "part_5")
}

func TestErrors(t *testing.T) {
	tests := []struct {
		status int
		want   string
		args   []string
	}{
		{1, `replay: ` + testdata("cycle.json") + `: tasks wait for each other: "c" → "b" → "c"`, []string{testdata("cycle.json")}},
		{1, `replay: ` + testdata("cycle.json") + `: tasks wait`, []string{"-svg=" + filepath.Join(t.TempDir(), "none.svg"), testdata("cycle.json")}},
		{1, `replay: open nowhere.json: `, []string{"nowhere.json"}},
		{1, `replay: main.go: line 1: invalid character '/'`, []string{"main.go"}},
		{1, `replay: at a scale of 1e+12 the tasks take more than 100 years`, []string{"-scale=1e12", testdata("chain.json")}},
		{2, `replay: one file, please: got []`, nil},
		{2, `replay: one file, please: got ["a" "b"]`, []string{"a", "b"}},
		{2, `replay: -workers is -1; it must be 0`, []string{"-workers=-1", "a"}},
		{2, `invalid value "-1" for flag -scale: want a number, 0 or more`, []string{"-scale=-1", "a"}},
		{2, `invalid value "NaN" for flag -scale: want a number, 0 or more`, []string{"-scale=NaN", "a"}},
		{2, `invalid value "rest" for flag -work: want sleep or cpu`, []string{"-work=rest", "a"}},
		{2, `invalid value "" for flag -order: want plan or critical`, []string{"-order=", "a"}},
		{0, `Usage: replay [flags] file`, []string{"-h"}},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		require.Equal(t, tt.status, run(t.Context(), tt.args, &stdout, &stderr), tt.args)
		require.Empty(t, stdout.String(), tt.args)
		require.Contains(t, stderr.String(), tt.want, tt.args)
	}
}

// A picture that cannot be written fails the program; the report has been printed.
func TestPictureNowhere(t *testing.T) {
	leak.Check(t)
	var stdout, stderr bytes.Buffer
	args := []string{"-work=cpu", "-scale=0", "-dot", filepath.Join(t.TempDir(), "no", "picture.dot"), testdata("chain.json")}
	require.Equal(t, 1, run(t.Context(), args, &stdout, &stderr))
	require.Contains(t, stdout.String(), "Categories: 3")
	require.Contains(t, stderr.String(), "picture.dot")
}

func TestInterrupted(t *testing.T) {
	leak.Check(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, work := range []string{"sleep", "cpu"} {
		var stdout, stderr bytes.Buffer
		require.Equal(t, 1, run(ctx, []string{"-scale=100", "-work", work, testdata("chain.json")}, &stdout, &stderr))
		require.Empty(t, stdout.String())
		require.Equal(t, "replay: interrupted\n", stderr.String())
	}
}
