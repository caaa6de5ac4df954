package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func factsOf(t *testing.T, path, src string) Facts {
	t.Helper()
	f, err := measure(Text{path, []byte(src)})
	require.NoError(t, err)
	return f
}

func TestMeasure(t *testing.T) {
	src := `// Package p does little.
package p

import (
	"strings"
	_ "embed"
	s "strings"
)

/* A block,

with an empty line. */
var text = ` + "`raw\n\nstring`" + ` // code and comment

func F(a, b bool) int { // 1
	if a && b || !a { // +3
		return 1
	}
	return 0
}

func (q *Queue[T]) Pop() {}
`
	require.Equal(t, Facts{
		Path:    "p/p.go",
		Package: "p",
		Lines:   Lines{Total: 24, Code: 16, Comment: 4, Blank: 4},
		Funcs:   []Func{{"F", 17, 6, 4}, {"(*Queue).Pop", 24, 1, 1}},
		Imports: []string{"embed", "strings"},
	}, factsOf(t, "p/p.go", src))
}

func TestLines(t *testing.T) {
	for name, row := range map[string]struct {
		src  string
		want Lines
	}{
		"nothing":                  {"", Lines{}},
		"no newline at the end":    {"package p", Lines{1, 1, 0, 0}},
		"newline at the end":       {"package p\n", Lines{1, 1, 0, 0}},
		"blank end":                {"package p\n\n  \n", Lines{3, 1, 0, 2}},
		"comment after code":       {"package p // c\n", Lines{1, 1, 0, 0}},
		"code after comment":       {"/* c */ package p\n", Lines{1, 1, 0, 0}},
		"code after a long one":    {"/* c\n\n*/ package p\n", Lines{3, 1, 2, 0}},
		"slashes in a string":      {"package p\nvar s = \"// no\"\n", Lines{2, 2, 0, 0}},
		"comment in a raw string":  {"package p\nvar s = `\n// no\n\n`\n", Lines{5, 5, 0, 0}},
		"CR LF":                    {"package p\r\n\r\n/* a\r\nb\r\nc */\r\nvar s = `\r\n\r\n`\r\n", Lines{8, 4, 3, 1}},
		"a line that moves itself": {"package p\n//line other.y:100\nvar x int\n", Lines{3, 2, 1, 0}},
		"byte order mark":          {"\ufeffpackage p\n", Lines{1, 1, 0, 0}},
	} {
		got := countLines([]byte(row.src))
		require.Equal(t, row.want, got, name)
		require.Equal(t, got.Total, got.Code+got.Comment+got.Blank, name)
	}
}

func TestComplexity(t *testing.T) {
	for body, want := range map[string]int{
		``:                       1,
		`if a { }`:               2,
		`if a { } else if b { }`: 3,
		`if a { } else { }`:      2,
		`for { }`:                2,
		`for range 3 { }`:        2,
		`_ = a && b || a`:        3,
		`_ = !a`:                 1,
		`switch { default: }`:    1,
		`switch x { case 1, 2: case 3: default: }`:   3,
		`switch any(x).(type) { case int: }`:         2,
		`select { case <-c: case c <- 1: default: }`: 3,
		`func() { if a { } }()`:                      2,
		`defer func() { for a { } }()`:               2,
		`goto end; end:`:                             1,
	} {
		src := "package p\nfunc f(a, b bool, x int, c chan int) {\n" + body + "\n}\n"
		require.Equal(t, want, factsOf(t, "p.go", src).Funcs[0].Complexity, body)
	}
}

func TestFuncNames(t *testing.T) {
	src := `package p
func F()
func G[T any]() {}
func (T) A() {}
func (t T) B() {}
func (t *T) C() {}
func (*T[K]) D() {}
func (t T[K, V]) E() {}
func (t *(T)) H() {}
`
	var names []string
	for _, f := range factsOf(t, "p.go", src).Funcs {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"F", "G", "T.A", "T.B", "(*T).C", "(*T).D", "T.E", "(*T).H"}, names)
}

func TestAside(t *testing.T) {
	for src, want := range map[string]bool{
		"package p\n":                                         false,
		"//go:build ignore\n\npackage main\n":                 true,
		"// Copyright\n\n//go:build ignore\n\npackage main\n": true,
		"// +build ignore\n\npackage main\n":                  true,
		"//go:build ignore && linux\n\npackage main\n":        true,
		"//go:build linux && ignore\n\npackage main\n":        true,
		"//go:build ignore || linux\n\npackage p\n":           false,
		"//go:build !ignore\n\npackage p\n":                   false,
		"//go:build windows\n\npackage p\n":                   false,
		"package p\n\n//go:build ignore\n":                    false,
	} {
		require.Equal(t, want, factsOf(t, "p.go", src).Aside, src)
	}
	require.True(t, factsOf(t, "p_test.go", "package p\n").Aside)
}

func TestMeasureBroken(t *testing.T) {
	for name, row := range map[string]struct{ src, want string }{
		"empty":         {"", "empty file"},
		"only space":    {" \n\t\n", "empty file"},
		"only comments": {"// nothing\n", "1:12: expected 'package', found 'EOF'"},
		"no Go":         {"hello\n", "1:1: expected 'package', found hello"},
		"cut":           {"package p\n\nfunc f() {\n", "expected '}', found 'EOF'"},
		"invalid UTF-8": {"package p\n\nvar s = \"\xff\"\n", "3:10: illegal UTF-8 encoding"},
		"NUL":           {"package p\x00\n", "1:10: illegal character NUL (and more)"},
		"binary":        {"\x7fELF\x02\x01", "1:1: illegal character U+007F"},
	} {
		_, err := measure(Text{"p.go", []byte(row.src)})
		require.Error(t, err, name)
		require.Contains(t, reason(err), row.want, name)
	}
}

func TestReadTextBounds(t *testing.T) {
	fsys := fstest.MapFS{
		"fits.go":  {Data: []byte("package p" + strings.Repeat("\n", textMax-9))},
		"large.go": {Data: []byte("package p" + strings.Repeat("\n", textMax-8))},
	}
	text, err := readText(fsys, File{Path: "fits.go"})
	require.NoError(t, err)
	require.Len(t, text.Bytes, textMax)
	require.Equal(t, "33554.4 KB", text.String())

	_, err = readText(fsys, File{Path: "large.go"})
	require.EqualError(t, err, "larger than 32 MB")
	_, err = readText(fsys, File{Path: "gone.go"})
	require.Equal(t, "file does not exist", reason(err))
}
