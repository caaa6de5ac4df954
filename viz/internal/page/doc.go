// Package page is being written.
package page
