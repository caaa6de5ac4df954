package main

import (
	"errors"
	"fmt"
	"go/scanner"
	"io/fs"
)

// Skip is a file or directory that the report leaves out, and why.
type Skip struct{ Path, Reason string }

// reason words an error for a line that begins with the path.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	var syntax scanner.ErrorList
	if errors.As(err, &syntax) && len(syntax) > 1 {
		return fmt.Sprintf("%v (and more)", syntax[0])
	}
	return err.Error()
}
