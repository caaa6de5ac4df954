// Package layering has no code, only tests: they hold the table of who may import whom in this module.
//
// To add a package, give it a row in table_test.go. To add an import that is not in the table, think first: the leaves
// (graph, executor) never import each other, and the core depends on nothing heavy.
package layering
