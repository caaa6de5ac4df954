// Package trace is being written.
package trace
