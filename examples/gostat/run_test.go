package main

import (
	"context"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/dally-go/dally/graph"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/stretchr/testify/require"
)

// fixture is a small module: app -> {store, text}, store -> text, and a, b that import each other.
var fixture = map[string]string{
	"go.mod": "module example.org/small\n",
	"app/app.go": `// Package app runs.
package main

import (
	"fmt"

	"example.org/small/store"
	"example.org/small/text"
)

func main() {
	for _, s := range store.All() {
		if s != "" && s != "-" {
			fmt.Println(text.Upper(s))
		}
	}
}
`,
	"store/store.go": `package store

import "example.org/small/text"

// All returns it all.
func All() []string { return []string{text.Upper("a")} }
`,
	"store/gen.go": `//go:build ignore

package main

import _ "example.org/small/app"

func main() {}
`,
	"store/store_test.go": "package store_test\n\nfunc TestAll() {}\n",
	"text/text.go":        "package text\n\nfunc Upper(s string) string {\n\treturn s\n}\n",
	"text/broken.go":      "package text\n\nfunc Lower( {\n",
	"text/empty.go":       "",
	"text/latin1.go":      "package text // caf\xe9\n",
	"ruin/ruin.go":        "not Go\n",
	"a/a.go":              "package a\n\nimport _ \"example.org/small/b\"\n",
	"b/b.go":              "package b\n\nimport _ \"example.org/small/a\"\n",
}

const golden = `ROOT

Totals
   5  packages
   6  files
  41  lines: 66% code, 7% comments, 27% blank
   4  functions, of complexity 1.8 on average
   5  imports between these packages

Largest packages
  lines  code  files  funcs  complexity  package
     17    13      1      1           4  example.org/small/app
     13     6      2      2           2  example.org/small/store

Longest functions
  lines  complexity  function  where
      7           4  main      app/app.go:11
      3           1  Upper     text/text.go:3

Most complex functions
  lines  complexity  function  where
      7           4  main      app/app.go:11
      1           1  main      store/gen.go:7

Most depended-on packages
  dependents  importers  package
           2          2  example.org/small/text
           1          1  example.org/small/a

Import cycles
  example.org/small/a, example.org/small/b

Skipped: 4
  path            reason
  ruin/ruin.go    1:1: expected 'package', found not
  text/broken.go  3:13: expected ')', found '{'
  text/empty.go   empty file
  text/latin1.go  1:20: illegal UTF-8 encoding

`

var took = regexp.MustCompile(`\b[0-9.]+(µs|ms|s)\b`)

func TestRun(t *testing.T) {
	leak.Check(t)
	root, out := t.TempDir(), filepath.Join(t.TempDir(), "made")
	writeTree(t, root, fixture)
	var stdout, stderr strings.Builder
	status := run(context.Background(), []string{"-top=2", "-workers=2", "-out=" + out, "-progress=quiet", root}, &stdout, &stderr)
	require.Zero(t, status)
	require.Empty(t, stderr.String())
	text := strings.NewReplacer(root, "ROOT", out, "OUT").Replace(stdout.String())
	text = took.ReplaceAllString(text, "TIME")
	require.Equal(t, golden+
		"33 calls (10 Parse, 10 Read, 6 Gather, 5 Summarise, 1 Compose, 1 Relate) on 2 workers in TIME\n"+
		"Picture: "+filepath.Join("OUT", "gostat.svg")+"\n", text)

	svg, err := os.ReadFile(filepath.Join(out, "gostat.svg"))
	require.NoError(t, err)
	for _, name := range []string{"<svg", "Read", "Parse", "Summarise", "Relate", "Compose"} {
		require.Contains(t, string(svg), name)
	}
}

func TestRunCompares(t *testing.T) {
	leak.Check(t)
	root := t.TempDir()
	writeTree(t, root, fixture)
	var stdout, stderr strings.Builder
	require.Zero(t, run(context.Background(), []string{"-compare", "-out=", "-root", root}, &stdout, &stderr), stderr.String())
	require.Regexp(t, `\nOn 1 worker it takes \S+: [0-9.]+ times as long\n$`, stdout.String())
}

func TestRunRefuses(t *testing.T) {
	leak.Check(t)
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{"file": "", "empty/README": "", "go/a.go": "package a\n"})
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	for _, row := range []struct {
		ctx    context.Context
		args   []string
		status int
		stderr string
	}{
		{context.Background(), []string{"-nonsense"}, 2, "flag provided but not defined: -nonsense"},
		{context.Background(), []string{"-workers=-1"}, 2, "-workers is -1"},
		{context.Background(), []string{filepath.Join(dir, "none")}, 1, "none"},
		{context.Background(), []string{filepath.Join(dir, "file")}, 1, "is not a directory"},
		{context.Background(), []string{filepath.Join(dir, "empty")}, 1, "no Go files below"},
		{context.Background(), []string{"-out", filepath.Join(dir, "file", "x"), filepath.Join(dir, "go")}, 1, filepath.Join(dir, "file")},
		{stopped, []string{"-out=", filepath.Join(dir, "go")}, 1, "interrupted"},
	} {
		var stdout, stderr strings.Builder
		require.Equal(t, row.status, run(row.ctx, row.args, &stdout, &stderr), row.args)
		require.Contains(t, stderr.String(), row.stderr)
	}
	require.Zero(t, run(context.Background(), []string{"-h"}, new(strings.Builder), new(strings.Builder)))
}

func memory(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = file(text)
	}
	return fsys
}

func TestAnyNumberOfWorkersGivesThePlainReport(t *testing.T) {
	leak.Check(t)
	ctx := context.Background()
	fsys := failing{memory(fixture), map[string]error{"app/app.go": syscall.EACCES}}
	tree, err := walk(ctx, fsys, "", "", true)
	require.NoError(t, err)
	delete(fsys.FS.(fstest.MapFS), "b/b.go") // vanishes between the walk and the read
	report, skips := plain(fsys, tree, 3)
	require.Len(t, skips, 6)
	require.Contains(t, skips, Skip{"app/app.go", "permission denied"})
	require.Contains(t, skips, Skip{"b/b.go", "file does not exist"})
	for _, workers := range []int{1, 2, 8} {
		got, err := analyse(ctx, fsys, tree, 3, &lazy.Session{Parallelism: workers})
		require.NoError(t, err)
		require.Equal(t, report, got.report)
		require.Equal(t, skips, got.job.skips)
		require.Equal(t, tree.Files(), got.calls.ran["Read"])
		require.Equal(t, tree.Files()-2, got.calls.ran["Parse"], "nothing to parse where nothing was read")
	}
}

// TestReal runs over the Go installation: the largest job at hand.
func TestReal(t *testing.T) {
	leak.Check(t)
	if testing.Short() {
		t.Skip("reads all of the standard library, three times")
	}
	ctx := context.Background()
	root, err := goSource(ctx)
	if err != nil {
		t.Skip(err)
	}
	fsys := os.DirFS(root)
	tree, err := walk(ctx, fsys, "", moduleOf(root), false)
	require.NoError(t, err)
	report, skips := plain(fsys, tree, 20)
	require.Empty(t, skips)
	require.Empty(t, report.Relations.Cycles, "the go command would not build it")
	require.Equal(t, tree.Files(), report.Files)
	for _, workers := range []int{1, 4} {
		got, err := analyse(ctx, fsys, tree, 20, &lazy.Session{Parallelism: workers})
		require.NoError(t, err)
		require.Equal(t, report, got.report)
	}
}

// TestInterruptedJobGoesOn stops a job in its middle, again and again; what is done stays done.
func TestInterruptedJobGoesOn(t *testing.T) {
	leak.Check(t)
	fsys := memory(fixture)
	tree, err := walk(context.Background(), fsys, "", "", false)
	require.NoError(t, err)
	want, _ := plain(fsys, tree, 3)
	for after := range 12 {
		j := newJob(fsys, tree)
		ctx, cancel := context.WithCancel(context.Background())
		watch := &stopper{left: after, stop: cancel, done: map[graph.ID]int{}}
		_, err := j.run(ctx, 3, lazy.Workers(2), lazy.Observe(watch))
		cancel()
		require.ErrorIs(t, err, context.Canceled)

		report, err := j.run(context.Background(), 3, lazy.Workers(2), lazy.Observe(watch))
		require.NoError(t, err)
		require.Equal(t, want, report)
		watch.mu.Lock() // a call that was running at the first end may tell of its own only now
		for id, n := range watch.done {
			require.Equal(t, 1, n, "call #%d", id)
		}
		watch.mu.Unlock()
	}
}

// stopper cancels a run when left calls have been done, and counts how often each was.
type stopper struct {
	counter
	mu   sync.Mutex
	left int
	stop func()
	done map[graph.ID]int
}

func (s *stopper) CallDone(call lazy.CallInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call.State == graph.Done {
		s.done[call.ID]++
	}
	if s.left == 0 {
		s.stop()
	}
	s.left--
}

// TestNothingGood makes a report of nothing: every file is broken.
func TestNothingGood(t *testing.T) {
	leak.Check(t)
	fsys := memory(map[string]string{"a.go": "", "b/b.go": "no"})
	tree, err := walk(context.Background(), fsys, "", "", false)
	require.NoError(t, err)
	got, err := analyse(context.Background(), fsys, tree, 3, &lazy.Session{Parallelism: 2})
	require.NoError(t, err)
	require.Zero(t, got.report.Packages)
	require.Len(t, got.job.skips, 2)
}

// TestOneFile: a job of one is no different, broken or whole.
func TestOneFile(t *testing.T) {
	leak.Check(t)
	for text, want := range map[string][]Skip{"package a\n": nil, "pack": {{"a.go", "1:1: expected 'package', found pack"}}} {
		fsys := memory(map[string]string{"a.go": text})
		tree, err := walk(context.Background(), fsys, "", "", false)
		require.NoError(t, err)
		got, err := analyse(context.Background(), fsys, tree, math.MaxInt, &lazy.Session{Parallelism: 2})
		require.NoError(t, err)
		require.Equal(t, want, got.job.skips)
		require.Equal(t, 1-len(want), got.report.Files)
	}
}

// TestPanicInAFile: what goes wrong inside of a call costs one file, as any error does.
func TestPanicInAFile(t *testing.T) {
	leak.Check(t)
	fsys := panics{memory(fixture)}
	tree, err := walk(context.Background(), fsys, "", "", false)
	require.NoError(t, err)
	got, err := analyse(context.Background(), fsys, tree, 3, &lazy.Session{Parallelism: 2})
	require.NoError(t, err)
	require.Contains(t, got.job.skips, Skip{"a/a.go", "Read panicked: no luck"})
}

type panics struct{ fs.FS }

func (p panics) Open(name string) (fs.File, error) {
	if name == "a/a.go" {
		panic("no luck")
	}
	return p.FS.Open(name)
}

func TestPicture(t *testing.T) {
	leak.Check(t)
	fsys := memory(fixture)
	tree, err := walk(context.Background(), fsys, "", "", false)
	require.NoError(t, err)
	got, err := analyse(context.Background(), fsys, tree, 3, &lazy.Session{Parallelism: 2})
	require.NoError(t, err)
	s := lazy.Snapshot(got.job.targets()...)
	require.NoError(t, s.Check())
	counts := map[string]int{}
	values := map[string]bool{}
	for _, n := range s.Nodes {
		counts[n.Name+" "+n.State.String()]++
		values[n.Value] = true
	}
	require.Equal(t, 6, counts["Parse done"])
	require.Equal(t, 4, counts["Parse failed"])
	require.Equal(t, 1, counts["Compose done"])
	require.Contains(t, values, "17 lines, 1 func")
	require.Contains(t, values, "5 packages, 6 files, 41 lines")
	require.Zero(t, s.Count()[graph.Pending])
}

func TestCounter(t *testing.T) {
	var c counter
	require.Equal(t, "0 calls", c.String())
	for range 1200 {
		c.CallStarted(lazy.CallInfo{Name: "Read"})
	}
	c.CallStarted(lazy.CallInfo{Name: "Parse"})
	require.Equal(t, "1,201 calls (1,200 Read, 1 Parse)", c.String())
	require.Empty(t, c.cached.String())
	c.CallDone(lazy.CallInfo{Name: "Parse", State: graph.Done})
	c.CallDone(lazy.CallInfo{Name: "Parse", State: graph.Cached})
	require.Equal(t, "1 Parse", c.cached.String())
}
