package viz

import (
	"strings"

	"github.com/dally-go/dally/viz/internal/label"
)

// Limits of what the page tells of one call, in runes and lines.
const (
	errMax     = 600
	stackMax   = 64
	stackWidth = 240
)

// cleanWhere is a file:line with one directory: where the program was built is nobody's business.
func cleanWhere(where string) string { return label.Clean(shortPath(where), labelMax) }

// shortPath keeps the last two elements of an absolute path.
func shortPath(path string) string {
	at := strings.LastIndexAny(path, `/\`)
	if at <= 0 {
		return path
	}
	return path[strings.LastIndexAny(path[:at], `/\`)+1:]
}

// cleanStack makes a stack fit to be shown: the lines cleaned, those that name a file with one directory.
func cleanStack(stack string) string {
	if stack == "" {
		return ""
	}
	var b strings.Builder
	lines := 0
	for line := range strings.Lines(stack) {
		line = strings.TrimRight(line, "\r\n")
		if lines++; lines > stackMax {
			b.WriteString("\n…")
			break
		}
		if lines > 1 {
			b.WriteByte('\n')
		}
		if file, ok := strings.CutPrefix(line, "\t"); ok {
			path, offset, _ := strings.Cut(file, " +0x")
			if line = "    " + shortPath(path); offset != "" {
				line += " +0x" + offset
			}
		}
		b.WriteString(label.Clean(line, stackWidth))
	}
	return b.String()
}
