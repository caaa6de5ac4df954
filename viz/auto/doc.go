// Package auto is being written.
package auto
