package proc

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

// spooled is what becomes of data that is written in pieces of step bytes.
func spooled(t *testing.T, data string, step int, memory int64) Output {
	s := newSpool(&Program{MemoryMax: memory}, "stdout", nil)
	for piece := range pieces(data, step) {
		n, err := s.Write([]byte(piece))
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
	}
	return s.output()
}

func pieces(s string, step int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(s) > 0 {
			n := min(step, len(s))
			if !yield(s[:n]) {
				return
			}
			s = s[n:]
		}
	}
}

// An output is the same wherever it is kept, and in however many pieces it came.
func TestOutput(t *testing.T) {
	for n := range 20 {
		data := strings.Repeat("0123456789\n", n)[:max(0, 10*n-3)]
		for _, step := range []int{1, 7, 1000} {
			for _, memory := range []int64{1, 50, 1000} {
				o := spooled(t, data, step, memory)
				require.Equal(t, int64(len(data)), o.Len())
				require.Equal(t, data, string(o.Bytes()))
				require.Equal(t, data, o.String())
				require.Equal(t, int64(len(data)) > memory, o.o != nil && o.o.file != nil)
				r := o.Open()
				b, err := io.ReadAll(r)
				require.NoError(t, err)
				require.Equal(t, data, string(b))
				require.NoError(t, r.Close())
				require.Equal(t, data, o.String(), "closing a reader closes nothing else")
				require.Equal(t, sha256.Sum256([]byte(data)), o.sum())
				require.True(t, o.Equal(spooled(t, data, 3, 10)))
				require.False(t, o.Equal(spooled(t, data+"x", 3, 10)))
				require.Equal(t, o.CacheKey(), spooled(t, data, 3, 10).CacheKey())
				var back Output
				require.NoError(t, back.UnmarshalBinary(lazy.Must(o.MarshalBinary())))
				require.Equal(t, data, back.String())
				require.True(t, back.Equal(o))
			}
		}
	}
	require.True(t, Output{}.Equal(spooled(t, "", 1, 1)))
	require.Empty(t, Output{}.String())
}

func TestUnmarshalLarge(t *testing.T) {
	data := bytes.Repeat([]byte("x"), memoryMax+1)
	var o Output
	require.NoError(t, o.UnmarshalBinary(data))
	require.NotNil(t, o.o.file)
	require.True(t, bytes.Equal(data, o.Bytes()))
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	require.NoError(t, o.UnmarshalBinary(data))
	if runtime.GOOS != "windows" {
		require.Nil(t, o.o.file, "where no file can be made, it is in memory")
	}
	require.True(t, bytes.Equal(data, o.Bytes()))
}

// 100 MB of output take up a little memory, and nothing that can be found in the file system.
func TestHugeOutput(t *testing.T) {
	checkLeaks(t)
	const size = 100_000_000
	dir := t.TempDir()
	p := &Program{Name: self, MemoryMax: 1000, TempDir: dir}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := p.Of(childArgs("spew", size)...).Get(ctx)
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	require.Equal(t, int64(size), r.Stdout.Len())
	sum := sha256.New()
	n, err := io.Copy(sum, r.Stdout.Open())
	require.NoError(t, err)
	require.Equal(t, int64(size), n)
	require.Equal(t, r.Stdout.o.sum[:], sum.Sum(nil))
	if runtime.GOOS != "windows" {
		require.Empty(t, lazy.Must(os.ReadDir(dir)))
	}
}

func TestTooMuchOutput(t *testing.T) {
	checkLeaks(t)
	for _, stream := range []string{"stdout", "stderr"} {
		p := &Program{Name: self, OutputMax: 1_000_000, MemoryMax: 1000}
		args := childArgs("spew", 1_000_000)
		if stream == "stderr" {
			args = append(args, stream)
		}
		_, err := p.Of(args...).Get(ctx)
		require.NoError(t, err)
		args[1] = 1_000_001
		_, err = p.Of(args...).Get(ctx)
		require.ErrorIs(t, err, ErrOutput)
		require.ErrorContains(t, err, "it has written more than 1000000 bytes to "+stream)
	}
}

func TestNoTempDir(t *testing.T) {
	checkLeaks(t)
	p := &Program{Name: self, MemoryMax: 10, TempDir: filepath.Join(t.TempDir(), "none")}
	_, err := p.Of(childArgs("spew", 1000)...).Get(ctx)
	require.ErrorIs(t, err, ErrOutput)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "its stdout cannot be kept")
}

func TestTail(t *testing.T) {
	numbered := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "line %d\n", i)
		}
		return b.String()
	}
	long := strings.Repeat("x", 3000)
	for _, c := range []struct{ name, said, want string }{
		{"nothing", "", ""},
		{"one line", "a\n", "a\n"},
		{"no line end", "a\nb", "a\nb"},
		{"many lines", numbered(100), strings.TrimPrefix(numbered(100), numbered(80))},
		{"twenty lines", numbered(20), numbered(20)},
		{"a long line, then a short one", long + "\nshort\n", "short\n"},
		{"a long line", long, long[:tailMax]},
		{"a long line with an end", long + "\n", long[:tailMax-1] + "\n"},
		{"lines that fill it", "a\n" + long[:tailMax-1] + "\n", long[:tailMax-1] + "\n"},
		{"not text", "a\xffb\n", "a\uFFFDb\n"},
	} {
		for _, memory := range []int64{1, 1 << 20} {
			require.Equal(t, c.want, tail(spooled(t, c.said, 100, memory)), c.name)
		}
	}
}

// The temporary file of a command that has failed is closed at once, not at some garbage collection.
func TestFailureClosesOutput(t *testing.T) {
	checkLeaks(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := openFiles()
	p := &Program{Name: "sh", MemoryMax: 10}
	for range 5 {
		_, err := p.Of("-c", "echo 123456789012345; echo 1234567890123456 >&2; exit 3").Get(ctx)
		var exit *ExitError
		require.ErrorAs(t, err, &exit)
		require.Equal(t, "1234567890123456\n", exit.Stderr)
	}
	require.LessOrEqual(t, openFiles(), before)
}
