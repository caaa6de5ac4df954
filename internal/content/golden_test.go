package content

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	goldenFile = "testdata/zoo.golden"
	// goldenEnv says that this process is to print the contents, and nothing else.
	goldenEnv = "DALLY_CONTENT_PRINT"
)

var update = flag.Bool("update", false, "write the golden file anew: all results kept by anybody are lost")

func TestMain(m *testing.M) {
	if os.Getenv(goldenEnv) != "" {
		_, _ = os.Stdout.Write(contents())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// contents has three lines for each value of the zoo: walked by itself, in an interface, and the type.
func contents() []byte {
	var b bytes.Buffer
	for _, s := range zoo() {
		fmt.Fprintf(&b, "%s: %x\n", s.name, ofAny(failNow{}, noRules, s.value))
		fmt.Fprintf(&b, "%s in any: %x\n", s.name, of(failNow{}, s.value))
		fmt.Fprintf(&b, "%s type: %x\n", s.name, noRules.Of(reflect.TypeOf(s.value)).Fingerprint())
	}
	return b.Bytes()
}

// failNow is a test in a process that has none.
type failNow struct{ testing.TB }

func (failNow) Helper()                   {}
func (failNow) Errorf(f string, a ...any) { fmt.Fprintf(os.Stderr, f, a...) }
func (failNow) FailNow()                  { os.Exit(1) }

// The contents are those that earlier versions, and other machines, gave.
func TestGolden(t *testing.T) {
	got := contents()
	if *update {
		require.NoError(t, os.WriteFile(goldenFile, got, 0o666))
	}
	want, err := os.ReadFile(goldenFile)
	require.NoError(t, err)
	requireLines(t, want, got)
}

// requireLines fails with the first line that differs.
func requireLines(t *testing.T, want, got []byte) {
	wants, gots := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	require.Len(t, gots, len(wants))
	for i := range wants {
		require.Equal(t, wants[i], gots[i])
	}
}

func TestOtherProcess(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), goldenEnv+"=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	requireLines(t, contents(), out)
}
