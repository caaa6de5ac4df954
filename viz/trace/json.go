package trace

import (
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/dally-go/dally/viz/internal/label"
)

const (
	bufferSize = 64 << 10
	namesMax   = 4096 // names that are kept ready to be written
	errMax     = 400  // runes of an error's text
)

// printer writes JSON piece by piece. After an error it writes nothing.
type printer struct {
	w     io.Writer
	b     []byte
	err   error
	names map[string]string // cleaned and escaped
	comma bool              // whether an event has been written
}

func newPrinter(w io.Writer) *printer {
	return &printer{w: w, b: make([]byte, 0, bufferSize+4096), names: map[string]string{}}
}

func (p *printer) flush() {
	if p.err == nil && len(p.b) > 0 {
		n, err := p.w.Write(p.b)
		if err == nil && n < len(p.b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			p.err = fmt.Errorf("trace: write: %w", err)
		}
	}
	p.b = p.b[:0]
}

func (p *printer) raw(s string) { p.b = append(p.b, s...) }

func (p *printer) int(n int64) { p.b = strconv.AppendInt(p.b, n, 10) }

func (p *printer) uint(n uint64) { p.b = strconv.AppendUint(p.b, n, 10) }

// micros writes ns as microseconds. Readers multiply by 1,000 and cut: 1.001 becomes 1000 ns, and a call that begins
// when another ends would begin inside of it, and be dropped. Such numbers have half a nanosecond more.
func (p *printer) micros(ns int64) {
	p.b = strconv.AppendInt(p.b, ns/1000, 10)
	rest := ns % 1000
	p.b = append(p.b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	if us := float64(ns) / 1000; int64(us*1000) < ns {
		p.b = append(p.b, '5')
	}
}

// name writes text that occurs often, at most nameMax runes of it, without quotes around it.
func (p *printer) name(s string) {
	escaped, ok := p.names[s]
	if !ok {
		escaped = string(appendEscaped(nil, cleanName(s)))
		if len(p.names) < namesMax {
			p.names[s] = escaped
		}
	}
	p.raw(escaped)
}

// text writes a string of at most limit runes, in quotes.
func (p *printer) text(s string, limit int) {
	p.b = append(p.b, '"')
	p.b = appendEscaped(p.b, label.Isolate(label.Clean(s, limit)))
	p.b = append(p.b, '"')
}

// event begins an event; what is to come is the rest of its object.
func (p *printer) event() {
	if len(p.b) >= bufferSize {
		p.flush()
	}
	if p.comma {
		p.raw(",\n{")
		return
	}
	p.comma = true
	p.raw("\n{")
}

const hexDigits = "0123456789abcdef"

// appendEscaped appends s as the inside of a JSON string. What could end a script in a page is escaped, too.
func appendEscaped(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:]) // bytes that are no UTF-8 become U+FFFD
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == '<' || c == '>' || c == '&' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
