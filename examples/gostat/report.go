package main

import (
	"cmp"
	"iter"
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
	for _, p := range packages {
		r.Files += len(p.Files)
		r.Lines = r.Lines.plus(p.Lines)
		r.Funcs += p.Funcs
		r.Complexity += p.Complexity
	}
	r.Largest = first(top, slices.Values(packages), func(a, b Package) int {
		return cmp.Or(cmp.Compare(b.Lines.Total, a.Lines.Total), cmp.Compare(a.Path, b.Path))
	})
	r.Longest = first(top, places(packages), func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), comparePlace(a, b))
	})
	r.Complex = first(top, places(packages), func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Complexity, a.Complexity), comparePlace(a, b))
	})
	r.Depended = relations.Ranks[:min(top, len(relations.Ranks))]
	return r
}

// places goes through all functions of all packages.
func places(packages []Package) iter.Seq[Place] {
	return func(yield func(Place) bool) {
		for _, p := range packages {
			for _, f := range p.Files {
				for _, fn := range f.Funcs {
					if !yield(Place{f.Path, fn}) {
						return
					}
				}
			}
		}
	}
}

func comparePlace(a, b Place) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// first returns the first n in an order. It keeps about twice as many as are wanted: sorting all functions of
// the standard library, twice, took 60 ms of a run of one second, at its end, where no other call can run beside it.
func first[T any](n int, all iter.Seq[T], order func(a, b T) int) []T {
	var best []T
	cut := func() {
		slices.SortFunc(best, order)
		best = best[:min(n, len(best))]
	}
	for x := range all {
		if best = append(best, x); (len(best)-100)/2 >= n { // n may be as large as an int can be
			cut()
		}
	}
	cut()
	return slices.Clip(best)
}
