package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"go/build"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// listed is what go list -json says of a package, as far as it is wanted here. Names beginning with _ or . stand in
// IgnoredGoFiles too; the walk does not look at them.
type listed struct {
	Dir, ImportPath                                   string
	GoFiles, CgoFiles, IgnoredGoFiles, InvalidGoFiles []string
	TestGoFiles, XTestGoFiles                         []string
}

func (l listed) files(tests bool) []string {
	all := slices.Concat(l.GoFiles, l.CgoFiles, l.IgnoredGoFiles, l.InvalidGoFiles, l.TestGoFiles, l.XTestGoFiles)
	all = slices.DeleteFunc(all, func(name string) bool { return !goFile(name, tests) })
	slices.Sort(all)
	return slices.Compact(all)
}

// TestWalkAgreesWithGoList compares the walk of the Go installation with go list std cmd, package by package and file
// by file. They differ in three things, and the test says exactly how:
//   - go list std cmd has the packages of vendor and cmd/vendor; the walk does not enter them.
//   - The go command keeps builtin out of std: it is there for its documentation.
//   - go list leaves out a directory none of whose files is for this system; the walk counts it.
func TestWalkAgreesWithGoList(t *testing.T) {
	root, packages := goList(t)
	for _, tests := range []bool{false, true} {
		tree, err := walk(context.Background(), os.DirFS(root), root, moduleOf(root), tests)
		require.NoError(t, err)
		require.Empty(t, tree.Skips)
		walked := map[string]Dir{}
		for _, d := range tree.Dirs {
			walked[d.Import] = d
		}
		require.Len(t, walked, len(tree.Dirs), "two directories have one import path")

		for _, l := range packages {
			want := l.files(tests)
			vendored := strings.HasPrefix(l.ImportPath, "vendor/") || strings.HasPrefix(l.ImportPath, "cmd/vendor/")
			if vendored || len(want) == 0 { // none: only tests stand there, and they do not count
				require.NotContains(t, walked, l.ImportPath)
				continue
			}
			var names []string
			for _, f := range walked[l.ImportPath].Files {
				names = append(names, path.Base(f.Path))
			}
			require.Equal(t, want, names, l.ImportPath)
			delete(walked, l.ImportPath)
		}
		require.Contains(t, walked, "builtin")
		delete(walked, "builtin")
		for importPath, d := range walked {
			_, err := build.ImportDir(filepath.Join(root, filepath.FromSlash(d.Path)), 0)
			var none *build.NoGoError
			require.True(t, errors.As(err, &none), "%s is not in go list std cmd: %v", importPath, err)
		}
	}
}

// goList asks the go command for the root of the standard library and what is in it.
func goList(t *testing.T) (root string, packages []listed) {
	t.Helper()
	if testing.Short() {
		t.Skip("asks the go command about all of the standard library")
	}
	root, err := goSource(context.Background())
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command("go", "list", "-e", "-json=Dir,ImportPath,GoFiles,CgoFiles,IgnoredGoFiles,InvalidGoFiles,TestGoFiles,XTestGoFiles", "std", "cmd")
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return root, packages
		}
		require.NoError(t, err)
		packages = append(packages, l)
	}
}
