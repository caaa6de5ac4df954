//go:build unix

package cache_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dally-go/dally/cache"
	"github.com/stretchr/testify/require"
)

// A test that needs other processes starts itself again, with the part to play, and the folder, in the environment.
const (
	partVar = "DALLY_TEST_PART"
	rootVar = "DALLY_TEST_ROOT"
)

var parts = map[string]func(t *testing.T, root string){
	"write": writeForEver,
	"read":  readUntilTold,
}

// TestPart is what such a process runs.
func TestPart(t *testing.T) {
	part, ok := parts[os.Getenv(partVar)]
	if !ok {
		t.Skip("for processes that other tests start")
	}
	part(t, os.Getenv(rootVar))
}

// startPart starts a process. Its standard input is to be closed for it to end.
func startPart(t *testing.T, part, root string, change func(*exec.Cmd)) (cmd *exec.Cmd, in io.Closer, out *bytes.Buffer) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPart$", "-test.v")
	cmd.Env = append(os.Environ(), partVar+"="+part, rootVar+"="+root, "GOMAXPROCS=1")
	out = new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	if change != nil {
		change(cmd)
	}
	require.NoError(t, cmd.Start())
	return cmd, in, out
}

// killBudget is so little that entries are dropped all the time.
const killBudget = 4 << 20

func killLength(n int) int { return []int{50, 3000, 30_000, 70_000, 300_000}[n%5] }

const killKeys = 40

// writeForEver puts until it is killed. All processes put the same keys, in versions of their own.
func writeForEver(t *testing.T, root string) {
	go func() { // Whoever started this may be killed, too.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	s := openDir(t, root, cache.MaxBytes(killBudget))
	for i := 0; ; i++ {
		n := rand.IntN(killKeys)
		put(t, s, n, rand.IntN(8), killLength(n))
	}
}

// readUntilTold gets until its input ends, and prints what came of it.
func readUntilTold(t *testing.T, root string) {
	told := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(told)
	}()
	s := openDir(t, root, cache.MaxBytes(killBudget))
	hits, misses, torn, wrong := 0, 0, 0, 0
	for done := false; !done; {
		select {
		case <-told:
			done = true
		default:
		}
		n := rand.IntN(killKeys)
		v, err := get(t, s, n)
		switch {
		case err == nil && isVersion(n, v):
			hits++
		case err == nil:
			wrong++
		case errors.Is(err, cache.ErrMiss):
			misses++
		default:
			torn++
			t.Log(err)
		}
	}
	fmt.Println("read", hits, misses, torn, wrong)
}

// isVersion reports whether v is a value that writeForEver puts under the nth key.
func isVersion(n int, v []byte) bool {
	for version := range 8 {
		// The first byte tells versions apart already.
		if bytes.HasPrefix(v, valueOf(n, version, 1)) {
			return bytes.Equal(v, valueOf(n, version, killLength(n)))
		}
	}
	return false
}

// Writers are killed at any point, and start again; readers never see what is not whole.
func TestDirWithProcessesThatAreKilled(t *testing.T) {
	const writers, readers = 3, 2
	duration := 4 * time.Second
	if testing.Short() {
		duration = time.Second
	}
	root := quickDir(t)
	openDir(t, root)
	var ins []io.Closer
	var cmds []*exec.Cmd
	var outs []*bytes.Buffer
	for range readers {
		cmd, in, out := startPart(t, "read", root, nil)
		ins, cmds, outs = append(ins, in), append(cmds, cmd), append(outs, out)
	}
	kills := 0
	for end := time.Now().Add(duration); time.Now().Before(end); {
		kills += killWriters(t, root, writers)
	}
	hits := 0
	for i, cmd := range cmds {
		require.NoError(t, ins[i].Close())
		require.NoError(t, cmd.Wait(), outs[i])
		got := readLine(t, outs[i])
		hits += got[0]
		require.Zero(t, got[2], "torn: %s", outs[i])
		require.Zero(t, got[3], "wrong values")
	}
	require.Positive(t, hits)
	t.Logf("%d kills, %d hits", kills, hits)
	requireSoundAfterKills(t, root)
}

// killWriters starts writers, and kills them soon after.
func killWriters(t *testing.T, root string, writers int) int {
	t.Helper()
	var cmds []*exec.Cmd
	for range writers {
		cmd, _, _ := startPart(t, "write", root, nil)
		cmds = append(cmds, cmd)
	}
	// Not to let anything settle: to kill at a random point.
	time.Sleep(20*time.Millisecond + rand.N(80*time.Millisecond))
	for _, cmd := range cmds {
		require.NoError(t, cmd.Process.Kill())
	}
	for _, cmd := range cmds {
		var exit *exec.ExitError
		require.ErrorAs(t, cmd.Wait(), &exit)
		require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), cmd.Stdout)
	}
	return writers
}

// readLine returns the numbers that a reader has printed.
func readLine(t *testing.T, out *bytes.Buffer) (numbers []int) {
	t.Helper()
	text := out.String()
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line, ok := strings.CutPrefix(lines.Text(), "read ")
		for field := range strings.FieldsSeq(line) {
			if ok {
				number, err := strconv.Atoi(field)
				require.NoError(t, err)
				numbers = append(numbers, number)
			}
		}
	}
	require.Len(t, numbers, 4, text)
	return numbers
}

// requireSoundAfterKills checks that all that is kept is whole, and that what the dead have left goes in time.
func requireSoundAfterKills(t *testing.T, root string) {
	t.Helper()
	s := openDir(t, root, cache.MaxBytes(killBudget))
	for n := range killKeys {
		v, err := get(t, s, n)
		if err == nil {
			require.True(t, isVersion(n, v))
		} else {
			require.ErrorIs(t, err, cache.ErrMiss)
		}
	}
	for _, path := range files(t, root, "tmp") {
		age(t, path, 2*time.Hour)
	}
	cache.LookDir(s)
	require.Empty(t, files(t, root, "tmp"))
	require.LessOrEqual(t, roomOf(t, root), int64(killBudget))
}
