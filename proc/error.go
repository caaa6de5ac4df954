package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrOutput is what the error of a command is that has written more than [Program].OutputMax, or what it has written
// cannot be kept: the disk may be full.
var ErrOutput = errors.New("its output cannot be kept")

// ExitError is the error of a command that has run and has ended with an exit code that is neither 0 nor one of
// [Program].Codes, or was ended by a signal.
type ExitError struct {
	Command string    // the command line, shortened
	Code    int       // -1 if a signal has ended it
	Signal  os.Signal // nil if no signal has
	Stderr  string    // the end of what it has written to stderr: whole lines, at most 20, at most 2 KB
}

// Error tells the command, how it has ended, and the last it has said about it.
func (e *ExitError) Error() string {
	var b strings.Builder
	if e.Signal != nil {
		fmt.Fprintf(&b, "proc: %s was ended by signal: %v", e.Command, e.Signal)
	} else {
		fmt.Fprintf(&b, "proc: %s has ended with exit code %d", e.Command, e.Code)
	}
	if said := strings.TrimRight(e.Stderr, "\n"); said != "" {
		b.WriteString(", saying:\n\t")
		b.WriteString(strings.ReplaceAll(said, "\n", "\n\t"))
	}
	return b.String()
}

// The end of stderr that an ExitError holds.
const (
	tailMax   = 2 << 10 // bytes
	tailLines = 20
)

// tail returns the last lines of an output, or the end of the last one if that is longer than tailMax.
func tail(o Output) string {
	n := min(o.Len(), tailMax+1) // one more tells whether the first line is whole
	b := make([]byte, n)
	if _, err := o.readAt(b, o.Len()-n); err != nil {
		return "(what it has said cannot be read: " + err.Error() + ")"
	}
	if n > tailMax {
		isWhole := b[0] == '\n'
		b = b[1:]
		if _, after, _ := bytes.Cut(b, []byte("\n")); !isWhole && len(after) > 0 {
			b = after
		}
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	if last := len(lines) - 1; len(lines[last]) == 0 {
		lines = lines[:last]
	}
	if len(lines) > tailLines {
		lines = lines[len(lines)-tailLines:]
	}
	return strings.ToValidUTF8(string(bytes.Join(lines, nil)), "\uFFFD")
}
