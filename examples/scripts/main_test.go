package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The scripts are this program: it has to be able to be one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "script" {
		main()
		return
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // else each child waits for a second before it ends
	os.Exit(m.Run())
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	picture := filepath.Join(t.TempDir(), "out.mmd")
	require.NoError(t, run(&out, "-pause", "1ms", "-out", picture, "b", "a", "c"))
	require.Regexp(t, regexp.MustCompile(`^a 97
b 98
c 99
sum 294
1 at once: \d+\.\d\d s
3 at once: \d+\.\d\d s
speed-up \d+\.\dx

with a station that is broken: exit code 1, saying: scripts: no answer from station broken
  kept: b 98
  kept: a 97
  kept: c 99
$`), out.String())
	b, err := os.ReadFile(picture)
	require.NoError(t, err)
	require.Contains(t, string(b), "script")
}

func TestScript(t *testing.T) {
	for _, c := range []struct{ args, in, want string }{
		{"", "", "want measure STATION PAUSE"},
		{"join more", "", "want measure STATION PAUSE"},
		{"measure a long", "", "invalid duration"},
		{"join", "a\n", `line "a"`},
		{"measure broken 1ms", "", "no answer from station broken"},
	} {
		require.ErrorContains(t, script(strings.NewReader(c.in), &bytes.Buffer{}, strings.Fields(c.args)), c.want)
	}
}

func TestArguments(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out, "-h"))
	require.Contains(t, out.String(), "-pause")
	require.ErrorContains(t, run(&out, "-nonsense"), "-nonsense")
	require.ErrorContains(t, run(&out, "a b"), `line "a b`)
}
