// Package live is being written.
package live
