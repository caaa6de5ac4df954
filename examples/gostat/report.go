package main

import (
	"cmp"
	"slices"
)

// Report is what gostat says about a tree.
type Report struct {
	Packages   int
	Files      int
	Lines      Lines
	Funcs      int
	Complexity int // sum over the functions
	Relations  Imports
	Largest    []Package // by lines
	Longest    []Place   // by lines
	Complex    []Place   // by complexity
	Depended   []Rank    // by dependents
}

// Place is a function and the file it stands in.
type Place struct {
	File string
	Func
}

func (r Report) String() string {
	return plural(r.Packages, "package") + ", " + plural(r.Files, "file") + ", " + plural(r.Lines.Total, "line")
}

// compose makes the report; each of its lists has at most top rows.
func compose(packages []Package, relations Imports, top int) Report {
	r := Report{Packages: len(packages), Relations: relations}
	var places []Place
	for _, p := range packages {
		r.Files += len(p.Files)
		r.Lines = r.Lines.plus(p.Lines)
		r.Funcs += p.Funcs
		r.Complexity += p.Complexity
		for _, f := range p.Files {
			for _, fn := range f.Funcs {
				places = append(places, Place{f.Path, fn})
			}
		}
	}
	r.Largest = first(top, packages, func(a, b Package) int {
		return cmp.Or(cmp.Compare(b.Lines.Total, a.Lines.Total), cmp.Compare(a.Path, b.Path))
	})
	r.Longest = first(top, places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), comparePlace(a, b))
	})
	r.Complex = first(top, places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Complexity, a.Complexity), comparePlace(a, b))
	})
	r.Depended = relations.Ranks[:min(top, len(relations.Ranks))]
	return r
}

func comparePlace(a, b Place) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// first returns the first n of all in an order. It sorts a copy: what a call is given belongs to other calls too.
func first[T any](n int, all []T, order func(a, b T) int) []T {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, order)
	return slices.Clone(sorted[:min(n, len(sorted))]) // the rest can go
}
