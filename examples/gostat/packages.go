package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Package is what is known of one directory.
type Package struct {
	Path       string // import path
	Name       string
	Files      []Facts
	Lines      Lines
	Funcs      int
	Complexity int // sum over its functions
	// Imports are those of the files that make up the package, sorted, each once. Tests and programs that lie beside
	// it (generators, as a rule) may import what imports the package, and would show cycles that are none.
	Imports []string
}

func (p Package) String() string {
	return p.Path + ": " + plural(len(p.Files), "file") + ", " + plural(p.Lines.Total, "line")
}

// summarise adds up the files of a directory.
func summarise(importPath string, files []Facts) Package {
	p := Package{Path: importPath, Name: packageName(files), Files: files}
	imported := map[string]bool{}
	for _, f := range files {
		p.Lines = p.Lines.plus(f.Lines)
		p.Funcs += len(f.Funcs)
		for _, fn := range f.Funcs {
			p.Complexity += fn.Complexity
		}
		if f.Aside || f.Package != p.Name {
			continue
		}
		for _, path := range f.Imports {
			imported[path] = true
		}
	}
	p.Imports = slices.Sorted(maps.Keys(imported))
	return p
}

// packageName is the name most files have, the first of them where two are as frequent. Files that lie aside have a
// say only if there are no others.
func packageName(files []Facts) string {
	votes := map[string]int{}
	for _, aside := range []bool{false, true} {
		for _, f := range files {
			if f.Aside == aside {
				votes[strings.TrimSuffix(f.Package, "_test")]++
			}
		}
		if len(votes) > 0 {
			break
		}
	}
	names := slices.Sorted(maps.Keys(votes))
	if len(names) == 0 {
		return ""
	}
	return slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(votes[a], votes[b]) })
}
