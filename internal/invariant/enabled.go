//go:build invariants

package invariant

import "fmt"

// Enabled tells whether the program was built with the tag invariants.
const Enabled = true

// Check panics with a string, "invariant: " and the formatted message, unless ok. Without the tag invariants it does
// nothing.
func Check(ok bool, format string, args ...any) {
	if !ok {
		panic("invariant: " + fmt.Sprintf(format, args...))
	}
}
