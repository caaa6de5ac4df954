// Package content says what values come to in keys: a description of a value that is the same in all processes and on
// all machines, and differs for values that differ.
package content
