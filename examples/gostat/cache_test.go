package main

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/internal/leak"
	"github.com/dally-go/dally/lazy"
	"github.com/stretchr/testify/require"
)

// long is a time of change that says which change it was.
var long = time.Date(2020, 1, 2, 3, 4, 5, 678_900_000, time.UTC)

// cached is a small module on disk, with a cache beside it.
type cached struct {
	t        *testing.T
	root     string
	store    string
	workers  int
	top      int
	warnings strings.Builder
}

func newCached(t *testing.T) *cached {
	leak.Check(t)
	c := &cached{t: t, root: t.TempDir(), store: filepath.Join(t.TempDir(), "cache"), workers: 2, top: 3}
	for name, text := range fixture {
		c.write(name, text, long)
	}
	return c
}

func (c *cached) path(name string) string { return filepath.Join(c.root, filepath.FromSlash(name)) }

func (c *cached) write(name, text string, changed time.Time) {
	c.t.Helper()
	writeTree(c.t, c.root, map[string]string{name: text})
	require.NoError(c.t, os.Chtimes(c.path(name), changed, changed))
}

func (c *cached) walk() Tree {
	c.t.Helper()
	tree, err := walk(context.Background(), os.DirFS(c.root), c.root, "", false)
	require.NoError(c.t, err)
	return tree
}

// session opens the cache anew, as another process would.
func (c *cached) session() *lazy.Session {
	c.t.Helper()
	store, err := cache.OpenDir(c.store)
	require.NoError(c.t, err)
	return &lazy.Session{Parallelism: c.workers, Cache: store, Logger: slog.New(slog.NewTextHandler(&c.warnings, nil))}
}

// analyse runs the job over the tree, and returns what ran and the report as it is printed. It has to be the report of a
// plain loop.
func (c *cached) analyse(tree Tree) (*outcome, string) {
	c.t.Helper()
	fsys := os.DirFS(c.root)
	o, err := analyse(context.Background(), fsys, tree, c.top, c.session())
	require.NoError(c.t, err)
	print := func(r Report, skips []Skip) string {
		var text strings.Builder
		printReport(&text, r)
		printSkips(&text, skips)
		return text.String()
	}
	report, skips := plain(fsys, tree, c.top)
	text := print(o.report, o.job.skips)
	require.Equal(c.t, print(report, skips), text)
	require.Equal(c.t, report, o.report)
	return o, text
}

// expect runs the job and says what is to run and what is to come from the cache.
func (c *cached) expect(ran, kept tally) string {
	c.t.Helper()
	o, text := c.analyse(c.walk())
	require.Equal(c.t, ran, o.calls.ran, "ran")
	require.Equal(c.t, kept, o.calls.cached, "from the cache")
	return text
}

// expectAllKept runs the job, in which nothing is to run but the files that are broken.
func (c *cached) expectAllKept() string {
	c.t.Helper()
	tree := c.walk()
	o, text := c.analyse(tree)
	var ran tally
	if n := len(o.job.skips); n > 0 {
		ran = tally{"Read": n, "Parse": n}
	}
	require.Equal(c.t, ran, o.calls.ran, "ran")
	require.Equal(c.t, tally{"Parse": tree.Files() - len(o.job.skips), "Compose": 1}, o.calls.cached, "from the cache")
	return text
}

// What runs in the fixture, four of whose ten files are broken: at first, and when one of the others has changed.
var (
	everything = tally{"Read": 10, "Parse": 10, "Gather": 6, "Summarise": 5, "Relate": 1, "Compose": 1}
	onePackage = tally{"Read": 5, "Parse": 5, "Gather": 2, "Summarise": 1, "Relate": 1, "Compose": 1}
)

func TestCacheSecondRun(t *testing.T) {
	for _, workers := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {8, 8}} {
		c := newCached(t)
		c.workers = workers[0]
		first := c.expect(everything, nil)
		c.workers = workers[1]
		require.Equal(t, first, c.expectAllKept())
		require.Equal(t, first, c.expectAllKept())
		require.Empty(t, c.warnings.String())
	}
}

func TestCacheAfterChange(t *testing.T) {
	all := fixture["store/store.go"]
	for name, row := range map[string]struct {
		change    func(c *cached)
		ran, kept tally
	}{
		"the time alone": {
			func(c *cached) { c.write("store/store.go", all, long.Add(time.Nanosecond*1000)) },
			tally{"Read": 5, "Parse": 5},
			tally{"Parse": 5, "Compose": 1},
		},
		"nothing that counts": {
			func(c *cached) { c.write("store/store.go", strings.Replace(all, `"a"`, `"b"`, 1), long.Add(time.Hour)) },
			tally{"Read": 5, "Parse": 5},
			tally{"Parse": 5, "Compose": 1},
		},
		"a function": {
			func(c *cached) { c.write("store/store.go", all+"\nfunc None() {}\n", long.Add(time.Hour)) },
			onePackage,
			tally{"Parse": 5, "Summarise": 4},
		},
		"the size alone": {
			func(c *cached) { c.write("store/store.go", all+"\nfunc None() {}\n", long) },
			onePackage,
			tally{"Parse": 5, "Summarise": 4},
		},
		"a file more": {
			func(c *cached) { c.write("a/more.go", "package a\n", long) },
			onePackage,
			tally{"Parse": 6, "Summarise": 4},
		},
		"a package less": {
			func(c *cached) { require.NoError(c.t, os.RemoveAll(c.path("a"))) },
			tally{"Read": 4, "Parse": 4, "Gather": 1, "Relate": 1, "Compose": 1},
			tally{"Parse": 5, "Summarise": 4},
		},
		"a file is broken": {
			func(c *cached) { c.write("store/gen.go", "", long) },
			onePackage,
			tally{"Parse": 5, "Summarise": 4},
		},
		"a broken file is mended": {
			func(c *cached) { c.write("ruin/ruin.go", "package ruin\n", long) },
			tally{"Read": 4, "Parse": 4, "Gather": 2, "Summarise": 1, "Relate": 1, "Compose": 1},
			tally{"Parse": 6, "Summarise": 5},
		},
		"the module's path": {
			func(c *cached) { c.write("go.mod", "module example.org/large\n", long) },
			tally{"Read": 4, "Parse": 4, "Gather": 6, "Summarise": 5, "Relate": 1, "Compose": 1},
			tally{"Parse": 6},
		},
		"-top": {
			func(c *cached) { c.top = 1 },
			tally{"Read": 4, "Parse": 4, "Gather": 1, "Compose": 1},
			tally{"Parse": 6, "Summarise": 5, "Relate": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCached(t)
			c.expect(everything, nil)
			row.change(c)
			require.Equal(t, c.expect(row.ran, row.kept), c.expectAllKept())
			require.Empty(t, c.warnings.String())
		})
	}
}

// A file that was changed a moment ago may change again without its size or time showing it: nothing is kept of it.
func TestCacheOfNewFile(t *testing.T) {
	c := newCached(t)
	changes := []time.Time{time.Now(), time.Now().Add(time.Hour), time.Unix(0, 0)}
	for _, changed := range changes {
		c.write("a/a.go", fixture["a/a.go"], changed)
		c.write("b/b.go", fixture["b/b.go"], changed)
		c.expect(everything, nil)
		c.expect(tally{"Read": 6, "Parse": 6}, tally{"Parse": 4, "Compose": 1})
		require.NoError(t, os.RemoveAll(c.store))
	}
	c.expect(everything, nil)
	newB := tally{"Read": 6, "Parse": 6, "Gather": 2, "Summarise": 1, "Relate": 1, "Compose": 1}
	c.write("b/b.go", "package b\n", changes[0])
	c.expect(newB, tally{"Parse": 4, "Summarise": 4})
	c.write("b/b.go", "package c\n", changes[0])
	c.expect(newB, tally{"Parse": 4, "Summarise": 4})

	c.write("a/a.go", fixture["a/a.go"], long)
	c.write("b/b.go", "package c\n", long)
	c.expect(tally{"Read": 6, "Parse": 6}, tally{"Parse": 4, "Compose": 1})
	c.expectAllKept()
}

// A file that changes between the walk and its Read is not the one that the walk has found: nothing of it must be kept
// under that, for the former file may come back, as from a backup.
func TestCacheWhileFilesChange(t *testing.T) {
	c := newCached(t)
	tree := c.walk()
	c.write("b/b.go", "package other\n", long.Add(time.Minute))
	o, text := c.analyse(tree)
	require.Contains(t, o.job.skips, Skip{"b/b.go", "changed during the run"})
	require.Contains(t, text, "Skipped: 5")

	c.write("b/b.go", fixture["b/b.go"], long)
	c.expect(onePackage, tally{"Parse": 5, "Summarise": 4})
	c.write("b/b.go", "package other\n", long.Add(time.Minute))
	c.expect(onePackage, tally{"Parse": 5, "Summarise": 4})
}

// Trees with equal files at equal paths are different trees.
func TestCacheOfTwoTrees(t *testing.T) {
	c, other := newCached(t), newCached(t)
	other.store = c.store
	first := c.expect(everything, nil)
	for name, text := range fixture {
		other.write(name, strings.ReplaceAll(text, "All", "Any"), long)
	}
	ran := maps.Clone(onePackage)
	ran["Read"], ran["Parse"] = 10, 10
	// Packages are kept under their facts, and those of four are equal.
	require.NotEqual(t, first, other.expect(ran, tally{"Summarise": 4}))
	require.Equal(t, first, c.expectAllKept())
	other.expectAllKept()
}

// Whatever is wrong with what is kept, the report is right, and what runs again is kept again.
func TestCacheDamaged(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"empty":   func([]byte) []byte { return nil },
		"cut":     func(b []byte) []byte { return b[:len(b)-1] },
		"longer":  func(b []byte) []byte { return append(b, 0) },
		"a bit":   func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"zeroes":  func(b []byte) []byte { clear(b); return b },
		"strange": func([]byte) []byte { return []byte("hello\n") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCached(t)
			first := c.expect(everything, nil)
			require.Equal(t, 13, c.damage(damage), "6 Parse, 5 Summarise, Relate, Compose")
			require.Equal(t, first, c.expect(everything, nil))
			require.Contains(t, c.warnings.String(), "damaged entry")
			c.warnings.Reset()
			require.Equal(t, first, c.expectAllKept())
			require.Empty(t, c.warnings.String())
		})
	}
}

// damage changes all results that are kept, and counts them.
func (c *cached) damage(change func([]byte) []byte) (n int) {
	c.t.Helper()
	require.NoError(c.t, filepath.WalkDir(c.store, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || len(d.Name()) < 60 {
			return err
		}
		n++
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		return os.WriteFile(p, change(b), 0o666)
	}))
	return n
}

// TestCacheReal runs over the Go installation, twice.
func TestCacheReal(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all of the standard library")
	}
	c := newCached(t)
	var err error
	if c.root, err = goSource(context.Background()); err != nil {
		t.Skip(err)
	}
	tree := c.walk()
	for _, d := range tree.Dirs {
		for _, f := range d.Files {
			if !f.settled() {
				t.Skip("just installed: ", f)
			}
		}
	}
	_, first := c.analyse(tree)
	require.Equal(t, first, c.expectAllKept())
}
