package proc

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/lazy"
)

func TestNotFound(t *testing.T) {
	for _, c := range []struct {
		name, want string
		is         error
	}{
		{"no-such-program-here", `there is no program called "no-such-program-here" in PATH`, exec.ErrNotFound},
		{"sort -u", `a command line is not taken apart: write the arguments one by one, Command("sort", "-u", …)`, exec.ErrNotFound},
		{filepath.Join(t.TempDir(), "x"), "there is no program " + string(filepath.Separator), exec.ErrNotFound},
		{"./no such", "there is no program", exec.ErrNotFound},
	} {
		_, err := Command(c.name).Get(ctx)
		require.ErrorContains(t, err, c.want)
		require.ErrorIs(t, err, c.is)
	}
	if runtime.GOOS != "windows" {
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(path, nil, 0o666))
		_, err := Command(path).Get(ctx)
		require.ErrorIs(t, err, fs.ErrPermission)
	}
}

// A program that is found in the current directory alone is not run, as in package os/exec.
func TestErrDot(t *testing.T) {
	dir := t.TempDir()
	name := "tool"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o777))
	t.Chdir(dir)
	t.Setenv("PATH", ".")
	_, err := Command("tool").Get(ctx)
	require.ErrorIs(t, err, exec.ErrDot)
}

func TestRefusedWhenRecorded(t *testing.T) {
	p := &Program{Name: "p"}
	for _, c := range []struct {
		want string
		f    func()
	}{
		{"a Program without a Name", func() { Command("") }},
		{"a Program without a Name", func() { (&Program{}).Of() }},
		{"has a NUL byte", func() { Command("a\x00b") }},
		{
			`proc: Command of "p": argument 2 of 3 is a float64: want string, int, proc.File, []string, []proc.File, or a lazy.Data of that; format it`,
			func() { Command("p", "a", 1.5, "b") },
		},
		{`Of of "p": argument 1 of 1 is nil`, func() { p.Of(nil) }},
		{`argument 1 of 1 is a lazy.Data[float64]`, func() { p.Of(lazy.Const(1.5)) }},
		{"proc.Text is what a command has printed", func() { p.Of(Command("p")) }},
		{"write ... behind a slice", func() { p.Of([]any{"a"}) }},
		{"turn the bytes into a string", func() { p.Of([]byte("a")) }},
		{"a reader can be read once", func() { p.Call(Cmd{Stdin: strings.NewReader("x")}) }},
		{`Call of "p": Stdin is a int: want string, []byte, proc.File, proc.Output, proc.Result, or`, func() { p.Call(Cmd{Stdin: 1}) }},
		{`Env["A"] is a bool`, func() { p.Call(Cmd{Env: map[string]any{"A": true}}) }},
		{`Env has a variable called "A=B"`, func() { p.Call(Cmd{Env: map[string]any{"A=B": "c"}}) }},
		{`Env has a variable called ""`, func() { p.Call(Cmd{Env: map[string]any{"": "c"}}) }},
		{"Dir is a int", func() { p.Call(Cmd{Dir: 1}) }},
		{"output file 1 of 1 is a int", func() { p.Call(Cmd{Outputs: []any{1}}) }},
		{"Made(…, -1)", func() { Made(p.Of(), -1) }},
		{`MemoryMax -1 of Program "q": want 0, for the default, or more`, func() { (&Program{Name: "q", MemoryMax: -1}).Of() }},
		{"OutputMax -1", func() { (&Program{Name: "q", OutputMax: -1}).Of() }},
		{"Grace -1", func() { (&Program{Name: "q", Grace: -1}).Of() }},
		{"exit code -1", func() { (&Program{Name: "q", Codes: []int{-1}}).Of() }},
	} {
		func() {
			defer func() {
				r := recover()
				require.NotNil(t, r, c.want)
				require.Contains(t, r, c.want)
			}()
			c.f()
		}()
	}
	broken := &Program{Name: "q", Grace: -1}
	for range 2 {
		require.Panics(t, func() { broken.Of() }, "each use of what cannot be meant is refused")
	}
}

// What came from a handle is refused before anything has run.
func TestRefusedBeforeItRuns(t *testing.T) {
	nul := lazy.Const("a\x00b")
	p := &Program{Name: self}
	for want, r := range map[string]lazy.Data[Result]{
		`argument 2, "a\x00b", has a NUL byte`:     child("args", nul),
		`argument 2, "x\x00", has a NUL byte`:      child("args", "x\x00"),
		`the value of variable V, "V=a\x00b", has`: p.Call(Cmd{Env: map[string]any{"V": nul}}),
		"directory":                 p.Call(Cmd{Dir: nul}),
		"of output file 1: want a":  p.Call(Cmd{Outputs: []any{nul}}),
		`path "" of output file 1:`: p.Call(Cmd{Outputs: []any{""}}),
		"zero Data":                 p.Of(lazy.Data[string]{}),
	} {
		_, err := r.Get(ctx)
		require.ErrorContains(t, err, want)
	}
}

// What cannot be started says so once.
func TestCannotBeStarted(t *testing.T) {
	checkLeaks(t)
	path := filepath.Join(t.TempDir(), "nonsense")
	require.NoError(t, os.WriteFile(path, []byte("\x7fELF nonsense"), 0o777))
	_, err := Command(path).Get(ctx)
	require.ErrorContains(t, err, "proc: "+path+" cannot be started: ")
	require.Equal(t, 1, strings.Count(err.Error(), "proc: "), err)
}
