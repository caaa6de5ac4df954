package progress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// screen is the writer, and what stands on it.
//
// A frame is whole lines, each no wider than the terminal, and the cursor stands below them, so that what somebody else
// writes begins on a line of its own. The next frame goes up and writes over it, line by line, in one Write; nothing is
// erased before something stands in its place, so nothing flickers, and the cursor is neither hidden nor are modes of
// the terminal changed: whenever the program dies, the terminal is as it was.
type screen struct {
	w    io.Writer
	size func() (columns, rows int)

	mu    sync.Mutex // held while w writes
	drawn []int      // Guarded by mu. Widths of the lines of the frame that stands there.
	last  []byte     // Guarded by mu. That frame.
	wide  int        // Guarded by mu. How wide the terminal was then.
	open  bool       // Guarded by mu. Somebody's line has not ended.
	held  []byte     // Guarded by mu. A line that has not ended and waits until no frame stands there.
}

const (
	columnsDefault = 80
	rowsDefault    = 24
	heldMax        = 64 << 10
)

func newScreen(w io.Writer) *screen {
	return &screen{w: w, size: func() (columns, rows int) { columns, rows, _ = terminal(w); return columns, rows }}
}

// room is how many columns and lines there are for a frame. The last column is left free, for some terminals go to the
// next line when it is written to, and the last row is for the cursor.
func (s *screen) room() (columns, rows int) {
	columns, rows = s.size()
	if columns <= 0 {
		columns = columnsDefault
	}
	if rows <= 0 {
		rows = rowsDefault
	}
	return max(1, columns-1), rows - 1
}

// write is the only place that calls w: what w does must not reach the run.
func (s *screen) write(b []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("progress: the writer panics: %v", p)
		}
	}()
	return s.w.Write(b)
}

// frame replaces the frame that stands there.
func (s *screen) frame(lines []string, columns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body bytes.Buffer
	widths := make([]int, len(lines))
	for i, l := range lines {
		body.WriteString(l + "\x1b[K\n")
		widths[i] = widthOfRendered(l)
	}
	if len(s.drawn) > 0 && s.wide == columns && bytes.Equal(body.Bytes(), s.last) {
		return
	}
	b := append(s.backLocked(columns), body.Bytes()...)
	if _, err := s.write(append(b, "\x1b[J"...)); err != nil {
		return // what stands there is not known; most likely what stood there before
	}
	s.drawn, s.last, s.wide = widths, body.Bytes(), columns
}

// backLocked returns what moves the cursor to where the frame begins. A line that has become wider than the terminal is
// taken to have been broken into several, as most terminals do when they are made narrower. It needs mu.
func (s *screen) backLocked(columns int) []byte {
	if len(s.drawn) == 0 {
		if s.open {
			s.open = false
			return []byte("\n")
		}
		return nil
	}
	up := 0
	for _, w := range s.drawn {
		up++
		if columns < s.wide {
			up += max(0, w-1) / (columns + 1)
		}
	}
	if columns < s.wide { // on a screen that is full, more than it is high has nowhere to go up to
		if _, rows := s.room(); up > rows {
			up = max(rows, 1)
		}
	}
	return append(strconv.AppendInt([]byte("\r\x1b["), int64(up), 10), 'A')
}

// end replaces the frame by text, which is whole lines or nothing.
func (s *screen) end(text string, columns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.drawn) == 0 && text == "" {
		return
	}
	var b []byte
	if len(s.drawn) > 0 {
		b = append(s.backLocked(columns), "\x1b[J"...)
	} else {
		b = s.backLocked(columns)
	}
	b = append(b, text...)
	s.drawn, s.last = nil, nil
	if len(s.held) > 0 {
		b, s.open = append(b, s.held...), true
		s.held = nil
	}
	_, _ = s.write(b)
}

// Write writes what others have to say, above the frame. What does not end its line waits for the rest while a frame
// stands there.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.drawn) == 0 {
		n, err := s.write(p)
		if n > 0 && n <= len(p) {
			s.open = p[n-1] != '\n'
		}
		return min(max(n, 0), len(p)), err
	}
	text := s.wholeLocked(p)
	if len(text) == 0 {
		return len(p), nil
	}
	columns, _ := s.room()
	b := append(s.backLocked(columns), "\x1b[J"...)
	b = append(append(b, text...), s.last...)
	n, err := s.write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		s.held = nil
		return 0, err
	}
	if columns != s.wide { // its lines may be too wide now: the next frame mends that
		s.wide, s.drawn = columns, s.brokenLocked(columns)
	}
	return len(p), nil
}

// wholeLocked returns the whole lines of p, with what was held, and holds the rest. What gets too long ends its line.
// It needs mu.
func (s *screen) wholeLocked(p []byte) []byte {
	all := append(s.held, p...)
	whole := bytes.LastIndexByte(all, '\n') + 1
	s.held = append([]byte(nil), all[whole:]...)
	if len(s.held) > heldMax {
		s.held = nil
		return append(all, '\n')
	}
	return all[:whole]
}

// brokenLocked returns the widths of the rows that the frame takes when it is written with fewer columns than it was
// made for: the terminal breaks its lines. It needs mu.
func (s *screen) brokenLocked(columns int) (rows []int) {
	for _, w := range s.drawn {
		for ; w > columns+1; w -= columns + 1 {
			rows = append(rows, columns+1)
		}
		rows = append(rows, w)
	}
	return rows
}

// widthOfRendered is the width of a line with its escape sequences.
func widthOfRendered(l string) int {
	columns, inEscape := 0, false
	for _, r := range l {
		switch {
		case r == 0x1b:
			inEscape = true
		case inEscape:
			inEscape = r != 'm'
		default:
			columns += columnsOf(r)
		}
	}
	return columns
}

var errNoWriter = errors.New("progress: the zero Progress has no writer: it is made by progress.New")
