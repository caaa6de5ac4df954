//go:build !race

package lazy_test

// deep is how deep a recursion is to go.
const deep = 100_000
