// Package record is being written.
package record
