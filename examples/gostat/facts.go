package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// textMax is the size above which a file is skipped, in bytes. The largest file of Go 1.26 has 3 MB; a file ten times
// as large is data that was generated, and its syntax tree would need gigabytes.
const textMax = 32 << 20

var errChanged = errors.New("changed during the run")

// Text is a file as it was read.
type Text struct {
	Path  string
	Bytes []byte
}

func (t Text) String() string { return fmt.Sprintf("%.1f KB", float64(len(t.Bytes))/1e3) }

// Facts is what is known of one file.
type Facts struct {
	Path    string
	Package string // of its package clause
	Aside   bool   // a test, or a program marked //go:build ignore: in the directory, but no part of the package
	Lines   Lines
	Funcs   []Func   // in order of the file
	Imports []string // sorted, each once
}

func (f Facts) String() string {
	return plural(f.Lines.Total, "line") + ", " + plural(len(f.Funcs), "func")
}

// readText reads one file of at most textMax bytes. It has to be as the walk has found it still: what comes of the text
// is kept under that.
func readText(fsys fs.FS, file File) (Text, error) {
	f, err := fsys.Open(file.Path)
	if err != nil {
		return Text{}, err
	}
	defer f.Close()
	var buf bytes.Buffer
	if file.Size < textMax {
		buf.Grow(int(file.Size) + bytes.MinRead) // or ReadFrom would grow it by doubling
	}
	if _, err := buf.ReadFrom(io.LimitReader(f, textMax+1)); err != nil {
		return Text{}, err
	}
	if buf.Len() > textMax {
		return Text{}, fmt.Errorf("larger than %d MB", textMax>>20)
	}
	info, err := f.Stat() // after reading: no change goes unseen
	if err != nil {
		return Text{}, err
	}
	if !file.is(info) {
		return Text{}, errChanged
	}
	return Text{file.Path, buf.Bytes()}, nil
}

// measure parses one file and counts. Its errors carry the position in the file, not the path.
func measure(t Text) (Facts, error) {
	if len(bytes.TrimSpace(t.Bytes)) == 0 {
		return Facts{}, errors.New("empty file")
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", t.Bytes, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return Facts{}, err
	}
	return Facts{
		Path:    t.Path,
		Package: file.Name.Name,
		Aside:   strings.HasSuffix(t.Path, "_test.go") || ignored(file),
		Lines:   countLines(t.Bytes),
		Funcs:   functions(fset, file),
		Imports: imports(file),
	}, nil
}

func imports(file *ast.File) []string {
	var paths []string
	for _, spec := range file.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// ignored reports whether the file asks for the tag "ignore", which by custom nobody sets. Other constraints are about
// the system to build for, and all systems count here.
func ignored(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, c := range group.List {
			if c.Pos() > file.Package {
				return false
			}
			if expr, err := constraint.Parse(c.Text); err == nil && needsIgnore(expr) {
				return true
			}
		}
	}
	return false
}

func needsIgnore(expr constraint.Expr) bool {
	switch x := expr.(type) {
	case *constraint.TagExpr:
		return x.Tag == "ignore"
	case *constraint.AndExpr:
		return needsIgnore(x.X) || needsIgnore(x.Y)
	case *constraint.OrExpr:
		return needsIgnore(x.X) && needsIgnore(x.Y)
	}
	return false
}
