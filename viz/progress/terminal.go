package progress

import (
	"io"

	"golang.org/x/term"
)

// terminal reports whether w is a terminal, and how large: 0 for what it does not tell.
func terminal(w io.Writer) (columns, rows int, ok bool) {
	f, isFile := w.(interface{ Fd() uintptr })
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, 0, false
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0, true
	}
	return columns, rows, true
}
