//go:build race

package lazy_test

// deep is how deep a recursion is to go. The race detector makes it ten times as slow.
const deep = 5_000
