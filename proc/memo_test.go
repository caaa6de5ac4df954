package proc

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/lazy"
)

// memoised are programs whose results are kept: one per name, so at package level.
var (
	memoised = &Program{Name: self, Options: []lazy.Option{lazy.Memo(), lazy.Name("memoised"), lazy.Version("1")}}
	clean    = &Program{Name: self, CleanEnv: true, Options: []lazy.Option{lazy.Memo(), lazy.Name("clean")}}
	nowhere  = &Program{Name: "./x", Options: []lazy.Option{lazy.Memo(), lazy.Name("nowhere")}}
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// stores are the ways to keep results.
func stores(t *testing.T) map[string]cache.Store {
	return map[string]cache.Store{
		"memory":    cache.NewMemory(1 << 30),
		"directory": lazy.Must(cache.OpenDir(t.TempDir())),
	}
}

func TestMemo(t *testing.T) {
	checkLeaks(t)
	for name, store := range stores(t) {
		s := lazy.In(&lazy.Session{Cache: store, Logger: quiet})
		dir := t.TempDir()
		input, count := filepath.Join(dir, "input"), filepath.Join(dir, "count")
		write := func(text string, at time.Time) {
			require.NoError(t, os.WriteFile(input, []byte(text), 0o666))
			require.NoError(t, os.Chtimes(input, at, at))
		}
		now := time.Now()
		get := func(c Cmd, want string, ran bool) {
			t.Helper()
			before := counted(t, count)
			r := memoised.Call(c)
			got, err := r.Get(ctx, s)
			require.NoError(t, err)
			require.Equal(t, want, got.Stdout.String())
			require.Equal(t, ran, counted(t, count) > before, "%s: has it run?", name)
			require.Equal(t, !ran, r.State() == graph.Cached)
		}
		read := func() Cmd { return Cmd{Args: childArgs("read", Open(input), count)} }
		write("one", now)
		get(read(), "one\n", true)
		get(read(), "one\n", false)
		write("one", now.Add(time.Hour))
		get(read(), "one\n", false) // the same content, at another time
		write("two", now)
		get(read(), "two\n", true)
		write("one", now)
		get(read(), "one\n", false)

		// What else is in the key.
		with := func(change func(*Cmd)) Cmd { c := read(); change(&c); return c }
		for range 2 {
			get(with(func(c *Cmd) { c.Env = map[string]any{"A": "1"} }), "one\n", counted(t, count) == 2)
		}
		get(with(func(c *Cmd) { c.Env = map[string]any{"A": lazy.Const("2")} }), "one\n", true)
		get(with(func(c *Cmd) { c.Env = map[string]any{"B": "1"} }), "one\n", true)
		get(with(func(c *Cmd) { c.Dir = dir }), "one\n", true)
		get(with(func(c *Cmd) { c.Stdin = "x" }), "one\n", true)
		get(with(func(c *Cmd) { c.Stdin = "y" }), "one\n", true)
		get(with(func(c *Cmd) { c.Args = append(c.Args, "") }), "one\n", true)

		// A file as stdin is its content; as an argument it is its path, too.
		other := filepath.Join(dir, "other")
		require.NoError(t, os.WriteFile(other, []byte("one"), 0o666))
		get(with(func(c *Cmd) { c.Stdin = Open(input) }), "one\n", true)
		get(with(func(c *Cmd) { c.Stdin = Open(other) }), "one\n", false)
		get(with(func(c *Cmd) { c.Stdin = lazy.Must(Open(other).Get(ctx)) }), "one\n", true) // plain is not a handle's
		get(with(func(c *Cmd) { c.Args[1] = Open(other) }), "one\n", true)
	}
}

// A kept result stands only as long as the files that were made are there.
func TestMemoFiles(t *testing.T) {
	checkLeaks(t)
	for name, store := range stores(t) {
		if name == "memory" {
			continue // a value at hand is not looked at
		}
		s := lazy.In(&lazy.Session{Cache: store, Logger: quiet})
		dir := t.TempDir()
		out, count := filepath.Join(dir, "out"), filepath.Join(dir, "count")
		get := func(want int) {
			t.Helper()
			r := memoised.Call(Cmd{Args: childArgs("write", "out", "text", count), Dir: dir, Outputs: []any{"out"}})
			f, err := Made(r, 0).Get(ctx, s)
			require.NoError(t, err)
			require.Equal(t, out, f.Path)
			require.Equal(t, want, counted(t, count))
			require.NoError(t, f.verify(ctx))
		}
		get(1)
		get(1)
		require.NoError(t, os.Remove(out))
		get(2)
		get(2)
		require.NoError(t, os.WriteFile(out, []byte("TEXT"), 0o666))
		get(3)
		require.NoError(t, os.Chtimes(out, time.Time{}, time.Now().Add(time.Hour)))
		get(3)
	}
}

// Who takes a kept result finds its own, without that anything runs.
func TestMemoChain(t *testing.T) {
	checkLeaks(t)
	for _, store := range stores(t) {
		s := lazy.In(&lazy.Session{Cache: store, Logger: quiet})
		dir := t.TempDir()
		count := filepath.Join(dir, "count")
		for range 2 {
			writes := memoised.Call(Cmd{Args: childArgs("write", "out", "text", count), Dir: dir, Outputs: []any{"out"}})
			reads := memoised.Of(childArgs("read", Made(writes, 0), count)...)
			copies := memoised.Call(Cmd{Args: childArgs("cat"), Stdin: reads})
			require.Equal(t, "text", lazy.Must(Text(copies).Get(ctx, s)))
			require.Equal(t, 2, counted(t, count))
		}
	}
}

func TestMemoKeyErrors(t *testing.T) {
	session := &lazy.Session{Cache: cache.NewMemory(1 << 20), Logger: quiet}
	s := lazy.In(session)
	r := nowhere.Call(Cmd{Dir: lazy.Const(t.TempDir())})
	_, err := r.Get(ctx, s)
	require.Error(t, err)
	require.Contains(t, session.Explain(r).String(), "the program ./x is in a directory that comes from a handle")
	_, err = nowhere.Of().Get(ctx, s)
	require.ErrorIs(t, err, exec.ErrNotFound, "what cannot be keyed runs, and says why it cannot")
	_, err = clean.Of(childArgs("exit", 1)...).Get(ctx, s)
	require.Error(t, err)
	r = clean.Of(childArgs("exit", 1)...)
	_, err = r.Get(ctx, s)
	require.Error(t, err, "errors are not kept")
}

// A Program is one function: a second one with the same name could not be told from it.
func TestMemoTwice(t *testing.T) {
	clean.Of()
	again := &Program{Name: self, Options: []lazy.Option{lazy.Memo(), lazy.Name("clean")}}
	require.Panics(t, func() { again.Of() })
	require.Panics(t, func() { again.Of() })
}

func TestKey(t *testing.T) {
	p := &Program{Name: self}
	q := &Program{Name: self, CleanEnv: true}
	codes := &Program{Name: self, Codes: []int{1}}
	seen := make(map[string]int)
	for i, c := range []struct {
		p *Program
		c Cmd
	}{
		{p, Cmd{}},
		{q, Cmd{}},
		{codes, Cmd{}},
		{p, Cmd{Args: []any{"a"}}},
		{p, Cmd{Args: []any{"a", "b"}}},
		{p, Cmd{Args: []any{[]string{"a", "b"}}}},
		{p, Cmd{Args: []any{[]string{"a"}, "b"}}},
		{p, Cmd{Args: []any{"ab"}}},
		{p, Cmd{Args: []any{1}}},
		{p, Cmd{Args: []any{"1"}}},
		{p, Cmd{Args: []any{File{"p", "d", 1}}}},
		{p, Cmd{Args: []any{File{"p", "e", 1}}}},
		{p, Cmd{Args: []any{File{"q", "d", 1}}}},
		{p, Cmd{Args: []any{lazy.Const("a")}}},
		{p, Cmd{Stdin: "a"}},
		{p, Cmd{Stdin: []byte("ab")}},
		{p, Cmd{Stdin: File{"p", "d", 1}}},
		{p, Cmd{Stdin: spooled(t, "a", 1, 1)}},
		{p, Cmd{Stdin: spooled(t, "b", 1, 1)}},
		{p, Cmd{Env: map[string]any{"A": "a"}}},
		{p, Cmd{Env: map[string]any{"A": "b"}}},
		{p, Cmd{Env: map[string]any{"A": "a", "B": "b"}}},
		{p, Cmd{Dir: "/"}},
		{p, Cmd{Outputs: []any{"a"}}},
		{&Program{Name: "sh"}, Cmd{}},
	} {
		s, _ := newSpec("test", c.p, c.c)
		key := string(s.CacheKey())
		require.Equal(t, key, string(s.CacheKey()))
		before, known := seen[key]
		require.False(t, known, "commands %d and %d have the same key", before, i)
		seen[key] = i
	}
	a, _ := newSpec("test", p, Cmd{Stdin: File{"p", "d", 1}})
	b, _ := newSpec("test", p, Cmd{Stdin: File{"q", "d", 1}})
	require.Equal(t, a.CacheKey(), b.CacheKey(), "the path of a file that is read as stdin does not matter")
}

func TestResultEncoding(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o666))
	f := lazy.Must(Open(path).Get(ctx))
	for _, r := range []Result{
		{},
		{Stdout: spooled(t, "out", 1, 1), Stderr: spooled(t, "err", 1, 100), ExitCode: 3, Files: []File{f, f}},
	} {
		b, err := r.MarshalBinary()
		require.NoError(t, err)
		var back Result
		require.NoError(t, back.UnmarshalBinary(b))
		require.True(t, sameResult(r, back))
		for n := range b {
			require.Error(t, back.UnmarshalBinary(b[:n]), "cut after %d bytes", n)
		}
		require.Error(t, back.UnmarshalBinary(append(b, 0)))
	}
	require.Equal(t, "exit code 1, 3 bytes of stdout, 0 of stderr, 1 files",
		Result{ExitCode: 1, Stdout: spooled(t, "out", 1, 1), Files: []File{f}}.String())
}

func FuzzResultDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 'a', 0, 6, 0})
	f.Add([]byte{0, 0, 0, 1, 1, 'p', 1, 'd', 2})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Result
		if err := r.UnmarshalBinary(b); err != nil {
			if errors.Is(err, errEncoding) {
				require.True(t, sameResult(r, Result{}))
			}
			return
		}
		again, err := r.MarshalBinary()
		require.NoError(t, err)
		var back Result
		require.NoError(t, back.UnmarshalBinary(again))
		require.True(t, sameResult(r, back))
	})
}

// A relative directory from a handle is, to a key, the one that the command ran in.
func TestMemoRelativeDir(t *testing.T) {
	checkLeaks(t)
	for _, store := range stores(t) {
		s := lazy.In(&lazy.Session{Cache: store, Logger: quiet})
		for range 2 {
			for _, at := range []string{t.TempDir(), t.TempDir()} {
				t.Chdir(at)
				require.NoError(t, os.MkdirAll("sub", 0o777))
				here, err := filepath.EvalSymlinks(at)
				require.NoError(t, err)
				for _, dir := range []any{"sub", lazy.Const("sub")} {
					r := memoised.Call(Cmd{Args: childArgs("dir"), Dir: dir})
					require.Equal(t, filepath.Join(here, "sub"), lazy.Must(Text(r).Get(ctx, s)))
				}
			}
		}
	}
}
