// Command gen writes the parts of package lazy that are the same for every number of arguments.
//
//	go run ./internal/gen            writes lazy/arity.go
//	go run ./internal/gen -check     fails if lazy/arity.go is not what would be written
//
// It is run from the module's root, or through go generate from the package's folder.
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed arity.tmpl
var source string

const maxArity = 4

func main() {
	check := flag.Bool("check", false, "only compare")
	root := flag.String("root", ".", "the module's root")
	flag.Parse()
	if err := run(filepath.Join(*root, "lazy", "arity.go"), *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(path string, check bool) error {
	want, err := Generate()
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(path, want, 0o644)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%s is stale: run go generate ./lazy", path)
	}
	return nil
}

// Generate returns the text of lazy/arity.go.
func Generate() ([]byte, error) {
	t, err := template.New("arity").Funcs(template.FuncMap{"lower": strings.ToLower}).Parse(source)
	if err != nil {
		return nil, err
	}
	var arities []arity
	for n := range maxArity + 1 {
		arities = append(arities, arity{N: n})
	}
	var b bytes.Buffer
	if err := t.Execute(&b, arities); err != nil {
		return nil, err
	}
	return format.Source(b.Bytes())
}

// arity is one number of arguments, as the template sees it.
type arity struct{ N int }

// Params are the type parameters of the arguments: A, B, C, D.
func (a arity) Params() []string { return strings.Split("ABCD", "")[:a.N] }

// Types is "A, B, R any".
func (a arity) Types() string { return strings.Join(append(a.Params(), "R"), ", ") + " any" }

// Args is "A, B, R".
func (a arity) Args() string { return strings.Join(append(a.Params(), "R"), ", ") }

// In is "A, B".
func (a arity) In() string { return strings.Join(a.Params(), ", ") }

// Handles is "a Data[A], b Data[B]".
func (a arity) Handles() string {
	return a.each(func(p string) string { return strings.ToLower(p) + " Data[" + p + "]" })
}

// Plain is "a A, b B".
func (a arity) Plain() string {
	return a.each(func(p string) string { return strings.ToLower(p) + " " + p })
}

// Consts is "Const(a), Const(b)".
func (a arity) Consts() string {
	return a.each(func(p string) string { return "Const(" + strings.ToLower(p) + ")" })
}

// Nodes is "a.n, b.n".
func (a arity) Nodes() string {
	return a.each(func(p string) string { return strings.ToLower(p) + ".n" })
}

// AnyNil is "a.n == nil || b.n == nil".
func (a arity) AnyNil() string {
	var out []string
	for _, p := range a.Params() {
		out = append(out, strings.ToLower(p)+".n == nil")
	}
	return strings.Join(out, " || ")
}

// Values is "take[A](n, 0, at), take[B](n, 1, at)".
func (a arity) Values() string {
	var out []string
	for k, p := range a.Params() {
		out = append(out, fmt.Sprintf("take[%s](n, %d, at)", p, k))
	}
	return strings.Join(out, ", ")
}

// Last is the type of the last argument.
func (a arity) Last() string { return a.Params()[a.N-1] }

// Less is the arity with one argument less.
func (a arity) Less() arity { return arity{N: a.N - 1} }

// Vars is "a, b".
func (a arity) Vars() string { return a.each(strings.ToLower) }

// Slices is "as []A, bs []B".
func (a arity) Slices() string {
	return a.each(func(p string) string { return strings.ToLower(p) + "s []" + p })
}

// LenProduct is "len(as)*len(bs)".
func (a arity) LenProduct() string {
	var out []string
	for _, p := range a.Params() {
		out = append(out, "len("+strings.ToLower(p)+"s)")
	}
	return strings.Join(out, "*")
}

func (a arity) each(f func(string) string) string {
	var out []string
	for _, p := range a.Params() {
		out = append(out, f(p))
	}
	return strings.Join(out, ", ")
}
