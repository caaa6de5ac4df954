package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

// table runs the program and returns its lines, with N for each number that is measured, and without those that say who
// was quicker.
func table(t *testing.T, args ...string) string {
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, args...))
	text := regexp.MustCompile(` +([0-9]+\.[0-9]+|[0-9]{3,}|–)\b?`).ReplaceAllString(out.String(), " N")
	text = regexp.MustCompile(`(?m)^Dally loses, .*\n`).ReplaceAllString(text, "")
	return regexp.MustCompile(`(?m)  +.*\n|^\|.*\n`).ReplaceAllStringFunc(text, func(line string) string {
		return strings.Join(strings.Fields(line), " ") + "\n"
	})
}

func TestTable(t *testing.T) {
	require.Equal(t, `chain: 7 calls, a multiplication each; ns per call, median of 1

record run all ×loop ×limit changed again B allocs
plain loop N N N N N N N N N
limit, 1 worker N N N N N N N N N
limit, 2 workers N N N N N N N N N
limit behind handles, 1 worker N N N N N N N N N
limit behind handles, 2 workers N N N N N N N N N
dally, 1 worker N N N N N N N N N
dally, 2 workers N N N N N N N N N


`, table(t, "-shape=chain", "-size=7", "-rounds=1", "-ways=dally,limit"))
}

func TestMarkdown(t *testing.T) {
	text := table(t, "-shape=fan", "-size=3,1e1", "-rounds=2", "-ways=dally", "-workers=3", "-work=1us", "-md", "-again=false")
	require.Contains(t, text, "**fan: 3 calls, 1µs of work each; ns per call, median of 2**\n\n| | record | run |")
	require.Contains(t, text, "**fan: 10 calls")
	require.Contains(t, text, "| dally, 3 workers |")
	require.NotContains(t, text, "conc")
}

func TestGrowth(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, "-shape=chain,tree", "-size=10,100,1", "-rounds=1", "-ways=dally", "-workers=2", "-growth"))
	text := regexp.MustCompile(`[0-9]+\.[0-9]+|[0-9]{4,}`).ReplaceAllString(out.String(), "N")
	text = regexp.MustCompile(`(\| [0-9]+ \|) [0-9]+ `).ReplaceAllString(text, "$1 N ")
	require.Equal(t, `| shape | way | calls | ns per call | calls | ns per call | growth |
|---|---|---:|---:|---:|---:|---:|
| chain | plain loop | 1 | N | 100 | N | N |
| chain | dally, 2 workers | 1 | N | 100 | N | N |
| tree | plain loop | 1 | N | 99 | N | N |
| tree | dally, 2 workers | 1 | N | 99 | N | N |
`, text)
	require.EqualError(t, run(ctx, &out, "-size=7", "-growth"), "-growth takes two sizes; there is only 7")
}

func TestArguments(t *testing.T) {
	for arg, want := range map[string]string{
		"-shape=ring":   `unknown shape "ring"; known are chain, fan, tree, wavefront, random, stencil`,
		"-size=0":       `"0" is no whole number of at least 1`,
		"-size=1,2.5":   `"2.5" is no whole number of at least 1`,
		"-size=":        `"" is no whole number of at least 1`,
		"-size=1e7":     "-size 10000000: the largest are 1,000,000, and 10,000,000 with -large",
		"-workers=-1":   `"-1" is no whole number of at least 1`,
		"-work=-1s":     "-work is -1s; it must be 0 or more",
		"-rounds=0":     "-rounds is 0; it must be 1 or more",
		"-work=1":       "-work: parse error",
		"more":          `unexpected arguments: ["more"]`,
		"-nonsense=yes": "flag provided but not defined",
	} {
		require.ErrorContains(t, run(ctx, new(bytes.Buffer), arg), want, arg)
	}
	var help bytes.Buffer
	require.NoError(t, run(ctx, &help, "-h"))
	require.Contains(t, help.String(), "chain, fan, tree")
}

func TestSizes(t *testing.T) {
	o, err := parse(nil, nil)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1_000, 100_000, 1_000_000}, o.sizes)
	require.Len(t, o.shapes, 6)
	o, err = parse(nil, []string{"-size=1e5,12", "-large"})
	require.NoError(t, err)
	require.Equal(t, []int{100_000, 12, 10_000_000}, o.sizes)
}

func TestInterrupt(t *testing.T) {
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, run(stopped, new(bytes.Buffer), "-size=10"), context.Canceled)
}
