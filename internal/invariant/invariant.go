// Package invariant states what must hold inside this module. It costs nothing unless the program is built with
//
//	go test -tags invariants ./...
//
// Write
//
//	if invariant.Enabled {
//		invariant.Check(left >= 0, "call %d has %d inputs left", id, left)
//	}
//
// [Enabled] is a constant, so without the tag the compiler removes the whole statement with its arguments. The guard
// may be left out where the arguments are free: [Check] itself is then empty, but its arguments are still evaluated.
//
// Invariants are for mistakes in this module only. What a user or the world can cause is an error value, or a panic
// that is there in every build.
package invariant
