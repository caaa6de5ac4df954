package main

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Tree is what a walk found: the directories that hold Go files, and what could not be looked at.
type Tree struct {
	Dirs  []Dir // sorted by Path
	Skips []Skip
}

// Dir is a directory with Go files; to the report it is a package.
type Dir struct {
	Path   string // slash-separated, from the root of the walk; "." is the root itself
	Import string // the path by which other packages import it
	Files  []File // sorted by Path
}

// Files returns how many files the directories hold.
func (t Tree) Files() int {
	n := 0
	for _, d := range t.Dirs {
		n += len(d.Files)
	}
	return n
}

// walk finds the Go files of fsys as the go command does: testdata, vendor and names that begin with _ or . are left
// out, links to directories are not followed. Unlike the go command it enters nested modules and does not look at
// build constraints, in names or in files: the files for other systems are source too. _test.go files are found only
// if tests is set. root says where fsys is, module is the root's import path, used where no go.mod in the tree says
// better.
//
// What cannot be read becomes a Skip. The error is the root's own, or the context's.
func walk(ctx context.Context, fsys fs.FS, root, module string, tests bool) (Tree, error) {
	var t Tree
	files := map[string][]File{} // by directory
	settled := time.Now().Add(-settleTime)
	modules := map[string]string{".": module}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && p == ".":
			return err
		case err != nil:
			t.Skips = append(t.Skips, Skip{p, reason(err)})
		case d.IsDir():
			if p != "." && ignoredDir(d.Name()) {
				return fs.SkipDir
			}
		case d.Name() == "go.mod":
			if m := modulePath(fsys, p); m != "" {
				modules[path.Dir(p)] = m
			}
		case goFile(d.Name(), tests):
			info, err := infoOf(fsys, p, d)
			if err == nil && !info.Mode().IsRegular() {
				break // a pipe or a device: Read could wait for it for ever
			}
			files[path.Dir(p)] = append(files[path.Dir(p)], newFile(root, p, info, settled))
		}
		return nil
	})
	for dir, names := range files {
		t.Dirs = append(t.Dirs, Dir{dir, importPath(modules, dir), names})
	}
	slices.SortFunc(t.Dirs, func(a, b Dir) int { return cmp.Compare(a.Path, b.Path) })
	return t, err
}

// ignoredDir reports whether the go command's patterns do not enter directories of that name.
func ignoredDir(name string) bool {
	return name == "testdata" || name == "vendor" || name[0] == '_' || name[0] == '.'
}

func goFile(name string, tests bool) bool {
	return strings.HasSuffix(name, ".go") && name[0] != '_' && name[0] != '.' &&
		(tests || !strings.HasSuffix(name, "_test.go"))
}

// infoOf describes a file, or what a link leads to. A link that leads nowhere is an error here; reading tells it, too.
func infoOf(fsys fs.FS, p string, d fs.DirEntry) (fs.FileInfo, error) {
	if d.Type()&fs.ModeSymlink != 0 {
		return fs.Stat(fsys, p)
	}
	return d.Info()
}
