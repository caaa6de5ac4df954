//go:build !cgo

package main

import (
	"fmt"
	"io"
)

// run says that there is nothing to run.
func run(w io.Writer, _ ...string) error {
	_, err := fmt.Fprintln(w, "native: this program was built without cgo: set CGO_ENABLED=1, and have a C compiler")
	return err
}
