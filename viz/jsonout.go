package viz

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// jsonOut writes JSON by appending, in pieces of some 32 KB: neither the text nor a tree of it is ever in memory as a
// whole. The first error of w stays.
type jsonOut struct {
	w    io.Writer
	b    []byte
	last byte // the last one that was handed on
	err  error
}

const jsonPiece = 32 << 10

func newJSONOut(w io.Writer) *jsonOut { return &jsonOut{w: w, b: make([]byte, 0, jsonPiece+4096)} }

// flush hands on what is there.
func (j *jsonOut) flush() {
	if len(j.b) == 0 {
		return
	}
	if j.err == nil {
		_, j.err = j.w.Write(j.b)
	}
	j.last, j.b = j.b[len(j.b)-1], j.b[:0]
}

// value makes ready for a value or a key: a comma, unless it is the first or comes after a key.
func (j *jsonOut) value() {
	if len(j.b) >= jsonPiece {
		j.flush()
	}
	last := j.last
	if len(j.b) > 0 {
		last = j.b[len(j.b)-1]
	}
	switch last {
	case 0, '{', '[', ':':
	default:
		j.b = append(j.b, ',')
	}
}

func (j *jsonOut) open(bracket byte) *jsonOut {
	j.value()
	j.b = append(j.b, bracket)
	return j
}

func (j *jsonOut) close(bracket byte) *jsonOut { j.b = append(j.b, bracket); return j }

// key takes names that need no escape.
func (j *jsonOut) key(name string) *jsonOut {
	j.value()
	j.b = append(append(append(j.b, '"'), name...), '"', ':')
	return j
}

// position writes a number as a key.
func (j *jsonOut) position(i int) *jsonOut {
	j.value()
	j.b = append(strconv.AppendInt(append(j.b, '"'), int64(i), 10), '"', ':')
	return j
}

func (j *jsonOut) int(v int64) *jsonOut {
	j.value()
	j.b = strconv.AppendInt(j.b, v, 10)
	return j
}

func (j *jsonOut) uint(v uint64) *jsonOut {
	j.value()
	j.b = strconv.AppendUint(j.b, v, 10)
	return j
}

func (j *jsonOut) bool(v bool) *jsonOut {
	j.value()
	j.b = strconv.AppendBool(j.b, v)
	return j
}

// num writes v with at most one decimal.
func (j *jsonOut) num(v float64) *jsonOut {
	j.value()
	j.b = number(j.b, v)
	return j
}

// str writes text. What HTML would read as its own is escaped, too: the text may stand in a script element.
func (j *jsonOut) str(s string) *jsonOut {
	j.value()
	j.b = append(j.b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if size > 1 { // label.Clean lets no ends of lines pass that old readers of scripts know, U+2028 and the like
				i += size
				continue
			}
			j.b = utf8.AppendRune(append(j.b, s[from:i]...), r)
			i += size
			from = i
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' {
			i++
			continue
		}
		j.b = append(j.b, s[from:i]...)
		j.b = appendEscape(j.b, c)
		i++
		from = i
	}
	j.b = append(append(j.b, s[from:]...), '"')
	return j
}

func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// ints writes n numbers as an array.
func (j *jsonOut) ints(name string, n int, at func(int) int64) {
	j.key(name).open('[')
	for i := range n {
		j.int(at(i))
	}
	j.close(']')
}

// steps writes n numbers as an array: the first, then differences.
func (j *jsonOut) steps(name string, n int, at func(int) int64) {
	before := int64(0)
	j.ints(name, n, func(i int) int64 {
		v := at(i)
		d := v - before
		before = v
		return d
	})
}

// digits writes n states as text, a digit each.
func (j *jsonOut) digits(name string, n int, at func(int) byte) {
	j.key(name).value()
	j.b = append(j.b, '"')
	for i := range n {
		if len(j.b) >= jsonPiece {
			j.flush()
		}
		j.b = append(j.b, '0'+at(i))
	}
	j.b = append(j.b, '"')
}

// texts writes an object of the texts that are not empty, by position.
func (j *jsonOut) texts(name string, n int, at func(int) string) {
	begun := false
	for i := range n {
		s := at(i)
		if s == "" {
			continue
		}
		if !begun {
			j.key(name).open('{')
			begun = true
		}
		j.position(i).str(s)
	}
	if begun {
		j.close('}')
	}
}
