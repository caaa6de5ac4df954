package main

import (
	"errors"
	"fmt"
	"go/scanner"
	"io/fs"

	"github.com/dally-go/dally/lazy"
)

// Skip is a file or directory that the report leaves out, and why.
type Skip struct{ Path, Reason string }

// reason words an error for a line that begins with the path: without the call that failed, which is Read or Parse,
// and without the path.
func reason(err error) string {
	if e, ok := errors.AsType[*lazy.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	if e, ok := errors.AsType[scanner.ErrorList](err); ok && len(e) > 1 {
		return fmt.Sprintf("%v (and more)", e[0])
	}
	return err.Error()
}
