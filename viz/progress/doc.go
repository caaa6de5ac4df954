// Package progress shows what goes on while a computation of [github.com/dally-go/dally/lazy] runs: a bar in a terminal,
// a few lines in a log, JSON for programs.
package progress
