package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// small are files of one line, without times.
func small(paths ...string) (files []File) {
	for _, p := range paths {
		files = append(files, File{Path: p, Size: int64(len("package p\n"))})
	}
	return files
}

// paths are those of a directory's files.
func paths(d Dir) (all []string) {
	for _, f := range d.Files {
		all = append(all, f.Path)
	}
	return all
}

func TestWalk(t *testing.T) {
	p := file("package p\n")
	fsys := fstest.MapFS{
		"go.mod":               file("module example.org/top // the top\n"),
		"main.go":              p,
		"main_test.go":         p,
		"README.md":            p,
		"a/a.go":               p,
		"a/a_windows.go":       p, // files for other systems count
		"a/_a.go":              p,
		"a/.a.go":              p,
		"a/b/b_test.go":        p,
		"a/testdata/x.go":      p,
		"a/vendor/v/v.go":      p,
		"a/_gen/gen.go":        p,
		"a/.hidden/h.go":       p,
		"nested/go.mod":        file("// A module of its own.\nmodule \"example.org/other\"\n"),
		"nested/deep/n.go":     p,
		"std/go.mod":           file("module std\n"),
		"std/fmt/f.go":         p,
		"odd.go/inside.go":     p,
		"pipe.go":              {Mode: fs.ModeNamedPipe},
		"testdata":             file("not a directory"),
		"vendored/vendor.go":   p,
		"testdata.go":          p,
		"a/no module/space.go": p,
	}
	tree, err := walk(context.Background(), fsys, "", "unused", false)
	require.NoError(t, err)
	require.Empty(t, tree.Skips)
	require.Equal(t, []Dir{
		{".", "example.org/top", small("main.go", "testdata.go")},
		{"a", "example.org/top/a", small("a/a.go", "a/a_windows.go")},
		{"a/no module", "example.org/top/a/no module", small("a/no module/space.go")},
		{"nested/deep", "example.org/other/deep", small("nested/deep/n.go")},
		{"odd.go", "example.org/top/odd.go", small("odd.go/inside.go")},
		{"std/fmt", "fmt", small("std/fmt/f.go")},
		{"vendored", "example.org/top/vendored", small("vendored/vendor.go")},
	}, tree.Dirs)
	require.Equal(t, 9, tree.Files())

	tests, err := walk(context.Background(), fsys, "", "unused", true)
	require.NoError(t, err)
	require.Equal(t, tree.Files()+2, tests.Files(), "main_test.go and a/b/b_test.go")
}

func TestWalkWithoutModule(t *testing.T) {
	fsys := fstest.MapFS{"a/a.go": file("package a\n"), "r.go": file("package r\n")}
	tree, err := walk(context.Background(), fsys, "", "up/above", false)
	require.NoError(t, err)
	require.Equal(t, []Dir{{".", "up/above", small("r.go")}, {"a", "up/above/a", small("a/a.go")}}, tree.Dirs)

	tree, err = walk(context.Background(), fsys, "", "", false)
	require.NoError(t, err)
	require.Equal(t, "a", tree.Dirs[1].Import)
}

func TestWalkEnds(t *testing.T) {
	_, err := walk(context.Background(), os.DirFS(filepath.Join(t.TempDir(), "none")), "", "", false)
	require.ErrorIs(t, err, fs.ErrNotExist)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = walk(ctx, fstest.MapFS{"a.go": file("package a\n")}, "", "", false)
	require.ErrorIs(t, err, context.Canceled)
}

// failing is a file system in which some names cannot be opened. Permissions would not do: root may read everything.
type failing struct {
	fs.FS
	errs map[string]error
}

func (f failing) Open(name string) (fs.File, error) {
	if err := f.errs[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f.FS.Open(name)
}

func TestWalkSkipsWhatItCannotRead(t *testing.T) {
	fsys := failing{
		fstest.MapFS{"a/a.go": file("package a\n"), "locked/l.go": file("package l\n"), "z/z.go": file("package z\n")},
		map[string]error{"locked": syscall.EACCES},
	}
	tree, err := walk(context.Background(), fsys, "", "", false)
	require.NoError(t, err)
	require.Equal(t, []Skip{{"locked", "permission denied"}}, tree.Skips)
	require.Equal(t, 2, tree.Files())
}

func TestWalkLinks(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{"real/r.go": "package r\n"})
	for link, to := range map[string]string{
		"file.go": "real/r.go", "dir": "real", "dir.go": "real", "nowhere.go": "gone", "loop.go": "loop.go",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); errors.Is(err, errors.ErrUnsupported) {
			t.Skip("no links here")
		} else {
			require.NoError(t, err)
		}
	}
	tree, err := walk(context.Background(), os.DirFS(dir), dir, "", false)
	require.NoError(t, err)
	require.Equal(t, []string{"file.go", "loop.go", "nowhere.go"}, paths(tree.Dirs[0]), "reading tells what is wrong with the last two")
	require.Len(t, tree.Dirs, 2)
}

// writeTree writes files by their slash-separated paths below dir.
func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
	}
}

func TestModuleOf(t *testing.T) {
	dir := t.TempDir()
	writeTree(t, dir, map[string]string{
		"go.mod":     "// moduleless comment\nmodules no\n\nmodule\texample.org/m\n\ngo 1.26\n",
		"a/b/b.go":   "package b\n",
		"std/go.mod": "module std\n",
		"std/x/x.go": "package x\n",
	})
	require.Equal(t, "example.org/m", moduleOf(dir))
	require.Equal(t, "example.org/m/a/b", moduleOf(filepath.Join(dir, "a", "b")))
	require.Equal(t, ".", moduleOf(filepath.Join(dir, "std")))
	require.Equal(t, "x", moduleOf(filepath.Join(dir, "std", "x")))
}
