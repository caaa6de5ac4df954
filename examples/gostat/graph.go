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
//	file ─┬─► Read ─► Parse ─┐
//	      └─────────────┘    │
//	file ─┬─► Read ─► Parse ─┴─► Gather ─► Summarise ─┐
//	      └─────────────┘      package ───────┘       │
//	  …                     … ─► Gather ─► Summarise ─┴─► Gather ─┬─► Relate ─┐
//	                                                              └───────────┴─► Compose ◄─ top
type job struct {
	tree  Tree
	facts []lazy.Data[Facts] // a Parse per file, in the order of the tree

	// Written by run.
	report lazy.Data[Report]
	failed []lazy.Target // the calls in facts that did not work
	skips  []Skip        // why not, after what the walk skipped
}

// The functions whose results are kept, if there is a cache. The key of a Parse is its File alone: so it is known before
// the file is read, and where the facts are kept the file is not read at all. The keys of the others are made of facts:
// where a file has changed, but its facts have not, nothing runs but its Read and its Parse. Texts are not kept: that
// would be the whole tree once more. Nor are errors, so files that do not parse are tried again in each run.
var (
	lazyParse     = lazy.Wrap2(parse, lazy.Name("Parse"), lazy.Memo(), lazy.IgnoreArg(1))
	lazySummarise = lazy.Pure2(summarise, lazy.Name("Summarise"), lazy.Memo())
	lazyRelate    = lazy.Pure1(relate, lazy.Name("Relate"), lazy.Memo())
	lazyCompose   = lazy.Pure3(compose, lazy.Name("Compose"), lazy.Memo())
)

// lazyParseAnew is for files whose next change may not show: nothing is kept of them.
var lazyParseAnew = lazy.Wrap2(parse, lazy.Name("Parse"))

func parse(_ context.Context, _ File, t Text) (Facts, error) { return measure(t) }

// newJob notes a Read and a Parse for every file. Nothing runs yet.
func newJob(fsys fs.FS, tree Tree) *job {
	read := lazy.Wrap1(func(_ context.Context, f File) (Text, error) { return readText(fsys, f) },
		lazy.Name("Read"), lazy.Blocking(readsMax))
	j := &job{tree: tree}
	for _, dir := range tree.Dirs {
		for _, f := range dir.Files {
			file, facts := lazy.Source("file", f), lazyParse
			if !f.settled() {
				facts = lazyParseAnew
			}
			j.facts = append(j.facts, facts(file, read(file)))
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
	j.skips, j.failed = slices.Clone(j.tree.Skips), nil
	var packages []lazy.Data[Package]
	file := 0
	for _, dir := range j.tree.Dirs {
		var good []lazy.Data[Facts]
		for _, f := range dir.Files {
			if err := errs[file]; err == nil {
				good = append(good, j.facts[file])
			} else {
				j.skips = append(j.skips, Skip{f.Path, reason(err)})
				j.failed = append(j.failed, j.facts[file])
			}
			file++
		}
		if len(good) > 0 {
			packages = append(packages, lazySummarise(lazy.Source("package", dir.Import), lazy.Gather(good...)))
		}
	}
	all := lazy.Gather(packages...)
	j.report = lazyCompose(all, lazyRelate(all), lazy.Source("top", top))
}

// targets are the report and the calls it had to do without: the whole job, for a picture.
func (j *job) targets() []lazy.Target { return append([]lazy.Target{j.report}, j.failed...) }
