package progress

import (
	"io"

	"golang.org/x/term"
)

// terminal reports whether w is a terminal, and how wide it is.
func terminal(w io.Writer) (columns int, ok bool) {
	f, isFile := w.(interface{ Fd() uintptr })
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, true
	}
	return columns, true
}
