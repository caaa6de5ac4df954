package main

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"gonum.org/v1/gonum/graph/traverse"
)

// Imports is what the packages of the tree are to each other. Packages outside of the tree do not count.
type Imports struct {
	Edges  int        // how many times one package imports another
	Ranks  []Rank     // the most depended-on first
	Cycles [][]string // packages that reach each other; sorted within and by their first
}

// Rank tells how many packages need one package.
type Rank struct {
	Path       string
	Importers  int // import it
	Dependents int // need it, directly or through others
}

func (m Imports) String() string {
	return plural(m.Edges, "import") + ", " + plural(len(m.Cycles), "cycle")
}

// relate builds the import graph, its edges from importer to imported, and asks gonum about it.
func relate(packages []Package) Imports {
	g := importGraph(packages)
	m := Imports{Edges: g.Edges().Len()}
	for i, p := range packages {
		if n := g.To(int64(i)).Len(); n > 0 {
			m.Ranks = append(m.Ranks, Rank{p.Path, n, dependents(g, g.Node(int64(i)))})
		}
	}
	slices.SortFunc(m.Ranks, func(a, b Rank) int {
		return cmp.Or(cmp.Compare(b.Dependents, a.Dependents), cmp.Compare(b.Importers, a.Importers), cmp.Compare(a.Path, b.Path))
	})
	for _, nodes := range topo.TarjanSCC(g) {
		if len(nodes) == 1 && !importsItself(packages[nodes[0].ID()]) {
			continue
		}
		var cycle []string
		for _, n := range nodes {
			cycle = append(cycle, packages[n.ID()].Path)
		}
		slices.Sort(cycle)
		m.Cycles = append(m.Cycles, cycle)
	}
	slices.SortFunc(m.Cycles, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return m
}

// importsItself finds the one cycle that importGraph leaves out.
func importsItself(p Package) bool {
	_, found := slices.BinarySearch(p.Imports, p.Path)
	return found
}

// importGraph numbers the nodes as packages are.
func importGraph(packages []Package) *simple.DirectedGraph {
	g := simple.NewDirectedGraph()
	index := make(map[string]int, len(packages))
	for i, p := range packages {
		index[p.Path] = i
		g.AddNode(simple.Node(i))
	}
	for i, p := range packages {
		for _, path := range p.Imports {
			if to, ok := index[path]; ok && to != i { // gonum panics at an edge from a node to itself
				g.SetEdge(g.NewEdge(simple.Node(i), simple.Node(to)))
			}
		}
	}
	return g
}

// dependents counts what can reach the node.
func dependents(g *simple.DirectedGraph, n graph.Node) int {
	count := -1 // the node itself
	walk := traverse.BreadthFirst{Visit: func(graph.Node) { count++ }}
	walk.Walk(against{g}, n, nil)
	return count
}

// against is a graph with its edges turned round.
type against struct{ g *simple.DirectedGraph }

func (a against) From(id int64) graph.Nodes      { return a.g.To(id) }
func (a against) Edge(from, to int64) graph.Edge { return a.g.Edge(to, from) }
