// Package progress is being written.
package progress
