package progress

import (
	"strings"
	"unicode"
)

// wide are the runes that take two columns, or may on some terminals: what is counted too wide is cut a bit early, what
// is counted too narrow spoils the screen. Our own signs, ✓ and ✕, are left out.
var wide = [...][2]rune{
	{0x1100, 0x115f},
	{0x231a, 0x231b},
	{0x2329, 0x232a},
	{0x23e9, 0x23f3},
	{0x25fd, 0x25fe},
	{0x2614, 0x2712},
	{0x2716, 0x27bf},
	{0x2b1b, 0x2b55},
	{0x2e80, 0xa4cf},
	{0xa960, 0xa97f},
	{0xac00, 0xd7a3},
	{0xf900, 0xfaff},
	{0xfe10, 0xfe6f},
	{0xff01, 0xff60},
	{0xffe0, 0xffe6},
	{0x16fe0, 0x18dff},
	{0x1aff0, 0x1b2ff},
	{0x1d300, 0x1d37f},
	{0x1f000, 0x1faff},
	{0x20000, 0x3fffd},
}

// columnsOf is how many columns r takes. r has gone through label.Clean: there are no control characters.
func columnsOf(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	for _, w := range wide {
		if r <= w[1] {
			if r >= w[0] {
				return 2
			}
			break
		}
	}
	return 1
}

func width(s string) (columns int) {
	for _, r := range s {
		columns += columnsOf(r)
	}
	return columns
}

// prefix returns as much of s as takes at most limit columns.
func prefix(s string, limit int) string {
	columns := 0
	for i, r := range s {
		if columns += columnsOf(r); columns > limit {
			return s[:i]
		}
	}
	return s
}

// cut returns s if it takes at most limit columns, else as much of it as fits with an ellipsis.
func cut(s string, limit int) string {
	if width(s) <= limit {
		return s
	}
	if limit <= 0 {
		return ""
	}
	return strings.TrimRight(prefix(s, limit-1), " ") + "…"
}

// pad returns s with spaces after it to columns.
func pad(s string, columns int) string { return s + strings.Repeat(" ", max(0, columns-width(s))) }

// piece is text in one style, which is a parameter of the escape sequence for it; "" for none.
type piece struct{ text, style string }

// line is a line of a frame.
type line []piece

func (l line) width() (columns int) {
	for _, p := range l {
		columns += width(p.text)
	}
	return columns
}

// render returns the line, cut to limit columns.
func (l line) render(limit int, colour bool) string {
	room, isCut := limit, l.width() > limit
	if isCut {
		room = limit - 1
	}
	var b strings.Builder
	for _, p := range l {
		text := prefix(p.text, room)
		over := isCut && len(text) < len(p.text)
		if over {
			text += "…"
		}
		room -= width(text)
		if colour && p.style != "" && text != "" {
			text = "\x1b[" + p.style + "m" + text + "\x1b[0m"
		}
		b.WriteString(text)
		if over {
			break
		}
	}
	return b.String()
}
