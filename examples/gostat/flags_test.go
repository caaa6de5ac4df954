package main

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlags(t *testing.T) {
	out := filepath.Join(os.TempDir(), "dally-gostat")
	for args, want := range map[string]options{
		"":                          {progress: "auto", out: out, parallelize: true, top: 10},
		"dir":                       {progress: "auto", out: out, parallelize: true, top: 10, root: "dir"},
		"-root dir":                 {progress: "auto", out: out, parallelize: true, top: 10, root: "dir"},
		"-parallelize=false dir":    {progress: "auto", out: out, top: 10, root: "dir"},
		"-workers 1 -top 0 -out=":   {progress: "auto", parallelize: true, workers: 1},
		"-tests -compare -out pics": {progress: "auto", out: "pics", parallelize: true, top: 10, tests: true, compare: true},
		"-cache c -quiet":           {progress: "auto", out: out, parallelize: true, top: 10, cache: "c", quiet: true},
		"-cache c -compare -cache=": {progress: "auto", out: out, parallelize: true, top: 10, compare: true},
	} {
		var stderr strings.Builder
		got, err := parseFlags(strings.Fields(args), &stderr)
		require.NoError(t, err, args)
		require.Equal(t, want, got, args)
		require.Empty(t, stderr.String())
	}
}

func TestFlagsRefused(t *testing.T) {
	for args, want := range map[string]string{
		"a b":                           `one directory, please: got ["a" "b"]`,
		"-root a b":                     `one directory, please: got ["a" "b"]`,
		"-workers -1":                   "-workers is -1; it must be 0 (as many as processors) or more",
		"-top -2":                       "-top is -2; it must be 0 or more",
		"-parallelize=false -workers=2": "-parallelize=false means one worker, -workers=2 more: drop one of the two",
		"-parallelize=false -compare":   "-compare is about several workers: drop -parallelize=false",
		"-compare -cache c":             "-compare is about runs that compute everything: drop it, or say -cache= behind -cache",
		"-progress loud":                `-progress: `,
		"-compare -report r.html":       "-compare is about time: drop it, or -report and -live",
		"-compare -live :0":             "-compare is about time: drop it, or -report and -live",
		"-report r.pdf":                 `-report is "r.pdf"; its name must end in .html`,
		"-workers many":                 `invalid value "many" for flag -workers`,
		"-nonsense":                     "flag provided but not defined: -nonsense",
	} {
		var stderr strings.Builder
		_, err := parseFlags(strings.Fields(args), &stderr)
		require.Error(t, err, args)
		require.Contains(t, stderr.String(), want)
	}
	var stderr strings.Builder
	_, err := parseFlags([]string{"-h"}, &stderr)
	require.ErrorIs(t, err, flag.ErrHelp)
	require.Contains(t, stderr.String(), "Usage: gostat")
}

func TestFindRoot(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{"f.go": "package f\n"})
	root, err := findRoot(context.Background(), dir)
	require.NoError(t, err)
	require.Equal(t, dir, root)

	_, err = findRoot(context.Background(), filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = findRoot(context.Background(), filepath.Join(dir, "f.go"))
	require.ErrorContains(t, err, "f.go is not a directory")
}
