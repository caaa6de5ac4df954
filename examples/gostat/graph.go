package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/dally-go/dally/lazy"
)

// readsMax is how many files are read at once, whatever the number of workers: a read waits for the disk.
const readsMax = 32

// job is the work as calls of package lazy.
//
//	path ─► Read ─► Parse ─┐
//	path ─► Read ─► Parse ─┴─► Gather ─► Summarise ─┐
//	                         package ───────┘       │
//	  …                   … ─► Gather ─► Summarise ─┴─► Gather ─┬─► Relate ─┐
//	                                                            └───────────┴─► Compose ◄─ top
type job struct {
	tree  Tree
	facts []lazy.Data[Facts] // a Parse per file, in the order of the tree

	// Written by run.
	report lazy.Data[Report]
	failed []lazy.Target // the calls in facts that did not work
	skips  []Skip        // why not, after what the walk skipped
}

// record notes a Read and a Parse for every file. Nothing runs yet.
func record(fsys fs.FS, tree Tree) *job {
	read := lazy.Wrap1(func(_ context.Context, path string) (Text, error) { return readText(fsys, path) },
		lazy.Name("Read"), lazy.Blocking(readsMax))
	parse := lazy.Wrap1(func(_ context.Context, t Text) (Facts, error) { return measure(t) },
		lazy.Name("Parse"))
	j := &job{tree: tree}
	for _, dir := range tree.Dirs {
		for _, path := range dir.Files {
			j.facts = append(j.facts, parse(read(lazy.Source("path", path))))
		}
	}
	return j
}

// run makes the report. It goes in two steps because a broken file shall cost its package that file and no more: the
// first runs every file and learns which of them are broken, the second takes the others together.
func (j *job) run(ctx context.Context, top int, opts ...lazy.RunOption) (Report, error) {
	keep := append([]lazy.RunOption{lazy.KeepGoing()}, opts...)
	_, err := lazy.GetAll(ctx, j.facts, keep...)
	partial, some := errors.AsType[*lazy.PartialError](err)
	switch {
	case ctx.Err() != nil:
		return Report{}, ctx.Err()
	case err != nil && !some:
		return Report{}, err
	case !some:
		partial = &lazy.PartialError{Errs: make([]error, len(j.facts))} // all of them worked
	}
	j.assemble(partial.Errs, top)
	return j.report.Get(ctx, opts...)
}

// assemble records the calls that take the files together, those without an error.
func (j *job) assemble(errs []error, top int) {
	summary := lazy.Pure2(summarise, lazy.Name("Summarise"))
	j.skips, j.failed = slices.Clone(j.tree.Skips), nil
	var packages []lazy.Data[Package]
	file := 0
	for _, dir := range j.tree.Dirs {
		var good []lazy.Data[Facts]
		for _, path := range dir.Files {
			if err := errs[file]; err == nil {
				good = append(good, j.facts[file])
			} else {
				j.skips = append(j.skips, Skip{path, reason(err)})
				j.failed = append(j.failed, j.facts[file])
			}
			file++
		}
		if len(good) > 0 {
			packages = append(packages, summary(lazy.Source("package", dir.Import), lazy.Gather(good...)))
		}
	}
	all := lazy.Gather(packages...)
	relations := lazy.Pure1(relate, lazy.Name("Relate"))(all)
	j.report = lazy.Pure3(compose, lazy.Name("Compose"))(all, relations, lazy.Source("top", top))
}

// targets are the report and the calls it had to do without: the whole job, for a picture.
func (j *job) targets() []lazy.Target { return append([]lazy.Target{j.report}, j.failed...) }
