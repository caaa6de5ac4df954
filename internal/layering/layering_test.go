package layering

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// use is one import in one file.
type use struct{ file, path string }

func TestImports(t *testing.T) {
	packages, err := scan(os.DirFS(moduleRoot(t)))
	require.NoError(t, err)
	for _, problem := range check(packages, table) {
		t.Error(problem)
	}
}

func TestCoreIsLight(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool: ", err)
	}
	cmd := exec.Command(goTool, "list", "-deps", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`)
	for _, p := range core {
		cmd.Args = append(cmd.Args, "./"+p)
	}
	cmd.Dir = moduleRoot(t)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		for _, imported := range fields[1:] {
			for _, h := range heavy {
				if !match(h+"/...", fields[0]) && match(h+"/...", imported) {
					t.Errorf("the core depends on %s, which imports %s", fields[0], imported)
				}
			}
		}
	}
}

// moduleRoot is the nearest directory above with a go.mod.
func moduleRoot(t *testing.T) string {
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the test: the tree is not here")
		}
		dir = up
	}
}

// scan lists the imports of each package, by its directory, whatever the build tags of its files. It leaves out test
// files, nested modules and the directories that the go tool leaves out.
func scan(root fs.FS) (map[string][]use, error) {
	packages := make(map[string][]use)
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return enter(root, name)
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(d.Name(), "_"):
			return nil
		}
		uses, err := imports(root, name)
		dir := path.Dir(name)
		packages[dir] = append(packages[dir], uses...)
		return err
	})
	return packages, err
}

// enter returns fs.SkipDir for directories that hold no packages of the module.
func enter(root fs.FS, dir string) error {
	if dir == "." {
		return nil
	}
	base := path.Base(dir)
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(dir, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func imports(root fs.FS, name string) ([]use, error) {
	src, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	uses := make([]use, 0, len(file.Imports))
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		uses = append(uses, use{path.Base(name), imported})
	}
	return uses, nil
}

// check returns everything that is wrong, in order of packages.
func check(packages map[string][]use, table map[string]row) []string {
	var problems []string
	used := make(map[string]bool)
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		name, ok := rowOf(pkg, table)
		if !ok {
			problems = append(problems, fmt.Sprintf("package %s has no row in the table", pkg))
			continue
		}
		used[name] = true
		problems = append(problems, checkPackage(pkg, packages[pkg], table[name])...)
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !used[name] {
			problems = append(problems, fmt.Sprintf("row %s of the table has no package", name))
		}
	}
	return problems
}

// rowOf returns the name of the most specific row for a package.
func rowOf(pkg string, table map[string]row) (name string, ok bool) {
	if _, ok := table[pkg]; ok {
		return pkg, true
	}
	for pattern := range table {
		if match(pattern, pkg) && len(pattern) > len(name) {
			name = pattern
		}
	}
	return name, name != ""
}

func checkPackage(pkg string, uses []use, r row) []string {
	var problems []string
	only := make(map[string]string, len(r.adapters)) // the file of each adapter
	maps.Copy(only, r.adapters)
	for _, u := range uses {
		imported, own := strings.CutPrefix(u.path, modulePath+"/")
		if !own && standard(u.path) || matchAny(r.imports, imported) {
			continue
		}
		pattern, ok := adapterOf(imported, r)
		if !ok {
			problems = append(problems, fmt.Sprintf("%s/%s may not import %s", pkg, u.file, imported))
			continue
		}
		if only[pattern] == oneFile {
			only[pattern] = u.file
		}
		if only[pattern] != u.file {
			problems = append(problems, fmt.Sprintf("%s/%s may not import %s: only %s may", pkg, u.file, imported, only[pattern]))
		}
	}
	return problems
}

func adapterOf(imported string, r row) (pattern string, ok bool) {
	for pattern := range r.adapters {
		if match(pattern, imported) {
			return pattern, true
		}
	}
	return "", false
}

// standard reports whether a path belongs to the standard library, as the go command sees it: no dot in its first
// element. Cgo counts as a dependency.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && imported != "C"
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, name) })
}

// match reports whether name is the pattern or, where the pattern ends in "/...", is it or lies below it.
func match(pattern, name string) bool {
	base, tree := strings.CutSuffix(pattern, "/...")
	return name == base || tree && strings.HasPrefix(name, base+"/")
}

func TestCheck(t *testing.T) {
	rows := map[string]row{
		"a":     {imports: []string{"b", "example.com/x/..."}},
		"b":     {adapters: map[string]string{"example.com/y/...": "y.go", "example.com/z": oneFile}},
		"c/...": {},
		"c/d":   {imports: []string{"a"}},
	}
	// The tree keeps to the rows; each case adds a file or two.
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"all is well", nil, nil},
		{"module", map[string]string{"b/f.go": modulePath + "/a"}, []string{"b/f.go may not import a"}},
		{"third party", map[string]string{"c/f.go": "example.com/x"}, []string{"c/f.go may not import example.com/x"}},
		{"cgo", map[string]string{"c/f.go": "C"}, []string{"c/f.go may not import C"}},
		{"module root", map[string]string{"c/f.go": modulePath}, []string{"c/f.go may not import " + modulePath}},
		{
			"wrong file",
			map[string]string{"b/x.go": "example.com/y"},
			[]string{"b/x.go may not import example.com/y: only y.go may"},
		},
		{
			"second file",
			map[string]string{"b/z1.go": "example.com/z", "b/z2.go": "example.com/z"},
			[]string{"b/z2.go may not import example.com/z: only z1.go may"},
		},
		{"no row", map[string]string{"e/f.go": "fmt"}, []string{"package e has no row in the table"}},
		{"root", map[string]string{"f.go": "fmt"}, []string{"package . has no row in the table"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			packages, err := scan(tree(tt.files))
			require.NoError(t, err)
			require.Equal(t, tt.want, check(packages, rows))
		})
	}
	require.Equal(t, []string{"row a of the table has no package"}, check(nil, map[string]row{"a": {}}))
}

// tree is a module that keeps to the rows of TestCheck, and files with one import each.
func tree(files map[string]string) fs.FS {
	all := map[string]string{
		"a/a.go": modulePath + "/b", "a/x.go": "example.com/x/sub", "a/a_test.go": "example.com/free",
		"b/y.go": "example.com/y/sub", "b/z.go": "fmt",
		"c/c.go": "net/http", "c/d/d.go": modulePath + "/a", "c/e/e.go": "fmt",
		"a/testdata/f.go": "example.com/free", "_a/f.go": "example.com/free", ".a/f.go": "example.com/free",
		"c/_f.go": "example.com/free", "nested/sub/f.go": "example.com/free",
	}
	maps.Copy(all, files)
	m := fstest.MapFS{"nested/go.mod": {Data: []byte("module nested")}, "go.mod": {}, "a/README": {}}
	for name, imported := range all {
		m[name] = &fstest.MapFile{Data: fmt.Appendf(nil, "//go:build some_tag\n\npackage p\n\nimport _ %q\n", imported)}
	}
	return m
}

func TestScanReportsSyntax(t *testing.T) {
	_, err := scan(fstest.MapFS{"a/a.go": {Data: []byte("package")}})
	require.ErrorContains(t, err, "a/a.go")
}
