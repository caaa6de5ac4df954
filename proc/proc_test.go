package proc

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/lazy"
)

var (
	exclaim = lazy.Pure1(func(s string) string { return s + "!" })
	toBytes = lazy.Pure1(func(s string) []byte { return []byte(s) })
	letters = lazy.Pure1(func(s string) []string { return strings.Split(s, "") })
	length  = lazy.Pure1(func(s string) int { return len(s) })
)

func printed(t *testing.T, r lazy.Data[Result]) string {
	t.Helper()
	got, err := r.Get(ctx)
	require.NoError(t, err)
	return got.Stdout.String()
}

func TestArguments(t *testing.T) {
	checkLeaks(t)
	a := lazy.Source("a", "x y")
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("in it"), 0o666))
	file := lazy.Must(Open(path).Get(ctx))
	r := child("args", "plain", "", "$HOME *", 7, []string{"p", "q"}, file, []File{file}, []string(nil),
		a, exclaim(a), length(a), letters(a), Open(path), lazy.Gather(Open(path), Open(path)))
	f := `"` + path + `"`
	require.Equal(t, `["plain" "" "$HOME *" "7" "p" "q" `+f+` `+f+` "x y" "x y!" "3" "x" " " "y" `+f+` `+f+` `+f+`]`, printed(t, r))
	a.Set("z")
	require.Contains(t, printed(t, r), `"z" "z!" "1" "z" `, "another value of an input is another run")
}

func TestArgumentZero(t *testing.T) { require.Equal(t, self, printed(t, child("name"))) }

func TestStdin(t *testing.T) {
	checkLeaks(t)
	large := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB: more than a pipe holds, and the child writes while it reads
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte(large), 0o666))
	file := lazy.Must(Open(path).Get(ctx))
	spilling := &Program{Name: self, MemoryMax: 1000}
	spilt := spilling.Call(Cmd{Args: childArgs("cat"), Stdin: large})
	result := lazy.Must(spilt.Get(ctx))
	require.NotNil(t, result.Stdout.o.file)
	for name, stdin := range map[string]any{
		"string": large, "bytes": []byte(large), "file": file, "result": result, "output": result.Stdout,
		"string handle": lazy.Const(large), "bytes handle": toBytes.Of(large), "file handle": Open(path),
		"result handle": spilt, "output handle": lazy.Const(result.Stdout),
	} {
		for _, p := range []*Program{{Name: self}, spilling} {
			got, err := p.Call(Cmd{Args: childArgs("cat"), Stdin: stdin}).Get(ctx)
			require.NoError(t, err, name)
			require.True(t, got.Stdout.String() == large, name)
			require.True(t, got.Stdout.Equal(result.Stdout), name)
		}
	}
	require.Empty(t, printed(t, child("cat")), "no Stdin is an empty one")
}

// A child that ends without having read its stdin has not failed for that.
func TestStdinUnread(t *testing.T) {
	checkLeaks(t)
	p := &Program{Name: self}
	large := "line\n" + strings.Repeat("x", 4<<20)
	require.Equal(t, "line\n", printed(t, p.Call(Cmd{Args: childArgs("first"), Stdin: large})))
	require.Empty(t, printed(t, p.Call(Cmd{Args: childArgs("exit", 0), Stdin: large})))
}

func TestEnvironment(t *testing.T) {
	checkLeaks(t)
	t.Setenv("PROC_A", "inherited")
	t.Setenv("PROC_B", "inherited")
	p, clean := &Program{Name: self}, &Program{Name: self, CleanEnv: true}
	env := map[string]any{"PROC_B": exclaim.Of("b"), "PROC_C": 3, "PROC_D": ""}
	args := childArgs("env", "$PROC_A-$PROC_B-$PROC_C-$PROC_D")
	require.Equal(t, "inherited-b!-3-", printed(t, p.Call(Cmd{Args: args, Env: env})))
	require.Equal(t, "-b!-3-", printed(t, clean.Call(Cmd{Args: args, Env: env})))
	require.NotContains(t, printed(t, clean.Call(Cmd{Args: childArgs("environ")})), "PROC_A")
}

func TestDir(t *testing.T) {
	checkLeaks(t)
	p := &Program{Name: self}
	dir := lazy.Must(filepath.EvalSymlinks(t.TempDir()))
	for _, d := range []any{dir, lazy.Const(dir)} {
		require.Equal(t, dir, printed(t, p.Call(Cmd{Args: childArgs("dir"), Dir: d})))
	}
	here := lazy.Must(os.Getwd())
	for _, d := range []any{nil, "", lazy.Const("")} {
		require.Equal(t, here, printed(t, p.Call(Cmd{Args: childArgs("dir"), Dir: d})))
	}
	missing := filepath.Join(dir, "missing")
	_, err := p.Call(Cmd{Args: childArgs("dir"), Dir: missing}).Get(ctx)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, missing)
	_, err = p.Call(Cmd{Args: childArgs("dir"), Dir: self}).Get(ctx)
	require.ErrorContains(t, err, self+" is not a directory")

	// One that another call makes is there when its turn comes.
	mkdir := lazy.Wrap0(func(context.Context) (int, error) { return 0, os.Mkdir(missing, 0o777) })
	require.Equal(t, missing, printed(t, lazy.After(p.Call(Cmd{Args: childArgs("dir"), Dir: missing}), mkdir())))

	// A relative program is one from the directory of the command.
	require.NoError(t, os.Symlink(self, filepath.Join(dir, "tool")))
	rel := &Program{Name: "." + string(filepath.Separator) + "tool"}
	require.Equal(t, dir, printed(t, rel.Call(Cmd{Args: childArgs("dir"), Dir: lazy.Const(dir)})))
}

func TestNothingRunsTwice(t *testing.T) {
	checkLeaks(t)
	path := filepath.Join(t.TempDir(), "n")
	out := filepath.Join(t.TempDir(), "out")
	r := child("write", out, "x", path)
	require.Equal(t, 0, counted(t, path), "recording runs nothing")
	users := []lazy.Data[string]{Text(r), exclaim(Text(r))}
	for range 2 {
		require.Equal(t, []string{"", "!"}, lazy.Must(lazy.GetAll(ctx, users)))
	}
	require.Equal(t, 1, counted(t, path))
	r.Invalidate()
	lazy.Must(r.Get(ctx))
	require.Equal(t, 2, counted(t, path))
}

// Two commands that wait for each other, in one Get, run at the same time; with one worker, too, for they hold none.
func TestSideBySide(t *testing.T) {
	checkLeaks(t)
	p := &Program{Name: self, Options: []lazy.Option{lazy.Limit(executor.NewLimit(2))}}
	m := newMeeting(t)
	ended := make(chan error)
	go func() {
		_, err := lazy.GetAll(ctx, []lazy.Data[Result]{
			p.Of(childArgs("meet", m.address())...), p.Of(childArgs("meet", m.address())...),
		}, lazy.In(&lazy.Session{Parallelism: 1}))
		ended <- err
	}()
	for _, c := range m.await(2) { // both are there before one is answered
		c.Close()
	}
	require.NoError(t, <-ended)
}

// Of many commands that are wanted at once, as many run as the limit says, and no more.
func TestManyStayWithinTheLimit(t *testing.T) {
	checkLeaks(t)
	n, limit := 200, 4
	if testing.Short() {
		n = 40
	}
	opts := []lazy.Option{lazy.Limit(executor.NewLimit(limit)), lazy.Name("many")}
	p := &Program{Name: self, Options: opts}
	m := newMeeting(t)
	var calls []lazy.Data[Result]
	for range limit {
		calls = append(calls, p.Of(childArgs("meet", m.address())...))
	}
	p, args := &Program{Name: self, Options: opts}, childArgs("exit", 0)
	if _, err := exec.LookPath("true"); err == nil { // a smaller program
		p, args = &Program{Name: "true", Options: opts}, nil
	}
	for range n {
		calls = append(calls, p.Of(args...))
	}
	running := &running{}
	ended := make(chan error)
	go func() {
		_, err := lazy.GetAll(ctx, calls, lazy.Observe(running))
		ended <- err
	}()
	for _, c := range m.await(limit) {
		c.Close()
	}
	require.NoError(t, <-ended)
	require.Equal(t, int32(limit), running.most.Load())
}

// running counts the calls called many that run.
type running struct{ now, most atomic.Int32 }

func (*running) RunStarted(lazy.RunInfo) {}
func (*running) RunDone(lazy.RunInfo)    {}

func (r *running) CallStarted(c lazy.CallInfo) {
	if c.Name != "many" {
		return
	}
	now := r.now.Add(1)
	for most := r.most.Load(); now > most && !r.most.CompareAndSwap(most, now); most = r.most.Load() {
	}
}

func (r *running) CallDone(c lazy.CallInfo) {
	if c.Name == "many" {
		r.now.Add(-1)
	}
}

func TestOutputs(t *testing.T) {
	checkLeaks(t)
	p := &Program{Name: self}
	dir := t.TempDir()
	r := p.Call(Cmd{Args: childArgs("write", "a", "text"), Dir: dir, Outputs: []any{"a", lazy.Const(filepath.Join(dir, "a"))}})
	f, err := Made(r, 1).Get(ctx)
	require.NoError(t, err)
	require.Equal(t, File{filepath.Join(dir, "a"), "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1", 4}, f)
	require.Equal(t, f, lazy.Must(Made(r, 0).Get(ctx)))
	require.Equal(t, f, lazy.Must(Open(f.Path).Get(ctx)))

	_, err = Made(r, 2).Get(ctx)
	require.ErrorContains(t, err, "there is no file 2: the command has 2 Outputs")
	_, err = p.Call(Cmd{Args: childArgs("exit", 0), Dir: dir, Outputs: []any{"b"}}).Get(ctx)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "has ended well, but a file that it was to make is not there")
}

// Who takes a file that comes out the same does not run again.
func TestFilesCutOff(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	count := filepath.Join(dir, "count")
	source := lazy.Source("text", "same")
	writes := (&Program{Name: self}).Call(Cmd{Args: childArgs("write", "a", "text", source), Dir: dir, Outputs: []any{"a"}})
	reads := child("read", Made(writes, 0), count)
	require.Equal(t, "text\n", printed(t, reads))
	source.Set("other")
	require.Equal(t, "text\n", printed(t, reads))
	require.Equal(t, 1, counted(t, count))
}

func TestOpen(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(path, []byte("one"), 0o666))
	f := Open(lazy.Const(path))
	before := lazy.Must(f.Get(ctx))
	r := child("read", f, filepath.Join(dir, "count"))
	require.NoError(t, os.WriteFile(path, []byte("longer"), 0o666))
	_, err := r.Get(ctx)
	require.ErrorContains(t, err, "had 3 bytes when it was looked at, and has 6 now")
	require.NoError(t, os.Remove(path))
	_, err = r.Get(ctx)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "it was there when it was looked at")
	require.NoError(t, os.WriteFile(path, []byte("longer"), 0o666))
	f.Invalidate()
	require.Equal(t, "longer\n", printed(t, r))
	require.NotEqual(t, before, lazy.Must(f.Get(ctx)))

	for path, want := range map[string]string{dir: "not a regular file", filepath.Join(dir, "none"): "none", "": "not a regular file"} {
		_, err := Open(path).Get(ctx)
		require.ErrorContains(t, err, want)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, err = digest(stopped, path)
	require.ErrorIs(t, err, context.Canceled)
}

func TestRetryAndTimeout(t *testing.T) {
	checkLeaks(t)
	p := &Program{Name: self, Options: []lazy.Option{lazy.Timeout(200 * time.Millisecond)}}
	_, err := p.Of(childArgs("sleep")...).Get(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded) // checkLeaks sees that the process has gone

	path := filepath.Join(t.TempDir(), "n")
	again := &Program{Name: self, Options: []lazy.Option{lazy.Retry(2)}}
	_, err = again.Of(childArgs("fail", path)...).Get(ctx)
	require.Error(t, err)
	require.Equal(t, 3, counted(t, path))
}

func TestName(t *testing.T) {
	require.Contains(t, Command("/usr/bin/sort", "-u").String(), "sort#")
	named := &Program{Name: "sort", Options: []lazy.Option{lazy.Name("Sort")}}
	require.Contains(t, named.Of().String(), "Sort#")
	s := lazy.Snapshot(Command("sort", "-k 1", 2, lazy.Const("x"), []string{"a", "b"}))
	require.Equal(t, `sort "-k 1" 2 ‹1› a b`, s.Nodes[0].Value)
}

func TestExitError(t *testing.T) {
	checkLeaks(t)
	_, err := child("exit", 3, "first\nit is broken\n").Get(ctx)
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, &ExitError{Command: self + ` child=exit 3 "first\nit is broken\n"`, Code: 3, Stderr: "first\nit is broken\n"}, exit)
	require.Contains(t, exit.Error(), "has ended with exit code 3, saying:\n\tfirst\n\tit is broken")

	_, err = child("exit", 4).Get(ctx)
	require.ErrorAs(t, err, &exit)
	require.True(t, strings.HasSuffix(exit.Error(), "has ended with exit code 4"))

	grep := &Program{Name: self, Codes: []int{1, 5}}
	for _, code := range []int{0, 1, 5} {
		r, err := grep.Of(childArgs("exit", code, "msg")...).Get(ctx)
		require.NoError(t, err)
		require.Equal(t, code, r.ExitCode)
	}
	_, err = grep.Of(childArgs("exit", 2)...).Get(ctx)
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 2, exit.Code)
}

// One that fails stops those that run beside it.
func TestFailureStopsOthers(t *testing.T) {
	checkLeaks(t)
	m := newMeeting(t)
	p := &Program{Name: self, Options: []lazy.Option{lazy.Limit(executor.NewLimit(2))}}
	ended := make(chan error)
	fails := lazy.Wrap0(func(context.Context) (string, error) {
		m.await(1)
		return "", errors.New("no")
	}, lazy.Blocking(0))
	go func() {
		ended <- lazy.Run(ctx, []lazy.Target{p.Of(childArgs("stay", m.address())...), fails()})
	}()
	require.ErrorContains(t, <-ended, "no")
}
