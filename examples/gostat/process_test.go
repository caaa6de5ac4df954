package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asMain has the test's program be gostat.
const asMain = "GOSTAT_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command runs gostat in a process of its own.
func command(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, warnings strings.Builder
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asMain+"=1")
	c.Stdout, c.Stderr = &out, &warnings
	require.NoError(t, c.Run(), warnings.String())
	return took.ReplaceAllString(out.String(), "TIME"), warnings.String()
}

func TestCacheAcrossProcesses(t *testing.T) {
	c := newCached(t)
	args := []string{"-cache=" + c.store, "-out=", "-top=2", "-progress=quiet"}
	first, stderr := command(t, append(args, "-workers=2", c.root)...)
	require.Empty(t, stderr)
	from := "From the cache in " + c.store + ": "
	report := strings.Replace(golden, "ROOT", c.root, 1)
	require.Equal(t, report+
		"33 calls (10 Parse, 10 Read, 6 Gather, 5 Summarise, 1 Compose, 1 Relate) on 2 workers in TIME\n"+from+"nothing\n", first)

	rest := "8 calls (4 Parse, 4 Read) on 1 worker in TIME\n" + from + "6 Parse, 1 Compose\n"
	again, stderr := command(t, append(args, "-parallelize=false", c.root)...)
	require.Empty(t, stderr)
	require.Equal(t, report+rest, again)

	again, stderr = command(t, append(args, "-parallelize=false", "-quiet", c.root)...)
	require.Empty(t, stderr)
	require.Equal(t, rest, again)

	c.write("app/app.go", fixture["app/app.go"]+"\n// More.\n", long)
	again, stderr = command(t, append(args, "-workers=2", "-quiet", c.root)...)
	require.Empty(t, stderr)
	require.Equal(t, "15 calls (5 Parse, 5 Read, 2 Gather, 1 Compose, 1 Relate, 1 Summarise) on 2 workers in TIME\n"+
		from+"5 Parse, 4 Summarise\n", again)
}

// A cache that cannot be had, or not be written to, is no reason to fail.
func TestCacheUnwritable(t *testing.T) {
	c := newCached(t)
	writeTree(t, filepath.Dir(c.store), map[string]string{"file": "", "odd/v1": "not a folder\n"})
	for dir, complaint := range map[string]string{
		"file":       "gostat: goes on without a cache",
		"file/below": "gostat: goes on without a cache",
		"odd":        "a result of a Memo function was not kept",
	} {
		dir := filepath.Join(filepath.Dir(c.store), dir)
		stdout, stderr := command(t, "-cache="+dir, "-out=", "-top=2", "-progress=quiet", "-workers=2", c.root)
		require.Contains(t, stdout, strings.Replace(golden, "ROOT", c.root, 1))
		require.Contains(t, stderr, complaint)
		require.Equal(t, filepath.Base(dir) == "odd", strings.Contains(stdout, "From the cache in "), stdout)
		require.LessOrEqual(t, strings.Count(stderr, "\n"), 8, "not a warning for each file: %s", stderr)
	}
}
