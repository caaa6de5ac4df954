package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/examples/replay/wf"
)

func TestCategory(t *testing.T) {
	for _, tt := range []struct {
		task wf.Task
		want string
	}{
		{wf.Task{ID: "map_17", Name: "map_17", Program: "map"}, "map"},
		{wf.Task{ID: "a", Program: "/opt/tools/fetch.py\n"}, "fetch.py"},
		{wf.Task{ID: "LAB.SORT_3", Name: "LAB.SORT", Program: "sort \\\n  in > out"}, "LAB.SORT"},
		{wf.Task{ID: "sort_ID0000012", Name: "sort_ID0000012"}, "sort"},
		{wf.Task{ID: "sort_12"}, "sort"},
		{wf.Task{ID: "v2_final"}, "v2_final"},
		{wf.Task{ID: "_1"}, "_1"},
	} {
		require.Equal(t, tt.want, category(tt.task))
	}
}

func TestCallNames(t *testing.T) {
	require.Equal(t, map[string]string{
		"map":                                "map",
		"a.b":                                "a.b",
		"LABORATORY.PREPARATION.SORT":        "PREPARATION.SORT",
		"LABORATORY.CONCLUSIONS.SORT":        "CONCLUSIONS.SORT",
		"LABORATORY.CONCLUSIONS.PLOT":        "PLOT",
		"A.LABORATORY.CONCLUSIONS.OF.map":    "OF.map",
		"a.long.name.of.nothing.at.the.end.": "end.",
	}, callNames([]string{
		"map", "a.b", "map", "LABORATORY.PREPARATION.SORT", "LABORATORY.CONCLUSIONS.SORT", "LABORATORY.CONCLUSIONS.PLOT",
		"LABORATORY.PREPARATION.SORT", "A.LABORATORY.CONCLUSIONS.OF.map", "a.long.name.of.nothing.at.the.end.",
	}))
	require.Equal(t, "CHROMSIZES_13", step{id: "LABORATORY.PREPARATION.CHROMSIZES_13"}.String())
	require.Equal(t, "a.13", step{id: "a.13"}.String())
}

func TestShorten(t *testing.T) {
	require.Equal(t, "abcdef", shorten("abcdef", 6))
	require.Equal(t, "ab…efg", shorten("abcdefg", 6))
	require.Equal(t, "äö…üß", shorten("äöxxxüß", 5))
	require.Equal(t, "a·b·[31m", shorten("a\nb\x1b[31m", 9))
}

func TestWritten(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 s": 0, "0.00 µs": 1, "999.00 µs": 999_000, "1.00 ms": time.Millisecond, "999.99 ms": 999_990_000,
		"1.00 s": 999_999_999, "59.40 s": 59_400 * time.Millisecond, "1,234,567.89 s": 1_234_567_890 * time.Millisecond,
	} {
		require.Equal(t, want, written(d))
	}
	require.Equal(t, "1.500", ratio(3, 2))
	require.Equal(t, "–", ratio(3, 0))
	require.Equal(t, "1 task", plural(1, "task"))
	require.Equal(t, "0 tasks", plural(0, "task"))
}
