package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

func TestTable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, "-width=2", "-steps=5", "-rounds=1", "-largest=100ns", "-factor=8", "-ways=limit,dally", "-patterns=fft,dom"))
	text := regexp.MustCompile(`([<>] )?[0-9]+(\.[0-9]+)? \|`).ReplaceAllString(out.String(), "N |")
	text = regexp.MustCompile(`[0-9]+ to 100`).ReplaceAllString(text, "N to 100")
	require.Equal(t, `METG(50 %) in µs: 2 points, 5 steps, 2 workers (loop: 1), median of 1
A processor could do N to 100 % of its best meanwhile.

| | limit | dally |
|---|---:|---:|
| fft | N | N |
| dom | N | N |
`, text)
	out.Reset()
	require.NoError(t, run(ctx, &out, "-width=2", "-steps=5", "-rounds=1", "-largest=100ns", "-factor=8", "-ways=pond", "-patterns=tree", "-curves"))
	require.Regexp(t, `(?m)^tree +pond +[0-9.]+ µs +[0-9.]+ %$`, out.String())
}

func TestArguments(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-patterns=ring"}, `unknown pattern "ring"; known are trivial, `},
		{[]string{"-ways=dally,dask"}, `unknown way "dask"; known are loop, limit, pond, dally`},
		{[]string{"-width=0"}, "-width 0 -steps 1000: there must be 1 to 10000000 tasks"},
		{[]string{"-width=100000"}, "-width 100000 -steps 1000: there must be"},
		{[]string{"-workers=5"}, "-workers is 5; it must be 1 to the width of 4"},
		{[]string{"-workers=0"}, "-workers is 0; it must be"},
		{[]string{"-rounds=0"}, "-rounds is 0; it must be 1 or more"},
		{[]string{"-largest=0"}, "-largest is 0s; it must be more than 0"},
		{[]string{"-factor=1"}, "-factor is 1; it must be more than 1"},
		{[]string{"more"}, `unexpected arguments: ["more"]`},
		{[]string{"-nonsense"}, "flag provided but not defined"},
	} {
		require.ErrorContains(t, run(ctx, new(bytes.Buffer), c.args...), c.want)
	}
	var help bytes.Buffer
	require.NoError(t, run(ctx, &help, "-h"))
	require.Contains(t, help.String(), "trivial, stencil_1d")
}
