// Package label makes text, numbers and times fit for people to read, wherever they come from.
package label

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Clean makes text from outside fit for a label: one line, valid UTF-8, nothing that cannot be seen, at most limit runes.
// Control characters become their pictures (␀), line breaks spaces, direction marks and other invisible runes �;
// joiners and variation selectors go, and no letter keeps more than two combining marks, so that text stays on its line.
func Clean(s string, limit int) string {
	if len(s) <= limit && isPlain(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for _, r := range s { // invalid bytes arrive as U+FFFD
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		if r = visible(r); r < 0 || marks > 2 {
			continue
		}
		if limit--; limit < 0 {
			b.WriteRune('…')
			break
		}
		if marks > 0 && b.Len() == 0 {
			b.WriteRune('◌') // a mark needs something to stand on, or it lands on the text before
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible returns what to show for r; -1 is nothing.
func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r < ' ':
		return '␀' + r
	case r == 0x7f:
		return '␡'
	case r == 0xad, r == 0x200c, r == 0x200d, 0xfe00 <= r && r <= 0xfe0f, 0xe0100 <= r && r <= 0xe01ef:
		return -1
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0: // letters without a shape
		return utf8.RuneError
	case !unicode.IsPrint(r):
		return utf8.RuneError
	}
	return r
}

// Isolate keeps right-to-left text from reordering what stands around it.
func Isolate(s string) string {
	for _, r := range s {
		if r >= 0x590 && unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko) {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// Duration writes d with a unit that leaves two or three digits: "412 ms", "3.2 s", "1m 05s". Zero and below: "".
// It rounds before it chooses the unit, so that neither "1000 ms" nor "1m 60s" can come out.
func Duration(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	for _, u := range [...]struct {
		size time.Duration
		end  float64
		name string
	}{{1, 1000, " ns"}, {time.Microsecond, 1000, " µs"}, {time.Millisecond, 1000, " ms"}, {time.Second, 60, " s"}} {
		v := float64(d) / float64(u.size)
		if v < 9.95 && u.size > 1 {
			return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0") + u.name
		}
		if v+0.5 < u.end {
			return strconv.Itoa(int(v+0.5)) + u.name
		}
	}
	if s := int64(d.Round(time.Second) / time.Second); s < 3600 {
		return fmt.Sprintf("%dm %02ds", s/60, s%60)
	}
	if m := int64(d.Round(time.Minute) / time.Minute); m < 24*60 {
		return fmt.Sprintf("%dh %02dm", m/60, m%60)
	}
	h := int64(d.Round(time.Hour) / time.Hour) // Round stops at the largest Duration
	return fmt.Sprintf("%dd %02dh", h/24, h%24)
}

// Grouped writes n with commas between thousands.
func Grouped(n int) string {
	s := strconv.Itoa(n)
	if n < 0 {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
