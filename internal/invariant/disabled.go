//go:build !invariants

package invariant

// Enabled tells whether the program was built with the tag invariants.
const Enabled = false

// Check panics with a string, "invariant: " and the formatted message, unless ok. Without the tag invariants it does
// nothing.
func Check(ok bool, format string, args ...any) {}
