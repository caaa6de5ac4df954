package progress

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// emulator is a terminal that knows the few sequences that may be used, and no others. It breaks lines that are too
// wide, and notes that it had to.
type emulator struct {
	mu         sync.Mutex
	columns    int
	rows       int
	cells      [][]string // of all rows ever, those that have scrolled away included; "" is the second half of a wide rune
	row, col   int        // the cursor; row counts from the first ever
	top        int        // the first row that is seen
	broken     int        // lines that were too wide
	frames     int        // Writes
	unknown    []string
	colours    int // sequences that change the style
	beforeEach func()
}

func newEmulator(columns, rows int) *emulator { return &emulator{columns: columns, rows: rows} }

func (e *emulator) Write(p []byte) (int, error) {
	if e.beforeEach != nil {
		e.beforeEach()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frames++
	for s := string(p); s != ""; {
		s = e.step(s)
	}
	return len(p), nil
}

// step takes one rune or sequence off s.
func (e *emulator) step(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	rest := s[size:]
	switch {
	case r == '\n': // the terminal driver makes \r\n of it
		e.row, e.col = e.row+1, 0
		e.top = max(e.top, e.row-e.rows+1)
	case r == '\r':
		e.col = 0
	case r == 0x1b:
		return e.sequence(rest)
	case r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0:
		e.unknown = append(e.unknown, fmt.Sprintf("%U", r))
	default:
		e.put(r)
	}
	return rest
}

func (e *emulator) sequence(s string) string {
	end := strings.IndexFunc(s, unicode.IsLetter)
	if !strings.HasPrefix(s, "[") || end < 0 {
		e.unknown = append(e.unknown, fmt.Sprintf("ESC%.10q", s))
		return s
	}
	n := 0
	_, _ = fmt.Sscanf(s[1:end], "%d", &n)
	switch s[end] {
	case 'A':
		e.row = max(e.top, e.row-max(n, 1))
	case 'K':
		e.line(e.row)
		e.cells[e.row] = e.cells[e.row][:min(e.col, len(e.cells[e.row]))]
	case 'J':
		e.line(e.row)
		e.cells[e.row] = e.cells[e.row][:min(e.col, len(e.cells[e.row]))]
		e.cells = e.cells[:e.row+1]
	case 'm':
		e.colours++
	default:
		e.unknown = append(e.unknown, "ESC"+s[:end+1])
	}
	return s[end+1:]
}

func (e *emulator) line(row int) {
	for len(e.cells) <= row {
		e.cells = append(e.cells, nil)
	}
}

func (e *emulator) put(r rune) {
	w := emulatorWidth(r)
	if w == 0 {
		if e.col > 0 && e.col <= len(e.cells[e.row]) {
			e.cells[e.row][e.col-1] += string(r)
		}
		return
	}
	if e.col+w > e.columns {
		e.broken++
		e.row, e.col = e.row+1, 0
		e.top = max(e.top, e.row-e.rows+1)
	}
	e.line(e.row)
	for len(e.cells[e.row]) < e.col+w {
		e.cells[e.row] = append(e.cells[e.row], " ")
	}
	e.cells[e.row][e.col] = string(r)
	if w == 2 {
		e.cells[e.row][e.col+1] = ""
	}
	e.col += w
}

// resize makes the terminal as wide as columns. Lines that are too wide are broken, as most terminals do.
func (e *emulator) resize(columns int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var cells [][]string
	row := e.row
	for i, l := range e.cells {
		for len(l) > columns {
			cells = append(cells, l[:columns])
			l = l[columns:]
			if i < e.row {
				row++
			}
		}
		cells = append(cells, l)
	}
	e.cells, e.row, e.columns = cells, row, columns
	e.top = max(0, max(e.top, e.row-e.rows+1))
}

func (e *emulator) size() (columns, rows int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.columns, e.rows
}

// screen returns all that was ever written and is still there.
func (e *emulator) screen() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b strings.Builder
	for _, l := range e.cells {
		b.WriteString(strings.TrimRight(strings.Join(l, ""), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func (e *emulator) check(t testing.TB) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	require.Empty(t, e.unknown, "sequences or control characters that are not to be used")
	require.Zero(t, e.broken, "lines wider than the terminal")
}

// emulatorWidth knows nothing of the table that is tested.
func emulatorWidth(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) && (r < 0xff61 || r > 0xffdc),
		0x1f300 <= r && r <= 0x1f64f, 0xff01 <= r && r <= 0xff60:
		return 2
	}
	return 1
}

func TestEmulator(t *testing.T) {
	e := newEmulator(5, 3)
	fmt.Fprint(e, "ab\ncd\n\x1b[2A\rxy\x1b[K\n\x1b[J")
	require.Equal(t, "xy", e.screen())
	e.check(t)
	fmt.Fprint(e, "日本語")
	require.Equal(t, "xy\n日本\n語", e.screen())
	require.Equal(t, 1, e.broken)
	fmt.Fprint(e, "\x1b[?25l")
	require.Len(t, e.unknown, 1)
}
