package main

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSummarise(t *testing.T) {
	files := []Facts{
		{Path: "p/a.go", Package: "p", Lines: Lines{10, 7, 2, 1}, Funcs: []Func{{Complexity: 3}, {Complexity: 4}}, Imports: []string{"fmt", "os"}},
		{Path: "p/b.go", Package: "p", Lines: Lines{5, 5, 0, 0}, Imports: []string{"errors", "fmt"}},
		{Path: "p/gen.go", Package: "main", Aside: true, Lines: Lines{1, 1, 0, 0}, Imports: []string{"net/http"}},
		{Path: "p/doc.go", Package: "documentation", Lines: Lines{1, 0, 1, 0}, Imports: []string{"testing"}},
		{Path: "p/p_test.go", Package: "p_test", Aside: true, Funcs: []Func{{Complexity: 1}}, Imports: []string{"p"}},
	}
	require.Equal(t, Package{
		Path: "x/p", Name: "p", Files: files,
		Lines: Lines{17, 13, 3, 1}, Funcs: 3, Complexity: 8,
		Imports: []string{"errors", "fmt", "os"},
	}, summarise("x/p", files))
}

func TestPackageName(t *testing.T) {
	for want, files := range map[string][]Facts{
		"":     nil,
		"p":    {{Package: "main", Aside: true}, {Package: "main", Aside: true}, {Package: "p"}},
		"main": {{Package: "main", Aside: true}},
		"q":    {{Package: "q_test", Aside: true}},
		"a":    {{Package: "b"}, {Package: "a"}},
		"b":    {{Package: "a"}, {Package: "b"}, {Package: "b"}},
	} {
		require.Equal(t, want, packageName(files))
	}
}

func TestRelate(t *testing.T) {
	// d -> {b, c} -> a, x <-> y, y -> z -> y, s -> s, i alone; fmt is not in the tree
	packages := []Package{
		{Path: "a", Imports: []string{"fmt"}},
		{Path: "b", Imports: []string{"a", "fmt"}},
		{Path: "c", Imports: []string{"a"}},
		{Path: "d", Imports: []string{"b", "c"}},
		{Path: "i"},
		{Path: "s", Imports: []string{"s"}},
		{Path: "x", Imports: []string{"y"}},
		{Path: "y", Imports: []string{"x", "z"}},
		{Path: "z", Imports: []string{"y"}},
	}
	require.Equal(t, Imports{
		Edges: 8,
		Ranks: []Rank{
			{"a", 2, 3},
			{"y", 2, 2},
			{"x", 1, 2},
			{"z", 1, 2},
			{"b", 1, 1},
			{"c", 1, 1},
		},
		Cycles: [][]string{{"s"}, {"x", "y", "z"}},
	}, relate(packages))
	require.Equal(t, Imports{}, relate(nil))
}

func TestCompose(t *testing.T) {
	packages := []Package{
		{Path: "p", Lines: Lines{Total: 5}, Funcs: 2, Complexity: 7, Files: []Facts{
			{Path: "p/a.go", Funcs: []Func{{"A", 1, 10, 1}, {"B", 12, 3, 6}}},
		}},
		{Path: "q", Lines: Lines{Total: 9}, Funcs: 1, Complexity: 6, Files: []Facts{
			{Path: "q/b.go", Funcs: []Func{{"C", 1, 3, 6}}},
		}},
	}
	ranks := Imports{Ranks: []Rank{{"p", 1, 1}}}
	a, b, c := Place{"p/a.go", Func{"A", 1, 10, 1}}, Place{"p/a.go", Func{"B", 12, 3, 6}}, Place{"q/b.go", Func{"C", 1, 3, 6}}
	require.Equal(t, Report{
		Packages: 2, Files: 2, Lines: Lines{Total: 14}, Funcs: 3, Complexity: 13, Relations: ranks,
		Largest:  []Package{packages[1], packages[0]},
		Longest:  []Place{a, b},
		Complex:  []Place{b, c},
		Depended: ranks.Ranks,
	}, compose(packages, ranks, 2))
	require.Equal(t, "p", packages[0].Path, "what it was given stays as it was")
	require.Empty(t, compose(packages, ranks, 0).Longest)
}

// The short list is what sorting all would give, whatever the order they come in.
func TestFirst(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		all := random.Perm(n * 3)
		for _, top := range []int{0, 1, 7, n, 4 * n, math.MaxInt} {
			want := slices.Sorted(slices.Values(all))
			got := first(top, slices.Values(all), cmp.Compare[int])
			require.True(t, slices.Equal(want[:min(top, len(want))], got), "the first %d: %v", top, got)
		}
	}
}

func TestCommas(t *testing.T) {
	for want, n := range map[string]int{
		"0": 0, "999": 999, "1,000": 1000, "12,345": 12345, "1,234,567": 1234567, "-999": -999, "-1,000": -1000,
	} {
		require.Equal(t, want, commas(n))
	}
}
