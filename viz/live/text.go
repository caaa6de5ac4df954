package live

import (
	"strings"

	"github.com/dally-go/dally/viz/internal/label"
)

// clip makes text of a request fit to be told back.
func clip(s string) string { return label.Clean(s, 80) }

const (
	stackLines = 64
	stackWidth = 240
)

// cleanStack makes the stack of a panic fit to be shown: its lines cleaned, files with one directory.
func cleanStack(stack string) string {
	var b strings.Builder
	lines := 0
	for line := range strings.Lines(stack) {
		if lines++; lines > stackLines {
			b.WriteString("\n…")
			break
		}
		if lines > 1 {
			b.WriteByte('\n')
		}
		line = strings.TrimRight(line, "\r\n")
		if file, ok := strings.CutPrefix(line, "\t"); ok {
			line = "    " + cleanWhere(file)
		}
		b.WriteString(label.Clean(line, stackWidth))
	}
	return b.String()
}

// cleanWhere is a file:line with one directory: where the program was built is nobody's business.
func cleanWhere(where string) string {
	path, rest, _ := strings.Cut(where, " ")
	if at := strings.LastIndexAny(path, `/\`); at > 0 {
		path = path[strings.LastIndexAny(path[:at], `/\`)+1:]
	}
	if rest != "" {
		path += " " + rest
	}
	return label.Clean(path, nameMax)
}

// fold is a name as the page's functions know it.
func fold(name string) string {
	if name == "" {
		return "(unnamed)"
	}
	return name
}
