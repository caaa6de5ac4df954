package main

import (
	"io/fs"
	"slices"
)

// plain is the job as a plain loop, the oracle for the run as a graph of calls.
func plain(fsys fs.FS, tree Tree, top int) (Report, []Skip) {
	var packages []Package
	var skips []Skip
	for _, dir := range tree.Dirs {
		var files []Facts
		for _, file := range dir.Files {
			text, err := readText(fsys, file)
			var facts Facts
			if err == nil {
				facts, err = measure(text)
			}
			if err != nil {
				skips = append(skips, Skip{file.Path, reason(err)})
				continue
			}
			files = append(files, facts)
		}
		if len(files) > 0 {
			packages = append(packages, summarise(dir.Import, files))
		}
	}
	return compose(packages, relate(packages), top), slices.Concat(tree.Skips, skips)
}
