package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Mode is how progress is shown. It is an Option of [New].
type Mode uint8

// The modes. Their texts, which [ParseMode] reads, are auto, tty, plain, json and quiet.
const (
	// Auto is TTY if the writer is a terminal, TERM is not dumb and CI is not set in the environment, else Plain.
	Auto Mode = iota
	// TTY draws a bar and the longest-running calls, again and again in the same place, and one line at the end.
	TTY
	// Plain writes whole lines, few of them, without any escape sequence: for logs.
	Plain
	// JSON writes what Plain does as one JSON object per line: for programs.
	JSON
	// Quiet writes nothing at all.
	Quiet
)

var modeNames = [...]string{"auto", "tty", "plain", "json", "quiet"}

// String returns the text of m, as "plain".
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

// ParseMode returns the mode that a text names, as the value of an environment variable does. Upper case and space
// around it do not matter; "" is Auto, "off" and "none" are Quiet. The error lists the texts that there are.
func ParseMode(s string) (Mode, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	switch text {
	case "":
		return Auto, nil
	case "off", "none":
		return Quiet, nil
	}
	for m, name := range modeNames {
		if text == name {
			return Mode(m), nil
		}
	}
	last := len(modeNames) - 1
	return Auto, fmt.Errorf("progress: unknown mode %.40q: want %s or %s", s, strings.Join(modeNames[:last], ", "), modeNames[last])
}

func (m Mode) apply(o *options) {
	if int(m) >= len(modeNames) {
		panic(fmt.Sprintf("progress.New: got %v: want progress.Auto, TTY, Plain, JSON or Quiet, or what ParseMode returns", m))
	}
	o.mode = m
}

// resolve decides for Auto, and whether to use colours.
func (m Mode) resolve(w io.Writer) (mode Mode, colour bool) {
	_, _, isTerminal := terminal(w)
	if m == Auto {
		m = Plain
		if isTerminal && os.Getenv("TERM") != "dumb" && !isSet("CI") {
			m = TTY
		}
	}
	return m, isTerminal && m == TTY && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// isSet reports whether an environment variable says yes.
func isSet(name string) bool {
	v := strings.ToLower(os.Getenv(name))
	return v != "" && v != "0" && v != "false"
}
