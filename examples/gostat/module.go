package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// importPath returns the path by which dir is imported: that of the nearest module at or above it, and the way from
// there. modules holds module paths by directory, with an entry for ".".
func importPath(modules map[string]string, dir string) string {
	for at := dir; ; at = path.Dir(at) {
		if module, ok := modules[at]; ok {
			rest := dir
			if at != "." {
				rest = strings.TrimPrefix(dir, at)
			}
			return path.Join(module, rest)
		}
	}
}

// moduleOf returns the import path of a directory on disk: from the go.mod in it or in the nearest directory above;
// "" if there is none.
func moduleOf(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for at := dir; ; {
		if m := modulePath(os.DirFS(at), "go.mod"); m != "" {
			rest, _ := filepath.Rel(at, dir) // cannot fail: dir is at or below at
			return importPath(map[string]string{".": m}, filepath.ToSlash(rest))
		}
		up := filepath.Dir(at)
		if up == at {
			return ""
		}
		at = up
	}
}

// modulePath returns what the module line of a go.mod says, "" if there is none. The standard library calls its module
// std but is imported without it: its path is ".".
func modulePath(fsys fs.FS, file string) string {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "//")
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "module")
		if !ok || name == strings.TrimSpace(name) {
			continue // no module line, or a longer word that begins so
		}
		name = strings.TrimSpace(name)
		if plain, err := strconv.Unquote(name); err == nil {
			name = plain
		}
		if name == "std" {
			return "."
		}
		return name
	}
	return ""
}
